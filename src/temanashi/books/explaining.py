"""Why a figure of a month is what it is: the formula with its numbers, and the records behind it, which add up to the second."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Literal, get_args

from pydantic import NonNegativeInt

from temanashi.books.baseline import SignedVersion
from temanashi.books.closing_faults import UnknownFigure, UnknownTaskOfMonth
from temanashi.books.figures import Reason, Sums
from temanashi.books.tasks import Frozen
from temanashi.books.workings import MonthWorkings, TaskWorkings
from temanashi.changes import NO_TARGET
from temanashi.text.local import Phrase, phrase
from temanashi.toil import Cost, Figures, Unit

__all__ = ["FIGURES", "Explained", "Figure", "Line", "Nothing", "Term", "explained", "figure_named", "seconds_of"]

Figure = Literal["baseline", "demand", "method", "credited", "remaining", "human", "new", "manual", "reduction"]
FIGURES: tuple[Figure, ...] = get_args(Figure)
LineKind = Literal["version", "slot", "request", "assumed", "run", "effort"]

_FORMULAS: Mapping[Figure, tuple[tuple[int, Figure], ...]] = {
    "remaining": ((1, "baseline"), (1, "demand"), (1, "method"), (-1, "credited")),
    "manual": ((1, "remaining"), (1, "human"), (1, "new")),
    "reduction": ((1, "manual"), (1, "baseline")),
}
_FIELDS: Mapping[Figure, str] = {"demand": "demand_effect_seconds", "method": "method_effect_seconds"}
MOST_TARGETS = 5


class Term(Frozen):
    """A number of the formula: a figure, in seconds, added or taken off."""

    figure: Figure
    seconds: int
    sign: Literal[1, -1] = 1


class Line(Frozen):
    """One thing behind a figure, in seconds.

    `version`: signed minutes, `slot`: a day of a calendar, `request`: a recorded occasion, `assumed`: occasions that the baseline
    has and nobody recorded, `run`: an ended run, `effort`: people's time on a step. `seq` is the record, 0 where there is none.
    """

    task: str
    kind: LineKind
    seconds: int
    seq: NonNegativeInt = 0
    at: datetime | None = None
    run: str = ""
    slot: str = ""
    step: str = ""
    targets: tuple[str, ...] = ()
    more_targets: NonNegativeInt = 0
    note: Phrase | None = None


class Nothing(Frozen):
    """A run that gave nothing, and why."""

    task: str
    run: str
    seq: NonNegativeInt
    at: datetime | None = None
    slot: str = ""
    reason: Reason
    why: Phrase | None = None


class Explained(Frozen):
    """A figure with what is behind it: `seconds` is the sum of the lines; of a reduction, which is a ratio, that of none.

    `issued` is what was sealed where the month is closed: the lines tell of the ledger as it is now.
    """

    month: str
    figure: Figure
    task: str
    through: date
    seconds: int
    ratio: float | None = None
    terms: tuple[Term, ...]
    lines: tuple[Line, ...]
    nothing: tuple[Nothing, ...] = ()
    issued: int | None = None
    issued_ratio: float | None = None


def figure_named(word: str) -> Figure:
    """The figure of a word; raises UnknownFigure."""
    found = next((figure for figure in FIGURES if figure == word), None)
    if found is None:
        raise UnknownFigure(word, known=FIGURES)
    return found


def seconds_of(sums: Sums, figure: Figure) -> int:
    """A figure out of a month's or a task's sums; 0 for a reduction, which is a ratio."""
    return 0 if figure == "reduction" else int(getattr(sums, _FIELDS.get(figure, f"{figure}_seconds")))


def explained(workings: MonthWorkings, figure: Figure, task: str = "") -> Explained:
    """The explanation of a month's figure, or of a task's. Raises UnknownTaskOfMonth."""
    if task and task not in workings.tasks:
        raise UnknownTaskOfMonth(task, month=workings.figures.month, known=[name for name in workings.tasks if name])
    chosen = {task: workings.tasks[task]} if task else workings.tasks
    sums = workings.tasks[task].figures.sums if task else workings.figures.sums
    ratio = sums.reduction if figure == "reduction" else None
    lines = tuple(line for own in chosen.values() for line in _lines(own, figure))
    return Explained(
        month=workings.figures.month,
        figure=figure,
        task=task,
        through=workings.figures.through,
        seconds=seconds_of(sums, figure),
        ratio=None if ratio is None else float(ratio),
        terms=tuple(Term(figure=name, seconds=seconds_of(sums, name), sign=sign) for sign, name in _signed(figure)),
        lines=lines,
        nothing=tuple(_nothing(chosen)) if figure == "credited" else (),
    )


def _signed(figure: Figure) -> Iterator[tuple[Literal[1, -1], Figure]]:
    for sign, name in _FORMULAS.get(figure, ()):
        yield (1 if sign > 0 else -1), name


def _lines(own: TaskWorkings, figure: Figure) -> Iterator[Line]:
    if figure == "manual":
        yield from _remaining(own)
        yield from _efforts(own)
    elif figure == "human":
        yield from _efforts(own)
    elif (behind := _BEHIND.get(figure)) is not None:
        yield from behind(own)


def _baseline(own: TaskWorkings) -> Iterator[Line]:
    yield from (_of_version(own, version, figures.baseline) for version, figures in _parts(own))


def _parts(own: TaskWorkings) -> tuple[tuple[SignedVersion, Figures], ...]:
    """An unsigned task has none: what it would be counts for nothing."""
    return own.parts if own.figures.signed else ()


def _of_version(own: TaskWorkings, version: SignedVersion, seconds: int) -> Line:
    occasion = version.seconds.occasion
    minutes = f"{occasion / 60:g}"
    if version.demand.calendar is not None:
        note = phrase("close.line-calendar", slots=abs(seconds) // occasion if occasion else 0, minutes=minutes)
    else:
        note = phrase("close.line-monthly", count=f"{version.demand.per_month or 0:g}", minutes=minutes)
    return Line(task=own.figures.task, kind="version", seconds=seconds, seq=version.seq, note=note)


def _demand(own: TaskWorkings) -> Iterator[Line]:
    """What was asked for at the signed minutes, less what the baseline has."""
    yield from _units(own, lambda cost, unit: cost.of(unit.targets) * unit.count)
    yield from (_of_version(own, version, -figures.baseline) for version, figures in _parts(own))


def _method(own: TaskWorkings) -> Iterator[Line]:
    for version, figures in _parts(own):
        if figures.method_effect:
            yield _of_version(own, version, figures.method_effect)


def _remaining(own: TaskWorkings) -> Iterator[Line]:
    yield from (line for line in _units(own, lambda cost, unit: cost.remaining([unit])) if line.seconds)


def _units(own: TaskWorkings, price: Callable[[Cost, Unit], int]) -> Iterator[Line]:
    """The units that count by each version, as the figures' arithmetic takes them."""
    asked = {unit.slot: unit.seq for unit in own.requested}
    for version, _ in _parts(own):
        cost = version.seconds.cost
        for slot, due in own.units.units.items():
            if due.version.seq == version.seq:
                kind: LineKind = "request" if slot in asked else "slot" if version.demand.calendar is not None else "assumed"
                note = phrase("close.line-unit", done=due.done, targets=due.targets)
                seconds = price(cost, due.unit)
                yield Line(task=own.figures.task, kind=kind, seconds=seconds, seq=asked.get(slot, 0), slot=slot, note=note)
        left = own.units.unverified.get(version.seq, 0)
        if left:
            seconds = price(cost, Unit(version.seconds.units, 0, left))
            note = phrase("close.line-assumed", count=left)
            yield Line(task=own.figures.task, kind="assumed", seconds=seconds, seq=version.seq, note=note)


