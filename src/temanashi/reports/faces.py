"""The same report for programs and spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from temanashi.books.figures import TaskFigures
from temanashi.reports.display import Display
from temanashi.reports.html import render_html
from temanashi.reports.monthly import MonthlyReport
from temanashi.reports.monthly_pdf import monthly_pdf
from temanashi.reports.monthly_xlsx import monthly_xlsx
from temanashi.text.catalogue import say
from temanashi.text.local import Lang

__all__ = ["FACES", "Face", "as_csv", "as_json", "guarded"]

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COLUMNS = (
    "month", "task", "title", "category", "owner", "system", "signed-by", "grade", "due", "done", "baseline", "credited", "human",
    "remaining", "would-be",
)  # fmt: skip


def as_json(report: MonthlyReport) -> str:
    """Seconds and ratios, indented, keys in a fixed order."""
    return json.dumps(report.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n"


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that could be gets an apostrophe in front (OWASP, CSV injection)."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def _cells(task: TaskFigures, month: str, lang: Lang, show: Display) -> Sequence[str]:
    def hours(seconds: int) -> str:
        return show.hours(seconds).replace("−", "-").replace(",", "")

    texts = (month, task.task, task.title.text(lang), task.category, task.owner, task.system, task.signed_by, task.grade)
    sums, would_be = task.sums, task.would_be
    return [
        *(guarded(text) for text in texts),
        str(task.units_due),
        str(task.units_credited),
        hours(sums.baseline_seconds),
        hours(sums.credited_seconds),
        hours(sums.human_seconds),
        hours(sums.remaining_seconds),
        hours(would_be.credited_seconds) if would_be else "",
    ]


def as_csv(report: MonthlyReport, lang: Lang) -> bytes:
    """One row a task, hours with one decimal; UTF-8 with a byte order mark and CRLF, as spreadsheets want it."""
    show = Display(lang, report.zone)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([say(f"report.csv-{column}", lang) for column in COLUMNS])
    writer.writerows(_cells(task, report.figures.month, lang, show) for task in report.figures.tasks)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


class Face(NamedTuple):
    """One way to show the report: its media type, and what makes the bytes."""

    media_type: str
    render: Callable[[MonthlyReport, Lang], bytes]


FACES: Mapping[str, Face] = {
    "html": Face("text/html; charset=utf-8", lambda report, lang: render_html(report, lang).encode()),
    "pdf": Face("application/pdf", monthly_pdf),
    "xlsx": Face("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", monthly_xlsx),
    "csv": Face("text/csv; charset=utf-8", as_csv),
    "json": Face("application/json", lambda report, _: as_json(report).encode()),
}
"""By the ending of a file's name."""
