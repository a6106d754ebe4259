"""The monthly report as an Excel file: the same figures as real numbers, on five sheets; equal reports give equal bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from temanashi.books.figures import TaskFigures
from temanashi.reports.bridge_chart import bridge_steps
from temanashi.reports.display import Display, shortened
from temanashi.reports.monthly import MonthlyReport
from temanashi.reports.wording import Wording, answering_sentence
from temanashi.text.local import Lang

__all__ = ["monthly_xlsx"]

OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""A name that begins with `=` is a text, whoever gave it."""

FONT = {"font_name": "Yu Gothic", "font_size": 10, "valign": "top"}
KINDS = {"hours": "#,##0.0", "percent": "0.0%", "count": "#,##0", "number": "#,##0.0", "text": "@"}
LONGEST = 2_000

Cell = tuple[str, Any]
"""Kind and value; None is an empty cell."""


def monthly_xlsx(report: MonthlyReport, lang: Lang) -> bytes:
    """The bytes of the file."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, OPTIONS)
    word = Wording(report, Display(lang, report.zone))
    made = report.figures.as_of.astimezone(report.zone).replace(tzinfo=None)
    book.set_properties({"title": word.t("title", month=report.figures.month), "author": report.company[:200], "created": made})
    _Book(book, report, word, lang).write()
    book.close()
    return target.getvalue()


def _hours(seconds: int) -> Cell:
    return "hours", seconds / 3600


class _Book:
    def __init__(self, book: Any, report: MonthlyReport, word: Wording, lang: Lang) -> None:
        self.book, self.report, self.word, self.lang = book, report, word, lang
        self.formats = {
            kind: book.add_format({**FONT, "num_format": shown, "align": "left" if kind == "text" else "right"})
            for kind, shown in KINDS.items()
        }
        self.wrapped = book.add_format({**FONT, "text_wrap": True})
        self.head = book.add_format({**FONT, "bold": True, "bottom": 1, "bg_color": "#F0F0F0", "text_wrap": True})

    def write(self) -> None:
        """All sheets."""
        t = self.word.t
        self._figures(self._sheet("figures"))
        task_head = [
            "xlsx-task",
            "xlsx-title",
            "csv-category",
            "csv-owner",
            "csv-system",
            "csv-signed-by",
            "csv-grade",
            "csv-due",
            "csv-done",
        ]
        task_head += ["xlsx-baseline", "xlsx-credited", "xlsx-human", "xlsx-remaining", "xlsx-reduction", "csv-would-be"]
        self._table(self._sheet("tasks"), task_head, [self._task(task) for task in self.report.figures.tasks])
        steps = [
            [("text", t(f"bridge-{step.key}")), _hours(step.seconds), ("count", step.seconds)]
            for step in bridge_steps(self.report.figures.sums)
        ]
        self._table(self._sheet("bridge"), ["xlsx-step", "xlsx-hours", "xlsx-seconds"], steps)
        trend_head = [
            "xlsx-month",
            "xlsx-state",
            "xlsx-baseline",
            "xlsx-goal-hours",
            "xlsx-manual",
            "xlsx-credited",
            "xlsx-human",
            "xlsx-reduction",
        ]
        self._table(self._sheet("trend"), trend_head, self._trend())
        reasons = [
            [
                ("text", t(f"reason-{one.reason}")),
                ("text", t(f"why-{one.reason}")),
                ("text", one.task),
                ("text", one.title.text(self.lang)),
                ("count", one.runs),
            ]
            for one in self.report.figures.not_counted
        ]
        self._table(self._sheet("not-counted"), ["xlsx-reason", "xlsx-why", "xlsx-task", "xlsx-title", "xlsx-runs"], reasons)

    def _sheet(self, name: str) -> Any:
        sheet = self.book.add_worksheet(self.word.t(f"sheet-{name}"))
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        mark = f"&B{self.word.t('sample-short')}" if self.report.sample else ""
        sheet.set_header(f"&L{mark}&R{self.word.show.month(self.report.figures.month)}")
        sheet.set_footer("&R&P / &N")
        return sheet

    def _put(self, sheet: Any, row: int, column: int, cell: Cell) -> None:
        kind, value = cell
        if value is None:
            return
        if kind == "text":
            sheet.write_string(row, column, shortened(str(value), LONGEST), self.formats["text"])
        else:
            sheet.write_number(row, column, value, self.formats[kind])

    def _table(self, sheet: Any, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        for column, key in enumerate(heads):
            sheet.write_string(0, column, self.word.t(key), self.head)
        widths = [14] * len(heads)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                self._put(sheet, number, column, cell)
                if cell[0] == "text":
                    widths[column] = max(widths[column], min(len(str(cell[1])) * 2, 44))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        if rows:
            sheet.autofilter(0, 0, len(rows), len(heads) - 1)

    def _figures(self, sheet: Any) -> None:
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 48)
        rows = [(key, cell) for key, cell in self._facts() if cell[1] not in (None, "")]
        for row, (key, cell) in enumerate(rows):
            sheet.write_string(row, 0, self.word.t(f"xlsx-{key}"), self.head)
            if key == "answer":
                sheet.write_string(row, 1, cell[1], self.wrapped)
            else:
                self._put(sheet, row, 1, cell)

    def _facts(self) -> list[tuple[str, Cell]]:
        report, own, word = self.report, self.report.figures, self.word
        sums, seen, workday = own.sums, own.outlook, report.workday
        days = sums.manual_seconds / 3600 / workday.hours_per_day
        checkpoint = report.checkpoint
        return [
            ("sample", ("text", word.t("sample") if report.sample else "")),
            ("answer", ("text", answering_sentence(report, self.lang))),
            ("company", ("text", report.company)),
            ("team", ("text", report.team)),
            ("month", ("text", own.month)),
            ("as-of", ("text", word.show.moment(own.as_of))),
            ("baseline", _hours(sums.baseline_seconds)),
            ("manual", _hours(sums.manual_seconds)),
            ("days", ("number", days)),
            ("months", ("number", days / workday.days_per_month)),
            ("credited", _hours(sums.credited_seconds)),
            ("human", _hours(sums.human_seconds)),
            ("reduction", ("percent", own.reduction)),
            ("goal", ("percent", own.goal)),
            ("standing", ("text", word.t(f"word-{seen.standing}") if seen else "")),
            ("low", ("percent", seen and seen.low)),
            ("high", ("percent", seen and seen.high)),
            ("stress", ("percent", seen and seen.stress)),
            ("measured", ("percent", seen and seen.measured_share)),
            ("runs-seen", ("count", own.runs_seen)),
            ("runs-counted", ("count", own.runs_counted)),
            ("ledger", ("text", word.t("proof-head-value", seq=report.head.seq, chain=report.head.chain))),
            ("hash", ("text", report.head.hash)),
            ("checkpoint", ("text", checkpoint and f"{checkpoint.number} ({checkpoint.seq})")),
        ]

    def _task(self, task: TaskFigures) -> list[Cell]:
        sums, ratio = task.sums, task.sums.reduction
        texts = (task.task, task.title.text(self.lang), task.category, task.owner, task.system, task.signed_by, task.grade)
        return [
            *(("text", text) for text in texts),
            ("count", task.units_due),
            ("count", task.units_credited),
            _hours(sums.baseline_seconds),
            _hours(sums.credited_seconds),
            _hours(sums.human_seconds),
            _hours(sums.remaining_seconds),
            ("percent", None if ratio is None else float(ratio)),
            _hours(task.would_be.credited_seconds) if task.would_be else ("hours", None),
        ]

    def _trend(self) -> list[list[Cell]]:
        t, rows = self.word.t, list[list[Cell]]()
        for one in self.report.trend:
            sums = one.sums
            cells = [sums.baseline_seconds, one.goal_seconds, sums.manual_seconds, sums.credited_seconds, sums.human_seconds]
            reduction = None if sums.reduction is None else float(sums.reduction)
            rows.append([("text", one.month), ("text", t(f"state-{one.state}")), *map(_hours, cells), ("percent", reduction)])
        for ahead in self.report.forecast:
            empty: Cell = ("hours", None)
            cells_ahead = [empty, _hours(ahead.goal_seconds), _hours(ahead.manual_seconds), empty, empty, ("percent", None)]
            rows.append([("text", ahead.month), ("text", t("state-forecast")), *cells_ahead])
        return rows
