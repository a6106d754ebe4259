"""The runbooks that checks offer against what they find: which problem has one, and with which values for its form."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from temanashi.monitoring.model import Problem
from temanashi.monitoring.results import KIND
from temanashi.runs.journal import read_rows
from temanashi.runs.tables import RUNS

__all__ = ["Found", "offered_for", "remedy_of", "remedy_path"]


def remedy_path(problem: str) -> str:
    """The address that leads to what fixes a problem, below our pages."""
    return f"problems/{problem}/remedy"


class Found(NamedTuple):
    """A problem: its id, the last run that saw it, and the check."""

    id: str
    run: str
    step: str
    check: str


def offered_for(connection: Connection, problems: Iterable[Found]) -> dict[str, str]:
    """The id of the runbook that fixes each problem, by the problem's id; only problems whose check offers one."""
    by_run: dict[str, list[Found]] = defaultdict(list)
    for problem in problems:
        by_run[problem.run].append(problem)
    found: dict[str, str] = {}
    for run, mine in by_run.items():
        frozen = connection.execute(select(RUNS.c.frozen).where(RUNS.c.id == run)).scalar()
        offers = _offers(json.loads(frozen)["runbook"]) if frozen else {}
        found |= {problem.id: name for problem in mine if (name := offers.get((problem.step, problem.check)))}
    return found


def remedy_of(connection: Connection, problem: Problem) -> Mapping[str, Any] | None:
    """What the check of the problem's last run offers, its values filled in; None where it offers nothing."""
    for row in read_rows(connection, problem.run):
        if row.outcome is None or row.change.key != (problem.key.step, problem.key.item, problem.key.target):
            continue
        for detail in row.outcome.details:
            if detail.get("check") == problem.key.name and detail.get("runbook"):
                return dict(detail["runbook"])
    return None


def _offers(runbook: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    found = {}
    for number, step in enumerate(runbook.get("steps", ()), 1):
        for check in step.get(KIND) or ():
            offer = check.get("runbook") if isinstance(check, dict) else None
            name = offer.get("id") if isinstance(offer, dict) else offer
            if name:
                found[str(step.get("id", f"step-{number}")), str(check.get("id"))] = str(name)
    return found
