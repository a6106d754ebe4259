"""What `advance` returns, and the errors of runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from temanashi.changes import Verdict
from temanashi.errors import RunError
from temanashi.ledger.records import RunOutcome, TargetOutcome
from temanashi.text.local import LocalText, Phrase

__all__ = [
    "AlreadyEnded",
    "Finished",
    "LeaseLost",
    "NoRun",
    "NotOver",
    "NotWaiting",
    "NothingToRetry",
    "NothingToUndo",
    "RunBusy",
    "RunsStopped",
    "Waiting",
]


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The run is over: its outcome, the worst verdict of its checks, each target's outcome, and why it was not done."""

    run: str
    outcome: RunOutcome
    verdict: Verdict | None
    targets: tuple[TargetOutcome, ...] = ()
    reason: Phrase | None = None


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The run waits for a person; `until` is when the wait expires (and refuses), None for never.

    Of an approval, `number` says the how manieth time it is asked for here, and `digest` what it is bound to.
    """

    run: str
    step: str
    kind: str
    prompt: LocalText
    until: datetime | None
    targets: tuple[str, ...] = field(default=())
    number: int = 1
    digest: str = ""


class NoRun(RunError):
    """No run has this id."""

    key = "runs.no-run"

    def __init__(self, run: str) -> None:
        super().__init__(run=run)


class RunBusy(RunError):
    """Another live process is working on the run."""

    key = "runs.busy"

    def __init__(self, run: str, owner: str) -> None:
        super().__init__(run=run, owner=owner)


class LeaseLost(RunError):
    """Another process took the run over; this one must stop writing."""

    key = "runs.lease-lost"

    def __init__(self, run: str) -> None:
        super().__init__(run=run)


class NotWaiting(RunError):
    """The run does not wait for anybody."""

    key = "runs.not-waiting"

    def __init__(self, run: str, state: str) -> None:
        super().__init__(run=run, state=state)


class AlreadyEnded(RunError):
    """The run is over and cannot be cancelled."""

    key = "runs.already-ended"

    def __init__(self, run: str, state: str) -> None:
        super().__init__(run=run, state=state)


class NotOver(RunError):
    """The run has not ended yet, so it can be neither retried nor undone."""

    key = "runs.not-over"

    def __init__(self, run: str, state: str) -> None:
        super().__init__(run=run, state=state)


class NothingToRetry(RunError):
    """Everything of the run was done."""

    key = "runs.nothing-to-retry"

    def __init__(self, run: str) -> None:
        super().__init__(run=run)


class NothingToUndo(RunError):
    """The run changed nothing that is not taken back already."""

    key = "runs.nothing-to-undo"

    def __init__(self, run: str) -> None:
        super().__init__(run=run)


class RunsStopped(RunError):
    """The emergency stop is on."""

    key = "runs.stopped"
    exit_code = 5

    def __init__(self, *, reason: str, actor: str) -> None:
        super().__init__(reason=reason, actor=actor)
