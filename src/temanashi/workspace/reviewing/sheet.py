"""A review out to Excel and in again: each row is checked by itself, and one that is stale is refused, not the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from temanashi.accounts.reviews.deciding import Asked
from temanashi.accounts.reviews.faults import BadSheetDay, LineStale, NoReviewSheet, NoSuchLine
from temanashi.accounts.reviews.lines import VERDICTS, Decision
from temanashi.books.sealing import signed_draft
from temanashi.errors import InputError
from temanashi.people import Actor, Channel, folded
from temanashi.reports.review_xlsx import REVIEW_COLUMNS, SheetRow, review_xlsx
from temanashi.text import LANGUAGES, Lang, say
from temanashi.workspace.counting import hand_of
from temanashi.workspace.importing.workbook import Sheet, read_workbook
from temanashi.workspace.opening import Installation
from temanashi.workspace.reviewing.deciding import Wanted, decide_many
from temanashi.workspace.reviewing.reading import ReviewLine, about, every_line, read_line, read_review

__all__ = ["Imported", "Refused", "export_sheet", "import_sheet"]

MOST_ROWS = 60_000
NEEDED = ("id", "state", "decision", "leaves", "reason", "until")
Cells = Mapping[str, Any]


class Refused(NamedTuple):
    """A row that was not taken, and why."""

    row: int
    login: str
    error: InputError


class Imported(NamedTuple):
    """Lines that were decided, rows that said nothing new, and rows that were refused."""

    decided: tuple[ReviewLine, ...]
    same: int
    refused: tuple[Refused, ...]


def export_sheet(installation: Installation, review: str, *, lang: Lang, actor: Actor, channel: Channel) -> bytes:
    """The sheet with every line; that somebody took it is on record. Raises NoSuchReview and LedgerError."""
    with installation.database.transaction() as connection:
        found = read_review(connection, review)
        lines = every_line(connection, found.id)
        hand = hand_of(installation, connection, actor, channel, sign=True)
        draft = signed_draft(
            "account_review",
            hand,
            about=about(found.id),
            step="export",
            outcome="exported",
            body={"review": found.id, "lines": len(lines)},
            slot=about(found.id),
        )
        installation.ledger.append(connection, draft)
    return review_xlsx(found.id, [SheetRow(one.position, one.line, one.decision, one.digest) for one in lines], lang)


def import_sheet(
    installation: Installation, review: str, file: Path, *, actor: Actor, channel: Channel, dry_run: bool = False
) -> Imported:
    """Take over what was filled in. Raises NoReviewSheet, ReviewClosed and what reading the file raises; rows are refused apart."""
    rows = list(_rows(file))
    with installation.database.transaction() as connection:
        found = read_review(connection, review)
        wanted, refused, same = _sorted_out(connection, found.id, rows)
        good: list[Wanted] = []
        for row, one in wanted:
            try:
                _tried(installation, connection, found.id, one, actor, channel)
            except InputError as error:
                refused.append(Refused(row, read_line(connection, found.id, one.line).line.entry.login, error))
            else:
                good.append(one)
        if good and not dry_run:
            decide_many(installation, connection, found.id, good, actor=actor, channel=channel)
        decided = tuple(read_line(connection, found.id, one.line) for one in good)
    return Imported(decided, same, tuple(sorted(refused, key=lambda one: one.row)))


def _tried(installation: Installation, connection: Connection, review: str, one: Wanted, actor: Actor, channel: Channel) -> None:
    decide_many(installation, connection, review, [one], actor=actor, channel=channel, check_only=True)


def _sorted_out(
    connection: Connection, review: str, rows: list[tuple[int, Cells]]
) -> tuple[list[tuple[int, Wanted]], list[Refused], int]:
    """Rows that want something else than what is decided; rows that cannot be read; how many say nothing new."""
    wanted: list[tuple[int, Wanted]] = []
    refused: list[Refused] = []
    same = 0
    known = {one.line.id: one for one in every_line(connection, review)}
    taken: set[str] = set()
    for number, cells in rows:
        line = known.get(_text(cells.get("id")))
        try:
            asked = _asked(cells)
            if asked is None or (line is not None and _as_decided(asked, line.decision)):
                same += 1
                continue
            if line is None or line.line.id in taken:
                raise NoSuchLine(_text(cells.get("id")) or "-")
            digest = _text(cells.get("state"))
            if digest != line.digest:
                raise LineStale(line.line.entry.login, line.line.where)
        except InputError as error:
            refused.append(Refused(number, line.line.entry.login if line else "", error))
            continue
        taken.add(line.line.id)
        wanted.append((number, Wanted(line.line.id, asked, digest)))
    return wanted, refused, same


def _as_decided(asked: Asked, decision: Decision | None) -> bool:
    return decision is not None and (asked.verdict, asked.reason, set(asked.groups), asked.until) == (
        decision.verdict,
        decision.reason,
        set(decision.groups),
        decision.until,
    )


def _rows(file: Path) -> Iterator[tuple[int, Cells]]:
    found = None
    for sheet in read_workbook(file, rows=MOST_ROWS).sheets:
        columns = _columns(sheet)
        if all(name in columns for name in NEEDED):
            found = sheet, columns
            break
    if found is None:
        raise NoReviewSheet(file.name)
    sheet, columns = found
    for row in sorted({row for row, _ in sheet.cells if row > 1}):
        cells = {name: sheet.cells[row, column].value for name, column in columns.items() if (row, column) in sheet.cells}
        if _text(cells.get("id")):
            yield row, cells


def _columns(sheet: Sheet) -> dict[str, int]:
    """By the words of the first row, in either language."""
    words = {folded(say(f"reviews.column-{name}", lang)): name for name, _ in REVIEW_COLUMNS for lang in LANGUAGES}
    return {
        words[folded(str(cell.value))]: column
        for (row, column), cell in sheet.cells.items()
        if row == 1 and folded(str(cell.value)) in words
    }


def _asked(cells: Cells) -> Asked | None:
    """What a row wants; None where nothing was decided in it. Raises BadSheetDay."""
    word = folded(_text(cells.get("decision")))
    if not word:
        return None
    verdicts = {folded(text): verdict for verdict in VERDICTS for text in (verdict, *(_word(verdict, lang) for lang in LANGUAGES))}
    verdict = verdicts.get(word, _text(cells.get("decision")))
    groups = tuple(filter(None, (part.strip() for part in _text(cells.get("leaves")).replace("、", ",").split(","))))
    reason = " ".join(_text(cells.get("reason")).split())
    until = _day(cells.get("until")) if verdict == "exception" else None
    return Asked(verdict=verdict, reason=reason, groups=tuple(sorted(set(groups))) if verdict == "change" else (), until=until)


def _word(verdict: str, lang: Lang) -> str:
    return say(f"reviews.verdict-{verdict}", lang)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _day(value: Any) -> date | None:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip().replace("/", "-"))
    except ValueError:
        raise BadSheetDay(str(value)) from None
