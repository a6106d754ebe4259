"""Active time: how long people worked on a checklist, from the moments at which they did something. Pure arithmetic.

A person's time is the sum of the pauses between their own moments, each at most the cap: who went away for an hour worked for at
most the cap of it. Two people who work at the same time both work. Nothing is known of the time after somebody's last moment, or
before their first one, so it counts nothing. Moments are aware datetimes; differences of those do not know time zones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

__all__ = ["IDLE_SECONDS", "Active", "Moment", "active_time", "whole_seconds"]

IDLE_SECONDS = 300
"""The default cap of a pause."""

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A person did something. `line`: on which line (None: on none of them, such as a sign of life of the page).

    `cap`: seconds that the pause before this moment counts at most. `fresh`: a stretch of work begins here, and the pause before
    it was none.
    """

    person: str
    at: datetime
    line: int | None = None
    cap: int = IDLE_SECONDS
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Active:
    """One person's time: `worked`, of which `by_line` can be told apart; `idle` is what the caps took off."""

    worked: timedelta = timedelta()
    idle: timedelta = timedelta()
    by_line: dict[int, timedelta] = field(default_factory=dict)


def active_time(moments: Iterable[Moment]) -> dict[str, Active]:
    """Every person's time, whatever the order in which the moments are given.

    A pause that ends with something done on a line is that line's; pauses that end otherwise are the next line's of that person.
    """
    own: dict[str, list[Moment]] = {}
    for moment in moments:
        # Python subtracts two times of one zone by the clock on the wall: an hour wrong when summer time begins or ends.
        own.setdefault(moment.person, []).append(replace(moment, at=moment.at.astimezone(UTC)))
    return {person: _of_one(sorted(found, key=_order)) for person, found in own.items()}


def _order(moment: Moment) -> tuple[datetime, bool, int, int, bool]:
    return moment.at, moment.line is not None, moment.line or 0, moment.cap, moment.fresh


def _of_one(moments: list[Moment]) -> Active:
    worked, idle, waiting = timedelta(), timedelta(), timedelta()
    by_line: dict[int, timedelta] = {}
    for (before, after), cap in zip(pairwise(moments), _caps(moments), strict=True):
        pause = timedelta() if after.fresh else after.at - before.at
        counted = min(pause, timedelta(seconds=cap))
        worked, idle, waiting = worked + counted, idle + pause - counted, waiting + counted
        if after.line is not None:
            by_line[after.line] = by_line.get(after.line, timedelta()) + waiting
            waiting = timedelta()
    return Active(worked, idle, by_line)


def _caps(moments: list[Moment]) -> list[int]:
    """The cap of each pause: that of the line it belongs to, also where a sign of life comes between."""
    caps: list[int] = []
    following: int | None = None
    for moment in reversed(moments[1:]):
        if moment.line is not None:
            following = moment.cap
        caps.append(moment.cap if following is None else following)
    return caps[::-1]


def whole_seconds(time: timedelta) -> int:
    """To the nearest second, half up."""
    return (time + _SECOND / 2) // _SECOND
