"""kill -9 at every boundary of a run: it goes on at the first unfinished target, and nothing happens twice."""

import dataclasses
import json
import signal
from types import SimpleNamespace

import pytest

from fixtures_killing import Deadly, in_another_process
from fixtures_runs import BOB, SpyStep, asking, make_engine, runbook_of
from fixtures_terminal import Terminal
from temanashi.ledger.verification import verify
from temanashi.runs.advancing import advance
from temanashi.runs.decisions import decide
from temanashi.runs.reading import recent_runs, run_view
from temanashi.runs.requests import request_run
from temanashi.runs.stopping import cancel

HOSTS = ["web1", "web2", "web3"]
KINDS = ["run_requested", "demand", "run_started", *["step_intended", "step_done"] * 2, "run_finished"]


def book(folder):
    marks = str(folder / "marks")
    append = ["sh", "-c", 'echo "$1" >> "$2"', "sh", "{{ host.name }}", marks]
    return runbook_of(
        [
            {"id": "mark", "command": {"run": append, "observe": ["grep", "-qx", "{{ host.name }}", marks]}},
            {"id": "look", "checks": [{"id": "marks", "kind": "file_age", "path": marks, "warn": "3600"}]},
        ],
        targets=",".join(HOSTS),
    )


def whole_run(folder, workers, at, when):
    """What the process does that will be killed; also the undisturbed run, with at=0."""
    engine = make_engine(folder, workers=workers)
    engine = dataclasses.replace(engine, database=Deadly(engine.database, at=at, when=when))
    advance(engine, request_run(engine, asking(book(folder), hosts=3)))
    engine.database.close()


def story(engine, folder):
    """What a run left: how it ended, each target's end, and what the ledger says."""
    with engine.database.reading() as connection:
        [head] = recent_runs(connection)
        view = run_view(connection, head.id)
        assert verify(connection).exit_code == 0
        kinds = [record.draft.kind for record in engine.ledger.records(connection, run=head.id)]
    rows = [(step.step, row.target, row.state, row.status, row.verdict) for step in view.steps for row in step.rows]
    return view.state, view.verdict, rows, kinds, sorted((folder / "marks").read_text().split())


def killed_and_resumed(folder, workers, at, when):
    """The story of the run after it was killed and went on; None when it ended before that commit."""
    folder.mkdir()
    code = in_another_process(whole_run, folder, workers, at, when)
    assert code in {0, -signal.SIGKILL}
    if code == 0:
        return None
    engine = make_engine(folder, workers=workers)
    try:
        with engine.database.reading() as connection:
            assert verify(connection).exit_code == 0
            left = recent_runs(connection)
        if not left:  # killed before anything was asked for
            assert (at, when) == (1, "before")
            request_run(engine, asking(book(folder), hosts=3))
        with engine.database.reading() as connection:
            [head] = recent_runs(connection)
        advance(engine, head.id)
        return story(engine, folder)
    finally:
        engine.database.close()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("workers", [1, 3])
def test_a_run_killed_at_any_commit_ends_like_an_undisturbed_one(tmp_path, workers, when):
    calm = tmp_path / "calm"
    calm.mkdir()
    whole_run(calm, workers, 0, "")
    engine = make_engine(calm)
    expected = story(engine, calm)
    engine.database.close()
    assert expected[0] == "done"
    assert (expected[3], expected[4]) == (KINDS, HOSTS)
    points = 0  # request, lease, start, steps, end, lease: how many depends on what comes back together
    while (told := killed_and_resumed(tmp_path / str(points + 1), workers, points + 1, when)) is not None:
        points += 1
        assert told == expected, f"killed {when} commit {points}"
    assert points >= {1: 17, 3: 12}[workers]


def refused_and_killed(folder, run, at):
    engine = make_engine(folder)
    engine = dataclasses.replace(engine, database=Deadly(engine.database, at=at, when="after"))
    advance(engine, run)


