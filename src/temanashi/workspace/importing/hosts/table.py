"""Hosts from the rows of a table: one sheet of a workbook, or a CSV file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from temanashi.hosts.inventory import LOCALHOST
from temanashi.workspace.importing.hosts.columns import Columns, Role, columns_of
from temanashi.workspace.importing.hosts.foreign import (
    ForeignHost,
    ForeignList,
    address_of,
    folded,
    host_name,
    port_of,
    word,
)
from temanashi.workspace.importing.tables import HEADER_WITHIN, Found, Grid, column_words, reference

__all__ = ["read_table"]

MAX_NOTE = 200
NONE = re.compile(r"[-‐-―ー－~〜/／]*|なし|無し|無|n/?a|none|null|未定|不明", re.IGNORECASE)
"""What people write into a cell that holds nothing."""
GONE = re.compile(r"廃止.*|撤去.*|廃棄.*|除却.*|解約.*|削除.*|retired|decommissioned|decom|removed|disposed|deleted", re.IGNORECASE)
STOPPED = re.compile(r"停止.*|休止.*|無効|未使用|×|false|no|0|off|disabled|inactive|stopped|down|unused", re.IGNORECASE)
SEPARATORS = re.compile(r"[\n,、;|]+")
WAYS = re.compile(r"[\s,、;>→]+")


def read_table(grid: Grid, found: ForeignList, *, place: str = "") -> bool:
    """Add the hosts of a grid to a list; whether the grid has a heading for them. `place` names the sheet."""
    for row in range(1, min(grid.last_row, HEADER_WITHIN) + 1):
        last, words = column_words(grid, row)
        columns = columns_of(words)
        named = {role for role in columns.roles.values() if role != "number"}
        alone = named == {"name"} and len(columns.roles) + len(columns.others) == 1
        if (len(named) > 1 and named & {"name", "address"}) or alone:
            _Rows(grid, columns, found, place).read(last + 1)
            return True
    return False


class _Rows:
    def __init__(self, grid: Grid, columns: Columns, found: ForeignList, place: str) -> None:
        self.grid, self.columns, self.found = grid, columns, found
        self._sheet = f"{place}!" if place else ""
        self._unread: Counter[int] = Counter()

    def read(self, first: int) -> None:
        for row in range(first, self.grid.last_row + 1):
            if row in self.grid.sheet.marks.hidden_rows:
                self._unread[0] += 1
            elif self.grid.row(row):
                self._row(row)
        self._tell_columns(first - 1)

    def _row(self, row: int) -> None:
        cell = self._cell(row, "name" if self.columns.of("name") else "address")
        if cell is None or cell.inherited:
            self._without_name(row, cell)
            return
        place = self._place(cell.row, cell.column)
        name = host_name(cell.text) or ("" if self.columns.of("name") else address_of(cell.text)[0].replace(":", "-"))
        if cell.struck:
            self.found.left(place, "inventory.struck", text=cell.text[:80])
        elif not name:
            self.found.left(place, "inventory.not-a-name", text=cell.text[:80])
        elif name == LOCALHOST:
            self.found.left(place, "inventory.localhost")
        elif (status := self._text(row, "status")) and GONE.fullmatch(status):
            self.found.left(place, "inventory.gone", name=name, status=status[:80])
        else:
            fields = dict(self._fields(row, place, name))
            self.found.add(ForeignHost(name, {key: value for key, value in fields.items() if value}, place))
            for group in self._words(row, "group"):
                self.found.groups.setdefault(group, []).append(name)
        self._count_others(row)

    def _without_name(self, row: int, cell: Found | None) -> None:
        said = [one for one in self.grid.row(row).values() if not one.inherited and self.columns.roles.get(one.column) != "number"]
        if said and cell is not None:
            self.found.left(self._place(row, said[0].column), "inventory.more-lines", name=cell.text[:80], text=said[0].text[:80])
        elif said:
            self.found.left(self._place(row, said[0].column), "inventory.no-name", text=said[0].text[:80])

    def _fields(self, row: int, place: str, name: str) -> Iterator[tuple[str, Any]]:
        yield "address", self._address(row, name)
        if user := folded(self._text(row, "user")):
            if re.search(r"\s", user) or user.startswith("-"):
                self.found.left(place, "inventory.not-a-user", text=user[:80])
            else:
                yield "user", user
        if port := self._text(row, "port"):
            if (number := port_of(port)) is None:
                self.found.left(place, "inventory.not-a-port", text=port[:80])
            yield "port", number
        if jump := self._text(row, "jump"):
            yield "jump", [part for part in WAYS.split(folded(jump)) if part]
        yield "system", word(self._text(row, "system"))
        yield "site", word(self._text(row, "site"))
        yield "tags", self._tags(row)
        yield "note", " ".join(" / ".join(self._texts(row, "note")).split())[:MAX_NOTE]
        if os := folded(self._text(row, "os")):
            yield "variables", {"os": os}
            if "windows" in os.casefold():
                self.found.noted(place, "inventory.windows", name=name)
                yield "shell", "none"

    def _address(self, row: int, name: str) -> str:
        cell = self._cell(row, "address")
        if cell is None:
            return ""
        address, more = address_of(cell.text)
        place = self._place(cell.row, cell.column)
        if not address:
            self.found.left(place, "inventory.not-an-address", text=cell.text[:80])
        elif more:
            self.found.left(place, "inventory.more-addresses", name=name, address=address, more=more)
        elif re.search(r"(?:^|\.)0\d", folded(cell.text)) and address != folded(cell.text):
            self.found.changed(place, "inventory.zeros", text=cell.text[:80], address=address)
        return "" if address == name else address

    def _tags(self, row: int) -> list[str]:
        tags = self._words(row, "tag")
        stopped = STOPPED.fullmatch(self._text(row, "status") or "-")
        return list(dict.fromkeys([*tags, *(["disabled"] if stopped else [])]))

    def _words(self, row: int, role: Role) -> list[str]:
        parts = (part for text in self._texts(row, role) for part in SEPARATORS.split(text))
        return list(dict.fromkeys(found for part in parts if not NONE.fullmatch(folded(part)) and (found := word(part))))

    def _cell(self, row: int, role: Role) -> Found | None:
        for column in self.columns.of(role):
            cell = self.grid.at(row, column)
            if cell is not None and not NONE.fullmatch(folded(cell.text)):
                return cell
        return None

    def _text(self, row: int, role: Role) -> str:
        return cell.text if (cell := self._cell(row, role)) is not None else ""

    def _texts(self, row: int, role: Role) -> list[str]:
        cells = (self.grid.at(row, column) for column in self.columns.of(role))
        return list(dict.fromkeys(cell.text for cell in cells if cell is not None and not NONE.fullmatch(folded(cell.text))))

    def _count_others(self, row: int) -> None:
        for column in self.columns.others:
            if (cell := self.grid.at(row, column)) is not None and not cell.inherited:
                self._unread[column] += 1

    def _tell_columns(self, header: int) -> None:
        for column, heading in self.columns.others.items():
            if self._unread[column]:
                place = self._place(header, column)
                self.found.left(place, "inventory.unknown-column", heading=heading[:80], count=self._unread[column])
        for column in self.columns.of("secret"):
            self.found.left(self._place(header, column), "inventory.secret-column")
        if self._unread[0]:
            self.found.left(self._sheet.rstrip("!") or "-", "inventory.hidden-rows", count=self._unread[0])

    def _place(self, row: int, column: int) -> str:
        return f"{self._sheet}{reference(row, column)}"
