"""Texts of tables as other programs save them: their encoding, and their cells."""

from __future__ import annotations

import csv
import io

from temanashi.text import Phrase, phrase
from temanashi.workspace.importing.workbook import MAX_COLUMNS, Cell

__all__ = ["BadDelimited", "decoded", "delimited_cells"]

MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
LOOKED_AT = 20
"""Lines by which the delimiter is told: above a table may stand a title."""


class BadDelimited(ValueError):
    """What is wrong with the text of a table; `args[0]` is a Phrase."""

    @property
    def problem(self) -> Phrase:
        """The sentence."""
        found: Phrase = self.args[0]
        return found


def decoded(raw: bytes) -> str:
    """UTF-8 with or without its mark, what a Japanese Excel saves as CSV (code page 932), or UTF-16 with its mark.

    Raises BadDelimited.
    """
    mark = next((encoding for start, encoding in MARKS.items() if raw.startswith(start)), None)
    for encoding in (mark,) if mark else ("utf-8", "cp932"):
        try:
            text = raw.decode(encoding)
        except UnicodeError:
            continue
        if "\x00" in text:
            raise BadDelimited(phrase("inventory.binary"))
        return text
    raise BadDelimited(phrase("inventory.encoding"))


def delimited_cells(text: str, *, rows: int) -> dict[tuple[int, int], Cell]:
    """The cells of a table with commas, tabs or semicolons, by row and column from 1; raises BadDelimited."""
    first = [line for line in text.splitlines() if line.strip()][:LOOKED_AT]
    delimiter = max(",\t;", key="\n".join(first).count)
    cells: dict[tuple[int, int], Cell] = {}
    try:
        for row, values in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 1):
            if row > rows:
                raise BadDelimited(phrase("inventory.too-many-rows", limit=rows))
            cells |= {(row, column): Cell(value) for column, value in enumerate(values[:MAX_COLUMNS], 1) if value.strip()}
    except csv.Error as error:
        raise BadDelimited(phrase("inventory.bad-csv", detail=str(error))) from error
    return cells
