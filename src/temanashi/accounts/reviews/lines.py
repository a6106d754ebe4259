"""One line of a review: an account with what was found, and what somebody decided about it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from temanashi.accounts.reviews.findings import FINDINGS, FindingKind, Found
from temanashi.accounts.reviews.population import Entry
from temanashi.canonical import digest_of
from temanashi.people import People, folded
from temanashi.text.local import Phrase

__all__ = ["VERDICTS", "Decision", "Line", "LineResult", "Told", "Verdict", "lines_of", "state_digest"]

Verdict = Literal["keep", "revoke", "change", "exception"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""Stays as it is; is closed; leaves groups; stays for a reason until a day."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Told(_Frozen):
    """A finding as it is kept."""

    kind: FindingKind
    why: Phrase


class Line(_Frozen):
    """An account of a place. `kind` is the place's; `sort` is person, service, shared or break-glass."""

    id: str
    where: str
    kind: str
    sort: str
    entry: Entry
    person: str = Field(default="", description="Key of the person on the roster")
    person_name: str = ""
    person_logins: tuple[str, ...] = ()
    owner: str = ""
    purpose: str = ""
    all_groups: tuple[str, ...] = ()
    findings: tuple[Told, ...] = ()

    def belongs_to(self, identities: Iterable[str], account: str, people: People) -> bool:
        """Whether it is the own account of somebody: nobody decides about their own."""
        words = {self.entry.login, self.entry.employee, self.person, self.person_name, self.entry.name, *self.person_logins} - {""}
        if self.sort != "person":
            words = {self.entry.login}
        theirs = {*identities}
        return folded(account) in {folded(word) for word in words} or any(people.identity(word) in theirs for word in words)


class Decision(_Frozen):
    """What somebody decided. `groups` are those that it leaves, `until` is the last day of an exception."""

    verdict: Verdict
    reason: str = ""
    groups: tuple[str, ...] = ()
    until: date | None = None
    by: str
    at: datetime
    seq: int = 0


class LineResult(_Frozen):
    """What became of a revocation. `plan` is the digest of the run's plan, `seen` what was read afterwards."""

    state: Literal["running", "done", "not-done"]
    run: str = ""
    plan: str = ""
    outcome: str = ""
    why: Phrase | None = None
    seen: dict[str, Any] | None = None
    at: datetime | None = None


def lines_of(found: Iterable[Found], kinds: dict[str, str], ways: dict[str, dict[str, dict[str, Any]]]) -> Iterator[Line]:
    """The lines of a review, the gravest first: every account of people and programs, and of the system what has findings.

    `kinds` are the kinds of places, `ways` the resolved groups by place and login.
    """
    lines = [_line(one, kinds[one.where], ways[one.where]) for one in found if one.findings or not one.entry.system]
    yield from sorted(lines, key=lambda line: (_gravity(line), line.where, line.entry.login, line.entry.native_id))


def _gravity(line: Line) -> int:
    return min((FINDINGS.index(one.kind) for one in line.findings), default=len(FINDINGS))


def _line(one: Found, kind: str, ways: dict[str, dict[str, Any]]) -> Line:
    entry, person, registered = one.entry, one.person, one.registered
    name = hashlib.sha256(f"{one.where}\x00{entry.native_id}\x00{entry.login}".encode()).hexdigest()[:12]
    return Line(
        id=name,
        where=one.where,
        kind=kind,
        sort=one.kind,
        entry=entry,
        person=person.key if person else "",
        person_name=person.name if person else "",
        person_logins=person.logins if person else (),
        owner=registered.owner if registered else entry.owner,
        purpose=registered.purpose if registered else "",
        all_groups=tuple(sorted(ways.get(entry.login, {}))),
        findings=tuple(Told(kind=finding.kind, why=finding.why) for finding in one.findings),
    )


def state_digest(line: Line, decision: Decision | None) -> str:
    """Of what somebody sees who decides: the account, what was found, and what was decided so far."""
    said = decision.model_dump(mode="json", exclude={"seq"}) if decision is not None else None
    return digest_of({"line": line.model_dump(mode="json"), "decision": said}).removeprefix("sha256:")[:16]
