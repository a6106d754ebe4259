"""The kinds of step that there are: ours, and those that other packages register under the entry point group `temanashi.steps`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points

from temanashi.runbooks.steps.contract import StepKind

__all__ = ["GROUP", "step_kinds"]

GROUP = "temanashi.steps"


@cache
def step_kinds() -> Mapping[str, StepKind]:
    """Kinds by name. A third party cannot replace one of ours."""
    from temanashi.runbooks.steps import checks, command, manual  # noqa: PLC0415  (a kind may itself look kinds up)

    found: dict[str, StepKind] = {}
    for entry in entry_points(group=GROUP):
        found[entry.name] = entry.load()
    ours: tuple[StepKind, ...] = (checks.KIND, command.KIND, manual.KIND)
    return found | {kind.name: kind for kind in ours}
