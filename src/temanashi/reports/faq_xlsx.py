"""The FAQ as an Excel file: one row an entry and language, to be changed there and taken back."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any, get_args

import xlsxwriter  # type: ignore[import-untyped]

from temanashi.faq.entries import Entry
from temanashi.faq.sheet_rows import SheetField, rows_of
from temanashi.text import Lang, say

__all__ = ["CELL", "faq_xlsx"]

CELL = 32_000
"""Characters of one cell: Excel holds 32,767. What is longer goes on in a column of the same name with a number."""
WIDTHS: dict[str, int] = {"question": 44, "phrasings": 40, "answer": 80, "id": 24, "parameters": 20, "version": 18}
FONT = {"font_name": "Yu Gothic", "font_size": 10, "valign": "top"}
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
FIELDS: tuple[SheetField, ...] = get_args(SheetField)


def faq_xlsx(entries: Iterable[Entry], lang: Lang) -> bytes:
    """The bytes of the file. Every cell is text, also one that begins like a formula (OWASP, CSV injection)."""
    rows = rows_of(entries)
    columns = [
        (name, part)
        for name in FIELDS
        for part in range(max((_parts(row[name]) for row in rows), default=1) if name in {"phrasings", "answer"} else 1)
    ]
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, OPTIONS)
    text = book.add_format({**FONT, "text_wrap": True, "quote_prefix": True, "num_format": "@"})
    head = book.add_format({**FONT, "bold": True, "bottom": 1, "bg_color": "#E8EEF7"})
    sheet = book.add_worksheet(say("faqsheet.sheet", lang))
    for column, (name, part) in enumerate(columns):
        sheet.set_column(column, column, WIDTHS.get(name, 14), text)
        title = say(f"faqsheet.column-{name.replace('_', '-')}", lang)
        sheet.write_string(0, column, f"{title} {part + 1}" if part else title, head)
    for number, row in enumerate(rows, 1):
        for column, (name, part) in enumerate(columns):
            if value := row[name][part * CELL : (part + 1) * CELL]:
                sheet.write_string(number, column, value, text)
    sheet.freeze_panes(1, 4)
    sheet.autofilter(0, 0, max(1, len(rows)), len(columns) - 1)
    _how(book.add_worksheet(say("faqsheet.sheet-how", lang)), lang, book.add_format({**FONT, "text_wrap": True}))
    book.close()
    return target.getvalue()


def _parts(value: str) -> int:
    return max(1, -(-len(value) // CELL))


def _how(sheet: Any, lang: Lang, wrap: Any) -> None:
    sheet.set_column(0, 0, 100)
    for number, line in enumerate(say("faqsheet.how", lang).split("\n")):
        sheet.write_string(number, 0, line, wrap)
