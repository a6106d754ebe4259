"""The ledger of expected runs: what the published version promised since the last look, and what became of it.

A look that comes late (after an outage of temanashi itself) covers the whole time since the one before it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, text

from temanashi.runbooks.occurrences import occurrences
from temanashi.runs.engine import Engine
from temanashi.runs.expected import OccurrenceState, OccurrenceView, drop_old, expect, read_occurrences, settle_occurrence
from temanashi.runs.lateness import ON_TIME
from temanashi.runs.reading import by_flow_run
from temanashi.runs.tables import FLAGS
from temanashi.text.local import Phrase, phrase
from temanashi.workspace.beginning import Due, following, not_run, verdict_on
from temanashi.workspace.versions import Cache, PublishedWorkspace, current_version, live_between

__all__ = ["Look", "last_look", "look"]

LAST_LOOK = "schedules_looked_at"
OUTAGE = timedelta(minutes=5)
"""Looks further apart than this were an outage."""
CATCH_UP = timedelta(minutes=5)
"""After an outage, late runs get so long to start."""
SETTLE = timedelta(seconds=90)
"""So long after its time an occurrence without a flow run will get none from Prefect."""
FURTHEST = timedelta(days=62)
_LOOK_LOCK = 0x74656D61_00000007


@dataclass
class Look:
    """What one look found. `to_start` may still start, and Prefect has, as far as we know, no flow run for them."""

    since: datetime
    until: datetime
    expected: int = 0
    settled: list[str] = field(default_factory=list)
    to_start: list[Due] = field(default_factory=list)

    @property
    def outage(self) -> bool:
        """Whether nobody looked for a while."""
        return self.until - self.since > OUTAGE


def last_look(connection: Connection) -> datetime | None:
    """When somebody looked last."""
    found = connection.execute(select(FLAGS.c.value).where(FLAGS.c.name == LAST_LOOK)).scalar()
    return datetime.fromisoformat(found) if found else None


def look(engine: Engine, *, cache: Cache | None = None, keep_days: int = 90) -> Look:
    """Note what was due since the last look, settle what did not happen, on the record; raises LedgerError."""
    versions: Cache = {} if cache is None else cache
    with engine.database.transaction() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOOK_LOCK})
        now = engine.clock.now()
        since = max(last_look(connection) or now, now - FURTHEST)
        found = Look(since=min(since, now), until=now)
        _note(engine, connection, found, versions)
        published = current_version(connection, kinds=engine.kinds, cache=versions)
        if published is not None:
            _judge(engine, connection, found, published)
        drop_old(connection, now - timedelta(days=keep_days))
        connection.execute(delete(FLAGS).where(FLAGS.c.name == LAST_LOOK))
        connection.execute(insert(FLAGS).values(name=LAST_LOOK, value=max(now, since).isoformat()))
    return found


def _note(engine: Engine, connection: Connection, found: Look, versions: Cache) -> None:
    grace = found.until + CATCH_UP if found.outage else found.since
    for published, start, end in live_between(connection, found.since, found.until, kinds=engine.kinds, cache=versions):
        for runbook, schedule in ((r, s) for r in published.runbooks.values() for s in r.schedules):
            for one in occurrences(schedule, published.calendar, start, end, zone=published.zone):
                if one.skipped is None:
                    found.expected += expect(
                        connection,
                        runbook.id,
                        schedule.id,
                        one.at,
                        slot=one.slot,
                        version=published.digest,
                        due=max(one.at + ON_TIME, grace),
                        now=found.until,
                    )


def _judge(engine: Engine, connection: Connection, found: Look, published: PublishedWorkspace) -> None:
    now = found.until
    groups: dict[tuple[str, str, OccurrenceState, str], list[Due]] = defaultdict(list)
    reasons: dict[tuple[str, str, OccurrenceState, str], Phrase] = {}
    for row in read_occurrences(connection, states=("expected",), until=now):
        if row.flow_run and (run := by_flow_run(connection, row.flow_run)) is not None:
            settle_occurrence(connection, row.key, "started", run=run)
            continue
        due = _due(row, published)
        if due is None:
            settle_occurrence(connection, row.key, "superseded", reason=phrase("runs.no-longer-published"))
            continue
        verdict = _verdict(connection, published, row, due, now)
        if verdict is not None:
            state, reason = verdict
            kind = (row.runbook, row.schedule, state, reason.key)
            groups[kind].append(due)
            reasons[kind] = reason
        elif not row.flow_run and row.at + SETTLE <= now:
            found.to_start.append(due)
    for kind, group in groups.items():
        not_run(engine, connection, group, kind[2], reasons[kind])
        found.settled += [due.name for due in group]


def _due(row: OccurrenceView, published: PublishedWorkspace) -> Due | None:
    """The row as an occurrence of what is published now; None where its runbook is gone."""
    runbook = published.runbooks.get(row.runbook)
    if runbook is None:
        return None
    schedule = next((s for s in runbook.schedules if s.id == row.schedule), None)
    return Due(runbook=runbook, schedule=schedule, id=row.schedule, at=row.at, slot=row.slot)


def _verdict(
    connection: Connection, published: PublishedWorkspace, row: OccurrenceView, due: Due, now: datetime
) -> tuple[OccurrenceState, Phrase] | None:
    """Why it does not start any more. A flow run that has it judges itself, until its time is over."""
    over = row.due <= now
    if row.flow_run and not over:
        return None
    if not row.flow_run and row.at + SETTLE <= now and (verdict := verdict_on(connection, published, due, now)) is not None:
        return verdict
    if not over:
        return None
    after = following(due, published)
    covered = after is not None and after - due.at <= ON_TIME and after <= now
    return ("superseded" if covered else "missing"), phrase("runs.nothing-heard")
