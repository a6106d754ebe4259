"""The table of steps on a sheet: its header, and its rows with merged cells resolved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from temanashi.workspace.importing.drafts import clean
from temanashi.workspace.importing.headings import Heading, Role, heading_of
from temanashi.workspace.importing.sheet_marks import Merge
from temanashi.workspace.importing.workbook import MAX_COLUMNS, MAX_ROWS, Cell, Sheet

__all__ = ["HEADER_WITHIN", "Found", "Grid", "Header", "column_words", "find_header", "reference", "rows_below"]

HEADER_WITHIN = 60
"""Rows in which a header is looked for: above a table stand a title, a date and boxes for seals."""
TEXT_ROLES: tuple[Role, ...] = ("step", "title", "command")
STRONG = {"手順", "step", "steps", "項目", "内容", "詳細", "description", "details"}


@dataclass(frozen=True)
class Found:
    """A value of the table: where it stands, and whether it came there through a merged cell from a row above."""

    value: Any
    row: int
    column: int
    inherited: bool = False
    struck: bool = False

    @property
    def text(self) -> str:
        """As a person reads it in the sheet."""
        value = self.value
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004  (exact as a float)
            return str(int(value))
        if isinstance(value, datetime):
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
        if isinstance(value, (date, time)):
            return value.isoformat() if isinstance(value, date) else value.isoformat("minutes")
        return clean(str(value))


@dataclass(frozen=True)
class Header:
    """The header's rows, and what each of its columns holds; a column without a known heading keeps its words in `others`."""

    first: int
    last: int
    columns: Mapping[int, Heading]
    others: Mapping[int, str] = field(default_factory=dict)

    def of(self, *roles: Role) -> list[int]:
        """The columns with one of these roles, from the left."""
        return sorted(column for column, heading in self.columns.items() if heading.role in roles)


class Grid:
    """A sheet in which every cell of a merged rectangle has the value of its first one."""

    def __init__(self, sheet: Sheet, *, rows: int = MAX_ROWS) -> None:
        self.sheet = sheet
        self._anchors: dict[tuple[int, int], Merge] = {}
        last_row = max((row for row, _ in sheet.cells), default=0)
        last_column = max((column for _, column in sheet.cells), default=0)
        self.last_row, self.last_column = min(last_row, rows), min(last_column, MAX_COLUMNS)
        for merge in sheet.marks.merges:
            # A rectangle over the whole sheet would be a billion cells; only those of the table matter.
            for row in range(merge.top, min(merge.bottom, self.last_row) + 1):
                for column in range(merge.left, min(merge.right, self.last_column) + 1):
                    self._anchors[row, column] = merge

    def merge(self, row: int, column: int) -> Merge | None:
        """The merged rectangle that a cell belongs to."""
        return self._anchors.get((row, column))

    def at(self, row: int, column: int) -> Found | None:
        """What a reader of the sheet sees there; None for an empty cell."""
        merge = self.merge(row, column)
        place = (merge.top, merge.left) if merge else (row, column)
        cell = self.sheet.cells.get(place, Cell(None))
        if cell.value is None or not (found := Found(cell.value, *place, place[0] < row, cell.struck)).text:
            return None
        return found

    def row(self, row: int) -> dict[tuple[int, int], Found]:
        """The different values of a row by their places."""
        seen = (self.at(row, column) for column in range(1, self.last_column + 1))
        return {(found.row, found.column): found for found in seen if found is not None}


def reference(row: int, column: int) -> str:
    """`B12`."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def find_header(grid: Grid) -> Header | None:
    """The row that names columns: the first with two headings or more, among them one of what to do; None where there is none."""
    alone: Header | None = None
    for row in range(1, min(grid.last_row, HEADER_WITHIN) + 1):
        header = _header_at(grid, row)
        if not header.of(*TEXT_ROLES):
            continue
        if len({heading.role for heading in header.columns.values()}) > 1:
            return header
        if alone is None and header.of("step") and not header.others:
            alone = header
    return alone


def column_words(grid: Grid, row: int) -> tuple[int, dict[int, list[str]]]:
    """A header that begins at a row: its last row, as merged cells tell it, and the words over each column, the lowest first."""
    merges = [merge for column in range(1, grid.last_column + 1) if (merge := grid.merge(row, column)) and merge.top == row]
    last = max((merge.bottom for merge in merges), default=row)
    last = last if last - row <= 2 else row  # noqa: PLR2004  (a header has at most three rows; taller is no header)
    return last, {
        column: list(dict.fromkeys(found.text for line in range(last, row - 1, -1) if (found := grid.at(line, column))))
        for column in range(1, grid.last_column + 1)
    }


def _header_at(grid: Grid, row: int) -> Header:
    last, every = column_words(grid, row)
    columns: dict[int, Heading] = {}
    others: dict[int, str] = {}
    for column, words in every.items():
        heading = next((heading for word in words if (heading := heading_of(word)) is not None), None)
        if heading is not None:
            columns[column] = heading
        elif words:
            others[column] = words[0]
    return Header(row, last, columns, others)


def rows_below(grid: Grid, header: Header) -> Iterator[int]:
    """The rows of the table that a reader sees."""
    for row in range(header.last + 1, grid.last_row + 1):
        if row not in grid.sheet.marks.hidden_rows:
            yield row