def _credited(own: TaskWorkings) -> Iterator[Line]:
    for judged in own.runs:
        if judged.reason is None:
            targets = sorted(judged.run.good - {NO_TARGET})
            yield Line(
                task=own.figures.task,
                kind="run",
                seconds=judged.seconds,
                seq=judged.run.seq,
                run=judged.run.run,
                slot=judged.served.slot or "",
                targets=tuple(targets[:MOST_TARGETS]),
                more_targets=max(len(targets) - MOST_TARGETS, 0),
            )


def _efforts(own: TaskWorkings) -> Iterator[Line]:
    for effort, counts in own.efforts:
        if counts:
            more = {"run": effort.run, "slot": effort.slot, "step": effort.step, "seq": effort.seq}
            yield Line(task=own.figures.task, kind="effort", seconds=effort.seconds, **more)


_BEHIND: Mapping[Figure, Callable[[TaskWorkings], Iterator[Line]]] = {
    "baseline": _baseline,
    "demand": _demand,
    "method": _method,
    "credited": _credited,
    "remaining": _remaining,
}


def _nothing(chosen: Mapping[str, TaskWorkings]) -> Iterator[Nothing]:
    for task, own in chosen.items():
        for judged in own.runs:
            if judged.reason is not None:
                run, slot = judged.run, judged.served.slot or ""
                yield Nothing(task=task, run=run.run, seq=run.seq, slot=slot, reason=judged.reason, why=judged.why)
