"""An occurrence of a schedule is about to start: may it? Skipped, held, too late and overlapping ones do not, on the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import Connection

from temanashi.calendars import day_of
from temanashi.errors import RunError
from temanashi.ledger.records import Draft
from temanashi.people import Actor
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.occurrences import Occurrence, next_occurrences, occurrences
from temanashi.runbooks.schedule import Schedule
from temanashi.runs.engine import Engine
from temanashi.runs.expected import OccurrenceState, OccurrenceView, claim, expect, read_occurrences, settle_occurrence, stamp
from temanashi.runs.holds import hold_over, skip_over
from temanashi.runs.lateness import ON_TIME, too_late
from temanashi.text.local import Phrase, phrase
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["SCHEDULER", "Due", "NotStarted", "begin", "due_occurrence", "following", "not_run", "verdict_on"]

SCHEDULER = Actor(name="schedule", kind="system")
MOMENT = timedelta(seconds=1)


class NotStarted(RunError):
    """An occurrence of a schedule does not start; why is on the record already."""

    key: ClassVar[str] = "opening.not-started"
    exit_code = 5

    def __init__(self, name: str, state: OccurrenceState, reason: Phrase) -> None:
        super().__init__(name=name, state=state, reason=reason)


@dataclass(frozen=True, kw_only=True)
class Due:
    """One occurrence that wants to start. `schedule` is None where the published version has none of that name any more.

    `excluded` says why its calendar leaves it out now, though it did not when it was planned.
    """

    runbook: Runbook
    schedule: Schedule | None
    id: str
    at: datetime
    slot: date
    excluded: Phrase | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Its row's primary key."""
        return self.runbook.id, self.id, stamp(self.at)

    @property
    def name(self) -> str:
        """`RUNBOOK/SCHEDULE`."""
        return f"{self.runbook.id}/{self.id}"


def due_occurrence(
    published: PublishedWorkspace, runbook: Runbook, at: datetime, *, slug: str, parameters: Mapping[str, Any]
) -> Due:
    """The occurrence that starts at a moment: that of the schedule with this slug, else of one with these parameters."""
    named = next((s for s in runbook.schedules if slug in {s.id, f"{runbook.id}-{s.id}"}), None)
    others = [s for s in runbook.schedules if all(parameters.get(name) == value for name, value in s.parameters.items())]
    candidates = [named] if named is not None else [*others, *runbook.schedules]
    for schedule in candidates:
        found = _at_moment(schedule, at, published)
        if found is not None and (found.skipped is None or schedule is named):
            why = found.skipped if schedule.active else phrase("runs.switched-off")
            return Due(runbook=runbook, schedule=schedule, id=schedule.id, at=at, slot=found.slot, excluded=why)
    name = named.id if named is not None else slug.removeprefix(f"{runbook.id}-") or "-"
    return Due(runbook=runbook, schedule=named, id=name, at=at, slot=day_of(at, published.zone))


def _at_moment(schedule: Schedule, at: datetime, published: PublishedWorkspace) -> Occurrence | None:
    """What a schedule says of a moment: that it starts, or else why it does not. Switched off since, it still was its own."""
    active = schedule.model_copy(update={"active": True})
    found = occurrences(active, published.calendar, at, at + MOMENT, zone=published.zone)
    return min(found, key=lambda o: o.skipped is not None, default=None)


def begin(engine: Engine, published: PublishedWorkspace, due: Due, *, flow_run: str) -> bool:
    """Take an occurrence for a flow run; whether it queues behind other runs (`missed: all`). Raises NotStarted, on the record."""
    now = engine.clock.now()
    with engine.database.transaction() as connection:
        expect(connection, due.runbook.id, due.id, due.at, slot=due.slot, version=published.digest, due=due.at + ON_TIME, now=now)
        if not claim(connection, due.runbook.id, due.id, due.at, flow_run):
            refusal = _taken(connection, due)
        elif (found := verdict_on(connection, published, due, now)) is not None:
            state, reason = found
            not_run(engine, connection, [due], state, reason)
            refusal = NotStarted(due.name, state, reason)
        else:
            refusal = None
    if refusal is not None:
        raise refusal
    return due.schedule is not None and due.schedule.missed == "all"


def _taken(connection: Connection, due: Due) -> NotStarted:
    """Another flow run of the same occurrence, or the watch, was first."""
    rows = read_occurrences(connection, runbook=due.runbook.id, schedule=due.id, since=due.at, until=due.at + MOMENT)
    row: OccurrenceView = rows[0]
    if row.state in {"expected", "started"}:
        return NotStarted(due.name, "superseded", phrase("runs.started-already", flow_run=row.flow_run))
    return NotStarted(due.name, row.state, row.reason or phrase("runs.nothing-heard"))


def verdict_on(
    connection: Connection, published: PublishedWorkspace, due: Due, now: datetime
) -> tuple[OccurrenceState, Phrase] | None:
    """Why an occurrence does not start now; None when it may."""
    if due.excluded is not None:
        return "skipped", due.excluded
    if (skip := skip_over(connection, due.runbook.id, due.id, due.at, due.slot)) is not None:
        return "skipped", skip.why
    if (hold := hold_over(connection, due.runbook.id, due.id, (due.at, now))) is not None:
        return "held", hold.why
    missed = due.schedule.missed if due.schedule is not None else "skip"
    after = following(due, published)
    why = too_late(
        due.at, now=now, following=after, missed=missed, max_lateness=due.schedule.lateness if due.schedule is not None else None
    )
    if why is None:
        return None
    newer = after is not None and after <= now and (missed == "last" or after - due.at <= ON_TIME)
    return ("superseded" if newer else "late"), why


def following(due: Due, published: PublishedWorkspace) -> datetime | None:
    """The next occurrence of the same schedule."""
    if due.schedule is None:
        return None
    found = next_occurrences(due.schedule, published.calendar, due.at, 1, zone=published.zone, days=40)
    return found[0].at if found else None


MOST_NAMED = 100


def not_run(engine: Engine, connection: Connection, group: list[Due], state: OccurrenceState, reason: Phrase) -> None:
    """Write that occurrences of one schedule do not run, and why: their rows, and one record for all of them."""
    for due in group:
        settle_occurrence(connection, due.key, state, reason=reason)
    first = group[0]
    body = {
        "schedule": first.id,
        "state": state,
        "reason": reason.model_dump(),
        "count": len(group),
        "at": [stamp(due.at) for due in group[:MOST_NAMED]],
    }
    draft = Draft(
        kind="noted",
        task=first.runbook.task,
        runbook=first.runbook.id,
        version=first.runbook.version,
        actor=SCHEDULER.name,
        actor_kind=SCHEDULER.kind,
        channel="schedule",
        reason=engine.redactor.text(reason.text("en")),
        system=first.runbook.system,
        team=first.runbook.owner,
        outcome=f"not_run_{state}",
        slot=first.slot.isoformat(),
        body=engine.redactor.value(body),
    )
    engine.ledger.append(connection, draft)
