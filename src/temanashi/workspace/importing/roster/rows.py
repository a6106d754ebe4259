"""People from the rows of a table; a row with a mistake tells all of them, and whose it is as far as that can be told."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from temanashi.accounts.faults import BadAccountValue
from temanashi.accounts.names import NAME, check_display_name
from temanashi.accounts.roster import RosterPerson, RosterProblem
from temanashi.accounts.wide_names import check_login
from temanashi.text import Phrase, phrase
from temanashi.workspace.importing.roster.columns import Columns, Role
from temanashi.workspace.importing.tables import Found, Grid, reference
from temanashi.workspace.importing.tickets.values import day_in, is_broken, is_mangled, unwrapped

__all__ = ["Reader"]

LONGEST_NUMBER = 40
LONGEST_MANAGER = 100
SHOWN = 60
NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*", re.ASCII)
SEPARATORS = re.compile(r"[\n,、，;；/／|・]+")
NONE = re.compile(r"[-‐-―ー－~〜]*|なし|無し|無|n/?a|none|未定", re.IGNORECASE)
"""What people write into a cell that holds nothing."""
LEFT = re.compile(r"退職.*|退社.*|離職.*|退任.*|契約終了.*|left|leaver|terminated|resigned|retired|inactive", re.IGNORECASE)


def plain(text: str) -> str:
    """As it is compared: half-width, without spaces around it."""
    return unicodedata.normalize("NFKC", unwrapped(text)).strip()


class Reader:
    """Reads the rows of one sheet."""

    def __init__(self, grid: Grid, columns: Columns, *, sheet: str, zone: ZoneInfo) -> None:
        self.grid, self.columns, self.zone = grid, columns, zone
        self.people: list[RosterPerson] = []
        self.problems: list[RosterProblem] = []
        self._prefix = f"{sheet}!" if sheet else ""
        self._uncomputed = frozenset(grid.sheet.marks.uncomputed)
        self._flaws: dict[str, Phrase] = {}

    def read(self, row: int) -> None:
        """Take one row in; one without anything in the columns that are read is no row of the table."""
        cells = {role: self.grid.at(row, column) for role, column in self.columns.roles.items()}
        if not any(cells.values()) and not any(self._at(row, role) in self._uncomputed for role in cells):
            return
        self._flaws = {}
        for role, cell in cells.items():
            self._look_at(row, role, cell)
        values = dict(self._values(row, cells))
        if not values["employee"] and not values["login"] and not self._flaws:
            self._flaw(row, "employee" if "employee" in cells else "login", phrase("lifecycle.row-nobody"))
        if self._flaws:
            whose = {"employee": values["employee"], "login": values["login"]}
            self.problems += [RosterProblem(place=place, message=said, **whose) for place, said in self._flaws.items()]
            return
        self.people.append(RosterPerson(**values, place=self._place(row, "employee" if "employee" in cells else "login")))

    def _values(self, row: int, cells: dict[Role, Found | None]) -> Iterator[tuple[str, Any]]:
        yield "employee", self._employee(row, cells.get("employee"))
        yield "login", self._checked(row, "login", cells.get("login"))
        yield "name", self._checked(row, "name", cells.get("name"))
        yield "roles", self._roles(cells.get("roles"))
        starts, ends = self._day(row, "starts_on", cells.get("starts_on")), self._day(row, "ends_on", cells.get("ends_on"))
        if starts is not None and ends is not None and ends < starts:
            self._flaw(row, "ends_on", phrase("lifecycle.row-ends-first", starts=starts.isoformat(), ends=ends.isoformat()))
        status = cells.get("status")
        if status is not None and LEFT.fullmatch(plain(status.text)) and ends is None:
            self._flaw(row, "status", phrase("lifecycle.row-left-without-day", status=status.text[:SHOWN]))
        yield "starts_on", starts
        yield "ends_on", ends
        yield "manager", _text(cells.get("manager"))[:LONGEST_MANAGER]

    def _employee(self, row: int, cell: Found | None) -> str:
        text = _text(cell)
        if not text:
            return ""
        if is_mangled(text):
            self._flaw(row, "employee", phrase("lifecycle.row-mangled", text=text[:SHOWN]))
            return ""
        if not NUMBER.fullmatch(text) or len(text) > LONGEST_NUMBER:
            self._flaw(row, "employee", phrase("lifecycle.row-bad-number", text=text[:SHOWN]))
            return ""
        return text

    def _checked(self, row: int, role: Role, cell: Found | None) -> str:
        """A login in small letters, or a name on one line."""
        text = _text(cell)
        if not text:
            return ""
        try:
            if role == "login":
                # Hosts know small letters only, whatever a list writes; other directories know more.
                return text.lower() if re.fullmatch(NAME, text.lower(), re.ASCII) else check_login(text)
            return check_display_name(" ".join(unwrapped(cell.text if cell else "").split()))
        except BadAccountValue as error:
            self._flaw(row, role, phrase("lifecycle.row-bad-value", text=text[:SHOWN], problem=error.data["problem"].model_dump()))
            return ""

    def _roles(self, cell: Found | None) -> tuple[str, ...]:
        parts = (plain(part) for part in SEPARATORS.split(cell.text)) if cell is not None else ()
        return tuple(dict.fromkeys(part for part in parts if not NONE.fullmatch(part)))

    def _day(self, row: int, role: Role, cell: Found | None) -> date | None:
        if cell is None or not _text(cell):
            return None
        day = day_in(cell.value, self.zone)
        if day is None:
            self._flaw(row, role, phrase("lifecycle.row-bad-day", text=cell.text[:SHOWN]))
        return day

    def _look_at(self, row: int, role: Role, cell: Found | None) -> None:
        """What Excel tells of a cell besides its value."""
        if self._at(row, role) in self._uncomputed:
            self._flaw(row, role, phrase("lifecycle.row-formula"))
        elif cell is not None and is_broken(cell.text):
            self._flaw(row, role, phrase("lifecycle.row-broken", text=cell.text[:SHOWN]))
        elif cell is not None and cell.struck and role in {"employee", "login"}:
            self._flaw(row, role, phrase("lifecycle.row-struck"))

    def _flaw(self, row: int, role: Role, message: Phrase) -> None:
        """One flaw a cell: the first says why the value is missing."""
        self._flaws.setdefault(self._place(row, role), message)

    def _at(self, row: int, role: Role) -> str:
        return reference(row, self.columns.roles[role])

    def _place(self, row: int, role: Role) -> str:
        return f"{self._prefix}{self._at(row, role)}"


def _text(cell: Found | None) -> str:
    text = plain(cell.text) if cell is not None else ""
    return "" if NONE.fullmatch(text) else text
