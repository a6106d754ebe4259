"""The undo register: each change notes its inverse when it runs; a rollback, or `tema undo`, replays these in reverse."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from temanashi.changes import Change, Irreversible
from temanashi.runs.journal import Row, plan_rows, read_undos
from temanashi.runs.tables import JOURNAL
from temanashi.text.local import phrase

__all__ = ["is_undo", "plan_rollback", "undo_changes", "undone"]

MOST_STEPS = 1_000
"""Undo rows stand behind every step's space of positions."""


def is_undo(change: Change) -> bool:
    """Whether a change takes another one back."""
    return change.step.endswith("/undo")


def undo_changes(connection: Connection, run: str, *, failed: bool = False) -> list[Change]:
    """What takes a run back, the last change first. What cannot be taken back is there too, left out with its reason.

    A rollback takes back what `failed` half-way too. Later that is not known any more: a retry may have done it.
    """
    found = read_undos(connection, run, failed=failed)
    last = max((change.iteration for change, _ in found), default=0)
    return [_inverse(change, undo, last) for change, undo in found]


def _inverse(change: Change, undo: Change | Irreversible, last: int) -> Change:
    """Iterations are counted backwards, because they are done in order."""
    if isinstance(undo, Change):
        return undo.model_copy(update={"iteration": last - change.iteration})
    return Change(
        step=f"{change.step}/undo",
        iteration=last - change.iteration,
        target=change.target,
        kind=change.kind,
        summary=phrase("runs.cannot-undo", what=change.summary),
        left_out=undo.reason,
        reads_only=True,
    )


def plan_rollback(connection: Connection, run: str) -> dict[str, list[Row]]:
    """Put the inverse of everything that was done behind the rows of a run; the new rows by step."""
    changes = undo_changes(connection, run, failed=True)
    rows = plan_rows(run, changes, first=MOST_STEPS)
    if rows:
        connection.execute(insert(JOURNAL), rows)
    made: dict[str, list[Row]] = {}
    for row, change in zip(rows, changes, strict=True):
        made.setdefault(change.step, []).append(Row(row["position"], "planned", change, None))
    return made


def undone(rows: list[Row]) -> bool:
    """Whether everything was taken back."""
    return all(row.change.left_out is None and row.outcome is not None and row.outcome.good for row in rows)
