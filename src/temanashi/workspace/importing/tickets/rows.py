"""Tickets from the rows of a table, each with its place; a row with a mistake tells all of them and is no ticket."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from temanashi.books.recording import BadKey, tidy_key
from temanashi.text import Phrase, phrase
from temanashi.workspace.importing.tables import Found, Grid, reference
from temanashi.workspace.importing.tickets.columns import Columns, Role
from temanashi.workspace.importing.tickets.values import day_in, fell_away, is_broken, is_mangled, targets_in, unwrapped

__all__ = ["Flaw", "Ticket", "TicketFile", "read_rows"]

LONGEST = {"person": 200, "kind": 200, "status": 200, "reason": 1000}
SHOWN = 60


class Flaw(NamedTuple):
    """What is wrong at a place of the file (`B12`, `表!B12`), and in which ticket."""

    place: str
    message: Phrase
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A row that was understood. `cancelled` is the reason for which it fell away, empty for one that stands; `at` is where its
    kind stands.
    """  # noqa: D205

    key: str
    day: date
    kind: str
    targets: int
    person: str
    cancelled: str
    place: str
    at: str

    @property
    def data(self) -> tuple[object, ...]:
        """What two rows of one ticket must agree in."""
        return self.day, self.kind, self.targets, self.person, self.cancelled


@dataclass(kw_only=True)
class TicketFile:
    """Every row of a file: tickets by their rows, flaws, and what a person should know besides."""

    source: str
    form: Literal["xlsx", "csv"]
    rows: int = 0
    bad_rows: int = 0
    read: list[Ticket] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    notes: list[Flaw] = field(default_factory=list)

    def noted(self, place: str, message: Phrase) -> None:
        """Something to know that is no mistake."""
        self.notes.append(Flaw(place or "-", message))

    def settled(self) -> tuple[list[Ticket], list[Flaw]]:
        """Each ticket once, and the rows of those of which two rows tell different things."""
        by_key: dict[str, list[Ticket]] = defaultdict(list)
        for ticket in self.read:
            by_key[ticket.key].append(ticket)
        kept, flaws = [], []
        for key, rows in by_key.items():
            if len({row.data for row in rows}) == 1:
                kept.append(rows[0])
                continue
            places = [row.place for row in rows]
            flaws += [Flaw(row.place, phrase("demand.row-twice", key=key, places=places[:5]), key) for row in rows]
        return kept, flaws


def read_rows(grid: Grid, columns: Columns, found: TicketFile, *, first: int, sheet: str, zone: ZoneInfo) -> None:
    """Add the rows of a grid from `first` on."""
    reader = _Rows(grid, columns, found, sheet, zone)
    for row in range(first, grid.last_row + 1):
        reader.read(row)
    hidden = sum(1 for row in grid.sheet.marks.hidden_rows if first <= row <= grid.last_row)
    if hidden:
        found.noted(sheet, phrase("demand.hidden-rows", count=hidden))


class _Rows:
    def __init__(self, grid: Grid, columns: Columns, found: TicketFile, sheet: str, zone: ZoneInfo) -> None:
        self.grid, self.columns, self.found, self.zone = grid, columns, found, zone
        self._prefix = f"{sheet}!" if sheet else ""
        self._uncomputed = frozenset(grid.sheet.marks.uncomputed)
        self._flaws: list[Flaw] = []

    def read(self, row: int) -> None:
        """Take one row in; one without anything in the columns that are read is no row of the table."""
        cells = {role: self.grid.at(row, column) for role, column in self.columns.roles.items()}
        if not any(cells.values()) and not any(self._reference(row, role) in self._uncomputed for role in cells):
            return
        self.found.rows += 1
        self._flaws = []
        key, day = self._key(row, cells["key"]), self._day(row, cells["day"])
        kind, person = self._text(row, "kind", cells), self._text(row, "person", cells)
        status, reason = self._text(row, "status", cells), self._text(row, "reason", cells)
        targets = self._targets(row, cells.get("targets"))
        for role, cell in cells.items():
            self._look_at(row, role, cell)
        if not kind and not self._has_flaw(row, "kind"):
            self._flaw(row, "kind", phrase("demand.row-no-kind"))
        if self._flaws or day is None:
            self.found.bad_rows += 1
            self.found.flaws += [flaw._replace(key=key) for flaw in self._flaws]
            return
        why = " ".join((f"{status}: {reason}" if reason else status).split()) if fell_away(status) else ""
        self.found.read.append(
            Ticket(
                key=key,
                day=day,
                kind=kind,
                targets=targets,
                person=person,
                cancelled=why,
                place=self._place(row, "key"),
                at=self._place(row, "kind"),
            )
        )

    def _key(self, row: int, cell: Found | None) -> str:
        text = unwrapped(cell.text) if cell is not None else ""
        if not text.strip():
            self._flaw(row, "key", phrase("demand.row-no-key"))
        elif is_mangled(text) or (isinstance(cell and cell.value, float) and not text.isdecimal()):
            self._flaw(row, "key", phrase("demand.row-mangled", text=text[:SHOWN]))
        else:
            try:
                return tidy_key(text)
            except BadKey:
                self._flaw(row, "key", phrase("demand.row-bad-key", text=text[:SHOWN]))
        return ""

    def _day(self, row: int, cell: Found | None) -> date | None:
        if cell is None:
            self._flaw(row, "day", phrase("demand.row-no-day"))
            return None
        day = day_in(cell.value, self.zone)
        if day is None:
            self._flaw(row, "day", phrase("demand.row-bad-day", text=cell.text[:SHOWN]))
        return day

    def _targets(self, row: int, cell: Found | None) -> int:
        if cell is None:
            return 0
        count = targets_in(cell.text)
        if count is None:
            self._flaw(row, "targets", phrase("demand.row-bad-targets", text=cell.text[:SHOWN]))
        return count or 0

    def _text(self, row: int, role: Role, cells: dict[Role, Found | None]) -> str:
        cell = cells.get(role)
        text = " ".join(unwrapped(cell.text).split()) if cell is not None else ""
        if len(text) > LONGEST[role]:
            self._flaw(row, role, phrase("demand.row-too-long", most=LONGEST[role]))
        return text

    def _look_at(self, row: int, role: Role, cell: Found | None) -> None:
        """What Excel tells of a cell besides its value."""
        if self._reference(row, role) in self._uncomputed:
            self._flaw(row, role, phrase("demand.row-formula"))
        elif cell is not None and is_broken(cell.text):
            self._flaw(row, role, phrase("demand.row-broken", text=cell.text))
        elif cell is not None and cell.struck and role == "key":
            self._flaw(row, role, phrase("demand.row-struck"))

    def _has_flaw(self, row: int, role: Role) -> bool:
        return any(flaw.place == self._place(row, role) for flaw in self._flaws)

    def _flaw(self, row: int, role: Role, message: Phrase) -> None:
        """One flaw a cell: the first says why the value is missing."""
        place = self._place(row, role)
        self._flaws = [flaw for flaw in self._flaws if flaw.place != place]
        self._flaws.append(Flaw(place, message))

    def _reference(self, row: int, role: Role) -> str:
        return reference(row, self.columns.roles[role])

    def _place(self, row: int, role: Role) -> str:
        return f"{self._prefix}{self._reference(row, role)}"
