"""Entries of the ledger (a run, or one record that belongs to none) that fulfil every condition, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, get_args

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, or_, select

from temanashi.ledger.chain import micros
from temanashi.ledger.marks import Facet, marks, value_of
from temanashi.ledger.records import Mode, RunOutcome
from temanashi.people import People

__all__ = ["OPEN", "Criteria", "Cursor", "Found", "count_entries", "find_entries", "known_values", "of_anyhow"]

OPEN = "open"
"""The outcome of a run without a `run_finished` record."""

_CAP = 10_000
"""A condition that fewer entries fulfil is taken as the starting point, and sorted."""

_MOST_VALUES = 20_000
_MOST_MEANT = 50


class Cursor(NamedTuple):
    """The place behind which a page begins: an entry's time (microseconds since 1970) and number."""

    at: int
    entry: int

    def __str__(self) -> str:
        """`1795132800000000.17`, as it stands in an address."""
        return f"{self.at}.{self.entry}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """From an address; None for anything else."""
        at, dot, entry = text.partition(".")
        fits = dot and text.isascii() and at.isdecimal() and entry.isdecimal() and len(at) < 18 and len(entry) < 10  # noqa: PLR2004  (what a column holds)
        return cls(int(at), int(entry)) if fits else None


class Criteria(BaseModel):
    """What is asked for; empty: anything. Of a run, any of its records may fulfil a condition.

    Texts match whole values, whatever their case, width and spaces; where there is no such value, parts of values (a ticket only
    as a whole: there are too many of them).
    `person` is anybody who asked, approved, did or confirmed; `person_also` are other names of the same person. `since` (included)
    and `until` (not) are about an entry's first record: a run belongs to the moment in which it was asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    person: str = ""
    person_also: frozenset[str] = frozenset()
    beneficiary: str = ""
    runbook: str = ""
    host: str = ""
    system: str = ""
    ticket: str = ""
    kind: str = ""
    outcome: str = ""
    mode: Mode | None = None
    privileged: bool = False
    emergency: bool = False
    runs_only: bool = False
    about: str = ""
    since: datetime | None = None
    until: datetime | None = None


def of_anyhow(criteria: Criteria, people: People) -> Criteria:
    """The same question about a person under every name that is listed of them: an id, a name, an address, an account."""
    return criteria.model_copy(update={"person_also": people.spellings(criteria.person)})


class Found(NamedTuple):
    """A page of entries, and where the next one begins (None: there is none)."""

    entries: tuple[Cursor, ...]
    following: Cursor | None


class _Condition(NamedTuple):
    facet: Facet
    values: tuple[str, ...]


def known_values(connection: Connection, facet: Facet, *, chain: str = "main", most: int = _MOST_VALUES) -> list[str]:
    """The values that a facet has, in order, as marks hold them. Leaps from one to the next, so many entries cost nothing."""
    here = (marks.c.chain == chain) & (marks.c.facet == facet)
    leap = select(func.min(marks.c.value).label("value")).where(here).cte("leap", recursive=True)
    following = select(func.min(marks.c.value)).where(here, marks.c.value > leap.c.value).scalar_subquery()
    leap = leap.union_all(select(following).where(leap.c.value.is_not(None)))
    query = select(leap.c.value).where(leap.c.value.is_not(None)).limit(most)
    return list(connection.scalars(query))


def find_entries(
    connection: Connection, criteria: Criteria, *, chain: str = "main", limit: int = 50, after: Cursor | None = None
) -> Found:
    """One page of what was asked for."""
    query = _query(connection, criteria, chain, after)
    if query is None:
        return Found((), None)
    rows = connection.execute(query.limit(limit + 1)).all()
    found = tuple(Cursor(row.at, row.entry) for row in rows[:limit])
    return Found(found, found[-1] if len(rows) > limit else None)


def count_entries(connection: Connection, criteria: Criteria, *, chain: str = "main", most: int = 1_000) -> int:
    """How many entries there are, counted no further than `most` + 1."""
    query = _query(connection, criteria, chain, None)
    if query is None:
        return 0
    return int(connection.execute(select(func.count()).select_from(query.limit(most + 1).subquery())).scalar_one())


