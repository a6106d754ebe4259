"""Whose account is it: accounts of many directories and the people of a roster, by employee number and login."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from pydantic import BaseModel, ConfigDict

from temanashi.accounts.reviews.population import Entry
from temanashi.accounts.roster import Roster
from temanashi.people import People, folded

__all__ = ["Known", "Matcher", "people_listed", "people_of_roster"]


class Known(BaseModel):
    """A person who should be here. `ends_on` is the last day; `logins` are what they are called anywhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    name: str = ""
    employee: str = ""
    logins: tuple[str, ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None


def people_of_roster(roster: Roster) -> tuple[Known, ...]:
    """The people of a roster."""
    return tuple(
        Known(
            key=one.employee or one.login,
            name=one.name,
            employee=one.employee,
            logins=(one.login,) if one.login else (),
            starts_on=one.starts_on,
            ends_on=one.ends_on,
        )
        for one in roster.people
    )


def people_listed(people: People) -> tuple[Known, ...]:
    """The people of people.yaml, for who has no roster."""
    return tuple(
        Known(key=name, name=one.name, logins=(name, *one.os, *([one.mail] if one.mail else [])), ends_on=one.left)
        for name, one in people.people.items()
    )


class Matcher:
    """Finds the person of an account. An employee number that is another one's is no match, whatever the login says."""

    def __init__(self, known: Iterable[Known], *, mail_domains: Collection[str] = ()) -> None:
        self._numbers: dict[str, Known] = {}
        self._logins: dict[str, Known] = {}
        self._domains = {folded(domain) for domain in mail_domains}
        for one in known:
            if one.employee:
                self._numbers.setdefault(folded(one.employee), one)
            for login in one.logins:
                self._logins.setdefault(folded(login), one)

    def person(self, entry: Entry) -> Known | None:
        """The person, or None where nobody of the roster is it."""
        number = folded(entry.employee)
        if number and number in self._numbers:
            return self._numbers[number]
        found = self._logins.get(folded(entry.login)) or self._by_mail(entry.login)
        return None if found is not None and number and found.employee else found

    def _by_mail(self, login: str) -> Known | None:
        name, at, domain = login.rpartition("@")
        return self._logins.get(folded(name)) if at and folded(domain) in self._domains else None
