"""`tema month`: a month is prepared by one person, closed by another, and corrected in the open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli.demanding import published_of
from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import FileTrouble, answer, emit, progress, say_here
from temanashi.errors import InputError

if TYPE_CHECKING:
    from temanashi.books.corrections import Correction
    from temanashi.calendars import Month
    from temanashi.workspace.opening import Installation

__all__ = ["register"]

MonthWord = Annotated[str, typer.Argument(metavar="[YYYY-MM]", help=say_here("close.help-which"))]
Note = Annotated[str, typer.Option("--note", help=say_here("close.help-note"))]
Digest = Annotated[str, typer.Option("--digest", help=say_here("close.help-digest"))]
CorrectionSeq = Annotated[int, typer.Option("--correction", min=0, metavar="N", help=say_here("close.help-correction"))]
Task = Annotated[str, typer.Option("--task", metavar="TASK", help=say_here("close.help-task"))]
Figure = Annotated[str, typer.Option("--figure", metavar="FIGURE", help=say_here("close.help-figure"))]
Minutes = Annotated[float, typer.Option("--minutes", help=say_here("close.help-minutes"))]
Seconds = Annotated[int, typer.Option("--seconds", help=say_here("close.help-seconds"))]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help=say_here("close.help-output"))]
FileName = Annotated[str, typer.Option("--file", metavar="NAME", help=say_here("close.help-file"))]


class MonthMissing(InputError):
    """A command that needs a month was given none."""

    key = "close.month-missing"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=say_here("close.help"), no_args_is_help=True)
    group.command("status", help=say_here("close.help-status"))(status)
    group.command("prepare", help=say_here("close.help-prepare"))(prepare)
    group.command("approve", help=say_here("close.help-approve"))(approve)
    group.command("refuse", help=say_here("close.help-refuse"))(refuse)
    group.command("correct", help=say_here("close.help-correct"))(correct)
    group.command("show", help=say_here("close.help-show"))(show)
    app.add_typer(group, name="month")


def _month(text: str) -> Month | None:
    from temanashi.calendars import Month

    return Month.parse(text) if text else None


def _waiting(opened: Installation) -> Month:
    """The month that waits for an approver, where none is named."""
    from temanashi.books.closing import closings, preparations
    from temanashi.calendars import Month
    from temanashi.workspace.closings import closing_records, proof_of

    with opened.database.reading() as connection:
        records, proof = closing_records(opened, connection), proof_of(opened, connection)
    closed = closings(records, proof)
    found = [month for month, one in preparations(records, proof).items() if month not in closed and not one.refused_by]
    if not found:
        raise MonthMissing
    return Month.parse(min(found))


def status(month: MonthWord = "", workspace: Root = None, json: Json = False) -> None:
    """How a month stands on its way to being closed."""
    from temanashi.cli.showing_months import show_desk
    from temanashi.workspace.month_desk import month_desk
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        published = published_of(opened)
        with opened.database.reading() as connection:
            desk = month_desk(opened, connection, published, _month(month))
        if json:
            emit(desk.model_dump(mode="json", exclude={"figures": {"not_counted"}}))
        else:
            show_desk(desk, opened.settings)


def prepare(month: MonthWord = "", note: Note = "", actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Lay a month's figures before an approver."""
    from temanashi.cli.identifying import act_as
    from temanashi.cli.showing_months import hours
    from temanashi.workspace.closing_months import prepare_month
    from temanashi.workspace.closings import read_closings
    from temanashi.workspace.month_desk import month_to_close
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        published = published_of(opened)
        with opened.database.reading() as connection:
            wanted = _month(month) or month_to_close(opened, connection, published, tuple(read_closings(opened, connection)))
        made = act_as(opened, actor, lambda who: prepare_month(opened, published, wanted, actor=who, channel="cli", note=note))
    if json:
        emit(made.model_dump(mode="json", include={"month", "digest", "files", "missing", "preparer", "at", "seq"}))
        return
    answer(say_here("close.prepared", month=made.month, by=made.preparer, hours=hours(made.figures.sums.manual_seconds)))
    if made.missing:
        progress(say_here("close.prepared-lacking", count=len(made.missing), month=made.month))
    progress(say_here("close.prepared-next", month=made.month, digest=made.digest[7:19]))


