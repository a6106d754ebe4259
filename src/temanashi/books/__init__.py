"""The books: demand, signed baselines and a month's figures, all computed from the ledger's records."""

from __future__ import annotations

from temanashi.books.baseline import ClosedMonth, NoFrequency, SampleRef, SignedVersion, sign, signed_versions, version_on
from temanashi.books.census import CensusEntry, CensusLine, Estimate, census_draft, census_lines, census_of
from temanashi.books.demand import Cancelled, NoReason, Recorder, Register, Requested, cancelled_demand, new_demand, registered
from temanashi.books.figures import MonthFigures, NotCounted, Sums, TaskFigures
from temanashi.books.freezing import (
    BaselineVersion,
    FrozenTask,
    baseline_versions,
    confirmed_baseline,
    freezable,
    prepared_baseline,
    refused_baseline,
)
from temanashi.books.history import MonthLine, MonthState, history
from temanashi.books.incidents import Happening, Incident, IncidentSource, IncidentState, alert_told, incident_told, incidents_of
from temanashi.books.investment import (
    PROGRAMME,
    Investment,
    InvestmentPart,
    Spent,
    cancelled_investment,
    invested_by_month,
    investment_of,
    new_investment,
    payback_of,
)
from temanashi.books.kpi import KpiFile, KpiLine, KpiWanted, kpi_lines
from temanashi.books.manual_steps import RunbookBaseline, StepBaseline, occasions_per_month, runbook_baseline
from temanashi.books.months import month_figures, month_workings
from temanashi.books.operations import OperationsFigures, SystemLine, Times, operations_figures
from temanashi.books.operations_reading import read_measured, read_operations
from temanashi.books.reading import (
    read_baselines,
    read_census,
    read_investment,
    read_manual_work,
    read_material,
    read_materials,
    read_month,
    read_register,
    read_samples,
)
from temanashi.books.recording import Occasion, Rules, Standing, UnknownTask, drafts_of, standing_of, tidy_key
from temanashi.books.roadmap import Roadmap, roadmap_problems
from temanashi.books.roadmap_figures import Achieved, RoadmapFigures, roadmap_figures
from temanashi.books.samples import Sample, samples_of
from temanashi.books.tasks import BadMinutes, ProposedTask, Seconds, proposed_tasks

__all__ = [
    "PROGRAMME",
    "Achieved",
    "BadMinutes",
    "BaselineVersion",
    "Cancelled",
    "CensusEntry",
    "CensusLine",
    "ClosedMonth",
    "Estimate",
    "FrozenTask",
    "Happening",
    "Incident",
    "IncidentSource",
    "IncidentState",
    "Investment",
    "InvestmentPart",
    "KpiFile",
    "KpiLine",
    "KpiWanted",
    "MonthFigures",
    "MonthLine",
    "MonthState",
    "NoFrequency",
    "NoReason",
    "NotCounted",
    "Occasion",
    "OperationsFigures",
    "ProposedTask",
    "Recorder",
    "Register",
    "Requested",
    "Roadmap",
    "RoadmapFigures",
    "Rules",
    "RunbookBaseline",
    "Sample",
    "SampleRef",
    "Seconds",
    "SignedVersion",
    "Spent",
    "Standing",
    "StepBaseline",
    "Sums",
    "SystemLine",
    "TaskFigures",
    "Times",
    "UnknownTask",
    "alert_told",
    "baseline_versions",
    "cancelled_demand",
    "cancelled_investment",
    "census_draft",
    "census_lines",
    "census_of",
    "confirmed_baseline",
    "drafts_of",
    "freezable",
    "history",
    "incident_told",
    "incidents_of",
    "invested_by_month",
    "investment_of",
    "kpi_lines",
    "month_figures",
    "month_workings",
    "new_demand",
    "new_investment",
    "occasions_per_month",
    "operations_figures",
    "payback_of",
    "prepared_baseline",
    "proposed_tasks",
    "read_baselines",
    "read_census",
    "read_investment",
    "read_manual_work",
    "read_material",
    "read_materials",
    "read_measured",
    "read_month",
    "read_operations",
    "read_register",
    "read_samples",
    "refused_baseline",
    "registered",
    "roadmap_figures",
    "roadmap_problems",
    "runbook_baseline",
    "samples_of",
    "sign",
    "signed_versions",
    "standing_of",
    "tidy_key",
    "version_on",
]
