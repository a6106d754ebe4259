"""What can be chosen now: hosts, people, groups, lines of a command, rows of a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Protocol

from temanashi.errors import InputError, TemanashiError
from temanashi.hosts.inventory import Inventory
from temanashi.hosts.transport import Result
from temanashi.people import People
from temanashi.runbooks.choices import Choice, ChoicesFrom
from temanashi.text.local import LocalText, Phrase, phrase

__all__ = ["ChoicesUnavailable", "Offering", "Offers", "RunOn"]

SITE = "runbooks/site/"
MOST = 5000
"""Choices of one parameter. More cannot be chosen from by a person, and would fill a form."""

LONGEST = 200
RunOn = Callable[[ChoicesFrom], Result]
"""Runs the command of a source, its texts filled in, on its host; raises TargetError and HostError."""


class ChoicesUnavailable(InputError):
    """The choices of a parameter cannot be found out, so nothing can be chosen."""

    key = "runbooks.choices-unavailable"

    def __init__(self, reason: Phrase) -> None:
        super().__init__(reason=reason)


class Offers(Protocol):
    """What can be chosen."""

    def offered(self, source: ChoicesFrom, values: Mapping[str, Any]) -> tuple[Choice, ...] | None:
        """The choices, given the values of earlier parameters; None where that is not looked up. Raises ChoicesUnavailable."""
        ...


@dataclass(frozen=True, kw_only=True)
class Offering:
    """Choices from an inventory, from the published texts of `runbooks/site/`, from people, and from commands.

    Without `run_on` commands are not run, and what they would offer is not known. Who left before `today` is not offered.
    """

    inventory: Inventory
    files: Mapping[str, str] = field(default_factory=dict)
    people: People = field(default_factory=People)
    today: date | None = None
    run_on: RunOn | None = None

    def offered(self, source: ChoicesFrom, values: Mapping[str, Any]) -> tuple[Choice, ...] | None:
        """The choices, given the values of earlier parameters; raises ChoicesUnavailable."""
        if self.run_on is None and source.sort == "command":
            return None
        try:
            filled = source.filled(values)
            found = {
                "hosts": self._hosts,
                "people": self._people,
                "groups": self._groups,
                "command": self._lines,
                "csv": self._rows,
            }
            return _bounded(found[source.sort](filled))
        except ChoicesUnavailable:
            raise
        except TemanashiError as error:  # a selector that selects nothing, a host that does not answer, a template that fails
            raise ChoicesUnavailable(Phrase(key=error.key, data=_plain(error))) from error

    def _hosts(self, source: ChoicesFrom) -> Iterator[Choice]:
        return (Choice(value=host.name) for host in self.inventory.select(source.hosts or ""))

    def _people(self, source: ChoicesFrom) -> Iterator[Choice]:
        wanted = source.people or ""
        if wanted != "all" and (wanted.partition(":")[0] not in {"group", "role"} or wanted not in self.people.words):
            known = ["all", *(word for word in self.people.words if ":" in word)]
            raise ChoicesUnavailable(phrase("runbooks.choices-no-people", wanted=wanted, known=known))
        members = self.people.people if wanted == "all" else self.people.members((wanted,))
        for person in sorted(members):
            if self.today is None or self.people.here(person, self.today):
                yield Choice(value=person, title=LocalText(plain=self.people.name(person)))

    def _groups(self, source: ChoicesFrom) -> Iterator[Choice]:
        pattern = "*" if source.groups == "all" else source.groups or ""
        return (Choice(value=name) for name in sorted(self.people.groups) if fnmatchcase(name, pattern))

    def _lines(self, source: ChoicesFrom) -> Iterator[Choice]:
        if self.run_on is None:
            return
        result = self.run_on(source)
        if result.exit != 0 or result.truncated:
            last = "".join(result.error_text.strip().splitlines()[-1:])[:LONGEST]
            code = "output" if result.truncated else str(result.exit)
            raise ChoicesUnavailable(phrase("runbooks.command-failed", exit=code, message=last))
        for line in result.text.split("\n"):
            value, _, title = line.rstrip("\r").partition("\t")
            yield from _choice(value, title)

    def _rows(self, source: ChoicesFrom) -> Iterator[Choice]:
        text = self.files.get(f"{SITE}{source.csv}")
        if text is None:
            raise ChoicesUnavailable(phrase("runbooks.choices-no-file", file=f"{SITE}{source.csv}"))
        rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=_delimiter(text))
        names = [name or "" for name in rows.fieldnames or ()]
        for column in (source.column, source.title, *source.where):
            if column and column not in names:
                raise ChoicesUnavailable(phrase("runbooks.choices-no-column", file=source.csv, column=column, known=names))
        column = source.column or (names[0] if names else "")
        try:
            for row in rows:
                if all((row.get(name) or "").strip() == wanted.strip() for name, wanted in source.where.items()):
                    yield from _choice(row.get(column) or "", row.get(source.title) or "" if source.title else "")
        except csv.Error as error:
            raise ChoicesUnavailable(phrase("runbooks.choices-bad-file", file=source.csv, problem=str(error))) from error


def _delimiter(text: str) -> str:
    head = text.partition("\n")[0]
    return max(",\t;", key=head.count)


def _choice(value: str, title: str) -> Iterator[Choice]:
    """A line as a choice. What came from outside and could be taken for an option, or would not fit a line, is not offered."""
    value, title = value.strip(), title.strip()
    if value and len(value) <= LONGEST and value.isprintable() and not value.startswith("-"):
        shown = title[:LONGEST] if title.isprintable() else ""
        yield Choice(value=value, title=LocalText(plain=shown) if shown and shown != value else None)


def _bounded(found: Iterable[Choice]) -> tuple[Choice, ...]:
    choices: dict[str, Choice] = {}
    for choice in found:
        choices.setdefault(choice.value, choice)
        if len(choices) > MOST:
            raise ChoicesUnavailable(phrase("runbooks.choices-many", limit=MOST))
    return tuple(choices.values())


def _plain(error: TemanashiError) -> dict[str, Any]:
    kept = {name: value if isinstance(value, (list, str)) else str(value) for name, value in error.data.items()}
    return {"at": str(error.at or ""), **kept}
