"""Rows of a census as estimates, each with its place; a row with a mistake tells all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from temanashi.books import CensusLine, Estimate
from temanashi.books.tasks import Demand, Shares
from temanashi.text import Lang, LocalText, Phrase, phrase
from temanashi.workspace.creating import MAX_NAME, NAME
from temanashi.workspace.importing.census.columns import Columns, Role
from temanashi.workspace.importing.census.values import category_in, demand_in, kind_in, shares_in
from temanashi.workspace.importing.drafts import local, shortened, slug
from temanashi.workspace.importing.durations import minutes_of
from temanashi.workspace.importing.headings import normal
from temanashi.workspace.importing.tables import Found, Grid, reference
from temanashi.workspace.importing.tickets.values import day_in, is_broken, targets_in

__all__ = ["CensusFile", "Counted", "Flaw", "Known", "read_rows"]

LONGEST = {"title": 100, "owner": 80, "system": 80, "says": 200}
MOST_PERSONS = 100
EARLIEST = date(2000, 1, 1)


class Flaw(NamedTuple):
    """What is wrong at a place of the file (`C5`, `Sheet!C5`), under which heading."""

    place: str
    message: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A row that was understood: the task and what is said of it."""

    task: str
    estimate: Estimate
    place: str
    known: bool


@dataclass(kw_only=True)
class CensusFile:
    """A file: its good rows, its flaws, and how many rows nobody filled in."""

    source: str
    counted: list[Counted] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    unfilled: int = 0


@dataclass(frozen=True, kw_only=True)
class Known:
    """What rows are read against: tasks that are known, languages of the workspace, and the day and zone of today."""

    lines: Mapping[str, CensusLine]
    languages: tuple[Lang, ...]
    today: date
    zone: ZoneInfo


def read_rows(grid: Grid, columns: Columns, found: CensusFile, known: Known, *, first: int, sheet: str) -> None:
    """Read the rows from `first` on into `found`."""
    seen: dict[str, str] = {one.task: one.place for one in found.counted}
    for row in range(first, grid.last_row + 1):
        if row in grid.sheet.marks.hidden_rows:
            continue
        reading = _Row(grid, columns, known, row=row, prefix=f"{sheet}!" if sheet else "", source=found.source)
        if reading.empty:
            continue
        if reading.unfilled:
            found.unfilled += 1
            continue
        counted = reading.counted()
        if counted is not None and counted.task in seen:
            reading.wrong("task" if reading.text("task") else "title", "twice", task=counted.task, place=seen[counted.task])
        found.flaws += reading.flaws
        if counted is not None and not reading.flaws:
            seen[counted.task] = counted.place
            found.counted.append(counted)


