"""A roster of people as the personnel department tells it: who is here, with which roles, since when and until when."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from temanashi.text.local import Phrase

__all__ = ["Roster", "RosterPerson", "RosterProblem"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RosterPerson(_Frozen):
    """One person. `employee` is the number of the personnel department, `ends_on` the last day; `manager` is as it was written.

    At least one of `employee` and `login` is there. `place` is where the person stands in the file, `B12` or `Sheet!B12`.
    """

    employee: str = ""
    login: str = ""
    name: str = ""
    roles: tuple[str, ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None
    manager: str = ""
    place: str = ""

    @property
    def key(self) -> str:
        """What the person is known by: the employee number, else the login."""
        return self.employee or self.login

    def here_on(self, day: date) -> bool:
        """Whether the person works here on a day; the last day is one."""
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or day <= self.ends_on)


class RosterProblem(_Frozen):
    """What is wrong in a row, and whose it is as far as can be told: such a person is not in `people`, and has not left either."""

    place: str
    message: Phrase
    employee: str = ""
    login: str = ""


class Roster(_Frozen):
    """Everybody of a file, and what is wrong with it. `digest` is the SHA-256 of the file, `read_on` the day it was read."""

    source: str = ""
    people: tuple[RosterPerson, ...]
    problems: tuple[RosterProblem, ...] = ()
    notes: tuple[RosterProblem, ...] = Field(default=(), description="What a person should know that is no mistake")
    columns: tuple[str, ...] = Field(default=(), description="What the file has columns for, by the names of RosterPerson")
    digest: str
    read_on: date

    def person(self, *, employee: str = "", login: str = "") -> RosterPerson | None:
        """The person with an employee number, else with a login; None where the roster has neither."""
        by_number = next((one for one in self.people if employee and one.employee == employee), None)
        return by_number or next((one for one in self.people if login and one.login == login), None)
