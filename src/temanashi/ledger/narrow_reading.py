"""Reading the narrow tables: the work and the demand that a stretch of days needs, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, cast, exists, or_, select, union

from temanashi.ledger.chain import micros
from temanashi.ledger.demanded import Asked, demand_table
from temanashi.ledger.statements import plain_rows
from temanashi.ledger.work import WORK_KINDS, Work, work_table, work_told

__all__ = ["Stretch", "asked_for", "late_work", "others_asked", "work_near"]

_W, _D = work_table.c, demand_table.c
_WORK = [column for column in work_table.columns if column.name not in {"chain", "unit"}]
_ASKED = [column for column in demand_table.columns if column.name not in {"chain", "unit"}]
_DAY = 24 * 3600 * 1_000_000
_PAGE = 5000
_EPOCH_DAY = date(1970, 1, 1).toordinal()

SOON = 10
"""Days after a stretch in which its work is read by time alone; work that names an older day than this is late work."""

_LATE = SOON - 2  # a week's slot is up to six days older than the day that it names, and zones differ by a day


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days from `first` to `last` in a time zone."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def begin(self) -> int:
        """Its first moment, in microseconds since 1970."""
        return self._midnight(self.first)

    @property
    def end(self) -> int:
        """The first moment after it."""
        return self._midnight(self.last + timedelta(days=1))

    @property
    def soon(self) -> int:
        """Until when its work is read by time alone."""
        return self._midnight(self.last + timedelta(days=1 + SOON))

    def _midnight(self, day: date) -> int:
        return micros(datetime.combine(day, time.min, tzinfo=self.zone).astimezone(UTC))


def work_near(connection: Connection, chain: str, stretch: Stretch) -> list[Work]:
    """Work recorded in a stretch or soon after, with all that people did in the same runs."""
    return _work(connection, chain, _near(stretch))


def late_work(connection: Connection, chain: str, stretch: Stretch) -> list[Work]:
    """Work recorded after the days soon after a stretch, and for an occasion much older than its record."""
    return _work(connection, chain, _late(stretch))


def asked_for(connection: Connection, chain: str, stretch: Stretch) -> list[Asked]:
    """The occasions of a stretch, and every cancellation."""
    mine = select(*_ASKED).where(_D.chain == chain)
    parts = (mine.where(_D.cancelled == 1), mine.where(*_named(stretch)), mine.where(*_recorded(stretch)))
    return [Asked(*row) for part in parts for row in plain_rows(connection, part, _PAGE)]


def others_asked(connection: Connection, chain: str, stretch: Stretch, *, late: bool = False) -> list[Asked]:
    """The occasions of other days that work near a stretch, or late work, served."""
    counted = or_(_W.kind == "run_finished", _W.seconds > 0)
    served = select(_W.unit).where(_W.chain == chain, _W.kind.in_(sorted(WORK_KINDS)), _when(stretch, late=late), counted)
    asked = select(*_ASKED).where(_D.chain == chain, _D.cancelled == 0, _D.unit.in_(served), ~_of(stretch))
    return [Asked(*row) for row in plain_rows(connection, asked, _PAGE)]


def _of(stretch: Stretch) -> ColumnElement[bool]:
    return or_(and_(*_named(stretch)), and_(*_recorded(stretch)))


def _named(stretch: Stretch) -> tuple[ColumnElement[bool], ...]:
    """The occasions whose day was written down."""
    return (_D.cancelled.concat("") == "0", _D.day.between(stretch.first.toordinal(), stretch.last.toordinal()))


def _recorded(stretch: Stretch) -> tuple[ColumnElement[bool], ...]:
    """Those of the day on which they were recorded."""
    return (_D.cancelled.concat("") == "0", _D.day == 0, _D.at >= stretch.begin, _D.at < stretch.end)


def _when(stretch: Stretch, *, late: bool) -> ColumnElement[bool]:
    return _late(stretch) if late else _near(stretch)


def _near(stretch: Stretch) -> ColumnElement[bool]:
    return and_(_W.at >= stretch.begin, _W.at < stretch.soon)


def _late(stretch: Stretch) -> ColumnElement[bool]:
    named = and_(_W.slot_day > 0, _long_after(_W.slot_day) < _W.at)
    written = and_(_D.day > 0, _long_after(_D.day) < _W.at)
    recorded = and_(_D.day == 0, _D.at + _LATE * _DAY < _W.at)
    its = and_(_D.chain == _W.chain, _D.cancelled == 0, _D.unit == _W.unit)
    asked = exists().where(its, or_(written, recorded)).correlate(work_table)
    return and_(_W.at >= stretch.soon, or_(named, asked))


def _long_after(day: ColumnElement[int]) -> ColumnElement[int]:
    """From when on work of a day is late, in microseconds: PostgreSQL would take these for 32 bits, as days are."""
    return (cast(day, BigInteger) - (_EPOCH_DAY - _LATE)) * _DAY


def _work(connection: Connection, chain: str, when: ColumnElement[bool]) -> list[Work]:
    ended = select(*_WORK).where(_W.chain == chain, _W.kind == "run_finished", when)
    # Without statistics SQLite would take the key, which begins with the chain, and not the index of runs.
    people = select(*_WORK).where(
        _W.chain.concat("") == chain, _W.run.in_(_with_people(chain, when)), _W.kind.in_(("decision", "step_done"))
    )
    return work_told(row for query in (ended, people) for row in plain_rows(connection, query, _PAGE))


def _with_people(chain: str, when: ColumnElement[bool]) -> Select[tuple[str]]:
    """Runs in which people decided or worked: by what they did then, or by what they did before the run ended then."""
    before = work_table.alias("before")
    mine = (before.c.run == _W.run) & (before.c.kind == "decision") & (before.c.chain.concat("") == _W.chain)
    told = union(
        select(_W.run).where(_W.chain == chain, _W.kind == "decision", when),
        select(_W.run).where(_W.chain == chain, _W.kind == "step_done", _W.seconds > 0, when),
        select(_W.run).where(_W.chain == chain, _W.kind == "run_finished", when, exists().where(mine).correlate(work_table)),
    ).subquery()
    return select(told.c.run)
