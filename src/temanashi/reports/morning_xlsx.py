"""The morning sheet as an Excel file: findings with boxes for seals, every check, the runs; A4 landscape, ready to print."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from temanashi.reports.display import Display
from temanashi.reports.morning import MorningSheet
from temanashi.reports.morning_changes import Item
from temanashi.reports.morning_html import SheetFrame
from temanashi.reports.morning_lines import SheetLine
from temanashi.reports.morning_words import ORDER, SheetWords
from temanashi.runs.check_rows import NOT_RUN, CheckSeen
from temanashi.text.catalogue import say

__all__ = ["morning_xlsx"]

FONT = {"font_name": "Yu Gothic", "font_size": 10, "valign": "top"}
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""What a host prints is a text, even where it begins with `=`."""
FINDINGS = (
    ("number", 5), ("word", 10), ("system", 12), ("hosts", 24), ("check", 26), ("found", 56), ("change", 16), ("hand", 18),
    ("checker", 10), ("confirmer", 10), ("remark", 22),
)  # fmt: skip
EVERYTHING = (
    ("word", 10), ("system", 12), ("host", 18), ("check", 26), ("kind", 14), ("found", 60), ("value", 14), ("change", 14),
    ("measured", 17), ("runbook", 24), ("inputs", 18), ("run", 38),
)  # fmt: skip
RUNS = (("runbook", 30), ("started", 17), ("ended", 17), ("by", 18), ("end", 12), ("version", 14), ("run", 38))
COLOURS = {"CRITICAL": "#A01B14", "UNKNOWN": "#55308A", NOT_RUN: "#55308A", "WARNING": "#7A4A00"}
MOST_ROWS = 100_000


