"""The record: one entry of the ledger. Its format is final; additions raise `SCHEMA` and keep old records readable."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from temanashi.changes import OutcomeStatus, Verdict
from temanashi.people import Assurance, Channel

__all__ = ["SCHEMA", "Draft", "Kind", "Mode", "Record", "RunOutcome", "TargetOutcome"]

SCHEMA = 1

Kind = Literal[
    "run_requested",  # who asked for what; the plan's digest, inputs and plan in the body
    "run_started",
    "step_intended",  # one a step; the changes about to be applied in the body
    "step_done",  # one a step; every target's outcome, details and evidence in the body
    "run_finished",
    "decision",  # approval, refusal or manual confirmation of a wait; the wait's key in the body
    "demand",  # an occasion on which a person would have acted, other than a calendar slot
    "task_version",  # minutes of a task, signed by a person
    "census",  # what somebody says that a task takes, and how often it comes
    "baseline_frozen",  # a numbered baseline version: prepared, then confirmed by a second person or refused
    "investment",  # hours that building or keeping up automation took, or that such an entry was a mistake
    "month_issued",  # the files of a month's report as they were laid before an approver, whole in the body
    "month_prepared",  # a month's figures and digests of its report for an approver, or that these were refused
    "month_closed",  # another person sealed what was prepared: figures, digests of the issued files, checkpoint in the body
    "correction",  # of a closed month: asked for, approved or refused; what it is in the body
    "published",  # a workspace version became live
    "publication",  # a version was stored, approved or refused without becoming live
    "checkpoint",
    "restored",
    "pruned",
    "emergency_stop",  # on and off, with the reason
    "hosts_trusted",  # a person took keys of hosts for theirs; names, fingerprints and replaced keys in the body
    "incident",  # opened, acknowledged, resolved or reopened (the outcome); when, in the body
    "alert",  # what another system told of alerts for the first time; when each began, in the body
    "inquiry",  # a question to the FAQ, and what came of it (the outcome); masked texts in the body
    "account_snapshot",  # every account was read: queries, counts and digests by place, and places that were not read
    "account_drift",  # what changed at a place between two reads that no run of ours did, in the body
    "account_review",  # a review was opened, decided upon, exported, carried out, packed or closed (the outcome)
    "noted",  # anything else that an auditor would want to know
]
Mode = Literal["live", "dry_run", "drill"]
RunOutcome = Literal["done", "failed", "unknown", "cancelled", "refused"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TargetOutcome(_Frozen):
    """What happened on one target, small enough for the envelope; details and evidence are in the body."""

    target: str
    outcome: OutcomeStatus
    verdict: Verdict | None = None


class Draft(_Frozen):
    """What a writer knows of a record; the ledger adds chain, sequence, event id, time and hashes.

    `slot` is the day (ISO date, workspace time zone) or key of the demand unit that a run serves. Times are aware UTC.
    `human_seconds` are active seconds of people on the automated path; `human_source` says how they were obtained.
    `body` is JSON: redacted inputs, plans, evidence. It can be pruned later without breaking the chain.
    """

    kind: Kind
    task: str = ""
    runbook: str = ""
    version: str = Field(default="", description="digest of the published runbook version")
    run: str = ""
    actor: str
    actor_kind: Literal["person", "system"] = "person"
    assurance: Assurance = "asserted"
    beneficiary: str = ""
    channel: Channel = "cli"
    identity_check: str = ""
    approvers: tuple[str, ...] = ()
    ticket: str = ""
    reason: str = ""
    system: str = ""
    team: str = ""
    targets: tuple[TargetOutcome, ...] = ()
    mode: Mode = "live"
    privileged: bool = False
    emergency: bool = False
    outcome: str = Field(
        default="",
        description="of a run: RunOutcome; of a decision: done, approved, refused, expired, cancelled; of a step: by_hand or empty",
    )
    slot: str = ""
    step: str = ""
    human_seconds: NonNegativeInt = 0
    human_source: Literal["", "timer", "entered", "default"] = ""
    body: dict[str, Any] = Field(default_factory=dict)


class Record(_Frozen):
    """A draft that stands in the chain.

    `hash` = SHA-256 over the envelope's text, which holds every envelope field, `prev_hash` and
    `body_hash` = SHA-256(salt + body text).
    """

    chain: str
    seq: NonNegativeInt
    event_id: str
    schema_version: int
    recorded_at: datetime
    prev_hash: str
    hash: str
    body_hash: str
    pruned: bool = False
    draft: Draft
