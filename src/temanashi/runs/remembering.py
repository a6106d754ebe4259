"""What an outcome keeps for the next run of the same step: written with the outcome, so that neither is there without the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, Text, delete, insert, select

from temanashi.runs.tables import RUNS

__all__ = ["CHECK_MEMORY", "recall", "remember"]

CHECK_MEMORY = Table(
    "check_memory",
    MetaData(),
    *(Column(name, Text, primary_key=True) for name in ("runbook", "step", "target", "name")),
    *(Column(name, Text) for name in ("value", "run", "kept_at")),
)
"""`ledger/migrations/versions/0009_check_memory.py` creates it."""


def remember(
    connection: Connection, run: str, step: str, target: str, kept: Mapping[str, Mapping[str, Any]], *, now: datetime
) -> None:
    """Put what a live run kept in the place of what was kept under the same names; a drill takes nothing from the next look."""
    runbook, mode = connection.execute(select(RUNS.c.runbook, RUNS.c.mode).where(RUNS.c.id == run)).one()
    if mode != "live":
        return
    key = {"runbook": runbook, "step": step, "target": target}
    mine = (CHECK_MEMORY.c.runbook == runbook) & (CHECK_MEMORY.c.step == step) & (CHECK_MEMORY.c.target == target)
    connection.execute(delete(CHECK_MEMORY).where(mine & CHECK_MEMORY.c.name.in_(kept)))
    rows = [{"name": name, "value": json.dumps(value, ensure_ascii=False)} for name, value in kept.items()]
    connection.execute(insert(CHECK_MEMORY), [{**key, **row, "run": run, "kept_at": now.isoformat()} for row in rows])


def recall(connection: Connection, runbook: str, step: str, target: str) -> dict[str, dict[str, Any]]:
    """What runs of a runbook have kept for a step and a target, by name."""
    mine = (CHECK_MEMORY.c.runbook == runbook) & (CHECK_MEMORY.c.step == step) & (CHECK_MEMORY.c.target == target)
    found = connection.execute(select(CHECK_MEMORY.c.name, CHECK_MEMORY.c.value).where(mine))
    return {row.name: json.loads(row.value) for row in found}