def morning_xlsx(sheet: MorningSheet, show: Display, frame: SheetFrame, *, company: str = "") -> bytes:
    """The bytes of the file."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, OPTIONS)
    formats = {
        "text": book.add_format({**FONT, "text_wrap": True, "border": 1, "border_color": "#BBBBBB"}),
        "plain": book.add_format(FONT),
        "wrap": book.add_format({**FONT, "text_wrap": True}),
        "title": book.add_format({**FONT, "font_size": 14, "bold": True}),
        "head": book.add_format({**FONT, "bold": True, "border": 1, "border_color": "#BBBBBB", "bg_color": "#F0F0F0"}),
        "seal": book.add_format({**FONT, "align": "center", "valign": "vcenter", "text_wrap": True, "border": 1}),
        "when": book.add_format(
            {**FONT, "num_format": "yyyy-mm-dd hh:mm", "align": "left", "border": 1, "border_color": "#BBBBBB"}
        ),
        **{
            word: book.add_format({**FONT, "bold": True, "font_color": colour, "border": 1, "border_color": "#BBBBBB"})
            for word, colour in COLOURS.items()
        },
    }
    made = _Book(sheet, show, frame, formats)
    made.findings(book.add_worksheet(made.word.t("sheet-findings")), company)
    made.everything(book.add_worksheet(made.word.t("sheet-everything")))
    made.runs(book.add_worksheet(made.word.t("sheet-runs")))
    book.close()
    return target.getvalue()


class _Book:
    def __init__(self, sheet: MorningSheet, show: Display, frame: SheetFrame, formats: dict[str, Any]) -> None:
        self.sheet, self.show, self.frame, self.formats = sheet, show, frame, formats
        self.word = SheetWords(sheet, show)

    def findings(self, page: Any, company: str) -> None:
        """What is wrong or not known, one line each, with room for two seals."""
        word, show = self.word, self.show
        page.write_string(0, 0, f"{show.day(self.sheet.day)} {word.t('title')}  {company}".strip(), self.formats["title"])
        page.write_string(1, 0, word.headline(), self.formats["title"])
        page.write_string(2, 0, word.change_summary(), self.formats["plain"])
        page.write_string(
            3, 0, " ".join([word.t("made-at", when=show.moment(self.frame.made_at)), *word.remarks()]), self.formats["plain"]
        )
        for column, stamp in zip((8, 9), self.frame.stamps, strict=False):
            page.write_string(0, column, stamp.title, self.formats["seal"])
            page.merge_range(1, column, 3, column, "\n".join(filter(None, (stamp.name, stamp.when))), self.formats["seal"])
        row = self._counts(page, 5)
        first = self._head(page, row + 1, FINDINGS)
        for row, cells in enumerate(self._finding_rows(), first):
            page.write_number(row, 0, row - first + 1, self.formats["text"])
            self._cells(page, row, cells, first_column=1)
        page.freeze_panes(first, 0)
        _printed(page, title=first - 1)

    def _counts(self, page: Any, row: int) -> int:
        columns = [name for name in ORDER if self.sheet.counts[name]]
        if not columns:
            return row
        for column, text in enumerate(["", "", self.word.t("column-system"), *(self.word.word(name) for name in columns)]):
            if text:
                page.write_string(row, column, text, self.formats["head"])
        for number, (system, counts) in enumerate(self.sheet.by_system, row + 1):
            page.write_string(number, 2, self.word.system(system), self.formats["text"])
            for column, name in enumerate(columns, 3):
                page.write_number(number, column, counts[name], self.formats["text"])
        return row + 1 + len(self.sheet.by_system)

    def _finding_rows(self) -> list[tuple[str, ...]]:
        word = self.word
        rows = [self._finding(line) for line in self.sheet.lines]
        for one in self.sheet.material.missed:
            why = one.reason.text(self.show.lang) if one.reason else word.t(f"missed-{one.state}")
            rows.append((NOT_RUN, "", "", one.title.text(self.show.lang), f"{self.show.moment(one.at)} {why}", "", "", "", "", ""))
        gone: dict[tuple[str, str], list[CheckSeen]] = {}
        for row in self.sheet.gone:
            gone.setdefault((row.key.runbook, row.key.check), []).append(row)
        for mine in gone.values():
            hosts = word.named(list(dict.fromkeys(row.key.target for row in mine)), 12, "more-hosts")
            name = mine[0].name.text(self.show.lang)
            rows.append(("", "", hosts, name, word.t("gone-why"), word.t("change-gone"), "", "", "", ""))
        return rows

    def _finding(self, line: SheetLine) -> tuple[str, ...]:
        word = self.word
        systems = dict.fromkeys(word.system(self.sheet.systems.get(host, "")) for host in line.hosts)
        hosts = word.named(line.hosts, 12, "more-hosts")
        inputs = f" ({line.first.key.inputs})" if line.first.key.inputs else ""
        found = word.what(line)
        if line.sort == "check" and len(line.items) > 1:
            found = "\n".join(f"{i.row.key.target}: {i.row.why.text(self.show.lang) if i.row.why else ''}" for i in line.items[:12])
        return (
            line.word, word.comma.join(systems), hosts, word.title(line) + inputs, found, word.badges(line),
            word.comma.join(word.marks(line)), "", "", "",
        )  # fmt: skip

    def everything(self, page: Any) -> None:
        """Every check, the worst first, to filter and sort."""
        first = self._head(page, 0, EVERYTHING)
        rows = sorted(self.sheet.rows, key=lambda item: (ORDER.index(item.row.word) if item.row.word in ORDER else 0, item.row.key))
        for number, item in enumerate(rows[:MOST_ROWS], first):
            self._cells(page, number, self._check(item))
        last = first + min(len(rows), MOST_ROWS) - 1
        page.autofilter(0, 0, max(last, first), len(EVERYTHING) - 1)
        page.freeze_panes(first, 0)
        _printed(page, title=0)

    def _check(self, item: Item) -> tuple[str, ...]:
        row, word = item.row, self.word
        measured = self._when(datetime.fromisoformat(row.measured_at) if row.measured_at else None)
        return (
            row.word, word.system(self.sheet.systems.get(row.key.target, "")), row.key.target, row.name.text(self.show.lang),
            row.kind, row.why.text(self.show.lang) if row.why else "", row.observed, word.badge(item), measured, row.key.runbook,
            row.key.inputs, row.run,
        )  # fmt: skip

    def runs(self, page: Any) -> None:
        """The runs behind the sheet, and the occasions on which nothing ran."""
        first = self._head(page, 0, RUNS)
        lang = self.show.lang
        lines = [
            (run.title.text(lang), self._when(run.started_at or run.requested_at), self._when(run.ended_at), run.actor,
             say(f"runs.state-{run.state}", lang), run.version.removeprefix("sha256:")[:12], run.id)
            for run in self.sheet.material.runs
        ]  # fmt: skip
        for one in (*self.sheet.material.missed, *self.sheet.material.left_out):
            why = one.reason.text(lang) if one.reason else ""
            lines.append((one.title.text(lang), self._when(one.at), "", "", say(f"runs.occurrence-{one.state}", lang), "", why))
        for number, cells in enumerate(lines, first):
            self._cells(page, number, cells)
        page.freeze_panes(first, 0)
        _printed(page, title=0)

    def _when(self, moment: datetime | None) -> str:
        return f"{moment.astimezone(self.show.zone):%Y-%m-%d %H:%M}" if moment is not None else ""

    def _head(self, page: Any, row: int, columns: Sequence[tuple[str, int]]) -> int:
        for column, (name, width) in enumerate(columns):
            page.set_column(column, column, width)
            page.write_string(row, column, self.word.t(f"column-{name}"), self.formats["head"])
        return row + 1

    def _cells(self, page: Any, row: int, cells: Sequence[str], *, first_column: int = 0) -> None:
        """One row; a word at its beginning is shown as its readers know it."""
        for column, text in enumerate(cells, first_column):
            worded = column == first_column and text in ORDER
            style = self.formats.get(text, self.formats["text"]) if worded else self.formats["text"]
            page.write_string(row, column, (self.word.word(text) if worded else text)[:32_000], style)


def _printed(page: Any, *, title: int) -> None:
    page.set_landscape()
    page.set_paper(9)  # A4
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.fit_to_pages(1, 0)
    page.repeat_rows(title)
    page.set_footer("&C&P / &N")
