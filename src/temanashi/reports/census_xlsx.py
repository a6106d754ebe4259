"""The census as an Excel file: a sheet to fill in, one row a task, and a sheet that says how."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime, time
from typing import Any, get_args

import xlsxwriter  # type: ignore[import-untyped]

from temanashi.books import CensusLine
from temanashi.books.tasks import Category, Demand
from temanashi.text import Lang, say

__all__ = ["CENSUS_COLUMNS", "census_xlsx", "demand_words"]

CENSUS_COLUMNS: tuple[tuple[str, int], ...] = (
    ("task", 22), ("title", 36), ("category", 14), ("owner", 14), ("system", 14), ("demand", 12), ("persons", 7), ("minutes", 10),
    ("least", 8), ("most", 8), ("kind", 9), ("hours", 12), ("says", 14), ("day", 12), ("proposed", 12), ("note", 24),
)  # fmt: skip
CALENDARS = ("business_day", "day", "week", "month")
TIMES = ("day", "early", "night", "holiday")
KINDS = ("work", "attend")
FONT = {"font_name": "Yu Gothic", "font_size": 10}
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
BLANK_ROWS = 200
HEAD = "#E8EEF7"
SHADE = "#F0F0F0"


def census_xlsx(lines: Sequence[CensusLine], lang: Lang) -> bytes:
    """The bytes of the file: the tasks known so far, then empty rows for the others. No text in it is taken for a formula."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, OPTIONS)
    formats = {
        "text": book.add_format({**FONT, "quote_prefix": True}),
        "blank": book.add_format(FONT),
        "number": book.add_format({**FONT, "num_format": "0.##"}),
        "day": book.add_format({**FONT, "num_format": "yyyy-mm-dd", "align": "left"}),
        "head": book.add_format({**FONT, "bold": True, "bottom": 1, "bg_color": HEAD, "text_wrap": True, "valign": "top"}),
        "shown": book.add_format({**FONT, "bg_color": SHADE}),
        "wrap": book.add_format({**FONT, "text_wrap": True, "valign": "top"}),
        "title": book.add_format({**FONT, "bold": True, "font_size": 13}),
    }
    sheet = book.add_worksheet(say("census.sheet-tasks", lang))
    _head(sheet, lang, formats)
    for number, line in enumerate(lines, 1):
        _row(sheet, number, line, lang, formats)
    _choices(sheet, len(lines) + BLANK_ROWS, lang)
    _how(book.add_worksheet(say("census.sheet-how", lang)), lang, formats)
    book.close()
    return target.getvalue()


def demand_words(demand: Demand, lang: Lang) -> str | float:
    """How often a task comes, as the sheet says it: the word of its calendar, or a number a month; empty where nobody knows."""
    if demand.calendar is not None:
        return say(f"census.demand-{demand.calendar.replace('_', '-')}", lang)
    return demand.per_month or ""


def _head(sheet: Any, lang: Lang, formats: dict[str, Any]) -> None:
    for column, (name, width) in enumerate(CENSUS_COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, say(f"census.column-{name}", lang), formats["head"])
        sheet.write_comment(0, column, say(f"census.how-{name}", lang), {"x_scale": 2})
    sheet.set_row(0, 32)
    sheet.freeze_panes(1, 2)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _row(sheet: Any, number: int, line: CensusLine, lang: Lang, formats: dict[str, Any]) -> None:
    said = line.entry.estimate if line.entry is not None else None
    known = line.signed if line.signed is not None and said is None else None
    values: dict[str, Any] = {
        "task": line.task,
        "title": line.title.text(lang),
        "category": say(f"runbooks.category-{line.category}", lang),
        "owner": line.owner,
        "system": line.system,
        "demand": demand_words(line.demand, lang),
        "persons": said.persons if said else known.seconds.persons if known else 1,
        "minutes": said.minutes if said else _minutes(known.seconds.setup) if known and not known.seconds.per_target else "",
        "least": said.least if said and said.least is not None else "",
        "most": said.most if said and said.most is not None else "",
        "kind": say(f"census.kind-{line.kind}", lang),
        "hours": _hours(line, lang),
        "says": said.says if said else known.signed_by if known else "",
        "day": said.day if said else known.signed_at.date() if known else "",
        "proposed": _minutes(line.proposed.occasion) if line.proposed else "",
        "note": "、".join(say(f"census.lacking-{name}", lang) for name in line.lacking)
        if lang == "ja"
        else ", ".join(say(f"census.lacking-{name}", lang) for name in line.lacking),
    }
    for column, (name, _) in enumerate(CENSUS_COLUMNS):
        _write(sheet, number, column, values[name], formats, shown=name in {"proposed", "note"})


def _write(sheet: Any, row: int, column: int, value: Any, formats: dict[str, Any], *, shown: bool) -> None:
    if value in ("", None):
        sheet.write_blank(row, column, None, formats["shown" if shown else "blank"])
    elif isinstance(value, str):
        sheet.write_string(row, column, value, formats["shown" if shown else "text"])
    elif isinstance(value, (int, float)):
        sheet.write_number(row, column, value, formats["shown" if shown else "number"])
    else:
        sheet.write_datetime(row, column, datetime.combine(value, time.min), formats["day"])


def _minutes(seconds: int) -> float:
    return round(seconds / 60, 2)


def _hours(line: CensusLine, lang: Lang) -> str:
    parts = [(time, round(getattr(line.shares, time) * 100)) for time in TIMES if getattr(line.shares, time)]
    if len(parts) == 1 and parts[0][1] == 100:  # noqa: PLR2004  (percent)
        return say(f"census.time-{parts[0][0]}", lang)
    return " ".join(f"{say(f'census.time-{time}', lang)}{percent}%" for time, percent in parts)


def _choices(sheet: Any, last: int, lang: Lang) -> None:
    """Lists to choose from. Frequency and hours take other values too, so that their lists only help."""
    names = [name for name, _ in CENSUS_COLUMNS]
    lists = {
        "category": ([say(f"runbooks.category-{name}", lang) for name in get_args(Category)], "stop"),
        "demand": ([say(f"census.demand-{name.replace('_', '-')}", lang) for name in CALENDARS], "information"),
        "kind": ([say(f"census.kind-{name}", lang) for name in KINDS], "stop"),
        "hours": ([say(f"census.time-{name}", lang) for name in TIMES], "information"),
    }
    for name, (words, kind) in lists.items():
        column = names.index(name)
        rule = {"validate": "list", "source": words, "error_type": kind, "show_error": kind == "stop"}
        sheet.data_validation(1, column, last, column, rule)
    column = names.index("persons")
    sheet.data_validation(1, column, last, column, {"validate": "integer", "criteria": "between", "minimum": 1, "maximum": 100})
    for name in ("minutes", "least", "most"):
        column = names.index(name)
        sheet.data_validation(
            1, column, last, column, {"validate": "decimal", "criteria": ">=", "value": 0, "error_type": "warning"}
        )


def _how(sheet: Any, lang: Lang, formats: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, say("census.sheet-how", lang), formats["title"])
    for row, key in enumerate(("how-1", "how-2", "how-3", "how-4"), 2):
        sheet.write_string(row, 1, say(f"census.{key}", lang), formats["wrap"])
    for row, (name, _) in enumerate(CENSUS_COLUMNS, 8):
        sheet.write_string(row, 0, say(f"census.column-{name}", lang), formats["head"])
        sheet.write_string(row, 1, say(f"census.how-{name}", lang), formats["wrap"])
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
