"""The procedure that a sheet holds: its table is found, and weak headings give way to strong ones."""

from __future__ import annotations

import re

from temanashi.text import phrase
from temanashi.workspace.importing.drafts import Finding
from temanashi.workspace.importing.lines import Procedure
from temanashi.workspace.importing.rows import read_rows
from temanashi.workspace.importing.tables import Grid, Header, find_header, rows_below
from temanashi.workspace.importing.workbook import Sheet

__all__ = ["read_procedure"]

NUMBERS = re.compile(r"[（(]?(?:step|手順|no\.?)?\s*[0-9]+(?:[-.－][0-9]+)*[)）.]?|[①-⑳]|[ivx]+\.?|[a-z][.)]", re.IGNORECASE)


def read_procedure(sheet: Sheet) -> Procedure:
    """The lines of a sheet; a sheet without a table gives none, and says so among its findings."""
    grid, result = Grid(sheet), Procedure(sheet.name)
    header = find_header(grid)
    if header is None:
        if grid.sheet.cells:
            result.findings.append(Finding("left", sheet.name, phrase("imports.no-header")))
        return result
    read_rows(grid, _settled(grid, header), result)
    return result


def _settled(grid: Grid, header: Header) -> Header:
    """The header where a weak word gave way: `手順` beside `作業内容` holds numbers or titles."""
    steps = header.of("step")
    if len(steps) < 2:  # noqa: PLR2004  (one column, nothing to settle)
        return header if steps else _promoted(header)
    lengths = {column: sum(len(f.text) for row in rows_below(grid, header) if (f := grid.at(row, column))) for column in steps}
    text = max(steps, key=lambda column: lengths[column])
    columns = dict(header.columns)
    for column in steps:
        if column != text and not _same_heading(grid, header, column, text):
            values = [f.text for row in rows_below(grid, header) if (f := grid.at(row, column)) and not f.inherited]
            numbered = values and all(NUMBERS.fullmatch(value) for value in values)
            columns[column] = columns[column]._replace(role="number" if numbered else "title")
    return Header(header.first, header.last, columns, header.others)


def _same_heading(grid: Grid, header: Header, one: int, other: int) -> bool:
    """Whether one merged heading stands over both columns: then their texts belong together."""
    merge = grid.merge(header.first, one)
    return merge is not None and merge == grid.merge(header.first, other)


def _promoted(header: Header) -> Header:
    """A table without a column of steps: its titles, or its commands, are what there is to do."""
    column = (header.of("title") or header.of("command"))[-1]
    return Header(
        header.first, header.last, {**header.columns, column: header.columns[column]._replace(role="step")}, header.others
    )
