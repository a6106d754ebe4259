"""How somebody made sure that a request was really from the person it is for: one short text, kept on the record as it is."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Literal, get_args

from temanashi.errors import InputError
from temanashi.text import Lang, say

if TYPE_CHECKING:
    from temanashi.people.directory import People

__all__ = [
    "CALL_BACK",
    "WAYS",
    "NoListedNumber",
    "NotTheListedNumber",
    "UnknownCheck",
    "Way",
    "check_identity",
    "numbers_of",
    "tell_identity",
]

Way = Literal["call-back", "in-person", "signed", "none"]
"""`call-back NUMBER`: called at a number of the directory; `signed`: they asked in writing under their own sign-in."""

WAYS: tuple[Way, ...] = get_args(Way)
CALL_BACK: Way = "call-back"


class UnknownCheck(InputError):
    """No such way to make sure of somebody."""

    key = "people.unknown-check"

    def __init__(self, text: str) -> None:
        super().__init__(text=text[:100], known=list(WAYS))


class NoListedNumber(InputError):
    """The directory knows no number of the person, so nobody can have called them back at it."""

    key = "people.no-listed-number"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class NotTheListedNumber(InputError):
    """A call to a number that is not the person's in the directory proves nothing: a caller may have given it."""

    key = "people.not-the-listed-number"

    def __init__(self, name: str, numbers: Collection[str]) -> None:
        super().__init__(name=name, numbers=list(numbers))


def numbers_of(people: People, name: str) -> tuple[str, ...]:
    """The telephone numbers that the directory lists for whom a name means."""
    found = people.find(name)
    return people.people[found].phone if found is not None else ()


def check_identity(people: People, name: str, text: str) -> str:
    """The text as it is recorded, empty for nobody; raises UnknownCheck, NoListedNumber and NotTheListedNumber."""
    way, _, number = " ".join(text.split()).partition(" ")
    if not way or not name:
        return ""
    if way not in WAYS or (number and way != CALL_BACK):
        raise UnknownCheck(text)
    if way != CALL_BACK:
        return way
    numbers = numbers_of(people, name)
    if not numbers:
        raise NoListedNumber(name)
    if number not in numbers:
        raise NotTheListedNumber(name, numbers)
    return f"{way} {number}"


def tell_identity(text: str, lang: Lang) -> str:
    """In words; a text of an earlier time as it is."""
    way, _, number = text.partition(" ")
    if way not in WAYS:
        return text
    return say(f"people.identity-{way}", lang, number=number) if number or way != CALL_BACK else say("people.identity-call", lang)
