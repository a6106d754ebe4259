"""The kinds of step that there are: ours, and those that other packages register under the entry point group `temanashi.steps`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import NamedTuple

from temanashi.errors import WorkspaceError
from temanashi.runbooks.steps.contract import StepKind

__all__ = ["GROUP", "InstalledSteps", "StepKindNotLoaded", "installed_steps", "step_kinds"]

GROUP = "temanashi.steps"


class StepKindNotLoaded(WorkspaceError):
    """A kind of step of another package cannot be imported; runbooks that use it are disabled, and nothing else."""

    key = "runbooks.kind-not-loaded"

    def __init__(self, name: str, *, package: str, detail: str) -> None:
        super().__init__(name=name, package=package, detail=detail)


class InstalledSteps(NamedTuple):
    """Kinds by name, and those that could not be loaded."""

    known: Mapping[str, StepKind]
    broken: tuple[StepKindNotLoaded, ...]


@cache
def installed_steps() -> InstalledSteps:
    """Every kind. A third party cannot replace one of ours."""
    from temanashi.runbooks.steps import (  # noqa: PLC0415  (a kind may itself look kinds up)
        accounts,
        approval,
        checks,
        command,
        http,
        manual,
        notify,
        python,
        runbook,
        script,
        template,
        wait_until,
    )

    found: dict[str, StepKind] = {}
    broken = []
    for entry in entry_points(group=GROUP):
        try:
            found[entry.name] = entry.load()
        except Exception as error:  # noqa: BLE001  (importing a stranger's module may raise anything)
            package = entry.dist.name if entry.dist else entry.value
            broken.append(StepKindNotLoaded(entry.name, package=package, detail=f"{type(error).__name__}: {error}"))
    ours: tuple[StepKind, ...] = (
        accounts.KIND,
        approval.KIND,
        checks.KIND,
        command.KIND,
        http.KIND,
        manual.KIND,
        notify.KIND,
        python.KIND,
        runbook.KIND,
        script.KIND,
        template.KIND,
        wait_until.KIND,
    )
    return InstalledSteps(MappingProxyType(found | {kind.name: kind for kind in ours}), tuple(broken))


def step_kinds() -> Mapping[str, StepKind]:
    """Kinds by name."""
    return installed_steps().known
