"""Measuring again what was wrong in a run, and nothing else: which checks of which hosts those are."""

from __future__ import annotations

from collections.abc import Iterable

from temanashi.changes import Verdict
from temanashi.errors import RunError
from temanashi.monitoring.model import BAD
from temanashi.monitoring.results import results_of
from temanashi.runs.frozen import Only
from temanashi.runs.journal import Row

__all__ = ["NothingWrong", "wrong_checks"]

_WORTH_A_LOOK = frozenset({"checks.parent-down", "runs.not-reached", "runs.failed-earlier"})
"""Why a check was SKIPPED that is looked at again: its parent may be up now."""


class NothingWrong(RunError):
    """Every check of the run was good, so there is nothing to measure again."""

    key = "monitoring.nothing-wrong"

    def __init__(self, run: str) -> None:
        super().__init__(run=run)


def wrong_checks(rows: Iterable[Row], *, run: str) -> Only:
    """The checks of an ended run that were not good, by step and target; raises NothingWrong."""
    found: dict[str, dict[str, list[str]]] = {}
    for result in results_of(rows, run=run, runbook="", owner="", ended_at=None):
        again = result.verdict is Verdict.SKIPPED and result.reason.key in _WORTH_A_LOOK
        if result.verdict in BAD or again:
            mine = found.setdefault(result.key.step, {}).setdefault(result.key.target, [])
            mine += [] if result.key.name in mine else [result.key.name]
    if not found:
        raise NothingWrong(run)
    return {step: {target: tuple(names) for target, names in targets.items()} for step, targets in found.items()}
