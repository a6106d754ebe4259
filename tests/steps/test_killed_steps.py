"""kill -9 in the middle of every kind of step: the run goes on to the same end, and nothing is done twice."""

import os
import signal
import time
from multiprocessing import get_context

import pytest

from fixtures_killing import deadly, in_another_process
from fixtures_runs import asking, runbook_of
from fixtures_steps import ACTING, reading
from temanashi.ledger.verification import verify
from temanashi.runs.advancing import advance
from temanashi.runs.reading import recent_runs, run_view
from temanashi.runs.requests import request_run

KINDS = sorted(ACTING)
PARAMETERS = [{"name": "x", "title": "X", "default": "a value"}]


def until(condition, seconds=20):
    for _ in range(round(seconds / 0.02)):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("did not happen in time")


def requested(world, kind, written):
    return request_run(world.engine, asking(runbook_of([{"id": "it", kind: written}], parameters=PARAMETERS)))


def advancing(world, run):
    advance(world.new_engine(), run)


def ended(world, run):
    result = advance(world.engine, run)
    with world.engine.database.reading() as connection:
        assert verify(connection).exit_code == 0
        [row] = run_view(connection, run).steps[0].rows
        kinds = [record.draft.kind for record in world.engine.ledger.records(connection, run=run)]
    assert (kinds.count("step_intended"), kinds.count("step_done")) == (1, 1)
    return result.outcome, row.status


@pytest.mark.parametrize("kind", ["command", "http", "notify", "python", "script"])
def test_killed_in_the_middle_of_its_work_it_is_not_done_twice(world, kind):
    case = ACTING[kind]
    run = requested(world, kind, case.middle(world))
    process = get_context("fork").Process(target=advancing, args=(world, run))
    process.start()
    until(lambda: case.count(world) == 1)
    os.kill(process.pid, signal.SIGKILL)
    process.join(20)
    # Whether a message arrived that was being sent is known to nobody; the others can be looked at.
    assert ended(world, run) == (("unknown", "unknown") if kind == "notify" else ("done", "changed"))
    assert case.count(world) == 1


def killed_at(world, kind, at, when):
    engine = deadly(world.new_engine(), at=at, when=when)
    advance(engine, recent_run(world))


def recent_run(world):
    with world.engine.database.reading() as connection:
        return recent_runs(connection)[0].id


def commits_of(world, kind):
    """How many commits an undisturbed run of such a step makes: each one is a point to be killed at."""
    run = requested(world, kind, ACTING[kind].good(world))
    engine = deadly(world.new_engine(), at=0, when="")
    assert advance(engine, run).outcome == "done"
    engine.database.close()
    return engine.database.count


def clean(world):
    world.site.objects.clear()
    (world.folder / "told").unlink(missing_ok=True)
    for file in world.place.iterdir():
        file.unlink()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_any_commit_it_ends_like_an_undisturbed_run(world, kind, when):
    commits = commits_of(world, kind)
    assert commits >= 6
    for at in range(1, commits + 1):
        clean(world)
        run = requested(world, kind, ACTING[kind].good(world))
        assert in_another_process(killed_at, world, kind, at, when) == -signal.SIGKILL, (at, when)
        outcome, status = ended(world, run)
        assert (outcome, status in {"changed", "already"}) == ("done", True), (at, when)
        assert ACTING[kind].count(world) == 1, (at, when)


@pytest.mark.parametrize("kind", ["checks", "wait_until", "http", "command"])
def test_reading_that_was_killed_is_done_again(world, kind):
    run = requested(world, kind, reading(world)[kind])
    assert in_another_process(killed_at, world, kind, 4, "after") == -signal.SIGKILL
    assert ended(world, run) == ("done", "already")


def test_nothing_is_left_beside_a_file_that_was_being_written(world):
    run = requested(world, "template", ACTING["template"].good(world))
    assert in_another_process(killed_at, world, "template", 5, "before") == -signal.SIGKILL
    assert ended(world, run)[0] == "done"
    assert [file.name for file in world.place.iterdir()] == ["made.conf"]