def approve(
    month: MonthWord = "",
    correction: CorrectionSeq = 0,
    digest: Digest = "",
    note: Note = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Close a month that another person prepared, or approve a correction."""
    from temanashi.cli.identifying import act_as
    from temanashi.cli.showing_months import hours
    from temanashi.workspace.closing_months import approve_month
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        if correction:
            _tell_correction(_decide(opened, correction, note, actor, approved=True), as_json=json)
            return
        published, wanted = published_of(opened), _month(month) or _waiting(opened)
        whole = _digest(opened, str(wanted), digest)
        closing = act_as(
            opened,
            actor,
            lambda who: approve_month(opened, published, wanted, actor=who, channel="cli", digest=whole, note=note),
        )
    if json:
        emit(closing.model_dump(mode="json", exclude={"figures", "corrections"}))
        return
    answer(
        say_here(
            "close.closed",
            month=closing.month,
            preparer=closing.preparer,
            approver=closing.approver,
            hours=hours(closing.figures.sums.manual_seconds),
        )
    )
    answer(say_here("close.closed-head", seq=closing.checkpoint.seq, hash=closing.checkpoint.hash[:16]))
    progress(say_here("close.closed-next", month=closing.month))


def refuse(
    month: MonthWord = "",
    correction: CorrectionSeq = 0,
    digest: Digest = "",
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Refuse a preparation or a correction, with a reason."""
    from temanashi.cli.identifying import act_as
    from temanashi.workspace.closing_months import refuse_month
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        if correction:
            _tell_correction(_decide(opened, correction, reason, actor, approved=False), as_json=json)
            return
        wanted = _month(month) or _waiting(opened)
        whole = _digest(opened, str(wanted), digest)
        refused = act_as(
            opened, actor, lambda who: refuse_month(opened, wanted, actor=who, channel="cli", reason=reason, digest=whole)
        )
    if json:
        emit(refused.model_dump(mode="json", include={"month", "digest", "preparer", "refused_by", "reason", "seq"}))
        return
    answer(say_here("close.refused", month=refused.month, by=refused.refused_by))
    progress(say_here("close.refused-next", month=refused.month))


def _digest(opened: Installation, month: str, given: str) -> str:
    """The whole digest of which people are shown the first twelve letters; what does not begin so is another one's."""
    from temanashi.books.closing import preparations
    from temanashi.workspace.closings import closing_records, proof_of

    wanted = given.removeprefix("sha256:")
    if not wanted:
        return ""
    with opened.database.reading() as connection:
        prepared = preparations(closing_records(opened, connection), proof_of(opened, connection)).get(month)
    return prepared.digest if prepared is not None and prepared.digest[7:].startswith(wanted) else given


def _decide(opened: Installation, seq: int, note: str, actor: str | None, *, approved: bool) -> Correction:
    from temanashi.cli.identifying import act_as
    from temanashi.workspace.closing_months import decide_on_correction

    return act_as(
        opened,
        actor,
        lambda who: decide_on_correction(opened, seq, approved=approved, actor=who, channel="cli", note=note),
    )


def _tell_correction(correction: Correction, *, as_json: bool) -> None:
    from temanashi.cli.showing_months import correction_line

    if as_json:
        emit(correction.model_dump(mode="json"))
        return
    answer(say_here(f"close.correction-{correction.state}", seq=correction.seq, by=correction.decided_by or correction.by))
    answer(f"  {correction_line(correction)}")
    if correction.state == "asked":
        progress(say_here("close.correction-asked-next", seq=correction.seq))


def correct(
    month: MonthWord = "",
    task: Task = "",
    figure: Figure = "",
    minutes: Minutes = 0,
    seconds: Seconds = 0,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Ask for a correction of a closed month."""
    from temanashi.books.closing_faults import BadSeconds
    from temanashi.cli.identifying import act_as
    from temanashi.workspace.closing_months import ask_correction
    from temanashi.workspace.opening import open_installation

    wanted = _month(month)
    if wanted is None:
        raise MonthMissing
    whole = minutes * 60 + seconds
    if whole != whole // 1:
        raise BadSeconds(minutes)
    with open_installation(workspace) as opened:
        made = act_as(
            opened,
            actor,
            lambda who: ask_correction(
                opened,
                wanted,
                task=task,
                part=figure,
                seconds=int(whole),
                reason=reason,
                actor=who,
                channel="cli",
            ),
        )
    _tell_correction(made, as_json=json)


def show(month: MonthWord = "", file: FileName = "", output: Output = None, workspace: Root = None, json: Json = False) -> None:
    """Show a closed month: what was issued, what the ledger tells now, corrections; or take out an issued file."""
    from temanashi.cli.showing_months import as_json, show_closed
    from temanashi.workspace.closings import issued_file
    from temanashi.workspace.month_desk import month_desk
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        published = published_of(opened)
        with opened.database.reading() as connection:
            desk = month_desk(opened, connection, published, _month(month) or _last_closed(opened))
            if file or output is not None:
                name = file or f"report-{desk.month}-{language()}.html"
                _write(issued_file(opened, connection, _month(desk.month) or _last_closed(opened), name), output, name)
                return
        if json:
            emit(as_json(desk))
        else:
            show_closed(desk, opened.settings)


def _last_closed(opened: Installation) -> Month:
    from temanashi.calendars import Month
    from temanashi.workspace.closings import read_closings

    with opened.database.reading() as connection:
        closed = read_closings(opened, connection)
    if not closed:
        raise MonthMissing
    return Month.parse(max(closed))


def _write(text: str, output: Path | None, name: str) -> None:
    file = output or Path(name)
    try:
        file.write_bytes(text.encode())
    except OSError as error:
        raise FileTrouble(str(file), reason=error.strerror or str(error)) from error
    answer(say_here("close.file-written", file=str(file)))
