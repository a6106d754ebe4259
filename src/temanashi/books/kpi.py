"""Figures of important systems against their thresholds, from what the named checks measured in a month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field, NonNegativeInt

from temanashi.books.tasks import Frozen
from temanashi.calendars import Month, day_of
from temanashi.changes import Verdict
from temanashi.ledger.records import Record
from temanashi.text.local import LocalText

__all__ = ["KpiFile", "KpiLine", "KpiWanted", "kpi_lines"]

CHECK = r"^[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)?/[a-z0-9][a-z0-9-]*$"


class KpiWanted(Frozen):
    """A check whose figure the report shows: `RUNBOOK/CHECK`, or `RUNBOOK/STEP/CHECK` where two steps have one of that name."""

    check: str = Field(pattern=CHECK, max_length=240, description="RUNBOOK/CHECK or RUNBOOK/STEP/CHECK")
    title: LocalText = Field(description="What the reader sees")
    system: str = Field(default="", max_length=80, description="The important system that it tells of")

    @property
    def runbook(self) -> str:
        """The runbook's id."""
        return self.check.partition("/")[0]

    def means(self, runbook: str, step: str, check: str) -> bool:
        """Whether a result is one of this check."""
        return self.check in {f"{runbook}/{check}", f"{runbook}/{step}/{check}"}


class KpiFile(Frozen):
    """The file `runbooks/site/kpi.yaml`."""

    kpi: tuple[KpiWanted, ...] = Field(default=(), max_length=50, description="Figures of important systems, in order")


class KpiLine(Frozen):
    """A figure's month: how often each verdict was measured, the last and the worst value, and the ranges that held then.

    `verdict` is that of the month's worst measurement. Without a measurement it is UNKNOWN and `measured` is 0: never green.
    """

    check: str
    title: LocalText
    system: str = ""
    measured: NonNegativeInt = 0
    counts: dict[str, NonNegativeInt] = Field(default_factory=dict)
    verdict: Verdict = Verdict.UNKNOWN
    value: float | None = None
    unit: str = ""
    warn: str = ""
    crit: str = ""
    at: datetime | None = None
    worst: float | None = None
    worst_at: datetime | None = None
    pruned: NonNegativeInt = 0


@dataclass(frozen=True, slots=True)
class _Seen:
    verdict: Verdict
    at: datetime
    metric: Mapping[str, Any]


def kpi_lines(wanted: Sequence[KpiWanted], records: Iterable[Record], month: Month, *, zone: ZoneInfo) -> tuple[KpiLine, ...]:
    """One line for each figure that is wanted, from `step_done` records with their bodies; live runs only."""
    told = [r for r in records if r.draft.kind == "step_done" and r.draft.mode == "live"]
    return tuple(_line(one, told, month, zone) for one in wanted)


def _line(wanted: KpiWanted, records: Iterable[Record], month: Month, zone: ZoneInfo) -> KpiLine:
    seen: list[_Seen] = []
    pruned = 0
    for record in records:
        if record.draft.runbook != wanted.runbook:
            continue
        pruned += record.pruned
        seen += [one for one in _seen(record, wanted) if day_of(one.at, zone) in month]
    seen.sort(key=lambda one: one.at)
    line = KpiLine(check=wanted.check, title=wanted.title, system=wanted.system, pruned=pruned)
    if not seen:
        return line
    last, worst = seen[-1], next(one for one in seen if one.verdict == Verdict.worst([each.verdict for each in seen]))
    return line.model_copy(
        update={
            "measured": len(seen),
            "counts": dict(sorted(Counter(str(one.verdict) for one in seen).items())),
            "verdict": worst.verdict,
            "value": last.metric.get("value"),
            "unit": str(last.metric.get("unit", "")),
            "warn": str(last.metric.get("warn") or ""),
            "crit": str(last.metric.get("crit") or ""),
            "at": last.at,
            "worst": worst.metric.get("value"),
            "worst_at": worst.at,
        }
    )


def _seen(record: Record, wanted: KpiWanted) -> Iterator[_Seen]:
    for target in record.draft.body.get("targets", ()):
        for detail in (target.get("outcome") or {}).get("details", ()):
            name, verdict = detail.get("check"), detail.get("verdict")
            if verdict is None or not wanted.means(record.draft.runbook, record.draft.step, str(name)):
                continue
            if Verdict(verdict) in {Verdict.SKIPPED, Verdict.PENDING}:
                continue
            yield _Seen(Verdict(verdict), datetime.fromisoformat(detail["measured_at"]), _judged(detail))


def _judged(detail: Mapping[str, Any]) -> Mapping[str, Any]:
    """The figure by which a check was judged: the one that it names, else one with a threshold, else its first."""
    metrics: list[Mapping[str, Any]] = detail.get("metrics") or [{}]
    named = (detail.get("spec") or {}).get("metric")
    chosen = [each for each in metrics if named and each.get("name") == named]
    return next(iter((*chosen, *(each for each in metrics if each.get("warn") or each.get("crit")))), metrics[0])
