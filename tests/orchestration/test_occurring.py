"""Runs that a schedule made, in a real Prefect: held, skipped once, overlapping, queued, and started late."""

from datetime import UTC, datetime, timedelta

import pytest
from prefect.client.schemas.filters import FlowRunFilter, LogFilter
from prefect.client.schemas.objects import StateType
from prefect.states import Pending

from fixtures_monitor import SECRET, Monitor
from fixtures_prefect import execute
from fixtures_up import until
from temanashi.orchestration.catching_up import start_missing
from temanashi.orchestration.queueing import wake_next, wake_queued
from temanashi.people import Actor
from temanashi.runs.expected import expect, of_flow_run, read_occurrences, stamp
from temanashi.runs.holds import add_hold, add_skip, lift_hold
from temanashi.runs.reading import by_flow_run, run_view
from temanashi.runs.stopping import cancel
from temanashi.workspace.beginning import Due
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import current_version

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("deployed")]
ALICE = Actor(name="alice")


@pytest.fixture
def engine(server):
    with open_installation(server.root) as opened:
        yield opened.engine()


@pytest.fixture
def scheduled(client):
    """The next flow runs that Prefect's scheduler made for a runbook, the earliest first."""

    def find(name):
        deployment = client.read_deployment_by_name(f"{name}/{name}")
        client.request("POST", "/deployments/{id}/schedule", path_params={"id": deployment.id}, json={"min_runs": 5})
        wanted = {"deployment_id": {"any_": [str(deployment.id)]}, "state": {"type": {"any_": ["SCHEDULED"]}}}
        found = client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate(wanted))
        return sorted((f for f in found if f.auto_scheduled), key=lambda f: f.expected_start_time)

    return find


@pytest.fixture
def run_now(client):
    """Execute a flow run as the worker does; the flow run afterwards."""

    def go(flow_run):
        client.set_flow_run_state(flow_run.id, Pending(), force=True)
        execute(flow_run.id)
        return client.read_flow_run(flow_run.id)

    return go


@pytest.fixture
def asked(client, run_now):
    def ask(name):
        deployment = client.read_deployment_by_name(f"{name}/{name}")
        return run_now(client.create_flow_run_from_deployment(deployment.id, state=Pending()))

    return ask


def occurrence(engine, flow_run):
    with engine.database.reading() as connection:
        return of_flow_run(connection, str(flow_run.id))


def run_of(engine, flow_run):
    with engine.database.reading() as connection:
        run = by_flow_run(connection, str(flow_run.id))
        return run_view(connection, run) if run else None


def test_a_scheduled_run_knows_its_schedule_and_is_written_down(scheduled, run_now, engine):
    flow_run = run_now(scheduled("every-hour")[0])
    assert flow_run.state.name == "Completed"
    row = occurrence(engine, flow_run)
    assert (row.name, row.state, row.result) == ("every-hour/hourly", "started", "done")
    assert row.at == flow_run.expected_start_time
    run = run_of(engine, flow_run)
    assert (run.actor.name, run.channel) == ("schedule", "schedule")


def test_a_held_run_is_grey_and_named_held_and_runs_again_after_the_hold(scheduled, run_now, engine):
    first, second, third, *_ = scheduled("held-hour")
    hold = add_hold(engine, runbook="held-hour", reason="棚卸し", until=None, remind_days=7, actor=ALICE, channel="cli")
    held = run_now(first)
    assert (held.state.type, held.state.name) == (StateType.CANCELLED, "Held")
    assert "alice" in held.state.message
    assert "棚卸し" in held.state.message
    assert occurrence(engine, held).state == "held"
    assert run_of(engine, held) is None
    lift_hold(engine, hold, reason="", actor=ALICE, channel="cli")
    assert run_now(second).state.name == "Completed"
    at = third.expected_start_time
    day = at.astimezone(engine.zone).date()
    add_skip(engine, runbook="held-hour", schedule="hourly", day=day, at=at, reason="once", actor=ALICE, channel="cli")
    assert run_now(third).state.name == "Skipped"


