"""The rows of one run while it goes on, by step, and what they say together."""

from __future__ import annotations

from temanashi.runs.journal import Row
from temanashi.runs.planning import Outputs
from temanashi.runs.undoing import is_undo

__all__ = ["RunRows"]


class RunRows(dict[str, list[Row]]):
    """Rows by the id of their step; those that take a step back stand under `ID/undo`."""

    def take(self, rows: list[Row], *, later_than: tuple[str, ...] = ()) -> None:
        """Take these rows in place of those there are, but for the steps named."""
        found: dict[str, list[Row]] = {}
        for row in rows:
            if row.change.step not in later_than:
                found.setdefault(row.change.step, []).append(row)
        self |= found

    def undo_rows(self) -> list[Row]:
        """The rows that take something back."""
        return [row for rows in self.values() for row in rows if is_undo(row.change)]

    def outputs(self) -> Outputs:
        """What the steps said, by (step, item, target)."""
        done = [row for rows in self.values() for row in rows if not is_undo(row.change)]
        return {row.change.key: row.outcome for row in done if row.outcome is not None}

    def outputs_for(self, target: str) -> dict[str, dict[str, object]]:
        """The named values of the steps that one target sees: its own and those of no target."""
        return {step: out.outputs for (step, _, of), out in self.outputs().items() if of in {target, "-"}}

    def cannot_be_undone(self) -> int:
        """How many changes stay as they are although all else was taken back; 0 when something else went wrong, too."""
        every = [row for rows in self.values() for row in rows]
        if not all(row.change.left_out is not None or (row.outcome is not None and row.outcome.good) for row in every):
            return 0
        return sum(row.change.left_out is not None for row in self.undo_rows())
