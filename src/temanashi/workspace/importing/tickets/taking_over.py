"""Tickets beside the register: which are new, known, cancelled, or not understood. The order of rows makes no difference."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from temanashi.books import Occasion, Register, Rules, Standing, standing_of
from temanashi.errors import InputError
from temanashi.text import phrase
from temanashi.workspace.importing.tickets.kinds import IGNORED, KindMap
from temanashi.workspace.importing.tickets.rows import Flaw, Ticket, TicketFile

__all__ = ["Taken", "TicketPlan", "plan_tickets"]


@dataclass(frozen=True, slots=True)
class Taken:
    """A ticket that was understood: the occasion that it is, how it stands beside the register, and its place in the file."""

    occasion: Occasion
    standing: Standing
    place: str

    @property
    def recorded(self) -> bool:
        """Whether something new is to be recorded of it."""
        return self.standing in {"new", "cancel"}


@dataclass(kw_only=True)
class TicketPlan:
    """What a file would record. `ignored` counts tickets of kinds that are not ours, `unknown` those of kinds nobody knows."""

    file: TicketFile
    taken: list[Taken] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    @property
    def complete(self) -> bool:
        """Whether every row was understood."""
        return not self.flaws

    @property
    def occasions(self) -> list[Occasion]:
        """What is to be recorded."""
        return [one.occasion for one in self.taken if one.recorded]

    def count(self, standing: Standing) -> int:
        """How many tickets stand so."""
        return sum(one.standing == standing for one in self.taken)

    def by_task(self) -> dict[str, Counter[str]]:
        """How many of each standing, by task."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for one in self.taken:
            found[one.occasion.task][one.standing] += 1
        return dict(sorted(found.items()))


def plan_tickets(file: TicketFile, kinds: KindMap, rules: Rules, register: Register) -> TicketPlan:
    """Every ticket of a file as an occasion, or its flaw."""
    tickets, twice = file.settled()
    plan = TicketPlan(file=file, flaws=[*file.flaws, *twice])
    for ticket in tickets:
        task = _task(ticket, kinds, plan)
        if task is None:
            continue
        one = Occasion(
            task=task,
            key=ticket.key,
            day=ticket.day,
            targets=ticket.targets,
            ticket=ticket.key,
            beneficiary=ticket.person,
            cancelled=ticket.cancelled,
        )
        try:
            rules.check(one, "tickets")
            plan.taken.append(Taken(one, standing_of(one, register), ticket.place))
        except InputError as error:
            plan.flaws.append(Flaw(ticket.place, phrase(error.key, **error.data), ticket.key))
    plan.taken.sort(key=lambda one: (one.occasion.task, one.occasion.day, one.occasion.key))
    plan.flaws.sort(key=_in_order)
    return plan


def _task(ticket: Ticket, kinds: KindMap, plan: TicketPlan) -> str | None:
    found = kinds.tasks_of(ticket.kind)
    if found == {IGNORED}:
        plan.ignored[ticket.kind] += 1
        return None
    if len(found) == 1:
        return next(iter(found))
    if found:
        message = phrase("demand.row-many-tasks", kind=ticket.kind, tasks=sorted(found))
    else:
        plan.unknown[ticket.kind] += 1
        message = phrase("demand.row-unknown-kind", kind=ticket.kind, close=kinds.close(ticket.kind))
    plan.flaws.append(Flaw(ticket.at, message, ticket.key))
    return None


def _in_order(flaw: Flaw) -> tuple[str, int, str]:
    """Sheet by sheet, row by row, and within a row from the left."""
    sheet, _, place = flaw.place.rpartition("!")
    letters = place.rstrip("0123456789")
    return sheet, int(place[len(letters) :] or 0), f"{len(letters)}{letters}"
