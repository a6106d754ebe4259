"""Persons confirm the sheet of a day (確認): who, when, and what exactly they were shown, on the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal

from sqlalchemy import Connection

from temanashi.errors import InputError
from temanashi.ledger.records import Draft, Record
from temanashi.people import Actor, Channel, People
from temanashi.reports.morning import MorningSheet
from temanashi.runs.check_rows import CheckKey, RunCache
from temanashi.workspace.live import live_directory
from temanashi.workspace.morning import read_sheet
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = [
    "Confirmation",
    "ConfirmerNotAPerson",
    "NoteTooLong",
    "NothingToConfirm",
    "SameConfirmer",
    "SheetChanged",
    "SheetConfirmed",
    "Standing",
    "confirm_sheet",
    "confirmations_of",
    "standing_of",
]

OUTCOME = "sheet_confirmed"
NOTE_LENGTH = 1000
MOST_KEPT = 2000
Role = Literal["checker", "confirmer"]


class NothingToConfirm(InputError):
    """Nothing was checked on that day, and nothing should have been."""

    key = "sheet.nothing-to-confirm"

    def __init__(self, day: date) -> None:
        super().__init__(day=day.isoformat())


class SheetChanged(InputError):
    """The sheet is no longer what its reader was shown."""

    key = "sheet.changed-meanwhile"


class SheetConfirmed(InputError):
    """The sheet as it is now has all the confirmations that it needs."""

    key = "sheet.confirmed-already"

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(names=list(names))


class SameConfirmer(InputError):
    """Who confirmed first cannot be the second person."""

    key = "sheet.same-confirmer"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class ConfirmerNotAPerson(InputError):
    """A part of the system cannot confirm."""

    key = "sheet.confirmer-not-a-person"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class NoteTooLong(InputError):
    """A note that is longer than the record takes."""

    key = "sheet.note-too-long"

    def __init__(self, most: int) -> None:
        super().__init__(most=most)


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """One confirmation as it is on record; `bad` is what was not well then, by check (None where its body was pruned)."""

    seq: int
    at: datetime
    name: str
    assurance: str
    role: Role
    note: str
    digest: str
    bad: dict[CheckKey, str] | None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a sheet is: `valid` confirmations of what it says now, `overtaken` ones of what it said before.

    `needed` is the next role, None when all are there. `differences` is what changed since the newest overtaken one: check, its
    word then and now (empty: well).
    """

    valid: tuple[Confirmation, ...]
    overtaken: tuple[Confirmation, ...]
    needed: Role | None
    differences: tuple[tuple[CheckKey, str, str], ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nobody need confirm any more."""
        return self.needed is None


def confirmations_of(installation: Installation, connection: Connection, day: date) -> list[Confirmation]:
    """What is on record for a day, the oldest first; raises RecordUnreadable."""
    start = datetime.combine(day, time.min, tzinfo=installation.settings.zone)
    found = installation.ledger.records(connection, kinds=("noted",), slot=day.isoformat(), since=start)
    return [_read(record) for record in found if record.draft.outcome == OUTCOME]


def _read(record: Record) -> Confirmation:
    draft = record.draft
    body = draft.body
    bad = {CheckKey(*row["key"]): str(row["word"]) for row in body["bad"]} if "bad" in body else None
    return Confirmation(
        seq=record.seq,
        at=record.recorded_at,
        name=draft.actor,
        assurance=draft.assurance,
        role="confirmer" if draft.step == "confirmer" else "checker",
        note=draft.reason,
        digest=str(body.get("digest", draft.version)),
        bad=bad,
    )


def standing_of(sheet: MorningSheet, found: Sequence[Confirmation], *, second_person: bool) -> Standing:
    """How far a sheet is with these confirmations. Only those of what it says now count."""
    valid = tuple(one for one in found if one.digest == sheet.digest)
    roles = {one.role for one in valid}
    needed: Role | None = None
    if not roles:
        needed = "checker"
    elif second_person and "confirmer" not in roles:
        needed = "confirmer"
    overtaken = tuple(one for one in found if one.digest != sheet.digest)
    differences = _differences(sheet, overtaken[-1]) if overtaken and not valid else ()
    return Standing(valid=valid, overtaken=overtaken, needed=needed, differences=differences)


def _differences(sheet: MorningSheet, last: Confirmation) -> tuple[tuple[CheckKey, str, str], ...]:
    if last.bad is None:
        return ()
    now, then = sheet.bad, last.bad
    return tuple((key, then.get(key, ""), now.get(key, "")) for key in sorted({*now, *then}) if now.get(key) != then.get(key))


def confirm_sheet(
    installation: Installation,
    published: PublishedWorkspace | None,
    day: date,
    *,
    actor: Actor,
    channel: Channel,
    note: str = "",
    shown: str | None = None,
    cache: RunCache | None = None,
) -> Confirmation:
    """Confirm a sheet, in the role that is needed next. `shown` is the digest of what the person saw; None takes the sheet of now.

    Raises NothingToConfirm, SheetChanged, SheetConfirmed, SameConfirmer, ConfirmerNotAPerson, NoteTooLong and LedgerError.
    """
    if actor.kind != "person":
        raise ConfirmerNotAPerson(actor.name)
    clean = installation.engine().redactor.text(note.strip())
    if len(clean) > NOTE_LENGTH:
        raise NoteTooLong(NOTE_LENGTH)
    second_person = installation.settings.checks.second_person
    with installation.database.reading() as connection:
        sheet = read_sheet(installation, connection, published, day, cache=cache)
    if sheet.empty:
        raise NothingToConfirm(day)
    if shown is not None and shown != sheet.digest:
        raise SheetChanged
    # What changes from here on makes it a confirmation of what it said before, which is what it is.
    with installation.database.transaction() as connection:
        standing = standing_of(sheet, confirmations_of(installation, connection, day), second_person=second_person)
        if standing.needed is None:
            raise SheetConfirmed([one.name for one in standing.valid])
        people = live_directory(connection).people
        if standing.needed == "confirmer" and _first_person(people, standing, actor):
            raise SameConfirmer(actor.name)
        draft = _draft(sheet, people.known(actor), channel, clean, standing.needed)
        return _read(installation.ledger.append(connection, draft))


def _first_person(people: People, standing: Standing, actor: Actor) -> bool:
    return any(people.identity(one.name) in people.identities(actor) for one in standing.valid)


def _draft(sheet: MorningSheet, actor: Actor, channel: Channel, note: str, role: Role) -> Draft:
    body: dict[str, Any] = {
        "digest": sheet.digest,
        "counts": dict(sheet.counts),
        "missed": [f"{one.runbook}/{one.schedule} {one.at.isoformat()}" for one in sheet.material.missed],
        "runs": [run.id for run in sheet.material.runs],
        "account": actor.account,
    }
    bad = sheet.bad
    if len(bad) <= MOST_KEPT:
        body["bad"] = [{"key": list(key), "word": word} for key, word in sorted(bad.items())]
    return Draft(
        kind="noted",
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel=channel,
        outcome=OUTCOME,
        version=sheet.digest,
        slot=sheet.day.isoformat(),
        step=role,
        reason=note,
        body=body,
    )
