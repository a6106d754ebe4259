"""The rows of a sheet's table as lines: sections, continued rows, minutes, who does and who confirms, values to note."""

from __future__ import annotations

import re
from typing import Literal

from temanashi.text import phrase
from temanashi.workspace.importing.drafts import Finding
from temanashi.workspace.importing.durations import minutes_of
from temanashi.workspace.importing.headings import Role, heading_of
from temanashi.workspace.importing.lines import Line, Procedure
from temanashi.workspace.importing.tables import TEXT_ROLES, Found, Grid, Header, reference, rows_below

__all__ = ["read_rows"]

TOTALS = re.compile(
    r"(?:合\s*計|小\s*計|総\s*計|計|total|subtotal|sum)\s*(?:時間|time)?\s*[:：]?\s*[0-9.,:時間分hmin]*", re.IGNORECASE
)
ENDS = {"以上", "-以上-", "以 上", "end", "eof", "(以上)"}
NOT_FILLED = re.compile(r"[\s_＿・.…□☐\-－ー()（）/／:：年月日時分]*")
Kind = Literal["left", "changed", "noted"]


def read_rows(grid: Grid, header: Header, result: Procedure) -> None:
    """Add the lines below a header, and what was not understood, to the result."""
    _Reader(grid, header, result).read()


