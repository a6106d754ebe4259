import json
import os
import pty
import re
import select
import signal
import time

import pytest

from fixtures_terminal import COMMAND
from temanashi.cli.checklist_session import ChecklistSession
from temanashi.people import Actor
from temanashi.runs.checklists import checklist_of
from temanashi.workspace.opening import open_installation

STEPS = [
    {
        "id": "count",
        "title": {"ja": "数える", "en": "Count"},
        "manual": {
            "text": {"ja": "数えてください", "en": "Count it."},
            "minutes": 10,
            "value": {"title": {"ja": "残高", "en": "Balance"}, "type": "number"},
            "confirm": True,
        },
    },
    {"id": "look", "manual": {"text": {"ja": "見てください", "en": "Look."}, "not_applicable": True}},
    {"id": "go", "command": ["echo", "{{ steps.count.value }}"]},
]


@pytest.fixture
def run(tema):
    tema.runbook("close", steps=STEPS)
    said = tema.run("run", "close", "--json")
    assert said.returncode == 4, said.stderr
    return json.loads(said.stdout)["id"]


def test_a_waiting_run_says_how_to_go_on_line_by_line(tema):
    tema.runbook("close", steps=STEPS)
    said = tema.run("run", "close").stdout
    assert re.search(r"tema checklist [0-9a-f-]{36}", said)


def test_without_flags_the_checklist_is_shown(tema, run):
    said = tema.run("checklist", run)
    assert said.returncode == 0
    assert "1. Count" in said.stdout
    assert "0 of 2 lines done. On it: nobody" in said.stdout
    told = tema.json("checklist", run)
    assert [line["state"] for line in told["lines"]] == ["open", "open"]


def test_flags_record_what_was_done_and_go_on_with_the_run(tema, run):
    assert tema.run("checklist", run, "--start", "--tick", "1", "--value", "1=1,200", "--note", "1=sums agree").returncode == 0
    same = tema.run("checklist", run, "--confirm", "1")
    assert same.returncode == 2
    assert "cannot confirm it" in same.stderr
    early = tema.run("checklist", run, "--done")
    assert "It cannot be completed yet" in early.stderr
    assert tema.run("checklist", run, "--confirm", "1", "--as", "bob").returncode == 0
    assert tema.run("checklist", run, "--not-applicable", "2", "--note", "2=closed").returncode == 0
    said = tema.run("checklist", run, "--minutes", "7", "--done")
    assert said.returncode == 0, said.stderr
    assert "1200" in said.stdout
    record = tema.json("audit", "show", "--run", run)
    decision = next(r for r in record if (r.get("draft") or r)["kind"] == "decision")
    draft = decision.get("draft") or decision
    assert (draft["human_seconds"], draft["human_source"], draft["approvers"]) == (420, "entered", ["bob"])


def test_a_value_can_be_saved_without_a_tick_and_a_tick_taken_back(tema, run):
    told = tema.json("checklist", run, "--value", "1=5", "--tick", "2")
    assert [(line["value"], line["state"]) for line in told["lines"]] == [(5, "open"), (None, "done")]
    assert tema.json("checklist", run, "--untick", "2")["lines"][1]["state"] == "open"
    assert tema.json("checklist", run, "--take-over", "--as", "bob")["holder"] == "bob"


def test_a_refusal_needs_a_reason_and_ends_the_run(tema, run):
    said = tema.run("checklist", run, "--refuse", "system down")
    assert said.returncode == 5
    assert "system down" in said.stdout


@pytest.mark.parametrize("given", ["1", "x=1", "=1"])
def test_a_flag_that_names_no_line_is_told(tema, run, given):
    said = tema.run("checklist", run, "--value", given)
    assert said.returncode == 2
    assert f"'{given}' is not `line=text`" in said.stderr


def test_a_run_without_a_checklist_is_told(tema, run):
    tema.run("checklist", run, "--refuse", "no")
    assert "not waiting" in tema.run("checklist", run).stderr.lower() or tema.run("checklist", run).returncode == 2
    assert tema.run("checklist", "nowhere").returncode == 2


class Typist:
    """Types these lines, then goes away."""

    def __init__(self, *lines):
        self.lines, self.asked = list(lines), []

    def __call__(self, prompt):
        self.asked.append(prompt)
        if not self.lines:
            raise EOFError
        return self.lines.pop(0)


def work(tema, run, *lines, name="alice"):
    typist = Typist(*lines)
    with open_installation(tema.root) as opened:
        engine = opened.engine()
        closed = ChecklistSession(engine, run, Actor(name=name), typist).go()
        with opened.database.reading() as connection:
            return closed, checklist_of(connection, run), typist


def test_lines_typed_are_saved_at_once_and_leaving_loses_nothing(tema, run, capsys):
    closed, now, typist = work(tema, run, "1", "1200", "n 1 sums agree", "", "nonsense", "9", "?")
    assert not closed
    assert now.holder == Actor(name="alice")
    assert (now.line(1).state, now.line(1).value, now.line(1).note) == ("done", 1200, "sums agree")
    out, err = capsys.readouterr()
    assert "nonsense" in err
    assert "tema checklist" in out
    assert len(typist.asked) == 8


def test_a_colleague_takes_over_confirms_and_completes(tema, run):
    work(tema, run, "1 1200", "m 12", "m many")
    closed, _, typist = work(tema, run, "n", "c 1", "x 2 closed", "q", name="bob")
    assert not closed
    assert "alice" in typist.asked[0]
    closed, _, _ = work(tema, run, "y", "u 2", "2", "2", "x 2 closed", "d", name="bob")
    assert closed


def test_a_checklist_is_refused_with_a_reason(tema, run):
    closed, now, _ = work(tema, run, "v 1 7", "h", "r", "r no")
    assert closed
    assert now is None


def reading(master, until, seconds=20):
    seen, deadline = b"", time.monotonic() + seconds
    while until.encode() not in seen and time.monotonic() < deadline:
        if select.select([master], [], [], 0.2)[0]:
            try:
                seen += os.read(master, 4096)
            except OSError:
                break
    return seen.decode(errors="replace")


def test_ctrl_c_at_a_real_terminal_loses_nothing(tema):
    tema.runbook("close", steps=[{"id": step, "manual": {"ja": step, "en": step}} for step in "ab"])
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(tema.root)
        os.execvpe(COMMAND[0], [*COMMAND, "run", "close"], tema.environment(TEMA_LANG="en", TERM="dumb"))
    try:
        assert "[Y/n]" in reading(master, "[Y/n]")
        os.write(master, b"y\n")
        assert "0 of 2" in reading(master, "> ")
        os.write(master, b"1\n")
        assert "1 of 2" in reading(master, "1 of 2")
        os.write(master, b"\x03")
        said = reading(master, "tema checklist")
        run = re.search(r"tema checklist ([0-9a-f-]{36})", said)[1]
        _, status = os.waitpid(pid, 0)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    finally:
        os.close(master)
    assert os.waitstatus_to_exitcode(status) == 4
    told = tema.json("checklist", run)
    assert [line["state"] for line in told["lines"]] == ["done", "open"]
    assert tema.json("runs", run)["state"] == "waiting"
