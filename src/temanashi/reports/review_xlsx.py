"""A review as an Excel file: one row an account, with the columns where decisions are filled in. No text is taken for a formula."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, NamedTuple

import xlsxwriter  # type: ignore[import-untyped]

from temanashi.accounts.reviews.lines import VERDICTS, Decision, Line
from temanashi.text import Lang, say

__all__ = ["REVIEW_COLUMNS", "SheetRow", "review_xlsx", "seen_word"]

REVIEW_COLUMNS: tuple[tuple[str, int], ...] = (
    ("id", 14), ("state", 18), ("number", 6), ("where", 14), ("login", 20), ("name", 20), ("person", 18), ("sort", 11),
    ("groups", 28), ("last-seen", 13), ("findings", 52), ("decision", 12), ("leaves", 20), ("reason", 36), ("until", 12),
)  # fmt: skip
HIDDEN = 2
FILLED = frozenset({"decision", "leaves", "reason", "until"})
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
FONT = {"font_name": "Yu Gothic", "font_size": 10, "valign": "top"}
HEAD, SHADE = "#E8EEF7", "#F0F0F0"


class SheetRow(NamedTuple):
    """One line as it stands; `digest` is that of its state."""

    position: int
    line: Line
    decision: Decision | None
    digest: str


def review_xlsx(review: str, rows: Sequence[SheetRow], lang: Lang) -> bytes:
    """The bytes of the file. Its first two columns, hidden, name each line and the state that it was in."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, OPTIONS)
    formats = {
        "text": book.add_format({**FONT, "quote_prefix": True, "text_wrap": True}),
        "shown": book.add_format({**FONT, "quote_prefix": True, "text_wrap": True, "bg_color": SHADE}),
        "number": book.add_format({**FONT, "bg_color": SHADE}),
        "day": book.add_format({**FONT, "num_format": "yyyy-mm-dd", "align": "left"}),
        "head": book.add_format({**FONT, "bold": True, "bottom": 1, "bg_color": HEAD, "text_wrap": True}),
    }
    sheet = book.add_worksheet(say("reviews.sheet-name", lang))
    for column, (name, width) in enumerate(REVIEW_COLUMNS):
        sheet.set_column(column, column, width, None, {"hidden": True} if column < HIDDEN else {})
        sheet.write_string(0, column, say(f"reviews.column-{name}", lang), formats["head"])
        if name in FILLED:
            sheet.write_comment(0, column, say(f"reviews.how-{name}", lang), {"x_scale": 2})
    for number, row in enumerate(rows, 1):
        _row(sheet, number, row, lang, formats)
    words = [say(f"reviews.verdict-{verdict}", lang) for verdict in VERDICTS]
    column = [name for name, _ in REVIEW_COLUMNS].index("decision")
    sheet.data_validation(1, column, max(1, len(rows)), column, {"validate": "list", "source": words})
    sheet.autofilter(0, HIDDEN, max(1, len(rows)), len(REVIEW_COLUMNS) - 1)
    sheet.freeze_panes(1, 5)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer(f"&L{review.replace('&', '&&')}&R&P / &N")
    book.close()
    return target.getvalue()


def seen_word(line: Line, lang: Lang) -> str:
    """When an account was last used: a day, never, or that nobody knows."""
    seen = line.entry.last_seen
    return seen.date().isoformat() if isinstance(seen, datetime) else say(f"reviews.seen-{seen}", lang)


def _row(sheet: Any, number: int, row: SheetRow, lang: Lang, formats: dict[str, Any]) -> None:
    line, decision = row.line, row.decision
    values: dict[str, Any] = {
        "id": line.id,
        "state": row.digest,
        "number": row.position,
        "where": line.where,
        "login": line.entry.login,
        "name": line.entry.name,
        "person": line.person_name or line.person or line.owner,
        "sort": say(f"reviews.kind-{line.sort}", lang),
        "groups": ", ".join(line.all_groups),
        "last-seen": seen_word(line, lang),
        "findings": "\n".join(f"{say(f'reviews.finding-{one.kind}', lang)}: {one.why.text(lang)}" for one in line.findings),
        "decision": say(f"reviews.verdict-{decision.verdict}", lang) if decision else "",
        "leaves": ", ".join(decision.groups) if decision else "",
        "reason": decision.reason if decision else "",
        "until": decision.until if decision else None,
    }
    for column, (name, _) in enumerate(REVIEW_COLUMNS):
        value = values[name]
        if isinstance(value, date):
            sheet.write_datetime(number, column, datetime.combine(value, time.min), formats["day"])
        elif isinstance(value, int):
            sheet.write_number(number, column, value, formats["number"])
        elif value:
            sheet.write_string(number, column, _cell(value), formats["text" if name in FILLED else "shown"])
        else:
            sheet.write_blank(number, column, None, formats["day" if name == "until" else "text"])


def _cell(text: str) -> str:
    """At most what a cell of Excel holds."""
    return text[:32_000]
