"""The longest manual step of the tasks that are best automated next, as it was measured, else as the runbook proposes it."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from sqlalchemy import Connection

from temanashi.books import read_samples, runbook_baseline, samples_of
from temanashi.reports.next_best import MeasuredStep, NextBest
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.steps.manual import ManualSpec
from temanashi.workspace.demanding import today_of
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["with_steps"]


def with_steps(
    installation: Installation, connection: Connection, published: PublishedWorkspace | None, found: Iterable[NextBest]
) -> tuple[NextBest, ...]:
    """The same tasks, each with its step where a published runbook has manual ones."""
    told = []
    for one in found:
        mine = [runbook for runbook in (published.runbooks.values() if published else ()) if runbook.task == one.task]
        step = _longest(installation, connection, one.task, [runbook for runbook in mine if _manual(runbook) > 1])
        told.append(one.model_copy(update={"step": step}) if step else one)
    return tuple(told)


def _manual(runbook: Runbook) -> int:
    return sum(isinstance(item.spec, ManualSpec) for item in runbook.steps)


def _longest(installation: Installation, connection: Connection, task: str, runbooks: Iterable[Runbook]) -> MeasuredStep | None:
    """Of runbooks with several manual steps; where there is one, it is the task itself."""
    known = list(runbooks)
    if not known:
        return None
    samples = samples_of(read_samples(installation.ledger, connection, task), installation.settings.zone)
    today = today_of(installation)
    baselines = [runbook_baseline(runbook, samples, occasions=Fraction(1), today=today) for runbook in known]
    steps = [step for baseline in baselines for step in baseline.steps if step.seconds]
    if not steps:
        return None
    longest = max(steps, key=lambda step: (step.monthly_seconds or 0, step.seconds or 0))
    return MeasuredStep(
        title=longest.title, seconds=longest.seconds or 0, samples=longest.measure.samples if longest.measure else 0
    )
