"""Samples: runs whose work people did by hand, line by line, measured as they did it; and why other runs are none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import NonNegativeInt, ValidationError

from temanashi.books.baseline import SampleRef
from temanashi.books.tasks import Frozen
from temanashi.books.usage import EndedRun, usage_of
from temanashi.ledger.records import Record
from temanashi.text.local import Phrase, phrase

__all__ = ["Sample", "StepTime", "samples_of"]


class StepTime(Frozen):
    """What a step took in one run: active seconds of everybody, whether they were measured, and whether it was done at all."""

    step: str
    seconds: NonNegativeInt
    measured: bool
    done: bool


class Sample(Frozen):
    """A run with checklists. `refused` says why the whole of it is no sample; its steps may have been measured all the same."""

    run: str
    seq: NonNegativeInt
    day: date
    runbook: str
    version: str
    task: str
    slot: str = ""
    people: tuple[str, ...] = ()
    seconds: NonNegativeInt
    refused: Phrase | None = None
    steps: tuple[StepTime, ...] = ()

    @property
    def ref(self) -> SampleRef:
        """What a signed baseline keeps of it."""
        return SampleRef(run=self.run, seq=self.seq, day=self.day, seconds=self.seconds)


def samples_of(records: Iterable[Record], zone: ZoneInfo) -> tuple[Sample, ...]:
    """Every ended run with a checklist, oldest first. Needs the bodies of `decision` records; `zone` cuts days."""
    known = list(records)
    decisions: dict[str, list[Record]] = {}
    for record in known:
        if record.draft.kind == "decision" and (record.pruned or record.draft.body.get("wait") == "manual"):
            decisions.setdefault(record.draft.run, []).append(record)
    versions = {record.draft.run: record.draft.version for record in known if record.draft.kind == "run_finished"}
    ended = [run for run in usage_of(known, zone).runs if run.run in decisions]
    return tuple(_sample(run, versions[run.run], decisions[run.run]) for run in ended)


def _sample(run: EndedRun, version: str, decisions: Sequence[Record]) -> Sample:
    people = dict.fromkeys(person["name"] for record in decisions for person in record.draft.body.get("people", ()))
    return Sample(
        run=run.run,
        seq=run.seq,
        day=run.day,
        runbook=run.runbook,
        version=version,
        task=run.task,
        slot=run.slot,
        people=tuple(people),
        seconds=sum(record.draft.human_seconds for record in decisions),
        refused=_refused(run, decisions),
        steps=_steps(decisions) if run.mode == "live" else (),
    )


def _refused(run: EndedRun, decisions: Sequence[Record]) -> Phrase | None:
    if run.mode != "live":
        return phrase("books.sample-not-live")
    if any(record.pruned for record in decisions):
        return phrase("books.sample-pruned")
    for record in decisions:
        told = record.draft.body.get("sample", {"accepted": False, "refused": None})
        if not told["accepted"]:
            return _phrase(told["refused"])
    if run.outcome != "done":
        return phrase("books.sample-not-done")
    return None if run.by_hand else phrase("books.sample-part")


def _phrase(told: Any) -> Phrase:
    try:
        return Phrase.model_validate(told)
    except ValidationError:  # a record from before checklists: answered as a whole
        return phrase("runs.sample-whole")


def _steps(decisions: Sequence[Record]) -> tuple[StepTime, ...]:
    """One entry a step; a step of several lines (for each of a list) was measured where all of them were."""
    lines: dict[str, list[dict[str, Any]]] = {}
    for record in decisions:
        if record.draft.outcome == "done":
            for line in record.draft.body.get("lines", ()):
                lines.setdefault(line["step"], []).append(line)
    return tuple(_step(step, found) for step, found in lines.items())


def _step(step: str, lines: list[dict[str, Any]]) -> StepTime:
    done = [line for line in lines if line["state"] == "done"]
    measured = bool(done) and all(line["measured"] for line in done)
    return StepTime(step=step, seconds=sum(line["seconds"] for line in done), measured=measured, done=bool(done))
