"""One run of the same work at a time: turns, on SQLite and PostgreSQL, between processes, and after kill -9."""

import os
import signal
import time
from multiprocessing import get_context

import pytest
from sqlalchemy import update

from fixtures_postgresql import postgresql_server, postgresql_url  # noqa: F401  (fixtures)
from fixtures_runs import BOB, asking, make_engine, runbook_of
from temanashi.clock import SystemClock
from temanashi.ledger.database import open_database
from temanashi.ledger.ledger import Ledger
from temanashi.runbooks.model import Runbook
from temanashi.runs.advancing import advance
from temanashi.runs.decisions import decide
from temanashi.runs.overlap import NotItsTurn, Overlapping, turns_to_take, wait_for_turn
from temanashi.runs.reading import recent_runs
from temanashi.runs.requests import request_run
from temanashi.runs.stopping import cancel
from temanashi.runs.tables import RUNS
from temanashi.text import explain

NAME = {"name": "site", "type": "string", "title": {"ja": "拠点", "en": "Site"}, "default": "tokyo"}
WAIT = {"id": "look", "manual": {"text": {"ja": "見る", "en": "Look"}, "minutes": 1}}


def engine_at(folder, url):
    if url is None:
        return make_engine(folder)
    clock = SystemClock()
    database = open_database(url, clock=clock)
    return make_engine(folder, database=database, ledger=Ledger(database, clock=clock))


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request, tmp_path):
    """A folder, and the URL of an empty PostgreSQL database or None."""
    return tmp_path, (request.getfixturevalue("postgresql_url") if request.param == "postgresql" else None)


@pytest.fixture
def both(where):
    made = engine_at(*where)
    yield made
    made.database.close()


def waiting(overlap, **more):
    return runbook_of([WAIT], overlap=overlap, parameters=[NAME], **more)


def echo(overlap):
    return runbook_of([{"id": "say", "command": {"run": ["echo", "ok"]}}], overlap=overlap)


def test_by_default_a_second_run_with_the_same_inputs_does_not_begin(both):
    assert Runbook.model_fields["overlap"].default == "skip"
    book = waiting("skip")
    first = request_run(both, asking(book))
    advance(both, first)
    with pytest.raises(Overlapping) as refused:
        request_run(both, asking(book, actor=BOB))
    assert refused.value.data["run"] == first
    assert refused.value.data["actor"] == "alice"
    with both.database.reading() as connection:
        assert [run.id for run in recent_runs(connection)] == [first]
        assert [r.draft.kind for r in both.ledger.records(connection, runbook="sample")].count("run_requested") == 1


def test_what_skip_says_names_the_run_that_is_on(both):
    first = request_run(both, asking(waiting("skip")))
    with pytest.raises(Overlapping) as refused:
        request_run(both, asking(waiting("skip")))
    for lang in ("ja", "en"):
        told = explain(refused.value, lang)
        assert first in told.what
        assert "sample" in told.what
        assert "overlap: queue" in told.next


def test_other_inputs_are_other_work(both):
    request_run(both, asking(waiting("skip")))
    assert request_run(both, asking(waiting("skip"), inputs={"site": "osaka"}))


def test_a_run_that_is_over_gives_its_turn_back(both):
    book = echo("skip")
    advance(both, request_run(both, asking(book)))
    assert advance(both, request_run(both, asking(book))).outcome == "done"


def test_a_cancelled_run_gives_its_turn_back(both):
    book = waiting("skip")
    first = request_run(both, asking(book))
    advance(both, first)
    cancel(both, first, actor=BOB, channel="cli", reason="test")
    assert request_run(both, asking(book))


def test_queued_runs_go_in_order_and_a_waiting_one_keeps_its_turn(both):
    book = waiting("queue")
    runs = [request_run(both, asking(book, inputs={"site": site})) for site in ("a", "b", "c")]
    advance(both, runs[0])
    for later in runs[1:]:
        with pytest.raises(NotItsTurn) as waits:
            advance(both, later)
        assert waits.value.data["ahead"] == runs[0]
        assert runs[0] in explain(waits.value, "ja").what
        assert runs[0] in explain(waits.value, "en").what
    decide(both, runs[0], actor=BOB, channel="cli", verdict="done")
    advance(both, runs[0])
    with pytest.raises(NotItsTurn) as waits:
        advance(both, runs[2])
    assert waits.value.data["ahead"] == runs[1]
    assert advance(both, runs[1]).run == runs[1]


def test_the_queue_is_in_order_of_the_scheduled_times(both):
    book = waiting("queue")
    now = both.clock.now()
    first = request_run(both, asking(book))
    later = request_run(both, asking(book, due=now))
    earlier = request_run(both, asking(book, due=now.replace(year=now.year - 1)))
    cancel(both, first, actor=BOB, channel="cli", reason="test")
    with pytest.raises(NotItsTurn) as waits:
        advance(both, later)
    assert waits.value.data["ahead"] == earlier