def test_a_scheduled_run_that_overlaps_is_skipped_and_so_is_one_that_a_person_starts(scheduled, run_now, asked, engine):
    first, second, *_ = scheduled("only-one")
    waiting = run_now(first)
    assert waiting.state.type is StateType.PAUSED
    skipped = run_now(second)
    assert (skipped.state.type, skipped.state.name) == (StateType.CANCELLED, "Skipped")
    assert run_of(engine, waiting).id in skipped.state.message
    assert occurrence(engine, skipped).state == "overlap"
    by_hand = asked("only-one")
    assert (by_hand.state.type, by_hand.state.name) == (StateType.CANCELLED, "Skipped")
    cancel(engine, run_of(engine, waiting).id, actor=ALICE, channel="cli", reason="test")


def test_a_queued_flow_run_is_suspended_and_woken_when_its_turn_comes(client, asked, engine, run_now):
    first, second, third = (asked("one-by-one") for _ in range(3))
    assert [f.state.type for f in (first, second, third)] == [StateType.PAUSED] * 3
    assert run_of(engine, first).state == "waiting"
    assert [run_of(engine, f).state for f in (second, third)] == ["planned"] * 2
    assert wake_queued(engine, client) == []
    wake_next(engine)
    cancel(engine, run_of(engine, first).id, actor=ALICE, channel="cli", reason="test")
    wake_next(engine)
    assert [client.read_flow_run(f.id).state.name for f in (second, third)] == ["Resuming", "Suspended"]
    again = run_now(second)
    assert again.state.type is StateType.PAUSED
    assert run_of(engine, second).state == "waiting"
    assert run_of(engine, second).wait is not None
    cancel(engine, run_of(engine, second).id, actor=ALICE, channel="cli", reason="test")
    assert wake_queued(engine, client) == [str(third.id)]
    cancel(engine, run_of(engine, third).id, actor=ALICE, channel="cli", reason="test")
    assert run_now(third).state.type is StateType.CANCELLED


def test_an_occurrence_that_prefect_forgot_is_started_late_as_the_schedule(client, engine, scheduled, run_now):
    with engine.database.reading() as connection:
        published = current_version(connection, kinds=engine.kinds)
    runbook = published.runbooks["every-hour"]
    at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    slot = at.astimezone(engine.zone).date()
    with engine.database.transaction() as connection:
        expect(connection, "every-hour", "hourly", at, slot=slot, version="v", due=at, now=at)
    due = Due(runbook=runbook, schedule=runbook.schedules[0], id="hourly", at=at, slot=slot)
    row = None
    for _ in range(2):  # asked twice, it is made once
        assert start_missing(engine, client, [due]) == [f"every-hour/hourly {stamp(at)}"]
        with engine.database.reading() as connection:
            [found] = read_occurrences(connection, runbook="every-hour", since=at, until=at + timedelta(seconds=1))
        assert row is None or row.flow_run == found.flow_run
        row = found
    made = run_now(client.read_flow_run(row.flow_run))
    assert occurrence(engine, made).state == "started"
    assert run_of(engine, made).channel == "schedule"
    future = scheduled("every-hour")[1].expected_start_time
    planned = Due(runbook=runbook, schedule=runbook.schedules[0], id="hourly", at=future, slot=slot)
    assert start_missing(engine, client, [planned]) == []  # Prefect has it


def test_the_flow_of_the_watch_tells_the_outside_monitor(client, engine, server, monkeypatch):
    monitor = Monitor()
    monkeypatch.setenv("TEMA_MONITOR_URL", monitor.url)
    try:
        deployment = client.read_deployment_by_name("temanashi-watch/temanashi-watch")
        made = client.create_flow_run_from_deployment(deployment.id, state=Pending())
        execute(made.id)
        assert until(lambda: client.read_flow_run(made.id).state.name, seconds=5, what="an end") == "Completed"
        moment = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=20)
        with engine.database.transaction() as connection:
            expect(connection, "held-hour", "hourly", moment, slot=moment.date(), version="v", due=moment, now=moment)
        made = client.create_flow_run_from_deployment(deployment.id, state=Pending())
        execute(made.id)
    finally:
        monitor.close()
    assert [(command, path) for command, path, _ in monitor.heard] == [("POST", f"/{SECRET}"), ("POST", f"/{SECRET}/fail")]
    assert "did not run: held-hour/hourly" in monitor.heard[1][2]
    told = client.read_logs(LogFilter.model_validate({"flow_run_id": {"any_": [str(made.id)]}}))
    assert SECRET not in "".join(line.message for line in told)
