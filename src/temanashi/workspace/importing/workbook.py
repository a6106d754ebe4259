"""A workbook as plain cells: limits first, then values as Excel saved them. No formula is computed and no macro is run."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from temanashi.errors import InputError
from temanashi.text import Phrase, phrase
from temanashi.workspace.importing.sheet_marks import Marks, marks_of

__all__ = ["MAX_COLUMNS", "MAX_ROWS", "BadWorkbook", "Cell", "OldWorkbook", "Sheet", "WorkbookTooLarge", "read_workbook"]

MAX_FILE = 100_000_000
"""Bytes of the file. Procedures are full of screenshots, which nobody here opens."""
MAX_XML = 100_000_000
"""Bytes of its XML, unpacked."""
MAX_PARTS = 5_000
MAX_SHEETS = 100
MAX_ROWS = 5_000
MAX_COLUMNS = 100
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
XML = (".xml", ".rels", ".vml")
CHUNK = 1_000_000


class BadWorkbook(InputError):
    """A file that is no workbook, or a broken one."""

    key = "imports.bad-workbook"

    def __init__(self, file: str, *, problem: Phrase) -> None:
        super().__init__(file=file, problem=problem)


class OldWorkbook(InputError):
    """The old binary format (.xls), or one with a password."""

    key = "imports.old-workbook"

    def __init__(self, file: str) -> None:
        super().__init__(file=file)


class WorkbookTooLarge(InputError):
    """More than a procedure written by people has; nothing was unpacked."""

    key = "imports.workbook-too-large"

    def __init__(self, file: str, *, what: Phrase, limit: int) -> None:
        super().__init__(file=file, what=what, limit=limit)


class Cell(NamedTuple):
    """A saved value, and whether it is struck through."""

    value: Any
    struck: bool = False


class Sheet(NamedTuple):
    """One visible sheet: its own cells by (row, column) from 1, and its marks."""

    name: str
    cells: dict[tuple[int, int], Cell]
    marks: Marks


class Workbook(NamedTuple):
    """The visible sheets in order, and the names of the others."""

    sheets: list[Sheet]
    hidden: list[str]


def read_workbook(file: Path, *, rows: int = MAX_ROWS) -> Workbook:
    """The cells of an .xlsx or .xlsm file, of each sheet so many rows; raises BadWorkbook, OldWorkbook, WorkbookTooLarge."""
    if file.stat().st_size > MAX_FILE:
        raise WorkbookTooLarge(file.name, what=phrase("imports.large-file"), limit=MAX_FILE)
    with file.open("rb") as stream:
        if stream.read(len(OLE)) == OLE:
            raise OldWorkbook(file.name)
    try:
        with zipfile.ZipFile(file) as archive:
            _examine(file.name, archive)
            marks = marks_of(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise BadWorkbook(file.name, problem=phrase("imports.not-a-workbook")) from error
    except (SyntaxError, KeyError, ValueError) as error:  # ElementTree's ParseError is a SyntaxError
        raise BadWorkbook(file.name, problem=phrase("imports.broken-workbook", detail=str(error)[:200])) from error
    return _loaded(file, marks, rows)


def _examine(name: str, archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if len(parts) > MAX_PARTS:
        raise WorkbookTooLarge(name, what=phrase("imports.large-parts"), limit=MAX_PARTS)
    if "xl/workbook.xml" not in archive.namelist():
        raise BadWorkbook(name, problem=phrase("imports.not-a-workbook"))
    texts = [part for part in parts if part.filename.lower().endswith(XML)]
    # The size that an archive declares is also the most that Python unpacks of it.
    if sum(part.file_size for part in texts) > MAX_XML:
        raise WorkbookTooLarge(name, what=phrase("imports.large-xml"), limit=MAX_XML)
    for part in texts:
        _no_entities(name, archive, part)


def _no_entities(name: str, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Office files have no document type; one that has could define entities that grow without end."""
    before = b""
    with archive.open(part) as stream:
        while chunk := stream.read(CHUNK):
            seen = before + chunk
            if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen or b"\x00" in seen:
                raise BadWorkbook(name, problem=phrase("imports.document-type", part=part.filename))
            before = seen[-9:]


def _loaded(file: Path, marks: dict[str, Marks], rows: int) -> Workbook:
    from openpyxl import load_workbook  # noqa: PLC0415  (only imports need it)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about extensions of Excel that no procedure is written in
        try:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
                if len(visible) > MAX_SHEETS:
                    raise WorkbookTooLarge(file.name, what=phrase("imports.large-sheets"), limit=MAX_SHEETS)
                sheets = [Sheet(s.title, dict(_cells(s, rows)), marks.get(s.title, Marks())) for s in visible]
                hidden = [sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible"]
            finally:
                book.close()
        except InputError:
            raise
        except Exception as error:  # a broken file makes openpyxl raise whatever its broken part raises
            raise BadWorkbook(file.name, problem=phrase("imports.broken-workbook", detail=str(error)[:200])) from error
    return Workbook(sheets, hidden)


def _cells(sheet: Any, rows: int) -> Iterator[tuple[tuple[int, int], Cell]]:
    # A sheet may say that it is smaller than it is, so its own word is not taken.
    sheet.reset_dimensions()
    for row in sheet.iter_rows(max_row=rows, max_col=MAX_COLUMNS):
        for cell in row:
            if cell.value is not None:
                yield (cell.row, cell.column), Cell(cell.value, bool(cell.font and cell.font.strike))
