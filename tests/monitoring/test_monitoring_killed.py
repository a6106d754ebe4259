"""A process killed with -9 around each of its commits, between the end of a run and the alert of it."""

import pytest

from fixtures_killing import Deadly, in_another_process
from fixtures_receiver import FakeReceiver
from temanashi.monitoring.alerting import Alerts, settle_alerts
from temanashi.monitoring.noting import note_finished_runs
from temanashi.monitoring.outbox import enqueue, send_waiting
from temanashi.monitoring.receivers.pagerduty import PagerDuty


def look(world, url, database):
    """What follows a run, and what every watch does."""
    clock = world.clock
    service = PagerDuty(routing_key="x", url=url, lang="en", page="", secret=lambda ref: ref, now=clock.now)

    def after(connection, run):
        events = settle_alerts(connection, now=clock.now(), alerts=Alerts(inventory=lambda _: world.inventory))
        enqueue(connection, events, [service], now=clock.now())

    note_finished_runs(database, clock=clock, after=after)
    send_waiting(database, [service], clock=clock)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_nothing_is_lost_and_nothing_is_noted_twice_wherever_it_is_killed(world, at, when):
    receiver = FakeReceiver()
    try:
        world.say("CRITICAL")
        world.make()
        killed = in_another_process(look, world, receiver.url, Deadly(world.database, at=at, when=when))
        assert killed == -9
        world.clock.pass_by(180)  # what it had claimed is free again
        look(world, receiver.url, world.database)
        look(world, receiver.url, world.database)
        told = [(body["event_action"], body["dedup_key"]) for body in receiver.taken]
        assert len(set(told)) == 1
        sent_and_not_written_down = (at, when) == (3, "before")
        assert len(told) == (2 if sent_and_not_written_down else 1)
        assert world.state().attempts == 1
        assert len(world.problems()) == 1
    finally:
        receiver.close()