@pytest.mark.parametrize("at", range(1, 5))
def test_a_refused_run_that_was_killed_before_its_end_is_still_refused(engine, tmp_path, at):
    steps = [{"id": "ask", "manual": {"ja": "見る", "en": "Look"}}, {"command": ["touch", str(tmp_path / "never")]}]
    run = request_run(engine, asking(runbook_of(steps)))
    advance(engine, run)
    decide(engine, run, actor=BOB, channel="cli", verdict="refused", note="煙")
    assert in_another_process(refused_and_killed, tmp_path, run, at) == -signal.SIGKILL
    result = advance(engine, run)
    assert result.outcome == "refused"
    assert "煙" in result.reason.text("ja")
    assert not (tmp_path / "never").exists()


def cancelled_and_killed(folder, run):
    """Killed after the command ended, with the wish to cancel on record, before the run could be ended as cancelled."""
    engine = make_engine(folder)
    engine = dataclasses.replace(engine, database=Deadly(engine.database, at=5, when="after"))
    kind = engine.kinds["command"]

    def build(item, effects):
        inner = kind.build(item, effects)
        return SpyStep(
            inner, lambda change, key: cancel(engine, run, actor=BOB, channel="page", reason="中止") or inner.apply(change, key)
        )

    spied = SimpleNamespace(name="command", parse=kind.parse, templates=kind.templates, build=build)
    advance(dataclasses.replace(engine, kinds={**engine.kinds, "command": spied}), run)


def test_a_run_that_was_killed_after_somebody_cancelled_it_ends_as_cancelled(engine, tmp_path):
    run = request_run(engine, asking(runbook_of([{"command": ["true"]}, {"command": ["touch", str(tmp_path / "never")]}])))
    assert in_another_process(cancelled_and_killed, tmp_path, run) == -signal.SIGKILL
    result = advance(engine, run)
    assert (result.outcome, "中止" in result.reason.text("ja")) == ("cancelled", True)
    assert not (tmp_path / "never").exists()


def killing_book(*, kill, observe):
    effect = 'echo "$1" >> marks'
    once = "[ -e killed ] || { touch killed; kill -9 $PPID; sleep 2; }"
    text = {"before": f"{once}; {effect}", "after": f"{effect}; {once}"}[kill]
    run = ["sh", "-c", f'cd "$2" || exit 9; [ "$1" != web2 ] && {{ {effect}; exit; }}; {text}', "sh", "{{ host.name }}"]
    step = {"run": [*run, "FOLDER"]}
    if observe:
        step["observe"] = ["grep", "-qx", "{{ host.name }}", "FOLDER/marks"]
    return [{"id": "mark", "command": step}]


@pytest.mark.parametrize("observe", [True, False], ids=["observed", "blind"])
@pytest.mark.parametrize("kill", ["before", "after"])
def test_a_command_that_kills_tema_run_is_never_repeated(tmp_path, kill, observe):
    # The killed command sleeps and then goes on by itself; a resume that did not wait for it would do the same beside it.
    terminal = Terminal(tmp_path)
    terminal.hosts(*HOSTS)
    steps = [
        {"id": s["id"], "command": {k: [p.replace("FOLDER", str(tmp_path)) for p in v] for k, v in s["command"].items()}}
        for s in killing_book(kill=kill, observe=observe)
    ]
    terminal.runbook("kills", steps=steps, targets="web1,web2,web3")
    assert terminal.run("run", "kills").returncode == -signal.SIGKILL
    run = terminal.json("runs")[0]["id"]
    ended = terminal.run("resume", run, "--json")
    view = json.loads(ended.stdout)
    rows = {row["target"]: row["status"] for row in view["steps"][0]["rows"]}
    # All three ran at a time: the other two had ended and were recorded, or were interrupted too.
    assert rows.pop("web2") == ("changed" if observe else "unknown")
    assert set(rows.values()) <= ({"changed"} if observe else {"changed", "unknown"})
    assert (ended.returncode, view["state"]) == ((0, "done") if observe else (3, "unknown"))
    marks = sorted((tmp_path / "marks").read_text().split())
    assert len(marks) == len(set(marks))
    assert marks == HOSTS if observe else "web2" in marks
    assert terminal.run("audit", "verify").returncode == 0
    kinds = [record["draft"]["kind"] for record in terminal.json("audit", "show", "--run", run)]
    assert (kinds.count("step_intended"), kinds.count("step_done")) == (1, 1)
