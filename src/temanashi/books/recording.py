"""What may be recorded as demand, and what is new of it: one way for the terminal, the tally page, tickets and programs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from temanashi.books.baseline import SignedVersion, version_on
from temanashi.books.demand import Recorder, Register, cancelled_demand, new_demand
from temanashi.books.tasks import Demand, ProposedTask
from temanashi.calendars import BusinessCalendar, Month, slot_on
from temanashi.errors import InputError
from temanashi.ledger.records import Draft
from temanashi.people import Actor, Channel
from temanashi.problems import suggestion

__all__ = [
    "MOST_TARGETS",
    "BadKey",
    "BadOccasionDay",
    "BadTargets",
    "ByCalendar",
    "CountedElsewhere",
    "MonthRunning",
    "NotASlot",
    "NotNone",
    "NotRecorded",
    "Occasion",
    "OtherRecorder",
    "Rules",
    "Standing",
    "UnknownTask",
    "drafts_of",
    "standing_of",
    "tidy_key",
]

Standing = Literal["new", "known", "differs", "cancel", "cancelled"]
"""Of an occasion beside the register: new; known as it is; known with other data, which stay; known and to be cancelled; cancelled
before."""

OPEN_TO: frozenset[Recorder] = frozenset({"requests", "tickets", "tally", "inquiries"})
"""Who may record demand of a task on request whose rule names nobody."""

LONGEST_KEY = 200
MOST_TARGETS = 100_000
EARLIEST = date(2000, 1, 1)
LISTED = 12


class UnknownTask(InputError):
    """No published runbook serves a task with this id, and nobody signed minutes of it."""

    key = "books.unknown-task"

    def __init__(self, task: str, *, known: Collection[str]) -> None:
        super().__init__(task=task, close=suggestion(task, known) or ", ".join(sorted(known)[:LISTED]))


class ByCalendar(InputError):
    """An occasion of a task whose demand a calendar lays down."""

    key = "books.by-calendar"

    def __init__(self, task: str, calendar: str) -> None:
        super().__init__(task=task, calendar=calendar)


class OtherRecorder(InputError):
    """The task's rule names another recorder of its demand."""

    key = "books.other-recorder"

    def __init__(self, task: str, *, source: str) -> None:
        super().__init__(task=task, source=source)


class BadOccasionDay(InputError):
    """A day on which the occasion cannot have come."""

    key = "books.bad-occasion-day"

    def __init__(self, day: date, *, today: date) -> None:
        super().__init__(day=day.isoformat(), today=today.isoformat())


class BadKey(InputError):
    """A key that is empty, too long, or more than one line."""

    key = "books.bad-key"

    def __init__(self, given: str) -> None:
        super().__init__(given=given[:80], most=LONGEST_KEY)


class BadTargets(InputError):
    """A number of targets that cannot be."""

    key = "books.bad-targets"

    def __init__(self, given: object) -> None:
        super().__init__(given=str(given)[:80], most=MOST_TARGETS)


class NotRecorded(InputError):
    """An occasion to cancel that nobody recorded."""

    key = "books.not-recorded"

    def __init__(self, task: str, slot: str, *, known: Collection[str]) -> None:
        super().__init__(task=task, slot=slot, close=suggestion(slot, known) or "-")


class NotASlot(InputError):
    """A day to cancel on which the task's calendar asks for nothing."""

    key = "books.not-a-slot"

    def __init__(self, task: str, slot: str, *, calendar: str, meant: date | None) -> None:
        super().__init__(task=task, slot=slot, calendar=calendar, meant=meant.isoformat() if meant else "-")


class MonthRunning(InputError):
    """Nobody can say yet that a month brought no occasion."""

    key = "books.month-running"

    def __init__(self, month: Month, *, last: date) -> None:
        super().__init__(month=str(month), last=last.isoformat())


class NotNone(InputError):
    """A month that is said to have brought no occasion has recorded ones."""

    key = "books.not-none"

    def __init__(self, task: str, month: Month, *, count: int) -> None:
        super().__init__(task=task, month=str(month), count=count)


