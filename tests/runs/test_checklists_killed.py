"""kill -9 between ticks, before and after their commits: what was saved is there, and the checklist goes on."""

import signal
from multiprocessing import get_context

import pytest

from fixtures_killing import deadly, in_another_process
from fixtures_runs import make_engine
from runs.checklist_work import HANAKO, Desk, directory
from temanashi.ledger.verification import verify
from temanashi.runs.advancing import advance
from temanashi.runs.checklist_closing import close_checklist
from temanashi.runs.checklists import Act, act, checklist_of

VERBS = [("begin", None), ("tick", 1), ("tick", 2), ("untick", 2), ("tick", 2), ("tick", 3), ("tick", 4)]


def work(folder, run, at, when):
    engine = deadly(make_engine(folder, directory=directory), at=at, when=when)
    for verb, line in VERBS:
        act(engine, run, Act(verb=verb, actor=HANAKO, line=line))
    close_checklist(engine, run, actor=HANAKO, channel="page", verdict="done")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, len(VERBS) + 2))
def test_killed_between_ticks_nothing_saved_is_lost_and_the_checklist_goes_on(tmp_path, at, when):
    engine = make_engine(tmp_path, directory=directory)
    desk = Desk(engine, None)
    engine.database.close()
    assert in_another_process(work, tmp_path, desk.run, at, when) == -signal.SIGKILL
    saved = at if when == "after" else at - 1
    with engine.database.reading() as connection:
        assert verify(connection).exit_code == 0
        now = checklist_of(connection, desk.run)
    if saved <= len(VERBS):
        assert [(deed.verb, deed.line) for deed in now.deeds] == VERBS[:saved]
        for verb, line in VERBS[saved:]:
            act(engine, desk.run, Act(verb=verb, actor=HANAKO, line=line))
        close_checklist(engine, desk.run, actor=HANAKO, channel="page", verdict="done")
    else:
        assert now is None
    assert advance(engine, desk.run).outcome == "done"
    with engine.database.reading() as connection:
        decisions = list(engine.ledger.records(connection, kinds=("decision",), run=desk.run))
        assert verify(connection).exit_code == 0
    engine.database.close()
    assert len(decisions) == 1
    assert [line["state"] for line in decisions[0].draft.body["lines"]] == ["done"] * 4


def together(folder, run, lines, name):
    engine = make_engine(folder, directory=directory)
    for line in lines:
        act(engine, run, Act(verb="tick", actor=HANAKO.model_copy(update={"name": name}), line=line))
    engine.database.close()


def test_two_processes_that_tick_at_once_lose_nothing(tmp_path):
    engine = make_engine(tmp_path, directory=directory)
    steps = [{"id": f"s{n}", "manual": f"do {n}"} for n in range(1, 41)]
    desk = Desk(engine, None, *steps)
    desk.engine.database.close()
    halves = (range(1, 41, 2), range(2, 41, 2))
    context = get_context("fork")
    people = [
        context.Process(target=together, args=(tmp_path, desk.run, half, name)) for half, name in zip(halves, "ab", strict=True)
    ]
    for process in people:
        process.start()
    for process in people:
        process.join(60)
        assert process.exitcode == 0
    with engine.database.reading() as connection:
        now = checklist_of(connection, desk.run)
    engine.database.close()
    assert [line.state for line in now.lines] == ["done"] * 40
    assert [line.by.name for line in now.lines] == ["a", "b"] * 20
    assert [deed.seq for deed in now.deeds] == list(range(1, len(now.deeds) + 1))
