"""What a run froze when it was requested: resuming never rereads YAML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from temanashi.canonical import canonical_json
from temanashi.hosts.inventory import Host, Inventory
from temanashi.runbooks.model import Runbook, StepItem
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runbooks.steps.contract import PlanContext, StepKind

__all__ = ["FrozenRun", "Only", "freeze", "thaw"]

Only = Mapping[str, Mapping[str, tuple[str, ...]]]
"""The only checks that a run measures: names by step and target. Steps that are not in it are left out; empty: no limit."""


@dataclass(frozen=True, kw_only=True)
class FrozenRun:
    """The runbook, the inventory it saw, its inputs, its day and who asked.

    `limit` names the only hosts to touch (empty: all). `called` are the runbooks that its steps may call, at any depth.
    """

    id: str
    runbook: Runbook
    inventory: Inventory
    inputs: Mapping[str, Any]
    today: date
    actor: str
    limit: tuple[str, ...] = ()
    called: Mapping[str, Runbook] = field(default_factory=dict)
    only: Only = field(default_factory=dict)

    def hosts(self, item: StepItem) -> tuple[Host, ...]:
        """The hosts of a step."""
        return self.inventory.select(item.targets or self.runbook.targets)

    def context(
        self,
        item: StepItem,
        outputs: Mapping[str, Mapping[str, Any]],
        *,
        hosts: tuple[Host, ...],
        item_value: Any = None,
        dry_run: bool = False,
    ) -> PlanContext:
        """What a step plans from; `outputs` by step."""
        return PlanContext(
            item=item,
            inputs=self.inputs,
            hosts=hosts,
            run=self.id,
            today=self.today,
            actor=self.actor,
            outputs=outputs,
            dry_run=dry_run,
            item_value=item_value,
            only=self.only.get(item.id, {}),
            limit=self.limit,
        )


def freeze(run: FrozenRun) -> str:
    """The text that the run row keeps."""
    return canonical_json(
        {
            "runbook": run.runbook.data,
            "inventory": run.inventory.model_dump(mode="json"),
            "inputs": dict(run.inputs),
            "today": run.today.isoformat(),
            "actor": run.actor,
            "limit": list(run.limit),
            "called": {name: runbook.data for name, runbook in run.called.items()},
            **({"only": run.only} if run.only else {}),
        }
    )


def thaw(run: str, text: str, *, kinds: Mapping[str, StepKind]) -> FrozenRun:
    """The frozen run that a run row keeps."""
    data = json.loads(text)
    return FrozenRun(
        id=run,
        runbook=parse_runbook(data["runbook"], kinds=kinds),
        inventory=Inventory.model_validate(data["inventory"]),
        inputs=data["inputs"],
        today=date.fromisoformat(data["today"]),
        actor=data["actor"],
        limit=tuple(data.get("limit", ())),
        called={name: parse_runbook(called, kinds=kinds) for name, called in data.get("called", {}).items()},
        only=data.get("only", {}),
    )
