"""Preparing, closing and correcting a month: what is read, judged and written is read, judged and written in one transaction."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import Connection, text

from temanashi.books.closing import (
    Closing,
    Prepared,
    SealedHead,
    approval_of_month,
    check_ready,
    closings,
    preparations,
    prepared_month,
    refusal_of_month,
    same_figures,
)
from temanashi.books.closing_faults import (
    AlreadyClosed,
    LedgerAltered,
    MonthNotOver,
    NoSuchCorrection,
    NotClosed,
    PreparedChanged,
    TablesDiffer,
)
from temanashi.books.corrections import Correction, asked_correction, corrections, decided_correction
from temanashi.calendars import Month
from temanashi.errors import LedgerError
from temanashi.ledger.checkpoints import open_seal, write_checkpoint
from temanashi.ledger.records import Record
from temanashi.people import Actor, Channel
from temanashi.reports import as_json, render_html
from temanashi.workspace.closings import closing_records, figures_now, hand_of, proof_of
from temanashi.workspace.month_desk import MonthDesk, month_desk
from temanashi.workspace.month_missing import ledger_state
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace
from temanashi.workspace.reporting import month_report

__all__ = ["approve_month", "ask_correction", "decide_on_correction", "prepare_month", "refuse_month"]

_CLOSING_LOCK = 0x74656D61_00000012
ALTERED = frozenset({"altered", "contradicted"})


def prepare_month(
    installation: Installation,
    published: PublishedWorkspace | None,
    month: Month,
    *,
    actor: Actor,
    channel: Channel,
    note: str = "",
) -> Prepared:
    """Lay a month's figures and report before an approver, in place of an earlier preparation.

    Raises AlreadyClosed, MonthNotOver, CloserNotAPerson, TextTooLong, NotVerified, CannotSign and LedgerError.
    """
    with installation.database.transaction() as connection:
        _take_turn(connection)
        desk = month_desk(installation, connection, published, month)
        if desk.closing is not None:
            raise AlreadyClosed(desk.month, approver=desk.closing.approver)
        if desk.state == "running":
            raise MonthNotOver(desk.month, last=month.last)
        drafts = prepared_month(
            desk.figures,
            _faces(installation, connection, published, month),
            desk.entries,
            hand=hand_of(installation, connection, actor, channel),
            missing=[lack.kind for lack in desk.lacking],
            note=_clean(installation, note),
        )
        written = installation.ledger.append_all(connection, drafts)
        return preparations(written, proof_of(installation, connection))[str(month)]


def _faces(
    installation: Installation, connection: Connection, published: PublishedWorkspace | None, month: Month
) -> dict[str, str]:
    """The report as it is issued: a page a language, and the figures for programs."""
    report = month_report(installation, connection, published, month)
    pages = {f"report-{month}-{lang}.html": render_html(report, lang) for lang in installation.settings.languages}
    return {**pages, f"report-{month}.json": as_json(report)}


def approve_month(
    installation: Installation,
    published: PublishedWorkspace | None,
    month: Month,
    *,
    actor: Actor,
    channel: Channel,
    digest: str = "",
    note: str = "",
) -> Closing:
    """Close a month as another person prepared it; `digest` is that of what the approver saw (empty: the last preparation).

    The figures of the records themselves must be those that were shown. The checkpoint goes outside the database before the record
    that names it; a crash leaves nothing or a closed month. Raises AlreadyClosed, NotPrepared, PreparedChanged, OwnPreparation,
    LedgerAltered, TablesDiffer, NotVerified, CannotSign and LedgerError.
    """
    seal = open_seal(installation.settings.state_dir)
    _check_tables(installation, published, month)
    with installation.database.transaction() as connection:
        _take_turn(connection)
        desk = month_desk(installation, connection, published, month)
        prepared = _ready(desk, digest)
        if not desk.current:
            raise PreparedChanged(desk.month)
        status = ledger_state(installation, connection)
        if status.state in ALTERED:
            raise LedgerAltered(desk.month)
        hand = hand_of(installation, connection, actor, channel)
        head = installation.ledger.head(connection)
        first = _record(installation, connection, prepared.seq)
        # Who may not approve is told before a checkpoint is written for nothing.
        told = SealedHead(number=0, chain=installation.ledger.chain, seq=head.seq, hash=head.hash, at=installation.clock.now())
        note = _clean(installation, note)
        approval_of_month(prepared, told, hand=hand, preparer=first, note=note)
        written = write_checkpoint(installation.ledger, seal=seal, clock=installation.clock, head=head)
        told = told.model_copy(update={"number": written.number, "at": written.at})
        draft = approval_of_month(prepared, told, hand=hand, preparer=first, note=note)
        record = installation.ledger.append(connection, draft)
        closing = closings([first, record], proof_of(installation, connection))[desk.month]
    # The closing itself is sealed too; where that fails, the seal of the day makes up for it.
    with suppress(LedgerError):
        write_checkpoint(installation.ledger, seal=seal, clock=installation.clock)
    return closing


def _take_turn(connection: Connection) -> None:
    # SQLite lets one writer in at a time; on PostgreSQL two approvers would both find the month open.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CLOSING_LOCK})


def _check_tables(installation: Installation, published: PublishedWorkspace | None, month: Month) -> None:
    """What is sealed rests on the chain, not on what is kept beside it for quick reading."""
    with installation.database.reading() as connection:
        quick = figures_now(installation, connection, published, month)
        slow = figures_now(installation, connection, published, month, of_records=True)
    if not same_figures(quick, slow):
        raise TablesDiffer(str(month))


def _ready(desk: MonthDesk, digest: str) -> Prepared:
    return check_ready(desk.month, desk.prepared, desk.closing, digest=digest)


def _record(installation: Installation, connection: Connection, seq: int) -> Record:
    record = installation.ledger.get(connection, seq)
    if record is None:
        raise NoSuchCorrection(seq)
    return record


def refuse_month(
    installation: Installation, month: Month, *, actor: Actor, channel: Channel, reason: str, digest: str = ""
) -> Prepared:
    """Take a preparation away again, with a reason; raises AlreadyClosed, NotPrepared, PreparedChanged and RefusalWithoutReason."""
    with installation.database.transaction() as connection:
        records, proof = closing_records(installation, connection), proof_of(installation, connection)
        prepared = preparations(records, proof).get(str(month))
        waiting = check_ready(str(month), prepared, closings(records, proof).get(str(month)), digest=digest)
        hand = hand_of(installation, connection, actor, channel)
        draft = refusal_of_month(waiting, hand=hand, reason=_clean(installation, reason))
        record = installation.ledger.append(connection, draft)
        return preparations([*records, record], proof)[str(month)]


def ask_correction(
    installation: Installation,
    month: Month,
    *,
    task: str,
    part: str,
    seconds: int,
    reason: str,
    actor: Actor,
    channel: Channel,
) -> Correction:
    """Ask for a correction of a closed month; raises NotClosed and what `asked_correction` raises."""
    with installation.database.transaction() as connection:
        records, proof = closing_records(installation, connection), proof_of(installation, connection)
        closing = closings(records, proof).get(str(month))
        if closing is None:
            raise NotClosed(str(month))
        draft = asked_correction(
            str(month),
            task,
            part,
            seconds,
            reason=_clean(installation, reason),
            tasks=[known.task for known in closing.figures.tasks],
            hand=hand_of(installation, connection, actor, channel),
        )
        record = installation.ledger.append(connection, draft)
        return corrections([record], proof)[0]


def decide_on_correction(
    installation: Installation, seq: int, *, approved: bool, actor: Actor, channel: Channel, note: str = ""
) -> Correction:
    """Approve or refuse a correction that another person asked for.

    Raises NoSuchCorrection, OwnCorrection, CorrectionDecided and RefusalWithoutReason.
    """
    with installation.database.transaction() as connection:
        records, proof = closing_records(installation, connection), proof_of(installation, connection)
        asked = next((one for one in corrections(records, proof) if one.seq == seq), None)
        if asked is None:
            raise NoSuchCorrection(seq)
        first = next(record for record in records if record.seq == seq)
        hand = hand_of(installation, connection, actor, channel)
        draft = decided_correction(asked, first, approved=approved, hand=hand, note=_clean(installation, note))
        record = installation.ledger.append(connection, draft)
        return next(one for one in corrections([*records, record], proof) if one.seq == seq)


def _clean(installation: Installation, text: str) -> str:
    return installation.engine().redactor.text(text.strip())