class CountedElsewhere(InputError):
    """A ticket that is an occasion of another task already."""

    key = "books.counted-elsewhere"

    def __init__(self, slot: str, *, task: str, other: str) -> None:
        super().__init__(slot=slot, task=task, other=other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One occasion as its recorder knows it. `cancelled` is the reason for which it fell away; empty for one that stands."""

    task: str
    key: str
    day: date
    targets: int = 0
    ticket: str = ""
    beneficiary: str = ""
    cancelled: str = ""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Which task's demand may be recorded by whom: as signed for the day, else as proposed."""

    tasks: Mapping[str, ProposedTask]
    versions: Mapping[str, tuple[SignedVersion, ...]]
    today: date

    @property
    def known(self) -> frozenset[str]:
        """Every task that somebody proposed or signed."""
        return frozenset({*self.tasks, *self.versions})

    def demand_of(self, task: str, day: date) -> Demand:
        """The rule of a task on a day; raises UnknownTask."""
        if task not in self.known:
            raise UnknownTask(task, known=self.known)
        version = version_on(self.versions.get(task, ()), day)
        proposed = self.tasks.get(task)
        if version is not None:
            return version.demand
        return proposed.demand if proposed is not None else self.versions[task][0].demand

    def source_of(self, task: str, day: date) -> str | None:
        """The one recorder that the task's runbook names, else the one that was signed; None: those of OPEN_TO."""
        proposed = self.tasks.get(task)
        return (proposed.demand if proposed is not None else self.demand_of(task, day)).source

    def open_to(self, recorder: Recorder, task: str, day: date) -> bool:
        """Whether this recorder may write occasions of the task. A person at the terminal may correct every task on request."""
        if task not in self.known or not self.demand_of(task, day).on_request:
            return False
        source = self.source_of(task, day)
        return recorder in {"hand", source} or (source is None and recorder in OPEN_TO)

    def check(self, occasion: Occasion, recorder: Recorder) -> None:
        """Refuse what cannot be demand; raises UnknownTask, BadKey, BadTargets, BadOccasionDay, ByCalendar and OtherRecorder."""
        task, day = occasion.task, occasion.day
        rule = self.demand_of(task, day)
        if tidy_key(occasion.key) != occasion.key:
            raise BadKey(occasion.key)
        if not 0 <= occasion.targets <= MOST_TARGETS:
            raise BadTargets(occasion.targets)
        if not EARLIEST <= day <= self.today:
            raise BadOccasionDay(day, today=self.today)
        if rule.calendar is not None:
            raise ByCalendar(task, rule.calendar)
        if not self.open_to(recorder, task, day):
            raise OtherRecorder(task, source=self.source_of(task, day) or ", ".join(sorted(OPEN_TO)))

    def check_none(self, task: str, month: Month, register: Register) -> None:
        """Refuse that a month brought no occasion; raises UnknownTask, ByCalendar, MonthRunning and NotNone."""
        rule = self.demand_of(task, min(month.last, self.today))
        if rule.calendar is not None:
            raise ByCalendar(task, rule.calendar)
        if month.last >= self.today:
            raise MonthRunning(month, last=month.last)
        standing = [unit for unit in register.of(task, month) if (task, unit.slot) not in register.cancelled]
        if standing:
            raise NotNone(task, month, count=len(standing))

    def check_cancelling(self, task: str, slot: str, register: Register, business: BusinessCalendar) -> None:
        """Refuse to cancel what was never due; raises UnknownTask, NotRecorded and NotASlot."""
        if register.find(task, slot) is not None:
            return
        day = _iso_day(slot)
        rule = self.demand_of(task, day or self.today)
        if rule.calendar is None:
            raise NotRecorded(task, slot, known=register.requested.get(task, {}))
        meant = slot_on(rule.calendar, day, business) if day else None
        if day is None or meant != day or not EARLIEST <= day <= self.today + timedelta(days=366):
            raise NotASlot(task, slot, calendar=rule.calendar, meant=meant)


def tidy_key(text: str) -> str:
    """A key as it is recorded: full width and blanks make no difference; raises BadKey."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    if not plain or len(plain) > LONGEST_KEY or not plain.isprintable() or re.search(r"[\r\n]", text.strip()):
        raise BadKey(text)
    return plain


def _iso_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def standing_of(occasion: Occasion, register: Register) -> Standing:
    """How an occasion stands beside what is recorded; raises CountedElsewhere for a ticket of another task."""
    known = register.find(occasion.task, occasion.key)
    if known is None:
        _not_elsewhere(occasion, register)
        return "new"
    if (occasion.task, occasion.key) in register.cancelled:
        return "cancelled"
    if occasion.cancelled:
        return "cancel"
    return "known" if (known.day, known.targets) == (occasion.day, occasion.targets) else "differs"


def _not_elsewhere(occasion: Occasion, register: Register) -> None:
    """A ticket is one occasion. Keys that are no tickets may be alike by chance."""
    for other, units in register.requested.items():
        unit = units.get(occasion.key)
        ticket = unit is not None and occasion.ticket and unit.ticket == occasion.ticket
        if ticket and (other, occasion.key) not in register.cancelled:
            raise CountedElsewhere(occasion.key, task=occasion.task, other=other)


def drafts_of(
    occasions: Iterable[Occasion], register: Register, *, recorder: Recorder, actor: Actor, channel: Channel
) -> list[Draft]:
    """The records that are missing, by task, day and key: the order in which occasions are told makes no difference.

    One that was cancelled before it was recorded gets both records: it was asked for, and fell away.
    """
    drafts = []
    for one in sorted(set(occasions), key=lambda each: (each.task, each.day, each.key)):
        standing = standing_of(one, register)
        if standing == "new":
            told = {"day": one.day, "targets": one.targets, "ticket": one.ticket, "beneficiary": one.beneficiary}
            drafts.append(new_demand(one.task, one.key, actor=actor, source=recorder, channel=channel, **told))  # type: ignore[arg-type]  # as typed above
        if one.cancelled and standing in {"new", "cancel"}:
            drafts.append(cancelled_demand(one.task, one.key, reason=one.cancelled, actor=actor, channel=channel))
    return drafts