class _Row:
    """One row while it is read."""

    def __init__(self, grid: Grid, columns: Columns, known: Known, *, row: int, prefix: str, source: str) -> None:
        self._cells: dict[Role, Found | None] = {role: grid.at(row, column) for role, column in columns.roles.items()}
        self._columns, self._known, self._row, self._prefix, self._source = columns.roles, known, row, prefix, source
        self.flaws: list[Flaw] = []

    def text(self, role: Role) -> str:
        cell = self._cells.get(role)
        return "" if cell is None else " ".join(cell.text.split())

    @property
    def empty(self) -> bool:
        return not any(self.text(role) for role in self._cells)

    @property
    def unfilled(self) -> bool:
        """A task that was listed and about which nobody said anything."""
        return not any(self.text(role) for role in ("minutes", "least", "most", "says", "day"))

    def place(self, role: Role) -> str:
        column = self._columns.get(role) or min(self._columns.values())
        return f"{self._prefix}{reference(self._row, column)}"

    def wrong(self, role: Role, why: str, **data: Any) -> None:
        self.flaws.append(Flaw(self.place(role), phrase(f"census.cell-{why}", column=phrase(f"census.column-{role}"), **data)))

    def counted(self) -> Counted | None:
        """The estimate of the row; None where a cell is wrong."""
        for role in self._cells:
            if is_broken(self.text(role)):
                self.wrong(role, "broken", value=self.text(role))
        task = self._task()
        line = self._known.lines.get(task)
        told = {
            "title": self._title(line),
            "category": self._of("category", category_in, line.category if line else None),
            "owner": self._short("owner") or (line.owner if line else self._missing("owner")),
            "system": self._short("system") or (line.system if line else ""),
            "demand": self._demand(line),
            "persons": self._persons(),
            "minutes": self._minutes("minutes") or self._missing_minutes(),
            "least": self._minutes("least"),
            "most": self._minutes("most"),
            "kind": self._of("kind", kind_in, line.kind if line else "work"),
            "shares": self._of("hours", shares_in, line.shares if line else Shares()),
            "says": self._short("says") or self._missing("says"),
            "day": self._day(),
            "source": self._source[:300],
        }
        self._three_points(told)
        if self.flaws:
            return None
        return Counted(task=task, estimate=Estimate.model_validate(told), place=self.place("title"), known=line is not None)

    def _task(self) -> str:
        given = self.text("task")
        if given:
            if not NAME.fullmatch(given) or len(given) > MAX_NAME:
                self.wrong("task", "bad-id", value=shortened(given))
            return given
        title = self.text("title")
        by_title = {normal(text): task for task, line in self._known.lines.items() for text in _texts(line.title)}
        if (task := by_title.get(normal(title))) is not None:
            return task
        name = slug(title)
        # A Japanese name gives no id of letters; one made from it is the same each time that the sheet comes in.
        return name if len(name) >= 3 else f"task-{hashlib.sha256(normal(title).encode()).hexdigest()[:8]}"  # noqa: PLR2004

    def _title(self, line: CensusLine | None) -> LocalText | None:
        given = self._short("title")
        if line is not None and (not given or normal(given) in {normal(text) for text in _texts(line.title)}):
            return line.title
        if not given:
            self.wrong("title", "missing")
            return None
        return LocalText.model_validate(local(given, self._known.languages))

    def _short(self, role: Role) -> str:
        text = self.text(role)
        if len(text) > LONGEST[role]:
            self.wrong(role, "long", limit=LONGEST[role])
        return text

    def _missing(self, role: Role) -> Any:
        self.wrong(role, "missing")
        return None

    def _missing_minutes(self) -> Any:
        if not any(flaw.place == self.place("minutes") for flaw in self.flaws):
            self.wrong("minutes", "missing")
        return None

    def _of(self, role: Role, read: Callable[[str], Any], default: Any) -> Any:
        text = self.text(role)
        if not text:
            return default if default is not None else self._missing(role)
        if (value := read(text)) is None:
            self.wrong(role, f"bad-{role}", value=shortened(text))
        return value

    def _demand(self, line: CensusLine | None) -> Demand | None:
        text = self.text("demand")
        if not text:
            if line is not None and (line.demand.calendar or line.demand.per_month):
                return line.demand
            self.wrong("demand", "missing")
            return None
        found = demand_in(text)
        if found is None:
            self.wrong("demand", "bad-demand", value=shortened(text))
        elif found.per_month and line is not None and line.demand.source:
            return found.model_copy(update={"source": line.demand.source})
        return found

    def _persons(self) -> int:
        text = self.text("persons")
        number = targets_in(text) if text else 1
        if number is None or number > MOST_PERSONS:
            self.wrong("persons", "bad-persons", value=shortened(text))
            return 1
        return number

    def _minutes(self, role: Role) -> float | None:
        cell = self._cells.get(role)
        try:
            found = None if cell is None else minutes_of(cell.value, "minute")
        except ValueError:
            found = None
            self.wrong(role, "bad-minutes", value=shortened(self.text(role)))
        return None if found is None or (role == "minutes" and not found.value) else found.value

    def _three_points(self, told: dict[str, Any]) -> None:
        least, likely, most = told["least"], told["minutes"], told["most"]
        if (least is None) != (most is None):
            self.wrong("least" if least is None else "most", "both-points")
        elif least is not None and likely is not None and not least <= likely <= most:
            self.wrong("least", "points-order")

    def _day(self) -> date | None:
        cell = self._cells.get("day")
        if cell is None:
            return self._known.today
        found = day_in(cell.value if isinstance(cell.value, (date, datetime)) else cell.text, self._known.zone)
        if found is None or not EARLIEST <= found <= self._known.today:
            self.wrong("day", "bad-day", value=shortened(cell.text), today=self._known.today.isoformat())
        return found


def _texts(title: LocalText) -> list[str]:
    return [text for text in (title.ja, title.en, title.plain) if text]
