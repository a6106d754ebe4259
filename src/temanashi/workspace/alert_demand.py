"""Alerts as demand: one occasion an alert and task, where a check names a runbook whose task says `source: alerts`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from temanashi.books import Occasion
from temanashi.calendars import day_of
from temanashi.monitoring.events import Event
from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.workspace.demanding import Recording, read_rules, record_occasions
from temanashi.workspace.opening import Installation
from temanashi.workspace.remedies import ticket_of
from temanashi.workspace.versions import PublishedWorkspace, current_version

__all__ = ["record_alerts"]

MONITORING = Actor(name="temanashi", kind="system")


def record_alerts(installation: Installation, connection: Connection, events: Iterable[Event]) -> None:
    """Record what was told for the first time, in the transaction in which it is told. Problems of one alert are one occasion,
    under the key of its first problem: the run that is asked for against it serves that. Raises LedgerError.
    """  # noqa: D205
    opened = [event for event in events if event.change == "new" and event.offers]
    published = current_version(connection, kinds=step_kinds()) if opened else None
    if published is None:
        return
    rules = read_rules(installation, connection, published)
    recording = Recording(recorder="alerts", actor=MONITORING, channel="alert")
    for event in opened:
        for one in _occasions(installation, published, event):
            if rules.open_to("alerts", one.task, one.day):
                record_occasions(installation, connection, published, [one], recording)


def _occasions(installation: Installation, published: PublishedWorkspace, event: Event) -> Iterator[Occasion]:
    day = day_of(event.opened_at, installation.settings.zone)
    problems = sorted(event.problems, key=lambda problem: problem.id)
    by_task = {
        runbook.task: [problem for problem in problems if event.offers.get(problem.id) == name]
        for name in sorted(set(event.offers.values()))
        if (runbook := published.runbooks.get(name)) is not None
    }
    for task, mine in by_task.items():
        targets = len({problem.key.target for problem in mine})
        yield Occasion(task=task, key=ticket_of(mine[0].id), day=day, targets=targets)
