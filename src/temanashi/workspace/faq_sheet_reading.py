"""FAQ.xlsx as rows with their places; what is wrong with a row is told by its cell."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple, get_args

from temanashi.errors import InputError
from temanashi.faq.sheet_rows import SheetField
from temanashi.text import LANGUAGES, Phrase, phrase, say
from temanashi.workspace.importing.headings import normal
from temanashi.workspace.importing.tables import Grid, reference
from temanashi.workspace.importing.workbook import read_workbook

__all__ = ["FaqSheet", "NoFaqSheet", "SheetFlaw", "SheetRow", "read_faq_sheet"]

MAX_ROWS = 20_000
FIELDS: tuple[SheetField, ...] = get_args(SheetField)
NEEDED: tuple[SheetField, ...] = ("topic", "id", "lang", "question", "answer", "owner", "verified_on", "version")
NUMBERED = re.compile(r"(.*?)([2-9])")


class NoFaqSheet(InputError):
    """A workbook without the sheet that `tema faq export` writes; which columns are missing."""

    key = "faqsheet.no-sheet"

    def __init__(self, file: str, *, missing: list[Phrase]) -> None:
        super().__init__(file=file, missing=missing)


class SheetFlaw(NamedTuple):
    """What is wrong at a place, and with which entry."""

    place: str
    entry: str
    message: Phrase


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row: what each column says (empty where nothing stands), and its number in the sheet."""

    number: int
    values: dict[SheetField, str]


@dataclass(kw_only=True)
class FaqSheet:
    """The rows of a sheet, and in which column each field begins."""

    rows: list[SheetRow] = field(default_factory=list)
    flaws: list[SheetFlaw] = field(default_factory=list)
    columns: dict[SheetField, list[int]] = field(default_factory=dict)

    def place(self, row: SheetRow, name: SheetField) -> str:
        """`B12`: where a field of a row stands."""
        return reference(row.number, self.columns.get(name, [1])[0])


def read_faq_sheet(file: Path) -> FaqSheet:
    """The rows of the first sheet that has the columns; raises NoFaqSheet, CannotOpen, and what `read_workbook` raises."""
    best: dict[SheetField, list[int]] = {}
    for sheet in read_workbook(file, rows=MAX_ROWS).sheets:
        grid = Grid(sheet, rows=MAX_ROWS)
        columns = _columns(grid)
        if all(name in columns for name in NEEDED):
            return _rows(grid, columns)
        best = max(best, columns, key=len)
    missing = [phrase(f"faqsheet.column-{name.replace('_', '-')}") for name in NEEDED if name not in best]
    raise NoFaqSheet(file.name, missing=missing)


def _columns(grid: Grid) -> dict[SheetField, list[int]]:
    """The columns of each field in their order; the words are those of either language, whatever language the terminal has."""
    known = {normal(say(f"faqsheet.column-{name.replace('_', '-')}", lang)): name for name in FIELDS for lang in LANGUAGES}
    found: dict[SheetField, dict[int, int]] = {}
    for column in range(1, grid.last_column + 1):
        cell = grid.at(1, column)
        word = normal(unicodedata.normalize("NFKC", cell.text)) if cell is not None else ""
        numbered = NUMBERED.fullmatch(word)
        name = known.get(word) or (known.get(numbered[1]) if numbered else None)
        if name is not None:
            found.setdefault(name, {}).setdefault(int(numbered[2]) if numbered and word not in known else 1, column)
    return {name: [parts[part] for part in sorted(parts)] for name, parts in found.items()}


def _rows(grid: Grid, columns: dict[SheetField, list[int]]) -> FaqSheet:
    sheet = FaqSheet(columns=columns)
    uncomputed = frozenset(grid.sheet.marks.uncomputed)
    for number in range(2, grid.last_row + 1):
        values: dict[SheetField, str] = {
            name: "".join(_text(grid, number, column) for column in columns.get(name, ())) for name in FIELDS
        }
        row = SheetRow(
            number,
            {name: value if name in {"question", "phrasings", "answer"} else value.strip() for name, value in values.items()},
        )
        formulas = [place for parts in columns.values() for column in parts if (place := reference(number, column)) in uncomputed]
        sheet.flaws += [SheetFlaw(place, row.values["id"], phrase("faqsheet.formula")) for place in formulas]
        if any(row.values.values()) and not formulas:
            sheet.rows.append(row)
    return sheet


def _text(grid: Grid, row: int, column: int) -> str:
    cell = grid.at(row, column)
    if cell is None:
        return ""
    if isinstance(cell.value, str):
        return cell.value.replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(cell.value, datetime):
        return cell.value.date().isoformat()
    return cell.value.isoformat() if isinstance(cell.value, date) else cell.text
