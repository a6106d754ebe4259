"""Months on the terminal: the answer first, then what is lacking and the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from temanashi.cli.hosts import aligned
from temanashi.cli.language import language
from temanashi.cli.output import answer, progress, say_here
from temanashi.reports.display import Display

if TYPE_CHECKING:
    from temanashi.books.corrections import Correction
    from temanashi.books.prior import PriorEntry
    from temanashi.settings import Settings
    from temanashi.workspace.month_desk import MonthDesk
    from temanashi.workspace.month_missing import Lack

__all__ = ["as_json", "correction_line", "hours", "show_closed", "show_desk"]

FIGURES = ("baseline", "demand_effect", "method_effect", "credited", "remaining", "human", "new", "manual")
LISTED = 8


def hours(seconds: int, *, signed: bool = False) -> str:
    """Seconds as hours with one decimal; `signed`: more with a plus."""
    from zoneinfo import ZoneInfo

    text = Display(language(), ZoneInfo("UTC")).hours(seconds)
    return f"+{text}" if signed and seconds > 0 else text


def show_desk(desk: MonthDesk, settings: Settings) -> None:
    """How a month stands, what it lacks, and what to do next."""
    show = Display(language(), settings.zone)
    sums = desk.figures.sums
    answer(say_here(f"close.state-{desk.state}", month=show.month(desk.month)), style="bold")
    answer(say_here("close.status-figures", manual=hours(sums.manual_seconds), baseline=hours(sums.baseline_seconds)))
    if desk.due is not None and desk.closing is None:
        answer(say_here("close.due-late" if desk.late else "close.due", day=show.day(desk.due)))
    for lack in desk.lacking:
        _tell_lack(lack, settings)
    if desk.entries:
        answer(say_here("close.entries", count=len(desk.entries)))
        _tell_entries(desk.entries)
    if desk.refused is not None:
        answer(say_here("close.was-refused", by=desk.refused.refused_by, reason=desk.refused.reason))
    if desk.state == "prepared" and desk.prepared is not None:
        said = "close.waits" if desk.current else "close.waits-changed"
        answer(say_here(said, by=desk.prepared.preparer, at=show.moment(desk.prepared.at), digest=desk.prepared.digest[7:19]))
    if desk.closed:
        answer(say_here("close.closed-months", months=", ".join(desk.closed)))
    if desk.state in {"open", "prepared", "closed"}:
        progress(say_here(f"close.next-{desk.state}", month=desk.month))


def _tell_lack(lack: Lack, settings: Settings) -> None:
    answer(say_here(f"close.lack-{lack.kind}", count=lack.count))
    for item in lack.items[:LISTED]:
        name = item.name.text(language())
        if lack.kind == "ledger":
            name = say_here(f"close.chain-{name.replace('_', '-')}")
        answer(f"  {name}  {item.command or settings.page(item.page)}")
    if lack.count > LISTED:
        answer(f"  {say_here('close.more', count=lack.count - LISTED)}")


def _tell_entries(entries: tuple[PriorEntry, ...]) -> None:
    rows = [
        (
            entry.month,
            entry.task or say_here("close.no-task"),
            say_here(f"close.part-{entry.part}"),
            say_here("close.hours", hours=hours(entry.seconds, signed=True)),
            say_here(f"close.source-{entry.source}"),
            " ".join(entry.reason.split()),
        )
        for entry in entries
    ]
    for line in aligned(rows):
        answer(f"  {line}")


def correction_line(correction: Correction) -> str:
    """A correction in one line."""
    return say_here(
        "close.correction-line",
        month=correction.month,
        task=correction.task or say_here("close.no-task"),
        part=say_here(f"close.part-{correction.part}"),
        hours=hours(correction.seconds, signed=True),
        reason=" ".join(correction.reason.split()),
    )


def show_closed(desk: MonthDesk, settings: Settings) -> None:
    """What was issued, beside what the ledger tells now."""
    closing = desk.closing
    if closing is None:
        show_desk(desk, settings)
        return
    show = Display(language(), settings.zone)
    names = {"month": show.month(desk.month), "preparer": closing.preparer, "approver": closing.approver}
    answer(say_here("close.closed-at", at=show.moment(closing.closed_at), **names), style="bold")
    issued, now = closing.figures.sums.model_dump(), desk.figures.sums.model_dump()
    changed = bool(desk.differences)
    rows = [("", say_here("close.issued"), say_here("close.restated") if changed else "")]
    for name in FIGURES:
        key = f"{name}_seconds"
        rows.append((say_here(f"close.figure-{name.replace('_', '-')}"), hours(issued[key]), hours(now[key]) if changed else ""))
    for line in aligned(rows):
        answer(line)
    answer(say_here("close.head", seq=closing.checkpoint.seq, hash=closing.checkpoint.hash, number=closing.checkpoint.number))
    for file in closing.files:
        answer(say_here("close.file", name=file.name, bytes=file.bytes, sha256=file.sha256))
    if closing.prior:
        answer(say_here("close.posted-in", count=len(closing.prior)))
        _tell_entries(closing.prior)
    if desk.differences:
        answer(say_here("close.differences", count=len(desk.differences)))
        _tell_entries(desk.differences)
    for correction in desk.corrections:
        state = say_here(f"close.correction-{correction.state}", seq=correction.seq, by=correction.decided_by or correction.by)
        answer(f"{state} {correction_line(correction)}")
        if correction.answer:
            answer(f"  {correction.answer}")


def as_json(desk: MonthDesk) -> dict[str, Any]:
    """A month for programs: issued and restated figures side by side."""
    closing = desk.closing
    return {
        "month": desk.month,
        "state": desk.state,
        "issued": closing.model_dump(mode="json") if closing is not None else None,
        "restated": desk.figures.model_dump(mode="json"),
        "differences": [entry.model_dump(mode="json") for entry in desk.differences],
        "corrections": [one.model_dump(mode="json") for one in desk.corrections],
    }
