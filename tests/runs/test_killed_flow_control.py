"""A run with everything in it, killed with -9 before and after each commit, goes on to the same end as an undisturbed one."""

from __future__ import annotations

import signal

import pytest

from fixtures_killing import deadly, in_another_process
from fixtures_runs import asking, make_engine, runbook_of
from temanashi.ledger.verification import verify
from temanashi.runbooks.calls import called_by
from temanashi.runs.advancing import advance
from temanashi.runs.reading import recent_runs, run_view
from temanashi.runs.requests import request_run


def mark(folder, word):
    """Makes a file, twice if it is done twice; it can see whether it happened, and be undone."""
    file = str(folder / "marks" / word)
    return {
        "run": ["sh", "-c", 'echo x >> "$1"', "mark", file],
        "observe": ["test", "-e", file],
        "undo": ["sh", "-c", 'rm "$1"; echo x >> "$1.undone"', "undo", file],
        "undone": ["test", "-e", f"{file}.undone"],
    }


def books(folder):
    """Left out, for each, an output, a call, a failure, a rollback over all of it, and what always runs."""
    child = runbook_of([{"id": "inner", "command": mark(folder, "inner")}], id="child")
    steps = [
        {"id": "out", "command": mark(folder, "never"), "when": "1 == 2"},
        {"id": "list", "command": {"run": ["printf", "a\\nb"], "reads": True}, "outputs": {"first": "{{ result.stdout[0] }}"}},
        {"id": "each", "for_each": "steps.list.stdout.splitlines()", "command": mark(folder, "{{ item }}-{{ steps.list.first }}")},
        {"id": "call", "runbook": "child"},
        {"id": "wide", "targets": "web*", "command": mark(folder, "{{ host.name }}"), "fan_out": {"canary": 1}},
        {"id": "bad", "command": {"run": ["false"], "reads": True}, "on_failure": "rollback"},
        {"id": "later", "command": mark(folder, "later")},
        {"id": "clean", "command": mark(folder, "clean"), "always": True},
    ]
    parent = runbook_of(steps, id="parent")
    return parent, called_by(parent, {"child": child})


def ask(engine, folder):
    (folder / "marks").mkdir(exist_ok=True)
    parent, called = books(folder)
    return request_run(engine, asking(parent, hosts=2, called=called))


def whole_run(folder, at, when):
    """What the process does that will be killed; also the undisturbed run, with at=0."""
    engine = deadly(make_engine(folder, workers=1), at=at, when=when)
    advance(engine, ask(engine, folder))
    engine.database.close()


def told(record):
    return record.draft.kind, record.draft.step, record.draft.outcome


def end(row):
    return row.target, row.state


def story(folder):
    """How the runs ended, each row's end, what the ledger says, and what is on the disk."""
    engine = make_engine(folder, workers=1)
    try:
        with engine.database.reading() as connection:
            assert verify(connection).exit_code == 0
            views = [run_view(connection, head.id) for head in recent_runs(connection)]
            records = [
                [(r.draft.kind, r.draft.step, r.draft.outcome) for r in engine.ledger.records(connection, run=view.id)]
                for view in views
            ]
        ends = [
            (v.runbook, v.state, v.reason and v.reason.key, [(s.step, [(r.target, r.state) for r in s.rows]) for s in v.steps])
            for v in views
        ]
        disk = {file.name: file.read_text() for file in (folder / "marks").iterdir()}
        return sorted(ends), sorted(records), disk
    finally:
        engine.database.close()


def gone_on(folder):
    engine = make_engine(folder, workers=1)
    try:
        with engine.database.reading() as connection:
            left = [view for view in recent_runs(connection) if view.runbook == "parent"]
        advance(engine, left[0].id if left else ask(engine, folder))
    finally:
        engine.database.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_with_everything_in_it_ends_the_same_wherever_it_is_killed(tmp_path, when):
    calm = tmp_path / "calm"
    calm.mkdir()
    whole_run(calm, 0, "")
    expected = story(calm)
    assert expected[2] == dict.fromkeys(("a-a.undone", "b-a.undone", "inner.undone", "web1.undone", "web2.undone", "clean"), "x\n")
    points = 0
    while True:
        folder = tmp_path / str(points + 1)
        folder.mkdir()
        code = in_another_process(whole_run, folder, points + 1, when)
        assert code in {0, -signal.SIGKILL}
        if code == 0:
            break
        points += 1
        gone_on(folder)
        assert story(folder) == expected, f"killed {when} commit {points}"
    assert points >= 50
