"""The plan as an Excel file: one sheet with every line, and one a month."""

from __future__ import annotations

import io
from datetime import datetime, time
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from temanashi.reports.display import WEEKDAYS, Display
from temanashi.reports.schedule_grid import MonthGrid, glyph, month_grids, row_title
from temanashi.runbooks.planned import Planned, SchedulePlan, ScheduleRow
from temanashi.runbooks.schedule_words import rule_in_words
from temanashi.text import Lang, say

__all__ = ["schedule_xlsx"]

COLUMNS = (("day", 12), ("weekday", 8), ("time", 8), ("runbook", 36), ("rule", 40), ("state", 20), ("meant", 12), ("reason", 40))
FONT = {"font_name": "Yu Gothic", "font_size": 10}
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""A title that begins with `=` is a text, whoever wrote it."""
SHADE = "#F0F0F0"
MOST_ROWS = 100_000


def schedule_xlsx(plan: SchedulePlan, lang: Lang) -> bytes:
    """The bytes of the file."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, OPTIONS)
    formats = {
        "text": book.add_format(FONT),
        "wrap": book.add_format({**FONT, "text_wrap": True, "valign": "top"}),
        "head": book.add_format({**FONT, "bold": True, "bottom": 1}),
        "day": book.add_format({**FONT, "num_format": "yyyy-mm-dd", "align": "left"}),
        "cell": book.add_format({**FONT, "align": "center"}),
        "closed": book.add_format({**FONT, "align": "center", "bg_color": SHADE}),
        "head-cell": book.add_format({**FONT, "bold": True, "align": "center", "bottom": 1}),
        "head-closed": book.add_format({**FONT, "bold": True, "align": "center", "bottom": 1, "bg_color": SHADE}),
    }
    _list(book.add_worksheet(say("schedules.sheet-list", lang)), plan, lang, formats)
    for grid in month_grids(plan, lang):
        _month(book.add_worksheet(str(grid.month)), grid, lang, formats)
    book.close()
    return target.getvalue()


def _list(sheet: Any, plan: SchedulePlan, lang: Lang, formats: dict[str, Any]) -> None:
    for column, (name, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, say(f"schedules.column-{name}", lang), formats["head"])
    lines = sorted(
        ((row, item) for row in plan.rows for item in row.items),
        key=lambda pair: (pair[1].day, pair[1].occurrence.at.timestamp(), pair[0].runbook.id, pair[0].schedule.id),
    )
    for number, (row, item) in enumerate(lines[:MOST_ROWS], 1):
        sheet.write_datetime(number, 0, datetime.combine(item.day, time.min), formats["day"])
        for column, text in enumerate(_texts(row, item, lang), 1):
            sheet.write_string(number, column, text, formats["text"])
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, min(len(lines), MOST_ROWS), len(COLUMNS) - 1)
    _printed(sheet)


def _texts(row: ScheduleRow, item: Planned, lang: Lang) -> tuple[str, ...]:
    moved = item.occurrence.shifted_from
    return (
        WEEKDAYS[lang][item.day.weekday()],
        item.clock,
        row_title(row, lang),
        rule_in_words(row.schedule, lang),
        say(f"schedules.mark-{item.mark}", lang),
        moved.isoformat() if moved and item.starts else "",
        item.why.text(lang) if item.why else "",
    )


def _month(sheet: Any, grid: MonthGrid, lang: Lang, formats: dict[str, Any]) -> None:
    show_month = Display(lang, grid.rows[0].row.zone).month(str(grid.month)) if grid.rows else str(grid.month)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 30)
    sheet.set_column(2, 1 + len(grid.days), 4)
    sheet.write_string(0, 0, show_month, formats["head"])
    sheet.write_string(0, 1, say("schedules.column-rule", lang), formats["head"])
    for column, day in enumerate(grid.days, 2):
        style = formats["head-closed" if day.closed else "head-cell"]
        sheet.write_string(0, column, f"{day.day.day}\n{day.weekday}", style)
    for number, line in enumerate(grid.rows, 1):
        sheet.write_string(number, 0, row_title(line.row, lang), formats["wrap"])
        sheet.write_string(number, 1, rule_in_words(line.row.schedule, lang), formats["wrap"])
        for column, (cell, day) in enumerate(zip(line.cells, grid.days, strict=True), 2):
            style = formats["closed" if day.closed else "cell"]
            if cell is None:
                sheet.write_blank(number, column, None, style)
                continue
            sheet.write_string(number, column, glyph(cell), style)
            if cell.why:
                sheet.write_comment(number, column, "\n".join(why.text(lang) for why in cell.why))
    sheet.freeze_panes(1, 2)
    _printed(sheet)


def _printed(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
