"""The one contract of everything that acts: plan, apply, observe, undo. There is no second plan, digest or undo anywhere."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from temanashi.canonical import digest_of
from temanashi.text.local import LocalText, Phrase

__all__ = [
    "NO_TARGET",
    "Change",
    "Evidence",
    "Irreversible",
    "Outcome",
    "OutcomeStatus",
    "Plan",
    "State",
    "Step",
    "Verdict",
    "Wait",
    "evidence_of",
]

NO_TARGET = "-"
"""The target of a change that concerns no host."""

EVIDENCE_LIMIT = 64 * 1024
"""Characters of one piece of evidence that are kept; the digest always covers all of it."""

Context_contra = TypeVar("Context_contra", contravariant=True)
OutcomeStatus = Literal["changed", "already", "conflict", "failed", "unknown", "skipped"]


class Verdict(StrEnum):
    """What a check says. Not measured is UNKNOWN, never OK and never CRITICAL."""

    OK = "OK"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"
    UNKNOWN = "UNKNOWN"
    SKIPPED = "SKIPPED"
    PENDING = "PENDING"

    @staticmethod
    def worst(verdicts: list[Verdict]) -> Verdict:
        """The verdict of a whole checklist: CRITICAL > UNKNOWN > WARNING > PENDING > OK; of nothing, UNKNOWN.

        What was skipped has its own line and hides nothing: SKIPPED only where everything was.
        """
        order = (Verdict.CRITICAL, Verdict.UNKNOWN, Verdict.WARNING, Verdict.PENDING, Verdict.OK, Verdict.SKIPPED)
        return next((v for v in order if v in verdicts), Verdict.UNKNOWN)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(_Frozen):
    """What was seen: bounded and redacted text, with the digest and size (bytes, UTF-8) of the whole redacted text."""

    name: str
    media_type: str = "text/plain"
    text: str
    sha256: str
    size: NonNegativeInt
    truncated: bool = False


def evidence_of(name: str, text: str, *, media_type: str = "text/plain", limit: int = EVIDENCE_LIMIT) -> Evidence:
    """Evidence from redacted text: at most `limit` characters kept, NUL and lone surrogates replaced."""
    clean = text.replace("\x00", "\ufffd").encode("utf-8", "replace")
    kept = clean.decode("utf-8")
    return Evidence(
        name=name,
        media_type=media_type,
        text=kept[:limit],
        sha256=hashlib.sha256(clean).hexdigest(),
        size=len(clean),
        truncated=len(kept) > limit,
    )


class Wait(_Frozen):
    """What a change waits for before it counts as applied: a person, or (later kinds) a moment."""

    kind: Literal["manual", "approval"]
    prompt: LocalText
    expires_after: NonNegativeInt | None = Field(default=None, description="seconds; expiry refuses")


class Change(_Frozen):
    """One thing that a run would do to one target.

    `payload` holds all that `apply` needs, JSON only, secrets as references. `summary` is the sentence that a reader of the plan
    sees. `reads_only` changes nothing on the target. A change with `wait` is done by a person: the engine asks, and never applies.
    """

    step: str
    iteration: NonNegativeInt = 0
    target: str = NO_TARGET
    kind: str
    summary: Phrase
    payload: dict[str, Any] = Field(default_factory=dict)
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    preconditions: dict[str, Any] = Field(default_factory=dict)
    reads_only: bool = False
    reversible: bool = False
    already: bool = Field(default=False, description="the plan saw that the target is as wished")
    left_out: Phrase | None = Field(default=None, description="why nothing is done here, e.g. `when` is false")
    condition: str = Field(default="", description="`when` or `for_each` that names what is not known yet; planned again then")
    provisional: bool = Field(default=False, description="names outputs that were not known yet; planned again when they are")
    repeatable: bool = Field(default=True, description="may be tried again after a failure, where the step says `retries`")
    wait: Wait | None = None

    @property
    def key(self) -> tuple[str, int, str]:
        """Step path, iteration and target: with the run, the journal's key."""
        return self.step, self.iteration, self.target


class Plan(_Frozen):
    """What a run would do: the runbook's version digest, the inputs (references for secrets) and the changes in order."""

    runbook: str
    version: str
    inputs: dict[str, Any]
    changes: tuple[Change, ...]

    @property
    def digest(self) -> str:
        """Changes with anything that matters, and with nothing else: key order and languages' renderings do not count."""
        return digest_of(self.model_dump(mode="json"))


class Outcome(_Frozen):
    """What a change did on its target. Failures are values.

    `details` are rows for tables and the record (for a check step: one per check), JSON only. `outputs` are named values for
    later steps. Times are aware UTC.
    """

    status: OutcomeStatus
    reason: Phrase | None = None
    verdict: Verdict | None = None
    details: tuple[dict[str, Any], ...] = ()
    outputs: dict[str, Any] = Field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    before: dict[str, Any] | None = None
    remember: dict[str, dict[str, Any]] = Field(default_factory=dict, description="by name, for the next run of the same step")
    started_at: datetime | None = None
    ended_at: datetime | None = None
    human_seconds: NonNegativeInt = 0
    tries: int = Field(default=1, ge=1, description="how often it was tried")

    @property
    def good(self) -> bool:
        """The target is as wished, or was measured."""
        return self.status in {"changed", "already"}


class State(_Frozen):
    """A fresh read of a target, and whether the change happened."""

    happened: Literal["yes", "no", "unknown"]
    facts: dict[str, Any] = Field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()


class Irreversible(_Frozen):
    """Why a change cannot be undone."""

    reason: Phrase


class Step(Protocol[Context_contra]):
    """A step of a runbook, ready to act: its effects were passed in when it was built."""

    def plan(self, ctx: Context_contra) -> list[Change]:
        """The changes wished for; reads at most, and only where the step declares so; never writes."""
        ...

    def apply(self, change: Change, key: str) -> Outcome:
        """Do it; idempotent under the same key where the target allows. Failures are outcomes, not exceptions."""
        ...

    def observe(self, change: Change) -> State:
        """Read afresh: evidence, and the answer to whether it happened."""
        ...

    def undo(self, change: Change, before: dict[str, Any] | None) -> Change | Irreversible:
        """The change that takes this one back, or why there is none."""
        ...