def test_a_late_run_queues_even_where_the_runbook_says_skip(both):
    book = waiting("skip")
    first = request_run(both, asking(book))
    advance(both, first)
    late = request_run(both, asking(book, waits=True))
    with pytest.raises(NotItsTurn):
        advance(both, late)


def test_parallel_runs_have_no_turns(both):
    book = waiting("parallel")
    for _ in range(2):
        assert advance(both, request_run(both, asking(book))).step == "look"


def test_waiting_for_a_turn_ends_with_the_run_ahead_and_with_patience(both):
    book = waiting("queue")
    first, second = (request_run(both, asking(book)) for _ in range(2))
    heard = []
    assert not wait_for_turn(both, second, seconds=0, tell=heard.append)
    assert heard == [first]
    cancel(both, first, actor=BOB, channel="cli", reason="test")
    assert wait_for_turn(both, second, seconds=0, tell=heard.append)
    cancel(both, second, actor=BOB, channel="cli", reason="test")
    assert wait_for_turn(both, second, seconds=0, tell=heard.append)
    assert heard == [first]


def test_queued_flow_runs_whose_turn_it_is_are_found(both):
    book = waiting("queue")
    runs = [request_run(both, asking(book, flow_run=f"flow-{n}")) for n in range(3)]
    with both.database.reading() as connection:
        assert turns_to_take(connection, both.clock.now()) == []
    cancel(both, runs[0], actor=BOB, channel="cli", reason="test")
    with both.database.reading() as connection:
        assert turns_to_take(connection, both.clock.now()) == ["flow-1"]


def race(folder, url, gate, name):
    """Ask for the same work at the same moment as the others; the exit code tells who got it."""
    engine = engine_at(folder, url)
    gate.wait()
    try:
        advance(engine, request_run(engine, asking(waiting("skip"), ticket=name)))
    except Overlapping:
        os._exit(7)
    os._exit(0)


def test_of_processes_that_race_for_a_turn_exactly_one_gets_it(where):
    engine_at(*where).database.close()
    context = get_context("fork")
    for _ in range(3):
        gate = context.Barrier(4)
        racers = [context.Process(target=race, args=(*where, gate, str(n))) for n in range(4)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join(60)
        assert sorted(racer.exitcode for racer in racers) == [0, 7, 7, 7]
        engine = engine_at(*where)
        with engine.database.reading() as connection:
            [held] = recent_runs(connection, states=("waiting",))
        cancel(engine, held.id, actor=BOB, channel="cli", reason="again")
        engine.database.close()


def hold_and_sleep(folder, url, mark):
    engine = engine_at(folder, url)
    book = runbook_of(
        [{"id": "sleep", "command": {"run": ["sh", "-c", 'touch "$1"; exec sleep 8', "sh", str(mark)]}}], overlap="skip"
    )
    advance(engine, request_run(engine, asking(book)))


def killed_holder(where):
    """The mark of a run whose process was killed in the middle of its work."""
    mark = where[0] / "began"
    process = get_context("fork").Process(target=hold_and_sleep, args=(*where, mark))
    process.start()
    end = time.monotonic() + 30
    while not mark.exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    engine = engine_at(*where)
    book = runbook_of([{"id": "sleep", "command": {"run": ["true"]}}], overlap="skip")
    with pytest.raises(Overlapping):
        request_run(engine, asking(book))
    os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    return engine, book


def test_a_killed_process_loses_the_turn_at_once(where):
    engine, _ = killed_holder(where)
    with engine.database.reading() as connection:
        [dead] = recent_runs(connection)
    again = request_run(engine, asking(runbook_of([WAIT], overlap="skip")))
    advance(engine, again)
    with pytest.raises(NotItsTurn) as waits:  # whoever resumes the dead one now has to wait
        advance(engine, dead.id)
    assert waits.value.data["ahead"] == again
    engine.database.close()


def test_a_killed_flow_run_keeps_its_turn_because_the_watch_wakes_it(where):
    engine, book = killed_holder(where)
    with engine.database.transaction() as connection:
        connection.execute(update(RUNS).values(flow_run="0190-flow"))
    with pytest.raises(Overlapping):
        request_run(engine, asking(book))
    engine.database.close()


def test_a_request_whose_process_died_before_it_began_is_given_up(both):
    from temanashi.runs.schedule_tables import TURNS

    book = waiting("skip")
    request_run(both, asking(book))
    with both.database.transaction() as connection:
        connection.execute(update(TURNS).values(seen_at="2020-01-01T00:00:00+00:00"))
    assert request_run(both, asking(book))
