"""One change on one target: apply, try again where the step says so, name its outputs, and note what takes it back."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from temanashi.changes import Change, Irreversible, Outcome, Step
from temanashi.runbooks.model import Retries, StepItem
from temanashi.runbooks.steps.contract import PlanContext
from temanashi.runbooks.templates import Names, TemplateFailed, render
from temanashi.runs.engine import Engine
from temanashi.runs.lease import Lease
from temanashi.runs.redacting import redacted
from temanashi.text.local import phrase

__all__ = ["Trying", "pause_before"]


def pause_before(number: int, retries: Retries, *, chance: Callable[[], float] = random.random) -> float:
    """Seconds to wait before try `number` (2 is the first repetition); `chance` is from 0 to 1."""
    plain = min(retries.delay * retries.backoff ** (number - 2), retries.max_delay)
    return plain * (1 + retries.jitter * (2 * chance() - 1))


class Trying:
    """Applies changes of one step. Safe to use from several threads."""

    def __init__(self, engine: Engine, lease: Lease, item: StepItem, step: Step[PlanContext]) -> None:
        self._engine, self._lease, self._item, self._step = engine, lease, item, step

    def key(self, change: Change) -> str:
        """The same for every attempt at a change."""
        return f"{self._lease.run}/{change.step}/{change.iteration}/{change.target}"

    def applied(self, change: Change, values: Callable[[], dict[str, Any]] | None = None) -> Outcome:
        """The outcome after as many tries as the step allows; `values` are the names that its `outputs` may use."""
        outcome = self._once(change)
        retries = self._item.retries
        for number in range(2, (retries.times if retries else 0) + 2):
            if retries is None or outcome.good or not self._may_repeat(change, outcome):
                break
            if self._lease.halt.wait(pause_before(number, retries)):
                break
            seen = self._settled_meanwhile(change, outcome)
            outcome = seen or self._once(change)
            outcome = outcome.model_copy(update={"tries": number})
            if seen is not None:
                break
        return self._named(outcome, values) if values is not None and outcome.good and self._item.outputs else outcome

    def undo(self, change: Change, outcome: Outcome) -> Change | Irreversible | None:
        """What takes the change back, noted when it runs; None where there is nothing to take back."""
        tried_in_vain = outcome.status == "failed" and change.reversible
        if change.reads_only or not (outcome.status == "changed" or tried_in_vain):
            return None
        try:
            inverse = self._step.undo(change, outcome.before or change.before)
        except Exception as error:  # noqa: BLE001  (a third party's kind may raise anything)
            return Irreversible(reason=phrase("runs.step-broke", problem=self._told(error)))
        if isinstance(inverse, Irreversible):
            return inverse
        written = json.loads(inverse.model_dump_json())
        if self._engine.redactor.value(written) != written:
            return Irreversible(reason=phrase("runs.undo-secret"))  # what is kept is redacted, so it could not be put back
        return inverse.model_copy(update={"step": f"{change.step}/undo", "iteration": change.iteration, "target": change.target})

    def _may_repeat(self, change: Change, outcome: Outcome) -> bool:
        return outcome.status in {"failed", "unknown"} and change.repeatable and not self._lease.halt.is_set()

    def _settled_meanwhile(self, change: Change, outcome: Outcome) -> Outcome | None:
        """What may have happened is asked for before it is tried again; an answer ends the tries."""
        if outcome.status == "failed" or change.reads_only:
            return None
        try:
            state = self._step.observe(change)
        except Exception:  # noqa: BLE001  (not knowing is a value)
            return outcome
        if state.happened == "yes":
            return Outcome(status="changed", reason=phrase("runs.seen-after-interruption"), evidence=state.evidence)
        return None if state.happened == "no" else outcome

    def _once(self, change: Change) -> Outcome:
        try:
            outcome = self._step.apply(change, self.key(change))
        except Exception as error:  # noqa: BLE001  (a kind that raises broke the contract; what it did is not known)
            outcome = Outcome(status="unknown", reason=phrase("runs.step-broke", problem=self._told(error)))
        return redacted(outcome, self._engine.redactor)

    def _told(self, error: Exception) -> str:
        return self._engine.redactor.text(f"{type(error).__name__}: {error}")[:300]

    def _named(self, outcome: Outcome, values: Callable[[], dict[str, Any]]) -> Outcome:
        names = {**values(), "result": Names({**outcome.outputs, "status": outcome.status, "verdict": str(outcome.verdict or "")})}
        try:
            named = {name: render(text, names) for name, text in self._item.outputs.items()}
        except TemplateFailed as error:
            reason = phrase("runs.output-failed", template=error.data["template"], problem=error.data["problem"])
            return outcome.model_copy(update={"status": "failed", "reason": reason})
        return outcome.model_copy(update={"outputs": {**outcome.outputs, **named}})
