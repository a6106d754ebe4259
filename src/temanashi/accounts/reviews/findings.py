"""What is wrong, or worth a look, with each account of a population. Pure: no clock, no I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple, get_args

from temanashi.accounts.reviews.matching import Known, Matcher
from temanashi.accounts.reviews.population import Entry, Population, Target
from temanashi.accounts.reviews.register import Register, Registered
from temanashi.accounts.roles import PRIVILEGED_GROUPS
from temanashi.people import People, folded
from temanashi.text.local import Phrase, phrase

__all__ = ["FINDINGS", "Finding", "FindingKind", "Found", "find"]

FindingKind = Literal[
    "leaver",
    "orphan",
    "separation",
    "privileged",
    "dormant",
    "never-used",
    "expired-open",
    "duplicate",
    "unregistered",
    "shared",
    "no-owner",
    "past-end",
]
FINDINGS: tuple[FindingKind, ...] = get_args(FindingKind)
"""The kinds, the gravest first."""


class Finding(NamedTuple):
    """A kind, and why it holds for this account."""

    kind: FindingKind
    why: Phrase


class Found(NamedTuple):
    """An account of a place with whose it is, what is registered of it, and what was found."""

    where: str
    entry: Entry
    kind: str
    person: Known | None
    registered: Registered | None
    findings: tuple[Finding, ...]

    @property
    def kinds(self) -> frozenset[FindingKind]:
        """What was found."""
        return frozenset(one.kind for one in self.findings)


class _Held(NamedTuple):
    where: str
    login: str
    groups: Mapping[str, tuple[str, ...]]


def find(population: Population, known: Sequence[Known], register: Register, people: People, *, day: date) -> tuple[Found, ...]:
    """Every account of a population with what was found, place by place.

    `people` says whether owners are still here, `day` is the day of the company; accounts expire by the UTC day of the read.
    """
    matcher = Matcher(known, mail_domains=register.policy.mail_domains)
    bare = [_bare(target, entry, register, matcher) for target in population.targets for entry in target.entries]
    targets = {target.where: target for target in population.targets}
    broken, twice = _separated(bare, targets, register), _duplicates(bare, targets)
    found = []
    for number, one in enumerate(bare):
        judge = _Judge(one, targets[one.where], register, people, day)
        every = [*judge.findings(), *broken.get(number, ()), *twice.get(number, ())]
        found.append(one._replace(findings=tuple(sorted(every, key=lambda f: FINDINGS.index(f.kind)))))
    return tuple(found)


def _bare(target: Target, entry: Entry, register: Register, matcher: Matcher) -> Found:
    registered = register.registered(entry.login, target.where)
    kind = registered.kind if registered is not None else entry.kind
    person = matcher.person(entry) if kind == "person" and not entry.system else None
    return Found(target.where, entry, kind, person, registered, ())


@dataclass(frozen=True)
class _Judge:
    """What one account tells by itself."""

    one: Found
    target: Target
    register: Register
    people: People
    day: date

    def findings(self) -> Iterator[Finding]:
        entry, today = self.one.entry, self.target.taken_at.date()
        if entry.past(today) and entry.enabled and entry.password in {"set", "empty", "unknown"} and not entry.system:
            yield Finding("expired-open", phrase("reviews.why-expired-open", day=str(entry.expires_on)))
        if entry.closed(today):
            return
        yield from self._privileged()
        if entry.system:
            if entry.interactive and self.one.registered is None:
                yield Finding("unregistered", phrase("reviews.why-open-system"))
        elif self.one.kind == "person":
            yield from self._of_person()
        elif self.one.registered is None:
            yield Finding("unregistered", phrase("reviews.why-unregistered", kind=phrase(f"reviews.kind-{self.one.kind}")))
        if self.one.kind != "person":
            yield from self._of_nobody()

    def _privileged(self) -> Iterator[Finding]:
        entry = self.one.entry
        if entry.system and not entry.interactive and entry.native_id != "0":
            return  # a program's own account into which nobody gets
        reasons = [entry.privileged] if entry.privileged else []
        for group, way in self.target.ways.get(entry.login, {}).items():
            if _powerful(self.target, group, self.register) and (len(way) > 1 or group not in entry.privileged.split(", ")):
                reasons.append(" < ".join(reversed(way)))
        if reasons:
            yield Finding("privileged", phrase("reviews.why-privileged", reasons=reasons))

    def _of_person(self) -> Iterator[Finding]:
        entry, person = self.one.entry, self.one.person
        if person is None:
            yield Finding("orphan", phrase("reviews.why-orphan"))
        elif person.ends_on is not None and person.ends_on < self.day:
            yield Finding("leaver", phrase("reviews.why-leaver", name=person.name or person.key, day=person.ends_on.isoformat()))
        days = self.register.policy.dormant_days
        if entry.last_seen == "never":
            fresh = person is not None and person.starts_on is not None and person.starts_on > self.day - timedelta(days=days)
            if not fresh:
                yield Finding("never-used", phrase("reviews.why-never-used"))
        elif entry.last_seen != "unknown" and self.target.taken_at - entry.last_seen > timedelta(days=days):
            passed = (self.target.taken_at - entry.last_seen).days
            yield Finding("dormant", phrase("reviews.why-dormant", days=passed, limit=days))

    def _of_nobody(self) -> Iterator[Finding]:
        registered = self.one.registered
        if self.one.kind == "shared":
            yield Finding("shared", phrase("reviews.why-shared", purpose=registered.purpose if registered else "-"))
        if registered is None:
            if not self._here(self.one.entry.owner):
                yield Finding("no-owner", phrase("reviews.why-no-owner"))
            return
        if not self._here(registered.owner):
            yield Finding("no-owner", phrase("reviews.why-owner-left", owner=registered.owner))
        if registered.expires is not None and registered.expires < self.day:
            yield Finding("past-end", phrase("reviews.why-past-end", day=registered.expires.isoformat()))

    def _here(self, owner: str) -> bool:
        """Whether anybody whom these words mean still works here."""
        return any(self.people.here(person, self.day) for person in self.people.members((owner,))) if owner else False


def _powerful(target: Target, group: str, register: Register) -> bool:
    """Whether a group gives privileges: as the register says, or as every Linux has it."""
    if target.kind == "linux" and group in PRIVILEGED_GROUPS:
        return True
    return f"{target.where}/{group}" in register.privileged or f"*/{group}" in register.privileged


def _identity(one: Found) -> str:
    if one.person is not None:
        return f"person:{one.person.key}"
    return f"number:{folded(one.entry.employee)}" if one.entry.employee else f"login:{folded(one.entry.login)}"


def _separated(bare: Sequence[Found], targets: Mapping[str, Target], register: Register) -> dict[int, list[Finding]]:
    """Who has groups of two sides of a rule, over all places together; every account that gives one of them is told."""
    if not register.separation:
        return {}
    whose: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(bare):
        if not one.entry.system and not one.entry.closed(targets[one.where].taken_at.date()):
            whose[_identity(one)].append(number)
    found: dict[int, list[Finding]] = defaultdict(list)
    for numbers in whose.values():
        held = {
            n: _Held(bare[n].where, bare[n].entry.login, targets[bare[n].where].ways.get(bare[n].entry.login, {})) for n in numbers
        }
        for rule in register.separation:
            sides = [_having(held, side) for side in rule.sides]
            if sum(bool(side) for side in sides) < 2:  # noqa: PLR2004  (two sides are what must not meet)
                continue
            groups = sorted({group for side in sides for given in side.values() for group in given})
            for number in sorted({n for side in sides for n in side}):
                found[number].append(Finding("separation", phrase("reviews.why-separation", rule=rule.id, groups=groups)))
    return found


def _having(held: Mapping[int, _Held], side: Sequence[str]) -> dict[int, list[str]]:
    """Which accounts give a group of one side, and which."""
    found: dict[int, list[str]] = {}
    for number, one in held.items():
        mine = [f"{one.where}/{group}" for group in one.groups if f"{one.where}/{group}" in side or f"*/{group}" in side]
        if mine:
            found[number] = mine
    return found


def _duplicates(bare: Sequence[Found], targets: Mapping[str, Target]) -> dict[int, list[Finding]]:
    """Several open accounts of one person at one place."""
    same: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, one in enumerate(bare):
        open_ = not one.entry.closed(targets[one.where].taken_at.date())
        if one.kind == "person" and open_ and (one.person is not None or one.entry.employee) and not one.entry.system:
            same[one.where, _identity(one)].append(number)
    found: dict[int, list[Finding]] = {}
    for numbers in same.values():
        for number in numbers if len(numbers) > 1 else ():
            others = sorted(bare[other].entry.login for other in numbers if other != number)
            found[number] = [Finding("duplicate", phrase("reviews.why-duplicate", logins=others))]
    return found
