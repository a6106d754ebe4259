"""The plan as month tables, and its exceptions as sentences: what the page, the Excel file and the terminal show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from temanashi.calendars import Month
from temanashi.reports.display import WEEKDAYS, shortened
from temanashi.runbooks.planned import Mark, Planned, PlannedDay, SchedulePlan, ScheduleRow
from temanashi.text.local import Lang, Phrase

__all__ = ["Change", "GridDay", "GridRow", "MonthGrid", "changes", "glyph", "month_grids", "row_title"]

GLYPHS: dict[Mark, str] = {"starts": "●", "moved-here": "◆", "moved-away": "→", "closed": "－", "left-out": "×"}
WEEKEND = "calendars.weekend"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridDay:
    """A column: the day, its weekday in one letter or three, and why the company is closed (None: it is not)."""

    day: date
    weekday: str
    closed: Phrase | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """A schedule and its cells, one a column; None where the day is not meant."""

    row: ScheduleRow
    cells: tuple[PlannedDay | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthGrid:
    """One month, only the days of the plan, only schedules that mean one of them."""

    month: Month
    days: tuple[GridDay, ...]
    rows: tuple[GridRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Schedules that do not start on a day as usual, for one reason."""

    day: date
    why: Phrase
    mark: Mark
    titles: tuple[str, ...]


def row_title(row: ScheduleRow, lang: Lang) -> str:
    """The runbook's title, with the schedule's own where it has one."""
    title = row.runbook.title.text(lang)
    return shortened(f"{title}: {row.schedule.title.text(lang)}" if row.schedule.title else title)


def glyph(day: PlannedDay) -> str:
    """The mark of a cell: a shape, or how many start."""
    return str(day.starts) if day.starts > 1 else GLYPHS[day.mark]


def month_grids(plan: SchedulePlan, lang: Lang) -> Iterator[MonthGrid]:
    """The months of the plan."""
    by_day = {id(row): {day.day: day for day in row.days} for row in plan.rows}
    month = Month.of(plan.first)
    while month.first <= plan.last:
        days = [day for day in month.days() if plan.first <= day <= plan.last]
        cells = [(row, tuple(by_day[id(row)].get(day) for day in days)) for row in plan.rows]
        yield MonthGrid(
            month=month,
            days=tuple(GridDay(day=day, weekday=WEEKDAYS[lang][day.weekday()], closed=plan.closed.get(day)) for day in days),
            rows=tuple(GridRow(row=row, cells=found) for row, found in cells if any(found)),
        )
        month = month.next


def changes(plan: SchedulePlan, lang: Lang) -> list[Change]:
    """What is left out or moved, and why, by day; plain weekends are not told."""
    found: dict[tuple[date, str], tuple[Planned, dict[str, None]]] = {}
    for row in plan.rows:
        for item in row.items:
            if item.why is not None and item.why.key != WEEKEND:
                _, titles = found.setdefault((item.day, item.why.model_dump_json()), (item, {}))
                titles[row_title(row, lang)] = None
    ordered = (found[key] for key in sorted(found))
    return [
        Change(day=item.day, why=item.why, mark=item.mark, titles=tuple(titles)) for item, titles in ordered if item.why is not None
    ]