class _Reader:
    def __init__(self, grid: Grid, header: Header, result: Procedure) -> None:
        self.grid, self.header, self.result = grid, header, result
        self.section = ""
        numbers = header.of("number")
        texts = [row for row in rows_below(grid, header) if self._has(row, *TEXT_ROLES)]
        numbered = [row for row in texts if any(grid.at(row, column) for column in numbers)]
        self.numbered = bool(numbers) and len(numbered) * 2 >= len(texts)

    def read(self) -> None:
        self._above()
        for row in rows_below(self.grid, self.header):
            if found := self.grid.row(row):
                self._row(row, found)
        self._unread()

    def _above(self) -> None:
        """A title stands above the table; what else stands there is told, and left."""
        seen: dict[tuple[int, int], Found] = {}
        for row in range(1, self.header.first):
            seen |= self.grid.row(row)
        texts = [found for found in seen.values() if isinstance(found.value, str)]
        if texts:
            self.result.title = texts[0].text
        for found in seen.values():
            if not texts or found is not texts[0]:
                self._tell("left", found.row, found.column, "imports.above-table", text=found.text[:80])

    def _unread(self) -> None:
        marks = self.grid.sheet.marks
        hidden = sorted({row for row, _ in self.grid.sheet.cells} & marks.hidden_rows)
        if hidden:
            rows = ", ".join(str(row) for row in hidden[:20])
            self.result.findings.append(Finding("left", self.result.sheet, phrase("imports.hidden-rows", rows=rows)))
        if marks.last_row > self.grid.last_row or marks.last_column > self.grid.last_column:
            last = reference(marks.last_row, marks.last_column)
            self.result.findings.append(Finding("left", self.result.sheet, phrase("imports.beyond", last=last)))
        for place in marks.uncomputed[:20]:
            self.result.findings.append(Finding("left", f"{self.result.sheet}!{place}", phrase("imports.uncomputed")))

    def _row(self, row: int, found: dict[tuple[int, int], Found]) -> None:
        if self._is_header_again(found):
            return
        own = [value for value in found.values() if not value.inherited]
        texts = [value.text for value in own]
        if len(texts) == 1 and texts[0].casefold() in ENDS:
            return
        if texts and any(TOTALS.fullmatch(text) for text in texts) and len(own) <= 3:  # noqa: PLR2004  (a word and its sums)
            self._tell("noted", own[0].row, own[0].column, "imports.total", text=texts[0][:80])
            return
        if struck := self._struck(own):
            self._tell("left", struck.row, struck.column, "imports.struck", text=struck.text[:80])
            return
        if own and self._is_section(own):
            self.section = own[0].text
            return
        self._line(row)

    def _is_header_again(self, found: dict[tuple[int, int], Found]) -> bool:
        headings = [heading_of(value.text) for value in found.values() if isinstance(value.value, str)]
        return len(headings) > 1 and all(headings)

    def _struck(self, own: list[Found]) -> Found | None:
        texts = [value for value in own if value.column in self.header.of(*TEXT_ROLES)]
        return texts[0] if texts and all(value.struck for value in texts) else None

    def _is_section(self, own: list[Found]) -> bool:
        """One text alone in its row, left of the steps or across the table, heads what follows."""
        if len(own) != 1 or not isinstance(own[0].value, str):
            return False
        steps = self.header.of("step")
        merge = self.grid.merge(own[0].row, own[0].column)
        across = merge is not None and merge.right - merge.left >= 2 and merge.bottom == merge.top  # noqa: PLR2004  (wider than a cell)
        return across or (own[0].column not in steps and own[0].column <= min(steps))

    def _line(self, row: int) -> None:
        steps = [found for column in self.header.of("step") if (found := self.grid.at(row, column))]
        fresh = [found for found in steps if not found.inherited]
        line = self._previous() if self._continues(row, steps, fresh) else None
        if line is None:
            first = fresh[0] if fresh else None
            if first is None and not self._has(row, *TEXT_ROLES):
                self._lost(row)
                return
            place = reference(first.row, first.column) if first else reference(row, self.header.of("step")[0])
            line = Line(self.result.sheet, place, section=self.section)
            self.result.lines.append(line)
        line.text = "\n".join([part for part in (line.text, *dict.fromkeys(found.text for found in fresh)) if part])
        self._fill(line, row)

    def _previous(self) -> Line | None:
        return self.result.lines[-1] if self.result.lines else None

    def _continues(self, row: int, steps: list[Found], fresh: list[Found]) -> bool:
        """A row under a merged step belongs to it; in a numbered table a row without a number goes on with the one before."""
        if steps and not fresh:
            return True
        if not self.numbered:
            return False
        numbers = [found for column in self.header.of("number") if (found := self.grid.at(row, column))]
        return not numbers or all(found.inherited for found in numbers)

    def _has(self, row: int, *roles: Role) -> bool:
        return any((found := self.grid.at(row, column)) and not found.inherited for column in self.header.of(*roles))

    def _lost(self, row: int) -> None:
        for found in self.grid.row(row).values():
            if not found.inherited and found.column not in self.header.of("number", "filled"):
                self._tell("left", found.row, found.column, "imports.without-step", text=found.text[:80])

    def _fill(self, line: Line, row: int) -> None:
        for column in range(1, self.grid.last_column + 1):
            found = self.grid.at(row, column)
            if found is None or found.column != column:
                continue
            heading = self.header.columns.get(column)
            if heading is None:
                self._extra(line, column, found)
            elif heading.role != "step":
                self._take(line, heading.role, column, found)
        for column in self.header.of("value"):
            if not any(note for note in line.values) or self.grid.at(row, column):
                self._value(line, column, self.grid.at(row, column))

    def _take(self, line: Line, role: Role, column: int, found: Found) -> None:
        text = found.text
        if role == "minutes" and not found.inherited:
            self._minutes(line, column, found)
        elif role == "number" and not line.number:
            line.number = text
        elif role == "title" and text not in line.title:
            line.title = f"{line.title} / {text}" if line.title else text
        elif role == "owner":
            line.owner = line.owner or text
        elif role == "confirmer" and not NOT_FILLED.fullmatch(text):
            line.confirmer = line.confirmer or text
        elif role == "filled" and not found.inherited and not NOT_FILLED.fullmatch(text):
            line.findings.append(self._found("noted", found, "imports.filled", text=text[:80]))
        elif not found.inherited and role in {"note", "command", "expected"}:
            {"note": line.notes, "command": line.commands, "expected": line.expected}[role].append(text)

    def _value(self, line: Line, column: int, found: Found | None) -> None:
        """A column of values to note: an empty cell asks for one, a filled one says what it was last time."""
        heading = next(
            (f.text for row in range(self.header.last, self.header.first - 1, -1) if (f := self.grid.at(row, column))), ""
        )
        name = heading
        if found is not None and not found.inherited and not NOT_FILLED.fullmatch(found.text):
            line.findings.append(self._found("noted", found, "imports.filled", text=found.text[:80]))
        if name and name not in line.values:
            line.values.append(name)

    def _minutes(self, line: Line, column: int, found: Found) -> None:
        try:
            got = minutes_of(found.value if not isinstance(found.value, str) else found.text, self.header.columns[column].unit)
        except ValueError:
            line.findings.append(self._found("left", found, "imports.not-minutes", text=found.text[:80]))
            return
        if got is not None:
            line.minutes = (line.minutes or 0) + got.value
            if got.ranged:
                line.findings.append(self._found("changed", found, "imports.range", text=found.text[:80], minutes=f"{got.value:g}"))

    def _extra(self, line: Line, column: int, found: Found) -> None:
        if found.inherited:
            return
        name = self.header.others.get(column, "")
        line.extras.append((name, found.text))
        key = "imports.unknown-column" if name else "imports.no-heading"
        line.findings.append(self._found("left", found, key, heading=name[:80], text=found.text[:80]))

    def _found(self, kind: Kind, found: Found, key: str, **data: str) -> Finding:
        return Finding(kind, f"{self.result.sheet}!{reference(found.row, found.column)}", phrase(key, **data))

    def _tell(self, kind: Kind, row: int, column: int, key: str, **data: str) -> None:
        self.result.findings.append(Finding(kind, f"{self.result.sheet}!{reference(row, column)}", phrase(key, **data)))
