"""The same on PostgreSQL, where several processes really look at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from temanashi.changes import Verdict
from temanashi.monitoring.alerting import Alerts, settle_alerts
from temanashi.monitoring.noting import note_finished_runs
from temanashi.monitoring.outbox import enqueue, pending, send_waiting
from temanashi.monitoring.receivers.contract import Message, Sent
from temanashi.monitoring.tables import ALERTS


class Counting:
    name = "counting"

    def __init__(self):
        self.sent = []

    def messages(self, events):
        return [Message(thread=event.thread, action=event.action, payload={"key": event.thread + event.action}) for event in events]

    def send(self, payload):
        self.sent.append(payload["key"])
        return Sent(result="sent")


@pytest.mark.server
def test_many_that_look_at_once_note_alert_and_send_once(postgresql_world):
    world, receiver = postgresql_world, Counting()
    for target in ("web1", "web2"):
        world.say("CRITICAL", target=target)
    runs = [world.make() for _ in range(3)]

    def after(connection, _):
        events = settle_alerts(connection, now=world.clock.now(), alerts=Alerts(inventory=lambda _: world.inventory))
        enqueue(connection, events, [receiver], now=world.clock.now())

    def look():
        noted = note_finished_runs(world.database, clock=world.clock, after=after)
        send_waiting(world.database, [receiver], clock=world.clock)
        return noted

    with ThreadPoolExecutor(4) as pool:
        done = [run for future in [pool.submit(look) for _ in range(4)] for run in future.result()]
    look()
    assert sorted(done) == sorted(runs)
    assert {state.attempts for state in world.states()} == {3}
    assert world.state().verdict is Verdict.CRITICAL
    with world.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(ALERTS)).scalar() == 2
        assert pending(connection) == []
    assert len(receiver.sent) == len(set(receiver.sent)) == 2
