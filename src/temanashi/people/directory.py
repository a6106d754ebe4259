"""People, groups and roles (`runbooks/site/people.yaml`): who a typed name is, who belongs to what, who stands in for whom."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator

from temanashi.text.local import phrase

if TYPE_CHECKING:
    from temanashi.people.actors import Actor

__all__ = ["AUTOMATIC", "ROLES", "Deputy", "People", "Person", "Role", "Who", "folded", "missing_words"]

Role = Literal["viewer", "staff", "operator", "approver", "publisher", "emergency", "manager", "auditor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
AUTOMATIC = ("schedule", "alert")
"""Words that stand for what starts by itself; no person has such an id."""

PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)]
GroupName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)]
WORD = r"^((group|role):)?[a-z0-9][a-z0-9._-]*$"
Word = Annotated[str, StringConstraints(pattern=WORD, max_length=90)]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _word_or_list(word: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [word, {"type": "array", "items": word}]})


Who = Annotated[tuple[Word, ...], BeforeValidator(_listed), _word_or_list({"type": "string", "pattern": WORD})]
"""Some people: ids, `group:NAME`, `role:NAME`; one word or a list."""


def folded(name: str) -> str:
    """A name as it is compared: case, width, spaces and characters that are not seen make no other person."""
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(sign for sign in once if unicodedata.category(sign)[0] not in "ZC")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Deputy(_Frozen):
    """Somebody who approves in a person's place (代理), from one day to another, both included."""

    who: PersonId
    first: date = Field(alias="from")
    last: date = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Deputy:
        if self.last < self.first:
            raise ValueError(phrase("people.deputy-dates", first=self.first.isoformat(), last=self.last.isoformat()))
        return self


class Person(_Frozen):
    """One person. `left` is the last day; from the next one on they may do nothing here."""

    name: str = Field(min_length=1, max_length=100, description="As the record names them")
    mail: str = Field(default="", max_length=200, pattern=r"^$|^[^\s@]+@[^\s@]+$")
    os: Annotated[tuple[str, ...], BeforeValidator(_listed), _word_or_list({"type": "string"})] = Field(
        default=(), description="Users of the operating system"
    )
    phone: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[0-9+()#*-][0-9+()#* -]{1,38}[0-9]$")], ...], BeforeValidator(_listed)
    ] = Field(default=(), description="Numbers at which they are called back to make sure that it is them")
    deputies: tuple[Deputy, ...] = Field(default=(), description="Who approves in their place, and when")
    left: date | None = Field(default=None, description="The last day here")


class Missing(NamedTuple):
    """A word that names nobody: its position, itself, and the closest one that does."""

    at: int
    word: str
    close: str


class People(_Frozen):
    """Everybody. Who is not listed may act where nothing is asked of them, and is recorded as asserted."""

    people: dict[PersonId, Person] = Field(default_factory=dict, description="People by id")
    groups: dict[GroupName, Who] = Field(default_factory=dict, description="Ids and other `group:`s by name")
    roles: dict[Role, Who] = Field(default_factory=dict, description="Ids and `group:`s by role")

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_empty(cls, value: Any) -> Any:
        return {name: {} if item is None else item for name, item in value.items()} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _nobody_twice(self) -> People:
        seen: dict[str, str] = {}
        for person, names in ((person, self._names(person)) for person in self.people):
            if person in AUTOMATIC:
                raise ValueError(phrase("people.reserved", person=person))
            for name in names:
                if seen.setdefault(name, person) != person:
                    raise ValueError(phrase("people.twice", name=name, first=seen[name], second=person))
        return self

    def _names(self, person: str) -> set[str]:
        entry = self.people[person]
        return {folded(name) for name in (person, entry.name, entry.mail, *entry.os) if name}

    def find(self, name: str) -> str | None:
        """The id of whom a typed name means: an id, a name, an address or an operating system's user, however it is spelled."""
        wanted = folded(name)
        return next((person for person in self.people if wanted in self._names(person)), None) if wanted else None

    def spellings(self, name: str) -> frozenset[str]:
        """Every folded name of whom a typed name means; none of somebody who is not listed."""
        found = self.find(name)
        return frozenset(self._names(found)) if found is not None else frozenset()

    def identity(self, name: str) -> str:
        """What two spellings of one person share; of somebody who is not listed, the folded name."""
        found = self.find(name)
        return f"person:{found}" if found is not None else f"name:{folded(name)}"

    def identities(self, actor: Actor) -> frozenset[str]:
        """Everybody who acts when this actor does: whom the name means, and the listed person whose account it is."""
        owner = self.find(actor.account)
        return frozenset({self.identity(actor.name), *([f"person:{owner}"] if owner is not None else [])})

    def known(self, actor: Actor) -> Actor:
        """The actor under the listed name; somebody who is not listed, and a part of the system, as they are."""
        found = self.find(actor.name) if actor.kind == "person" else None
        return actor if found is None else actor.model_copy(update={"name": self.people[found].name})

    def here(self, person: str, day: date) -> bool:
        """Whether somebody is listed and has not left."""
        entry = self.people.get(person)
        return entry is not None and (entry.left is None or day <= entry.left)

    def members(self, who: Sequence[str]) -> frozenset[str]:
        """The ids that words mean; a word that names nobody adds nobody."""
        return frozenset(self._members(who, ()))

    def _members(self, who: Sequence[str], inside: tuple[str, ...]) -> Iterator[str]:
        for word in who:
            sort, colon, name = word.partition(":")
            if not colon:
                yield from (word,) if word in self.people else ()
            elif word not in inside:  # a group within itself adds nobody
                yield from self._members(self._group(sort, name), (*inside, word))

    def _group(self, sort: str, name: str) -> Who:
        if sort == "group":
            return self.groups.get(name, ())
        return next((who for role, who in self.roles.items() if role == name), ())

    def stands_in_for(self, deputy: str, day: date) -> frozenset[str]:
        """For whom somebody may approve on a day."""
        return frozenset(
            person
            for person, entry in self.people.items()
            if any(d.who == deputy and d.first <= day <= d.last for d in entry.deputies)
        )

    def name(self, person: str) -> str:
        """The name of an id; an id that is no longer listed is its own name."""
        return self.people[person].name if person in self.people else person

    @property
    def words(self) -> tuple[str, ...]:
        """Everything that may stand in a list of people."""
        return (*self.people, *(f"group:{name}" for name in self.groups), *(f"role:{role}" for role in self.roles))


def missing_words(who: Sequence[str], people: People, *, more: Collection[str] = ()) -> list[Missing]:
    """The words that name nobody; `more` are words that are fine too."""
    known = (*people.words, *more)
    missing = [(index, word) for index, word in enumerate(who) if word not in known]
    return [Missing(index, word, next(iter(get_close_matches(word, known, n=1)), "")) for index, word in missing]
