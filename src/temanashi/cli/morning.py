"""`tema check sheet` and `tema check confirm`: the morning sheet at the terminal and as a file, and its confirmation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Root
from temanashi.cli.output import answer, emit, progress, say_here
from temanashi.errors import InputError

if TYPE_CHECKING:
    from datetime import date

    from temanashi.reports.morning import MorningSheet
    from temanashi.reports.morning_words import SheetWords
    from temanashi.workspace.confirming_sheets import Standing
    from temanashi.workspace.opening import Installation
    from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["confirm", "sheet"]

STYLES = {"CRITICAL": "red", "UNKNOWN": "magenta", "NOT_RUN": "magenta", "WARNING": "yellow"}
LINES = 40
BAD_EXIT, UNKNOWN_EXIT, PENDING_EXIT = 1, 3, 4


class UnknownSheetFace(InputError):
    """A file name whose ending is none of the sheet's faces."""

    key = "cli.unknown-sheet-face"

    def __init__(self, file: Path) -> None:
        super().__init__(file=str(file))


def sheet(
    day: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help=say_here("cli.help-check-date"))] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help=say_here("cli.help-check-sheet-out"))
    ] = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Tell the morning sheet, or write it as .html, .xlsx or .json."""
    from temanashi.reports.display import Display
    from temanashi.workspace.morning import day_named
    from temanashi.workspace.opening import open_installation

    if output is not None and output.suffix not in {".html", ".xlsx", ".json"}:
        raise UnknownSheetFace(output)
    with open_installation(workspace) as opened:
        wanted = day_named(opened, day)
        published, found, standing = _read(opened, wanted)
        show = Display(language(), opened.settings.zone)
        if output is not None:
            output.write_bytes(_face(opened, published, found, standing, show, output.suffix))
            answer(say_here("cli.check-sheet-written", file=str(output)))
        elif json:
            emit(_as_json(found, standing))
        else:
            _tell(found, standing, show)
    raise typer.Exit(_exit_code(found))


def confirm(
    day: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help=say_here("cli.help-check-date"))] = "",
    note: Annotated[str, typer.Option("--note", help=say_here("cli.help-note"))] = "",
    digest: Annotated[str, typer.Option("--digest", help=say_here("cli.help-check-digest"))] = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Confirm the sheet as it is now, on the record."""
    from temanashi.people import current_actor
    from temanashi.reports.display import Display
    from temanashi.workspace.confirming_sheets import confirm_sheet
    from temanashi.workspace.morning import day_named
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as opened:
        wanted = day_named(opened, day)
        published, found, _ = _read(opened, wanted)
        show = Display(language(), opened.settings.zone)
        if not json:
            progress(_words(found, show).headline())
        # What was told here is what is confirmed: should it change in between, nothing is.
        shown = digest or found.digest
        made = confirm_sheet(opened, published, wanted, actor=current_actor(actor), channel="cli", note=note, shown=shown)
        standing = _read(opened, wanted)[2]
    if json:
        emit(
            {"day": wanted.isoformat(), "name": made.name, "role": made.role, "digest": made.digest, "complete": standing.complete}
        )
        return
    answer(say_here("cli.check-confirmed", day=show.day(wanted), name=made.name, seq=made.seq))
    if not standing.complete:
        answer(say_here("cli.check-second-needed"))


def _read(opened: Installation, day: date) -> tuple[PublishedWorkspace, MorningSheet, Standing]:
    from temanashi.workspace.confirming_sheets import confirmations_of, standing_of
    from temanashi.workspace.first import published_or_first
    from temanashi.workspace.morning import read_sheet

    published, _ = published_or_first(opened)
    with opened.database.reading() as connection:
        found = read_sheet(opened, connection, published, day)
        second = opened.settings.checks.second_person
        return published, found, standing_of(found, confirmations_of(opened, connection, day), second_person=second)