def _query(connection: Connection, criteria: Criteria, chain: str, after: Cursor | None) -> Select[tuple[int, int]] | None:
    """The question to the marks; None where nothing can fulfil it.

    It starts from the condition that the fewest entries fulfil, and looks the others up; where all are common, from the newest
    entry on.
    """
    conditions = _conditions(connection, criteria, chain)
    if any(not condition.values for condition in conditions):
        return None
    runs_only = criteria.runs_only or criteria.outcome == OPEN
    everything = _Condition("all", ("run" if runs_only else "any",))
    counts = {condition: _count(connection, condition, chain, criteria) for condition in conditions}
    rare = min(counts, key=lambda condition: counts[condition], default=None)
    start = rare if rare is not None and counts[rare] <= _CAP else next((c for c in conditions if len(c.values) == 1), everything)
    driver = marks.alias("driver")
    query = select(driver.c.at, driver.c.entry).where(
        driver.c.chain == chain,
        driver.c.facet == start.facet,
        _among(driver.c.value, start.values),
        *_within(driver.c.at, criteria),
    )
    if len(start.values) > 1:
        query = query.distinct()
    if after is not None:
        query = query.where(or_(driver.c.at < after.at, and_(driver.c.at == after.at, driver.c.entry < after.entry)))
        query = query.where(driver.c.at <= after.at)  # for the index
    others = [*(c for c in conditions if c != start), *([everything] if start != everything and runs_only else [])]
    for number, condition in enumerate(others):
        other = marks.alias(f"c{number}")
        same = (other.c.chain == chain) & (other.c.at == driver.c.at) & (other.c.entry == driver.c.entry)
        query = query.where(
            select(literal(1)).where(same, other.c.facet == condition.facet, _among(other.c.value, condition.values)).exists()
        )
    if criteria.outcome == OPEN:
        ended = marks.alias("ended")
        same = (ended.c.chain == chain) & (ended.c.at == driver.c.at) & (ended.c.entry == driver.c.entry)
        over = (ended.c.facet == "outcome") & ended.c.value.in_(get_args(RunOutcome))
        query = query.where(~select(literal(1)).where(same, over).exists())
    return query.order_by(driver.c.at.desc(), driver.c.entry.desc())


def _among(column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    return column == values[0] if len(values) == 1 else column.in_(values)


def _within(column: ColumnElement[int], criteria: Criteria) -> list[ColumnElement[bool]]:
    since = [column >= micros(criteria.since)] if criteria.since else []
    return [*since, *([column < micros(criteria.until)] if criteria.until else [])]


def _count(connection: Connection, condition: _Condition, chain: str, criteria: Criteria) -> int:
    here = [marks.c.chain == chain, marks.c.facet == condition.facet, _among(marks.c.value, condition.values)]
    inner = select(literal(1)).where(*here, *_within(marks.c.at, criteria)).limit(_CAP + 1).subquery()
    return int(connection.execute(select(func.count()).select_from(inner)).scalar_one())


def _conditions(connection: Connection, criteria: Criteria, chain: str) -> list[_Condition]:
    texts: dict[Facet, str] = {
        "about": criteria.about,
        "beneficiary": criteria.beneficiary,
        "host": criteria.host,
        "kind": criteria.kind,
        "mode": criteria.mode or "",
        "outcome": "" if criteria.outcome == OPEN else criteria.outcome,
        "person": criteria.person,
        "runbook": criteria.runbook,
        "system": criteria.system,
        "ticket": criteria.ticket,
    }
    found = [_Condition(facet, _meant(connection, facet, text, chain)) for facet, text in texts.items() if value_of(text)]
    also = tuple(sorted(value_of(name) for name in criteria.person_also))
    found = [_Condition(c.facet, tuple(dict.fromkeys((*c.values, *also)))) if c.facet == "person" else c for c in found]
    flags = ("privileged", criteria.privileged), ("emergency", criteria.emergency)
    return [*found, *(_Condition("flag", (name,)) for name, on in flags if on)]


def _meant(connection: Connection, facet: Facet, text: str, chain: str) -> tuple[str, ...]:
    """The values that a typed text means: the same one, else those that contain it."""
    wanted = value_of(text)
    here = (marks.c.chain == chain) & (marks.c.facet == facet)
    if connection.execute(select(literal(1)).where(here, marks.c.value == wanted).limit(1)).first() is not None:
        return (wanted,)
    if facet in {"about", "kind", "mode", "outcome", "ticket"}:
        return ()
    return tuple(value for value in known_values(connection, facet, chain=chain) if wanted in value)[:_MOST_MEANT]
