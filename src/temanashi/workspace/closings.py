"""Closed months of an installation: whose word counts, what was sealed, and what the ledger tells of it now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from temanashi.books import MonthFigures, Register, month_figures, proposed_tasks, read_material, read_month, read_register
from temanashi.books.closing import Closing, closings, issued_text
from temanashi.books.closing_faults import MayNotClose, NotClosed
from temanashi.books.prior import PriorEntry, differences
from temanashi.books.sealing import Hand, Proof
from temanashi.calendars import BusinessCalendar, Month, day_of
from temanashi.ledger.records import Kind, Record
from temanashi.people import Actor, Channel, People
from temanashi.signin.faults import NoSuchUser
from temanashi.signin.rights import rights_of
from temanashi.signin.roles import roles_of
from temanashi.signin.users import read_user
from temanashi.workspace.live import live_people
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace
from temanashi.workspace.signatures import signatures_of

__all__ = [
    "closing_records",
    "figures_now",
    "hand_of",
    "issued_file",
    "posted",
    "proof_of",
    "read_closings",
    "restated_months",
    "to_post",
]

CLOSING: tuple[Kind, ...] = ("month_prepared", "month_closed", "correction")
LAID_DOWN: tuple[Kind, ...] = ("task_version", "demand")
WORK: tuple[Kind, ...] = ("run_finished", "decision", "step_done")


def hand_of(installation: Installation, connection: Connection, actor: Actor, channel: Channel) -> Hand:
    """Somebody who acts on a month, with the gate's key where people sign in; raises MayNotClose."""
    people = live_people(connection)
    if installation.settings.gate.sign_in and actor.assurance == "verified":
        _check_rights(connection, actor, people)
    signatures = signatures_of(installation.settings, sign=True)
    return Hand(actor=actor, channel=channel, people=people, signatures=signatures)


def _check_rights(connection: Connection, actor: Actor, people: People) -> None:
    """The gate asks the same before a page is reached; this is for every other road."""
    try:
        roles = roles_of(read_user(connection, actor.account), people)
    except NoSuchUser:
        roles = frozenset()
    if "close" not in rights_of(roles):
        raise MayNotClose(actor.name)


def proof_of(installation: Installation, connection: Connection) -> Proof:
    """Whose records count here."""
    return Proof(signatures=signatures_of(installation.settings, sign=False), people=live_people(connection))


def closing_records(installation: Installation, connection: Connection) -> list[Record]:
    """Every record of preparing, closing and correcting months."""
    return list(installation.ledger.records(connection, kinds=CLOSING))


def read_closings(installation: Installation, connection: Connection) -> dict[str, Closing]:
    """Every closed month ("2026-10"), the oldest first; raises ClosingUnreadable and LedgerError."""
    return closings(closing_records(installation, connection), proof_of(installation, connection))


def figures_now(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace | None,
    month: Month,
    *,
    of_records: bool = False,
) -> MonthFigures:
    """A month as the ledger tells it now, closed or not; `of_records`: slowly, from the records of the chain themselves."""
    settings = installation.settings
    read = read_month if of_records else read_material
    return month_figures(
        read(installation.ledger, connection, month, zone=settings.zone),
        proposed_tasks(published.runbooks.values()) if published else (),
        month,
        now=installation.clock.now(),
        zone=settings.zone,
        goal=settings.goal,
        calendar=published.calendar if published else BusinessCalendar(),
    )


def restated_months(
    installation: Installation, connection: Connection, published: PublishedWorkspace | None, closed: Mapping[str, Closing]
) -> dict[str, MonthFigures]:
    """Closed months as the ledger tells them now, where something was recorded since that can change them."""
    if not closed:
        return {}
    book, zone = installation.ledger, installation.settings.zone
    sealed = {month: closing.checkpoint.seq for month, closing in closed.items()}
    after = min(sealed.values())
    later = [
        *book.records(connection, kinds=LAID_DOWN, after=after),
        *book.records(connection, kinds=WORK, after=after, bodies_too=False),
    ]
    if not later:
        return {}
    register = read_register(book, connection, zone=zone)
    touched = {
        month
        for record in later
        for month, seq in sealed.items()
        if record.seq > seq and _touches(record, Month.parse(month), register, zone)
    }
    return {month: figures_now(installation, connection, published, Month.parse(month)) for month in sorted(touched)}


def _touches(record: Record, month: Month, register: Register, zone: ZoneInfo) -> bool:
    """Whether a record can change a month's figures: by the day of its demand, or the first day of a signed version."""
    draft = record.draft
    if draft.kind == "task_version":
        return str(draft.body.get("valid_from", "")) <= month.last.isoformat()
    day = register.day_of(draft.task, draft.slot) or _named_day(draft.slot) or day_of(record.recorded_at, zone)
    # A week belongs to the month of its Monday: work of the next month's first days may serve a week of this one.
    return day in month or (draft.kind != "demand" and day - timedelta(days=day.weekday()) in month)


def _named_day(slot: str) -> date | None:
    try:
        return date.fromisoformat(slot)
    except ValueError:
        return None


def posted(closed: Mapping[str, Closing]) -> tuple[PriorEntry, ...]:
    """Every prior-period entry that was sealed with a later month."""
    return tuple(entry for closing in closed.values() for entry in closing.prior)


def to_post(month: Month, closed: Mapping[str, Closing], restated: Mapping[str, MonthFigures]) -> tuple[PriorEntry, ...]:
    """What an open month posts about earlier closed ones: how they differ now, and approved corrections, each once."""
    before = posted(closed)
    corrected = {entry.seq for entry in before if entry.source == "correction"}
    earlier = [closing for name, closing in closed.items() if name < str(month)]
    changed: list[PriorEntry] = []
    for closing in earlier:
        now = restated.get(closing.month, closing.figures)
        changed += differences(closing.figures, now, before)
    return (*changed, *_not_posted(earlier, corrected))


def _not_posted(earlier: Sequence[Closing], corrected: Iterable[int]) -> tuple[PriorEntry, ...]:
    known = set(corrected)
    return tuple(entry for closing in earlier for entry in closing.corrections if entry.seq not in known)


def issued_file(installation: Installation, connection: Connection, month: Month, name: str) -> str:
    """A file of a closed month's report, exactly as it was issued; raises NotClosed, NoIssuedFile and IssuedFileAltered."""
    closing = read_closings(installation, connection).get(str(month))
    if closing is None:
        raise NotClosed(str(month))
    kept = list(installation.ledger.records(connection, kinds=("month_issued",), slot=str(month)))
    return issued_text(closing, kept, name)
