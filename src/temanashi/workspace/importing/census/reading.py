"""A filled-in census: an Excel file or a CSV in UTF-8 or Shift_JIS, every sheet and every row of it."""

from __future__ import annotations

from pathlib import Path

from temanashi.errors import InputError
from temanashi.text import Phrase, phrase
from temanashi.workspace.importing.census.columns import NEEDED, Columns, columns_of
from temanashi.workspace.importing.census.rows import CensusFile, Known, read_rows
from temanashi.workspace.importing.delimited import BadDelimited, decoded, delimited_cells
from temanashi.workspace.importing.sheet_marks import Marks
from temanashi.workspace.importing.tables import HEADER_WITHIN, Grid, column_words
from temanashi.workspace.importing.workbook import OLE, Sheet, read_workbook

__all__ = ["MAX_ROWS", "BadCensusFile", "NoCensus", "read_census_file"]

MAX_ROWS = 5_000
MAX_BYTES = 20_000_000
ZIP = b"PK\x03\x04"


class BadCensusFile(InputError):
    """A file that cannot be read."""

    key = "census.bad-file"

    def __init__(self, file: str, *, problem: Phrase) -> None:
        super().__init__(file=file, problem=problem)


class NoCensus(InputError):
    """A file in which no table of tasks was recognised; the headings that the best row misses."""

    key = "census.no-table"

    def __init__(self, file: str, *, missing: list[Phrase]) -> None:
        super().__init__(file=file, missing=missing)


def read_census_file(file: Path, known: Known) -> CensusFile:
    """The estimates of a file. Raises BadCensusFile, NoCensus, and what `read_workbook` raises."""
    grids = _grids(file)
    found = CensusFile(source=file.name)
    closest: Columns | None = None
    read = False
    for sheet, grid in grids:
        header = _header(grid)
        if header is None:
            continue
        last, columns = header
        if columns.missing:
            closest = columns if closest is None or len(columns.missing) < len(closest.missing) else closest
            continue
        read_rows(grid, columns, found, known, first=last + 1, sheet=sheet if len(grids) > 1 else "")
        read = True
    if not read:
        missing = closest.missing if closest is not None else [*NEEDED]
        raise NoCensus(file.name, missing=[phrase(f"census.column-{role}") for role in missing])
    return found


def _grids(file: Path) -> list[tuple[str, Grid]]:
    try:
        with file.open("rb") as stream:
            head = stream.read(len(OLE))
        if head.startswith(ZIP) or head == OLE:
            return [(sheet.name, Grid(sheet, rows=MAX_ROWS)) for sheet in read_workbook(file, rows=MAX_ROWS).sheets]
        if file.stat().st_size > MAX_BYTES:
            raise BadCensusFile(file.name, problem=phrase("demand.too-large", limit=MAX_BYTES // 1_000_000))
        cells = delimited_cells(decoded(file.read_bytes()), rows=MAX_ROWS)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadCensusFile(str(file), problem=phrase("demand.cannot-open", reason=reason)) from error
    except BadDelimited as error:
        raise BadCensusFile(file.name, problem=error.problem) from error
    return [("", Grid(Sheet(file.name, cells, Marks()), rows=MAX_ROWS))]


def _header(grid: Grid) -> tuple[int, Columns] | None:
    """The last row of the header and its columns: the first row with all that is needed, else the one that misses least."""
    best: tuple[int, Columns] | None = None
    for row in range(1, min(grid.last_row, HEADER_WITHIN) + 1):
        last, words = column_words(grid, row)
        columns = columns_of(words)
        if not columns.missing:
            return last, columns
        if columns.roles and (best is None or len(columns.missing) < len(best[1].missing)):
            best = last, columns
    return best
