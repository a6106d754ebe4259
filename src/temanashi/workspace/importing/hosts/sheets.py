"""Lists of hosts in Excel and CSV."""

from __future__ import annotations

from pathlib import Path

from temanashi.errors import InputError
from temanashi.text import Phrase, phrase
from temanashi.workspace.importing.delimited import BadDelimited, delimited_cells
from temanashi.workspace.importing.hosts.foreign import ForeignList
from temanashi.workspace.importing.hosts.table import read_table
from temanashi.workspace.importing.sheet_marks import Marks
from temanashi.workspace.importing.tables import Grid
from temanashi.workspace.importing.workbook import Sheet, WorkbookTooLarge, read_workbook

__all__ = ["MAX_ROWS", "BadHostList", "NoHosts", "from_csv", "from_excel"]

MAX_ROWS = 30_000
"""Rows of one table."""


class BadHostList(InputError):
    """A file that cannot be read as what it claims to be."""

    key = "inventory.bad-list"

    def __init__(self, file: str, *, problem: Phrase) -> None:
        super().__init__(file=file, problem=problem)


class NoHosts(InputError):
    """A file in which no list of hosts was recognised."""

    key = "inventory.no-hosts"

    def __init__(self, file: str) -> None:
        super().__init__(file=file)


def from_excel(file: Path) -> ForeignList:
    """The hosts of every visible sheet with a heading for them; raises BadWorkbook, OldWorkbook, WorkbookTooLarge and NoHosts."""
    book = read_workbook(file, rows=MAX_ROWS)
    found = ForeignList(file.name, "xlsx")
    known = False
    for sheet in book.sheets:
        if sheet.marks.last_row > MAX_ROWS:
            raise WorkbookTooLarge(file.name, what=phrase("inventory.large-rows"), limit=MAX_ROWS)
        if read_table(Grid(sheet, rows=MAX_ROWS), found, place=sheet.name):
            known = True
        elif sheet.cells:
            found.noted(sheet.name, "inventory.other-sheet")
    for name in book.hidden:
        found.left(name, "imports.hidden-sheet")
    if not known:
        raise NoHosts(file.name)
    return found


def from_csv(text: str, *, source: str) -> ForeignList:
    """The hosts of a table with commas, tabs or semicolons; raises BadHostList and NoHosts."""
    found = ForeignList(source, "csv")
    try:
        cells = delimited_cells(text, rows=MAX_ROWS)
    except BadDelimited as error:
        raise BadHostList(source, problem=error.problem) from error
    if not read_table(Grid(Sheet(source, cells, Marks()), rows=MAX_ROWS), found):
        raise NoHosts(source)
    return found
