"""A file of tickets as tickets: every sheet, every row, and what is wrong with each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from temanashi.errors import InputError
from temanashi.text import Phrase, phrase
from temanashi.workspace.importing.delimited import BadDelimited, decoded, delimited_cells
from temanashi.workspace.importing.sheet_marks import Marks
from temanashi.workspace.importing.tables import HEADER_WITHIN, Grid, column_words
from temanashi.workspace.importing.tickets.columns import Columns, columns_of
from temanashi.workspace.importing.tickets.rows import TicketFile, read_rows
from temanashi.workspace.importing.workbook import OLE, Sheet, WorkbookTooLarge, read_workbook

__all__ = ["MAX_BYTES", "MAX_ROWS", "BadTicketFile", "NoTickets", "grids_in", "read_tickets"]

MAX_ROWS = 50_000
"""Rows of one sheet."""
MAX_BYTES = 50_000_000
ZIP = b"PK\x03\x04"


class BadTicketFile(InputError):
    """A file that cannot be read."""

    key = "demand.bad-file"

    def __init__(self, file: str, *, problem: Phrase) -> None:
        super().__init__(file=file, problem=problem)


class NoTickets(InputError):
    """A file in which no list of tickets was recognised; which headings were missed in the best row that there is."""

    key = "demand.no-tickets"

    def __init__(self, file: str, *, missing: list[Phrase]) -> None:
        super().__init__(file=file, missing=missing)


def read_tickets(file: Path, *, zone: ZoneInfo) -> TicketFile:
    """The tickets of a file. Raises BadTicketFile, NoTickets, and what `read_workbook` raises."""
    grids = grids_in(file)
    return _tickets(grids, "xlsx" if _is_workbook(file) else "csv", file.name, zone)


def _is_workbook(file: Path) -> bool:
    with file.open("rb") as stream:
        head = stream.read(len(OLE))
    return head.startswith(ZIP) or head == OLE


def grids_in(file: Path) -> list[tuple[str, Grid]]:
    """The tables of a file by sheet; the one of a CSV file has no name. Raises BadTicketFile, and what `read_workbook` raises."""
    try:
        workbook = _is_workbook(file)
        if not workbook and file.stat().st_size > MAX_BYTES:
            raise BadTicketFile(file.name, problem=phrase("demand.too-large", limit=MAX_BYTES // 1_000_000))
        raw = b"" if workbook else file.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadTicketFile(str(file), problem=phrase("demand.cannot-open", reason=reason)) from error
    return list(_sheets(file)) if workbook else [_table(raw, file.name)]


def _sheets(file: Path) -> Iterator[tuple[str, Grid]]:
    for sheet in read_workbook(file, rows=MAX_ROWS).sheets:
        if sheet.marks.last_row > MAX_ROWS:
            raise WorkbookTooLarge(file.name, what=phrase("inventory.large-rows"), limit=MAX_ROWS)
        yield sheet.name, Grid(sheet, rows=MAX_ROWS)


def _table(raw: bytes, name: str) -> tuple[str, Grid]:
    try:
        cells = delimited_cells(decoded(raw), rows=MAX_ROWS)
    except BadDelimited as error:
        raise BadTicketFile(name, problem=error.problem) from error
    return "", Grid(Sheet(name, cells, Marks()), rows=MAX_ROWS)


def _tickets(grids: list[tuple[str, Grid]], form: Literal["xlsx", "csv"], name: str, zone: ZoneInfo) -> TicketFile:
    found = TicketFile(source=name, form=form)
    closest: Columns | None = None
    known = False
    for sheet, grid in grids:
        header = _header(grid)
        if header is not None and not header[1].missing:
            read_rows(grid, header[1], found, first=header[0] + 1, sheet=sheet if len(grids) > 1 else "", zone=zone)
            known = True
        elif grid.sheet.cells:
            found.noted(sheet, phrase("demand.other-sheet"))
            if header is not None and (closest is None or len(header[1].missing) < len(closest.missing)):
                closest = header[1]
    if not known:
        missing = closest.missing if closest is not None else Columns({}, {}).missing
        raise NoTickets(name, missing=[phrase(f"demand.column-{role}") for role in missing])
    return found


def _header(grid: Grid) -> tuple[int, Columns] | None:
    """The last row of the header, and its columns: the first row with all that is needed, else the one that misses least."""
    best: tuple[int, Columns] | None = None
    for row in range(1, min(grid.last_row, HEADER_WITHIN) + 1):
        last, words = column_words(grid, row)
        columns = columns_of(words)
        if not columns.missing:
            return last, columns
        if columns.roles and (best is None or len(columns.missing) < len(best[1].missing)):
            best = last, columns
    return best
