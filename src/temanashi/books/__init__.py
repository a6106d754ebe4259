"""The books: demand, signed baselines and a month's figures, all computed from the ledger's records."""

from __future__ import annotations

from temanashi.books.baseline import ClosedMonth, NoFrequency, SampleRef, SignedVersion, sign, signed_versions, version_on
from temanashi.books.demand import NoReason, cancelled_demand, new_demand, registered
from temanashi.books.figures import MonthFigures, NotCounted, Sums, TaskFigures
from temanashi.books.manual_steps import RunbookBaseline, StepBaseline, occasions_per_month, runbook_baseline
from temanashi.books.months import month_figures
from temanashi.books.reading import read_baselines, read_month, read_samples
from temanashi.books.samples import Sample, samples_of
from temanashi.books.tasks import BadMinutes, ProposedTask, Seconds, proposed_tasks

__all__ = [
    "BadMinutes",
    "ClosedMonth",
    "MonthFigures",
    "NoFrequency",
    "NoReason",
    "NotCounted",
    "ProposedTask",
    "RunbookBaseline",
    "Sample",
    "SampleRef",
    "Seconds",
    "SignedVersion",
    "StepBaseline",
    "Sums",
    "TaskFigures",
    "cancelled_demand",
    "month_figures",
    "new_demand",
    "occasions_per_month",
    "proposed_tasks",
    "read_baselines",
    "read_month",
    "read_samples",
    "registered",
    "runbook_baseline",
    "samples_of",
    "sign",
    "signed_versions",
    "version_on",
]
