"""Comparing a roster with the accounts that there are. Pure: no clock, no I/O.

Nobody is closed only because a file says less than it did: not while a place could not be read whole, not while a row cannot be
told whose it is, and not where more than a tenth of the people would be missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from temanashi.accounts.faults import RolesSeparated, UnknownRole, WishRefused
from temanashi.accounts.model import Account, Cap
from temanashi.accounts.reviews.register import Register
from temanashi.accounts.roles import Roles
from temanashi.accounts.roster import Roster, RosterPerson, RosterProblem
from temanashi.accounts.wishes import ON_HOSTS, Wish, differences
from temanashi.runbooks.steps.account_places import Place
from temanashi.runbooks.steps.account_wishes import role_groups
from temanashi.text.local import Phrase, phrase
from temanashi.workspace.rosters.batch import Batch, BatchLine, SeenPlace

__all__ = ["MOST_MISSING", "Known", "compare"]

MOST_MISSING = 0.10
"""The share of people that may be missing, against the roster before."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known from before. `people`: how many the last accepted roster had, None where there is none. `logins` and
    `employees` are of everybody who ever stood on one. `ends`: (login, place) whose account is to be closed at a noted day.
    """  # noqa: D205

    people: int | None = None
    logins: Collection[str] = ()
    employees: Collection[str] = ()
    ends: Mapping[tuple[str, str], date] = field(default_factory=dict)


def compare(
    roster: Roster,
    places: Sequence[SeenPlace],
    *,
    roles: Roles,
    known: Known,
    register: Register,
    today: date,
    given_roles: tuple[str, ...] = (),
    most: int = 50,
) -> Batch:
    """Who leaves, moves and joins; of at most `most` people. `given_roles` are for joiners whose row names none."""
    work = _Comparing(roster, places, roles, known, register, today, given_roles)
    lines = [line for person in roster.people for line in work.person(person)]
    missing = list(work.missing())
    work.tell_other_numbers()
    refused = tuple(work.why_not(missing))
    if not refused:
        lines += missing
    ordered = sorted(lines, key=lambda line: ("leave", "move", "join").index(line.deed))
    return Batch(
        source=roster.source,
        digest=roster.digest,
        people=len(roster.people),
        same=len(roster.people) - len({line.place for line in lines if line.place}) - len(work.flawed),
        lines=tuple(ordered[:most]),
        later=tuple(ordered[most:]),
        problems=(*roster.problems, *work.problems),
        notes=(*roster.notes, *work.notes),
        refused=refused if missing else (),
        withheld=tuple(missing) if refused else (),
        unknown=tuple(work.unknown()),
        not_read={place.name: place.problem for place in places if place.problem is not None},
    )


class _Comparing:
    def __init__(
        self,
        roster: Roster,
        places: Sequence[SeenPlace],
        roles: Roles,
        known: Known,
        register: Register,
        today: date,
        given_roles: tuple[str, ...],
    ) -> None:
        self.roster, self.places, self.roles, self.known = roster, places, roles, known
        self.register, self.today, self.given_roles = register, today, given_roles
        self.problems: list[RosterProblem] = []
        self.notes: list[RosterProblem] = []
        self.flawed: set[str] = set()
        self._mine: set[tuple[str, str]] = set()
        self._titles = {
            title: name for name, role in roles.roles.items() for title in (role.title.text("ja"), role.title.text("en"))
        }

    def person(self, person: RosterPerson) -> Iterator[BatchLine]:
        """What has to be done for somebody who stands on the roster."""
        here = {place.name: one for place in self.places if (one := self._account(place, person)) is not None}
        self._mine |= {(name, one.login) for name, one in here.items()}
        open_ = {name: one for name, one in here.items() if not one.closed(self.today)}
        login = person.login or next((one.login for one in here.values()), "")
        if person.ends_on is not None and person.ends_on < self.today:
            if open_:
                yield self._line("leave", person, login, open_, "lifecycle.why-left", day=person.ends_on.isoformat())
            return
        if person.starts_on is not None and person.starts_on > self.today:
            self.notes.append(self._told(person, phrase("lifecycle.starts-later", day=person.starts_on.isoformat())))
            return
        if not login or any(one.login != login for one in here.values()) or "|" in person.name:
            self._flaw(person, phrase(self._what_is_wrong(person, login, here)))
            return
        if (roles := self._roles(person)) is None:
            return
        if here and not open_:
            self._flaw(person, phrase("lifecycle.row-closed", places=sorted(here)))
        elif not here:
            yield from self._joins(person, login, roles)
        else:
            yield from self._changes(person, login, roles, open_)

    def _account(self, place: SeenPlace, person: RosterPerson) -> Account | None:
        found = place.account_of(employee=person.employee, login=person.login)
        return None if found is None or found.system or self.register.registered(found.login, place.name) else found

    def _what_is_wrong(self, person: RosterPerson, login: str, here: Mapping[str, Account]) -> str:
        if "|" in person.name:
            return "lifecycle.row-bar"
        return "lifecycle.row-no-login" if not login or not here else "lifecycle.row-other-login"

    def _roles(self, person: RosterPerson) -> tuple[str, ...] | None:
        """The roles by their names, also where the row has titles; None for a row with a mistake."""
        names = tuple(dict.fromkeys(self._titles.get(role, role) for role in person.roles))
        try:
            role_groups(self.roles, names, Place("", "linux"))
        except UnknownRole as error:
            self._flaw(person, Phrase(key=error.key, data=error.data))
            return None
        except RolesSeparated as error:
            self._flaw(person, Phrase(key=error.key, data=error.data))
            return None
        return names

    def _joins(self, person: RosterPerson, login: str, roles: tuple[str, ...]) -> Iterator[BatchLine]:
        roles = roles or self.given_roles
        gives = [place.name for place in self.places if role_groups(self.roles, roles, Place(place.name, place.kind))[0]]
        if not gives:
            self._flaw(person, phrase("lifecycle.row-no-roles"))
        elif not person.name:
            self._flaw(person, phrase("lifecycle.row-no-name"))
        else:
            yield self._line("join", person, login, {}, "lifecycle.why-joins", roles=roles, last_day=person.ends_on, places=gives)

    def _changes(self, person: RosterPerson, login: str, roles: tuple[str, ...], here: dict[str, Account]) -> Iterator[BatchLine]:
        """Moves, where the file tells roles; and a last day that the places do not know yet."""
        if "roles" in self.roster.columns or person.name:
            wishes = {place.name: self._wish(place, person, login, roles) for place in self.places if place.snapshot is not None}
            moved = [place.name for place in self.places if self._differs(place, wishes.get(place.name), here)]
            if moved and (roles or "roles" in self.roster.columns):
                yield self._line("move", person, login, here, "lifecycle.why-moves", roles=roles, places=moved)
        if person.ends_on is not None and (unknown := [name for name in here if not self._ends(name, here[name], person.ends_on)]):
            day = person.ends_on.isoformat()
            yield self._line("leave", person, login, here, "lifecycle.why-leaves", last_day=person.ends_on, day=day, places=unknown)

    def _wish(self, place: SeenPlace, person: RosterPerson, login: str, roles: tuple[str, ...]) -> Wish:
        groups, others, _ = role_groups(self.roles, roles, Place(place.name, place.kind))
        # A missing employee number alone is no reason to change an account; who is changed anyway gets it.
        return Wish(
            do="set",
            login=login,
            name=person.name or None,
            groups=tuple(groups),
            not_groups=tuple(others),
        )

    def _differs(self, place: SeenPlace, wish: Wish | None, here: Mapping[str, Account]) -> bool:
        if wish is None or place.snapshot is None:
            return False
        if place.name not in here:
            return bool(wish.groups)
        try:
            return bool(differences(wish, place.snapshot, caps=place.caps or ON_HOSTS))
        except WishRefused:
            return True  # the plan tells why

    def _ends(self, place: str, account: Account, last_day: date) -> bool:
        """Whether a place ends the account by then, or we do."""
        caps = next(one.caps for one in self.places if one.name == place)
        native = Cap.NATIVE_EXPIRY not in caps or (account.expires_on is not None and account.expires_on <= last_day + timedelta(1))
        return native and self.known.ends.get((account.login, place)) == last_day

    def missing(self) -> Iterator[BatchLine]:
        """Open accounts of people who do not stand on the roster, but did, or carry an employee number."""
        told = {(one.employee, one.login) for one in self.roster.problems}
        unclear = {number for number, _ in told if number}, {login for _, login in told if login}
        by_person: dict[tuple[str, str], dict[str, Account]] = {}
        for place, account in self._strangers():
            was_here = account.employee or account.login in self.known.logins
            if was_here and account.employee not in unclear[0] and account.login not in unclear[1]:
                by_person.setdefault((account.login, account.employee), {})[place] = account
        done: set[str] = set()
        for (login, employee), accounts in sorted(by_person.items()):
            if login not in done:
                done.add(login)
                name = next((one.name for one in accounts.values() if one.name and "|" not in one.name), "")
                person = RosterPerson(employee=employee, login=login, name=name)
                yield self._line("leave", person, login, accounts, "lifecycle.why-missing")

    def unknown(self) -> Iterator[str]:
        """Open accounts that no roster has ever told of: nobody's business here, but somebody should look."""
        for place, account in self._strangers():
            if not account.employee and account.login not in self.known.logins:
                yield f"{place}/{account.login}"

    def _strangers(self) -> Iterator[tuple[str, Account]]:
        for place in self.places:
            for account in place.snapshot.accounts if place.snapshot is not None else ():
                person = account.kind == "person" and not account.system and not account.closed(self.today)
                theirs = (place.name, account.login) in self._mine or self._on_roster(account)
                if person and not theirs and not self.register.registered(account.login, place.name):
                    yield place.name, account

    def tell_other_numbers(self) -> None:
        """Accounts whose login is somebody's here and whose number is another one's: not touched, and not closed for that."""
        for place in self.places:
            for account in place.snapshot.accounts if place.snapshot is not None else ():
                person = self.roster.person(login=account.login)
                if person is not None and person.employee and account.employee not in {"", person.employee}:
                    words = {"place": place.name, "login": account.login, "number": account.employee}
                    self.notes.append(self._told(person, phrase("lifecycle.other-number", **words)))

    def _on_roster(self, account: Account) -> bool:
        return self.roster.person(employee=account.employee, login=account.login) is not None

    def why_not(self, missing: Sequence[BatchLine]) -> Iterator[Phrase]:
        """Why nobody is closed for not being on the roster."""
        if torn := sorted(place.name for place in self.places if place.snapshot is None):
            yield phrase("lifecycle.refused-incomplete", places=torn)
        if nobody := [one.place for one in self.roster.problems if not one.employee and not one.login]:
            yield phrase("lifecycle.refused-rows", places=nobody[:10])
        here = len(self.roster.people) + len({one.employee or one.login or one.place for one in self.roster.problems})
        before = self.known.people if self.known.people is not None else here + len(missing)
        lost = max(before - here, len(missing))
        if before and lost > before * MOST_MISSING:
            first = self.known.people is None
            yield phrase(
                "lifecycle.refused-many" if first else "lifecycle.refused-shrunk", before=before, now=here, missing=len(missing)
            )

    def _line(
        self,
        deed: str,
        person: RosterPerson,
        login: str,
        here: Mapping[str, Account],
        key: str,
        *,
        roles: tuple[str, ...] = (),
        last_day: date | None = None,
        **data: object,
    ) -> BatchLine:
        fields = {"deed": deed, "login": login, "employee": person.employee, "name": person.name, "roles": roles}
        why = phrase(key, **{"places": sorted(here), **data})
        return BatchLine.model_validate(
            {**fields, "last_day": last_day, "why": why, "places": tuple(sorted(here)), "place": person.place}
        )

    def _told(self, person: RosterPerson, message: Phrase) -> RosterProblem:
        return RosterProblem(place=person.place, message=message, employee=person.employee, login=person.login)

    def _flaw(self, person: RosterPerson, message: Phrase) -> None:
        self.flawed.add(person.place)
        self.problems.append(self._told(person, message))
