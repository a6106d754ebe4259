"""From a frozen run to a plan: the changes of every step, in order. Reads at most; never writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from temanashi.changes import NO_TARGET, Change, Plan
from temanashi.errors import RunError
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.contract import PlanContext
from temanashi.runs.engine import Engine
from temanashi.runs.frozen import FrozenRun

__all__ = ["PLACEHOLDER", "NothingToDo", "is_placeholder", "plan_run", "plan_step"]

PLACEHOLDER = "‹{step}.{name}›"
_MARK = "‹"


class NothingToDo(RunError):
    """A step has no target."""

    key = "runs.nothing-to-do"

    def __init__(self, *, runbook: str, step: str, targets: str) -> None:
        super().__init__(runbook=runbook, step=step, targets=targets)


class _Later(Mapping[str, Any]):
    """Outputs of a step that has not run: every name renders as a placeholder."""

    def __init__(self, step: str) -> None:
        self._step = step

    def __getitem__(self, name: str) -> str:
        return PLACEHOLDER.format(step=self._step, name=name)

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


def plan_run(engine: Engine, run: FrozenRun, *, dry_run: bool = False) -> Plan:
    """The whole plan; outputs that are not known yet render as placeholders. Raises InputError or RunError, nothing touched."""
    changes: list[Change] = []
    for index, item in enumerate(run.runbook.steps):
        outputs = {earlier.id: _Later(earlier.id) for earlier in run.runbook.steps[:index]}
        planned = engine.step(item, run.inventory).plan(run.context(item, outputs, dry_run=dry_run))
        if not planned:
            raise NothingToDo(runbook=run.runbook.id, step=item.id, targets=item.targets or run.runbook.targets)
        changes += planned
    return Plan(runbook=run.runbook.id, version=run.runbook.version, inputs=dict(run.inputs), changes=tuple(changes))


def plan_step(engine: Engine, run: FrozenRun, item: StepItem, outputs: Mapping[tuple[str, str], Mapping[str, Any]]) -> list[Change]:
    """The changes of one step, now that earlier outputs, by (step, target), are known; each host sees its own."""
    changes: list[Change] = []
    step = engine.step(item, run.inventory)
    for host in run.hosts(item):
        seen = {name: values for (name, target), values in outputs.items() if target in {host.name, NO_TARGET}}
        context = run.context(item, seen)
        planned = step.plan(PlanContext(**{**vars(context), "hosts": (host,)}))
        changes += [change for change in planned if change.key not in {c.key for c in changes}]
    return changes


def is_placeholder(change: Change) -> bool:
    """Whether a change still names outputs that were not known when it was planned."""
    return _MARK in change.model_dump_json(include={"payload", "wait", "after"})
