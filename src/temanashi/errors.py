"""The one exception tree. An error carries data; `text/` renders it in the reader's language.

    TemanashiError
    |-- InputError        what a person typed or sent is wrong; nothing was touched
    |-- WorkspaceError    a file of the workspace is wrong
    |-- TargetError       a host or a service could not be reached or answered nonsense
    |-- LedgerError       the database or the ledger cannot be read or written
    |-- RunError          a run cannot be started, continued or decided
    `-- ServerError       the server, the worker or a port

Every concrete class names a text key. The catalogues hold two entries for it: `KEY` says what is wrong and where, `KEY.next`
says what to do. A test holds every class against both catalogues.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

__all__ = [
    "InputError",
    "LedgerError",
    "Location",
    "RunError",
    "ServerError",
    "TargetError",
    "TemanashiError",
    "WorkspaceError",
]


class Location(NamedTuple):
    """A place in a file: path relative to the workspace, line from 1 (0 when unknown) and the dotted field."""

    file: str
    line: int = 0
    field: str = ""

    def __str__(self) -> str:
        """`runbooks/routine/a.yaml:12 (steps.0.run)`."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} ({self.field})" if self.field else place


class TemanashiError(Exception):
    """Something a person can meet: a text key, data for the text, perhaps a place, and an exit code for the CLI."""

    key: ClassVar[str] = ""
    exit_code: ClassVar[int] = 2

    def __init__(self, *, at: Location | None = None, **data: Any) -> None:
        super().__init__(self.key)
        self.at = at
        self.data = data

    def __str__(self) -> str:
        """The English sentence and the next move, for logs."""
        from temanashi.text import explain  # noqa: PLC0415  (text reads catalogues; most errors are never printed)

        told = explain(self, "en")
        return " ".join(part for part in (told.what, told.next) if part)

    def __reduce__(self) -> tuple[Any, ...]:
        """Keyword data survives pickling, so that an error can cross a process."""
        return _rebuild, (type(self), self.at, self.data)


def _rebuild(cls: type[TemanashiError], at: Location | None, data: dict[str, Any]) -> TemanashiError:
    error = cls.__new__(cls)
    TemanashiError.__init__(error, at=at, **data)
    return error


class InputError(TemanashiError):
    """What a person typed or sent is wrong; nothing was touched."""


class WorkspaceError(TemanashiError):
    """A file of the workspace is wrong."""


class TargetError(TemanashiError):
    """A host or a service could not be reached, or its answer could not be read."""

    exit_code = 3


class LedgerError(TemanashiError):
    """The database or the ledger cannot be read or written."""

    exit_code = 6


class RunError(TemanashiError):
    """A run cannot be started, continued or decided."""


class ServerError(TemanashiError):
    """The server, the worker or a port is in the way."""

    exit_code = 7
