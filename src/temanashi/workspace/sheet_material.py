"""What the morning sheet of a day is made of: which runs belong on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["on_sheet"]


def on_sheet(chosen: Sequence[str] = ()) -> Callable[[str, Mapping[str, Any]], bool]:
    """Whether a runbook (id, its data) is on the sheet: one that was chosen; by default every routine one with checks."""

    def wanted(runbook: str, data: Mapping[str, Any]) -> bool:
        if chosen:
            return runbook in chosen
        return data.get("category") == "routine" and any("checks" in item for item in data.get("steps", ()))

    return wanted
