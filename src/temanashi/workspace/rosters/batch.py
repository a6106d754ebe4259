"""What would be done for the people of a roster, and why something is not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from temanashi.accounts.model import Account, Cap, Snapshot
from temanashi.accounts.roster import RosterProblem
from temanashi.text.local import Phrase

__all__ = ["APPLY", "Batch", "BatchLine", "Deed", "SeenPlace", "written"]

APPLY = "apply-roster"
"""Id of the runbook that carries a batch out."""

Deed = Literal["leave", "move", "join"]
LISTS: dict[str, Deed] = {"leavers": "leave", "movers": "move", "joiners": "join"}
"""The parameters of the runbook."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SeenPlace(_Frozen):
    """What was read at a place, or why it could not be read."""

    name: str
    kind: str
    snapshot: Snapshot | None = None
    caps: frozenset[Cap] = frozenset()
    problem: Phrase | None = None

    def account_of(self, *, employee: str, login: str) -> Account | None:
        """The account of a person: by employee number, else by login, unless that one carries somebody else's number."""
        accounts = self.snapshot.accounts if self.snapshot is not None else ()
        if employee and (found := next((one for one in accounts if one.employee == employee), None)) is not None:
            return found
        found = next((one for one in accounts if login and one.login == login), None)
        return found if found is not None and not (found.employee and employee) else None


class BatchLine(_Frozen):
    """One person. `last_day` is a day or empty; `why` says what was found; `places` are where there is an account now."""

    deed: Deed
    login: str
    employee: str = ""
    name: str = ""
    roles: tuple[str, ...] = ()
    last_day: date | None = None
    why: Phrase
    places: tuple[str, ...] = ()
    place: str = ""


class Batch(_Frozen):
    """A batch. `refused`: why nobody is closed for not being on the roster, and `withheld` who they are. `later` have to wait
    for the next run, because a run takes only so many people. `not_read` are places by why they could not be read.
    """  # noqa: D205

    source: str
    digest: str
    people: int
    same: int
    lines: tuple[BatchLine, ...]
    later: tuple[BatchLine, ...] = ()
    problems: tuple[RosterProblem, ...] = ()
    notes: tuple[RosterProblem, ...] = ()
    refused: tuple[Phrase, ...] = ()
    withheld: tuple[BatchLine, ...] = ()
    unknown: tuple[str, ...] = ()
    not_read: Mapping[str, Phrase] = {}

    def of(self, deed: Deed) -> list[BatchLine]:
        """The lines of this run with a deed."""
        return [line for line in self.lines if line.deed == deed]

    @property
    def inputs(self) -> dict[str, object]:
        """The inputs of the runbook."""
        return {**{name: [written(line) for line in self.of(deed)] for name, deed in LISTS.items()}, "roster": self.digest}


def written(line: BatchLine) -> str:
    """A person as the runbook takes it: login|number|name|roles|last day."""
    last_day = line.last_day.isoformat() if line.last_day else ""
    return "|".join((line.login, line.employee, line.name, ",".join(line.roles), last_day))
