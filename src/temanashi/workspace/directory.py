"""What is wrong with people, groups and roles, and with who may run or approve a runbook: told at load, with suggestions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from temanashi.people import AUTOMATIC, People, missing_words
from temanashi.problems import Problem
from temanashi.runbooks.approval import Approval
from temanashi.runbooks.model import Runbook
from temanashi.text import phrase

__all__ = ["approvals_of", "is_guarded", "people_problems", "rights_problems"]


def people_problems(people: People) -> Iterator[Problem]:
    """Words of groups, roles and deputies that name nobody."""
    for name, who in people.groups.items():
        yield from _unknown(("groups", name), who, people)
    for role, who in people.roles.items():
        yield from _unknown(("roles", role), who, people)
    for person, entry in people.people.items():
        for index, deputy in enumerate(entry.deputies):
            loc = ("people", person, "deputies", index, "who")
            if deputy.who == person:
                yield Problem(loc, phrase("people.own-deputy", person=person))
            yield from (
                Problem(loc, phrase("people.unknown", word=found.word), found.close)
                for found in missing_words((deputy.who,), people)
            )


def rights_problems(runbook: Runbook, people: People) -> Iterator[Problem]:
    """Words of `allow:`, `approve:` and `confirm:` that name nobody, and approvals that nobody could give."""
    if runbook.allow is not None:
        yield from _unknown(("allow",), runbook.allow, people, more=AUTOMATIC)
    for index, item in enumerate(runbook.steps):
        confirm = getattr(item.spec, "confirm", False)
        if isinstance(confirm, str):
            yield from _unknown(("steps", index, item.kind, "confirm"), (confirm,), people)
    for loc, rule in approvals_of(runbook):
        found = [*_unknown((*loc, "by"), rule.by, people)]
        if rule.escalate is not None:
            found += _unknown((*loc, "escalate", "to"), rule.escalate.to, people)
        if "emergency" in rule.model_fields_set:
            found += _unknown((*loc, "emergency"), rule.emergency, people)
        yield from found
        enough = len(people.members((*rule.by, *(rule.escalate.to if rule.escalate else ()))))
        if not found and enough < rule.count:
            yield Problem((*loc, "by"), phrase("approvals.too-few-people", count=rule.count, people=enough))


def is_guarded(runbook: Runbook) -> bool:
    """Whether it says who may run it, or who must approve."""
    return runbook.allow is not None or any(True for _ in approvals_of(runbook))


def approvals_of(runbook: Runbook) -> Iterator[tuple[tuple[str | int, ...], Approval]]:
    """The approvals that a runbook asks for, with their places: its own, and those of its steps."""
    if runbook.approve is not None:
        yield ("approve",), runbook.approve
    for index, item in enumerate(runbook.steps):
        if isinstance(item.spec, Approval):
            yield ("steps", index, item.kind), item.spec


def _unknown(loc: tuple[str | int, ...], who: Sequence[str], people: People, *, more: Sequence[str] = ()) -> Iterator[Problem]:
    for found in missing_words(who, people, more=more):
        place = (*loc, found.at) if len(who) > 1 else loc
        yield Problem(place, phrase("people.unknown", word=found.word), found.close)
