"""The checks of a run judged again, from nothing but the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from temanashi.changes import Evidence
from temanashi.checks.registry import Kinds, installed_kinds
from temanashi.checks.replaying import Answer, Replayed, replay
from temanashi.errors import RunError
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Record
from temanashi.runs.journal import read_run
from temanashi.runs.results import NoRun
from temanashi.text.local import phrase

__all__ = ["NothingToReplay", "ReplayedCheck", "RunReplay", "replay_run"]


class NothingToReplay(RunError):
    """The record holds no result of a check of this run."""

    key = "monitoring.nothing-to-replay"

    def __init__(self, run: str) -> None:
        super().__init__(run=run)


@dataclass(frozen=True, kw_only=True)
class ReplayedCheck:
    """One result with its place."""

    step: str
    target: str
    item: int
    result: Replayed


@dataclass(frozen=True, kw_only=True)
class RunReplay:
    """Every result of a run. `answer` is differs where one differs, else unknown where nothing can be said of one, else equal."""

    run: str
    checks: tuple[ReplayedCheck, ...]

    @property
    def answer(self) -> Answer:
        """The answer for all of them."""
        found = {one.result.answer for one in self.checks}
        return "differs" if "differs" in found else "unknown" if "unknown" in found else "equal"

    def count(self, answer: Answer) -> int:
        """How many have an answer."""
        return sum(one.result.answer == answer for one in self.checks)


def replay_run(connection: Connection, ledger: Ledger, run: str, *, kinds: Kinds | None = None) -> RunReplay:
    """Judge a run's stored results again; raises NoRun, NothingToReplay and LedgerError."""
    if read_run(connection, run) is None:
        raise NoRun(run)
    found: list[ReplayedCheck] = []
    for record in ledger.records(connection, run=run, kinds=("step_done",)):
        found += _pruned(record) if record.pruned else _replayed(record, kinds or installed_kinds())
    if not found:
        raise NothingToReplay(run)
    return RunReplay(run=run, checks=tuple(found))


def _pruned(record: Record) -> Iterator[ReplayedCheck]:
    for target in record.draft.targets:
        if target.verdict is not None:
            gone = Replayed(check="", answer="unknown", recorded=target.verdict, why=phrase("checks.replay-pruned"))
            yield ReplayedCheck(step=record.draft.step, target=target.target, item=0, result=gone)


def _replayed(record: Record, kinds: Kinds) -> Iterator[ReplayedCheck]:
    for target in record.draft.body.get("targets", ()):
        outcome = target.get("outcome") or {}
        rows = [row for row in outcome.get("details", ()) if "check" in row and "spec_digest" in row]
        evidence = [Evidence.model_validate(piece) for piece in outcome.get("evidence", ())]
        for result in replay(rows, evidence, kinds=kinds):
            yield ReplayedCheck(step=record.draft.step, target=target["target"], item=target["iteration"], result=result)
