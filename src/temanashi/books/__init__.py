"""The books: demand, signed baselines and a month's figures, all computed from the ledger's records."""

from __future__ import annotations

from temanashi.books.baseline import ClosedMonth, NoFrequency, SignedVersion, sign, signed_versions, version_on
from temanashi.books.demand import NoReason, cancelled_demand, new_demand, registered
from temanashi.books.figures import MonthFigures, NotCounted, Sums, TaskFigures
from temanashi.books.months import month_figures
from temanashi.books.reading import read_baselines, read_month
from temanashi.books.tasks import BadMinutes, ProposedTask, Seconds, proposed_tasks

__all__ = [
    "BadMinutes",
    "ClosedMonth",
    "MonthFigures",
    "NoFrequency",
    "NoReason",
    "NotCounted",
    "ProposedTask",
    "Seconds",
    "SignedVersion",
    "Sums",
    "TaskFigures",
    "cancelled_demand",
    "month_figures",
    "new_demand",
    "proposed_tasks",
    "read_baselines",
    "read_month",
    "registered",
    "sign",
    "signed_versions",
    "version_on",
]
