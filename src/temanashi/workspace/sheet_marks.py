"""What monitoring knows of findings, for the sheet: who is on it (対応中), and what is under maintenance (保守中)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from temanashi.monitoring.maintenance import windows_over
from temanashi.monitoring.model import Key
from temanashi.monitoring.reading import problems
from temanashi.reports.morning import Mark, Marks
from temanashi.runs.check_rows import CheckSeen
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["marks_at"]


def marks_at(connection: Connection, published: PublishedWorkspace, now: datetime) -> Marks:
    """The marks at a moment. Maintenance goes before: then nobody need be on it."""
    inventory = published.inventory
    recurring = published.recurring
    found = problems(connection, now=now, inventory=inventory, recurring=recurring)
    open_ = {(p.runbook, p.step, p.item, p.target, p.check): p for p in found}
    windows = windows_over(connection, now, inventory=lambda: inventory, recurring=lambda: recurring)

    def mark(row: CheckSeen) -> Mark | None:
        key = row.key
        window = windows.covering(Key(key.runbook, key.step, key.check, key.target, key.iteration))
        if window is not None:
            return Mark("maintenance", window.actor, window.end, window.reason)
        problem = open_.get((key.runbook, key.step, key.iteration, key.target, key.check))
        if problem is None or problem.acknowledged is None:
            return None
        known = problem.acknowledged
        return Mark("acknowledged", known.actor, known.until, known.reason)

    return mark
