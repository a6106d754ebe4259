"""Expressions that choose hosts: `web*, group:db, !tag:old`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase

from temanashi.errors import InputError, Location

__all__ = ["HostError", "NothingSelected", "Selector", "UnknownGroup", "UnknownHost"]

SORTS = ("group", "site", "system", "tag")
SUGGESTED_AMONG = 20_000
"""Comparing a word with more names than this takes longer than a person waits."""


class HostError(InputError):
    """An expression that chooses hosts is wrong."""


class UnknownHost(HostError):
    """A name that no inventory file defines."""

    key = "hosts.unknown-host"

    def __init__(self, name: str, *, at: Location, known: Collection[str]) -> None:
        super().__init__(at=at, name=name, close=_close(name, known))


class UnknownGroup(HostError):
    """A `group:`, `tag:`, `system:` or `site:` that no host belongs to."""

    key = "hosts.unknown-group"

    def __init__(self, term: str, *, at: Location, known: Collection[str]) -> None:
        super().__init__(at=at, term=term, close=_close(term, known))


class NothingSelected(HostError):
    """An expression that leaves no host; a run over nothing would look like success."""

    key = "hosts.nothing-selected"

    def __init__(self, expression: str, *, at: Location) -> None:
        super().__init__(at=at, expression=expression)


def _close(word: str, known: Collection[str]) -> list[str]:
    names = list(known)
    return (get_close_matches(word, names, n=1) if len(names) <= SUGGESTED_AMONG else []) or names[:5]


class Selector:
    """The names of one inventory, by what chooses them. `file` is where groups are written, for messages."""

    def __init__(
        self, names: Iterable[str], *, labels: Mapping[str, Collection[str]], groups: Mapping[str, tuple[str, ...]], file: str
    ) -> None:
        self._names = dict.fromkeys(names)
        self._labels = labels
        self._groups = groups
        self._file = file

    def chosen(self, expression: str, *, at: Location) -> set[str]:
        """The names that an expression leaves, perhaps none; raises UnknownHost and UnknownGroup.

        Terms joined by commas are united. Then `&TERM` keeps only those that are also there, and `!TERM` takes away.
        """
        return self._expression(expression, at, ())

    def _expression(self, expression: str, at: Location, inside: tuple[str, ...]) -> set[str]:
        terms = [term.strip() for term in expression.split(",") if term.strip()]
        united = [term for term in terms if term[0] not in "!&"]
        wanted: set[str] = set(self._names) if terms and not united else set()
        for term in united:
            wanted |= self._term(term, at, inside)
        for term in terms:
            if term[0] == "&":
                wanted &= self._term(term[1:].strip(), at, inside)
        for term in terms:
            if term[0] == "!":
                wanted -= self._term(term[1:].strip(), at, inside)
        return wanted

    def _term(self, term: str, at: Location, inside: tuple[str, ...]) -> set[str]:
        sort, colon, name = term.partition(":")
        if colon:
            return self._labelled(sort, name, at, inside)
        if term == "all":
            return set(self._names)
        if _is_glob(term):
            return {host for host in self._names if fnmatchcase(host, term)}
        if term not in self._names:
            raise UnknownHost(term, at=at, known=self._names)
        return {term}

    def _labelled(self, sort: str, name: str, at: Location, inside: tuple[str, ...]) -> set[str]:
        term = f"{sort}:{name}"
        if sort == "group" and name in self._groups:
            if name in inside:  # a group within itself adds nothing
                return set()
            inner = Location(self._file, field=f"groups.{name}")
            return self._expression(",".join(self._groups[name]), inner, (*inside, name))
        if sort in SORTS and _is_glob(name):
            return self._globbed(sort, term, at, inside)
        if term not in self._labels:
            raise UnknownGroup(term, at=at, known=self._known())
        return set(self._labels[term])

    def _globbed(self, sort: str, term: str, at: Location, inside: tuple[str, ...]) -> set[str]:
        """A glob that fits no label leaves no host, like one that fits no name."""
        found: set[str] = set()
        for label in self._known():
            if fnmatchcase(label, term):
                found |= self._labelled(sort, label.partition(":")[2], at, inside)
        return found

    def _known(self) -> list[str]:
        return sorted({*(f"group:{group}" for group in self._groups), *self._labels})


def _is_glob(word: str) -> bool:
    return any(sign in word for sign in "*?[")
