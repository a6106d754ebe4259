"""What a month's books say, as data: every number that the report shows, in seconds, ready for JSON."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import Literal

from pydantic import Field, NonNegativeInt

from temanashi.books.demand import Recorder
from temanashi.books.tasks import Demand, Frozen, Seconds, Shares, TaskKind
from temanashi.text.local import LocalText, Phrase
from temanashi.toil import Figures, Grade, Outlook, Standing

__all__ = ["ByHand", "Flag", "Goal", "MonthFigures", "NotCounted", "Reason", "Sums", "TaskFigures", "TimeOfDay"]

Reason = Literal[
    "unsigned",
    "no_demand_unit",
    "not_successful",
    "by_hand",
    "unknown_effort",
    "already_credited",
    "cancelled",
    "dry_run",
    "drill",
    "unverified",
    "no_task",
]
TimeOfDay = Literal["day", "early", "night", "holiday"]
Flag = Literal["demand_unverified", "no_requests", "prorated", "part_of_month"]


class Sums(Frozen):
    """Seconds. manual = remaining + human + new = baseline + demand effect + method effect - credited + human + new."""

    baseline_seconds: int = 0
    demand_effect_seconds: int = 0
    method_effect_seconds: int = 0
    credited_seconds: int = 0
    remaining_seconds: int = 0
    human_seconds: int = 0
    new_seconds: int = 0
    manual_seconds: int = 0

    @classmethod
    def of(cls, own: Figures) -> Sums:
        """From the arithmetic's figures."""
        return cls(
            baseline_seconds=own.baseline,
            demand_effect_seconds=own.demand_effect,
            method_effect_seconds=own.method_effect,
            credited_seconds=own.gross,
            remaining_seconds=own.remaining,
            human_seconds=own.human,
            new_seconds=own.new,
            manual_seconds=own.manual,
        )

    @property
    def reduction(self) -> Fraction | None:
        """R = 1 - manual / baseline; None without a baseline."""
        return 1 - Fraction(self.manual_seconds, self.baseline_seconds) if self.baseline_seconds else None


class ByHand(Frozen):
    """Seconds by hand, without people on the automated path: remaining = baseline + demand effect + method effect - credited."""

    baseline_seconds: int = 0
    demand_effect_seconds: int = 0
    method_effect_seconds: int = 0
    credited_seconds: int = 0
    remaining_seconds: int = 0


class TaskFigures(Frozen):
    """A task's month. Unsigned: `sums` holds human time only, and `would_be` what the proposal would give if signed."""

    task: str
    title: LocalText
    category: str = ""
    owner: str = ""
    system: str = ""
    runbooks: tuple[str, ...] = ()
    signed: bool
    signed_by: str = ""
    signed_at: datetime | None = None
    valid_from: date | None = None
    versions: NonNegativeInt = 0
    minutes: Seconds | None = None
    kind: TaskKind = "work"
    shares: Shares = Shares()
    demand: Demand
    sources: dict[Recorder, NonNegativeInt] = Field(default_factory=dict, description="occasions of the month by recorder")
    grade: Grade = "D"
    factors: tuple[float, float] | None = Field(default=None, description="low and high minutes as shares of the likely ones")
    units_due: NonNegativeInt = 0
    units_credited: NonNegativeInt = 0
    runs_counted: NonNegativeInt = 0
    measured_by_hand_seconds: NonNegativeInt = 0
    avoided_growth_seconds: int = 0
    sums: Sums = Sums()
    would_be: Sums | None = None
    flags: tuple[Flag, ...] = ()


class NotCounted(Frozen):
    """Runs of a task that earned nothing, and why; for days that are not business days, each day with its reason."""

    task: str
    title: LocalText
    reason: Reason
    runs: NonNegativeInt
    days: tuple[tuple[date, Phrase], ...] = ()


class Goal(Frozen):
    """Where the goal stands. Ratios of R, exact to the float; `measured_share` is the share of the credit graded A or B."""

    standing: Standing
    low: float
    likely: float
    high: float
    stress: float
    progress: float
    measured_share: float | None

    @classmethod
    def of(cls, seen: Outlook, goal: Fraction) -> Goal:
        """From the arithmetic's outlook."""
        return cls(
            standing=seen.standing,
            low=float(seen.low),
            likely=float(seen.likely),
            high=float(seen.high),
            stress=float(seen.stress),
            progress=float(seen.likely / goal),
            measured_share=None if seen.measured is None else float(seen.measured),
        )


class MonthFigures(Frozen):
    """One month. `running`: the month is not over, and everything is counted up to and including `through`."""

    month: str
    as_of: datetime
    through: date
    running: bool
    goal: float
    sums: Sums
    reduction: float | None
    outlook: Goal | None
    tasks: tuple[TaskFigures, ...]
    by_category: dict[str, Sums]
    by_kind: dict[TaskKind, Sums] = Field(default_factory=dict, description="work and attendance (立会い) apart; of signed tasks")
    by_time: dict[TimeOfDay, ByHand] = Field(
        default_factory=dict, description="work by hand by day, early, at night and on holidays, as signed; of signed tasks"
    )
    not_counted: tuple[NotCounted, ...]
    runs_seen: NonNegativeInt
    runs_counted: NonNegativeInt
    units_cancelled: tuple[tuple[str, str, str], ...] = ()
    records_read: NonNegativeInt = 0

    @property
    def signed(self) -> tuple[TaskFigures, ...]:
        """Tasks with a signed baseline in the month."""
        return tuple(task for task in self.tasks if task.signed)

    @property
    def unsigned(self) -> tuple[TaskFigures, ...]:
        """Tasks that wait for a signature."""
        return tuple(task for task in self.tasks if not task.signed)