def _face(
    opened: Installation, published: PublishedWorkspace, found: MorningSheet, standing: Standing, show: Any, suffix: str
) -> bytes:
    import json

    from temanashi.reports.morning_html import render_file
    from temanashi.reports.morning_xlsx import morning_xlsx
    from temanashi.workspace.sheet_frame import frame_of

    settings = opened.settings
    if suffix == ".json":
        return (json.dumps(_as_json(found, standing), ensure_ascii=False, indent=2) + "\n").encode()
    now, second = opened.clock.now(), settings.checks.second_person
    frame = frame_of(found, standing, show, made_at=now, published=published, second_person=second, page=settings.page)
    if suffix == ".xlsx":
        return morning_xlsx(found, show, frame, company=settings.company)
    return render_file(found, show, frame, company=settings.company).encode()


def _words(found: MorningSheet, show: Any) -> SheetWords:
    from temanashi.reports.morning_words import SheetWords

    return SheetWords(found, show)


def _exit_code(found: MorningSheet) -> int:
    """0 all well, 1 wrong, 3 only what nobody knows or what was not run, 4 not over yet or nothing there."""
    if any(line.word in {"CRITICAL", "WARNING"} for line in found.lines):
        return BAD_EXIT
    if found.problems:
        return UNKNOWN_EXIT
    if found.empty or found.going_on or found.material.ahead or not found.counts["OK"]:
        return PENDING_EXIT
    return 0


def _tell(found: MorningSheet, standing: Standing, show: Any) -> None:
    from temanashi.cli.output import MARKS

    word, lang = _words(found, show), language()
    answer(f"{show.day(found.day)}  {word.headline()}", style=STYLES.get(found.word, "green" if found.word == "OK" else ""))
    for remark in (*word.remarks(), word.change_summary()):
        answer(f"  {remark}")
    for line in found.lines[:LINES]:
        where = "" if line.sort == "outage" else f"  {word.where(line)}"
        told = "  ".join(filter(None, (word.badges(line), *word.marks(line))))
        shape = MARKS.get(line.word, ("", "！"))[1]
        answer(f"  {shape} {word.word(line.word)}  {word.title(line)}{where}  {told}".rstrip(), style=STYLES[line.word])
        answer(f"      {word.what(line)}")
    if len(found.lines) > LINES:
        answer(f"  {say_here('cli.check-more-lines', count=len(found.lines) - LINES)}")
    for one in found.material.missed:
        why = one.reason.text(lang) if one.reason else word.t(f"missed-{one.state}")
        answer(f"  ！ {word.word('NOT_RUN')}  {one.title.text(lang)}  {show.moment(one.at)}  {why}", style="magenta")
    for stamp in standing.valid:
        answer(say_here("cli.check-confirmed-by", name=stamp.name, when=show.moment(stamp.at)))
    if standing.needed and not found.empty:
        answer(say_here("cli.check-confirm-again" if standing.overtaken and not standing.valid else "cli.check-confirm-next"))


def _as_json(found: MorningSheet, standing: Standing) -> dict[str, Any]:
    return {
        "day": found.day.isoformat(),
        "compared_with": found.previous.isoformat() if found.previous else None,
        "exit": _exit_code(found),
        "word": found.word,
        "counts": dict(found.counts),
        "changes": dict(found.changes),
        "by_system": {name: dict(counts) for name, counts in found.by_system},
        "problems": [
            {
                "word": line.word,
                "sort": line.sort,
                "area": list(line.area),
                "hosts": list(line.hosts),
                "checks": [
                    {
                        **item.row.key._asdict(),
                        "reason": item.row.why.text(language()) if item.row.why else "",
                        "change": item.change,
                        "days": item.since.days,
                        "run": item.row.run,
                        "measured_at": item.row.measured_at,
                    }
                    for item in line.items
                ],
            }
            for line in found.lines
        ],
        "missed": [
            {"runbook": o.runbook, "schedule": o.schedule, "at": o.at.isoformat(), "state": o.state} for o in found.material.missed
        ],
        "resolved": [item.row.key._asdict() for item in found.resolved],
        "gone": [row.key._asdict() for row in found.gone],
        "runs": [run.id for run in found.material.runs],
        "digest": found.digest,
        "confirmed": [{"name": c.name, "role": c.role, "at": c.at.isoformat(), "note": c.note} for c in standing.valid],
        "needs": standing.needed,
    }
