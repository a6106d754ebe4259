"""Which steps go together: adjacent manual steps are one checklist, every other step stands alone."""

from __future__ import annotations

import json
import re

from temanashi.runbooks.model import Runbook, StepItem

__all__ = ["blocks"]


def blocks(runbook: Runbook) -> list[list[StepItem]]:
    """The steps in order, in groups. A manual step that names an output of one before it in the group begins a new one."""
    written = {item.id: json.dumps(data) for item, data in zip(runbook.steps, runbook.data["steps"], strict=True)}
    found: list[list[StepItem]] = []
    for item in runbook.steps:
        last = found[-1] if found else []
        if last and _alike(last[-1], item) and not _names_one_of(written[item.id], last):
            last.append(item)
        else:
            found.append([item])
    return found


def _alike(one: StepItem, other: StepItem) -> bool:
    return one.kind == other.kind == "manual" and one.always == other.always and one.on_failure == other.on_failure


def _names_one_of(text: str, group: list[StepItem]) -> bool:
    return any(re.search(rf"\bsteps\W+{re.escape(item.id)}\b", text) for item in group)
