"""The journal's tables; `ledger/migrations/versions/0002_journal.py` creates them. JSON and times are text (times ISO, UTC)."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Table, Text

__all__ = ["FLAGS", "JOURNAL", "RUNS", "STEPS", "WAITS"]

_METADATA = MetaData()
_RUN_TEXTS = ("runbook", "version", "workspace_version", "task", "slot", "mode", "state", "verdict", "reason", "actor", "channel")
_RUN_MORE = (
    "beneficiary",
    "ticket",
    "request_reason",
    "flow_run",
    "frozen",
    "plan_digest",
    "requested_at",
    "started_at",
    "ended_at",
)

RUNS = Table(
    "runs",
    _METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in (*_RUN_TEXTS, *_RUN_MORE, "cancel", "lease_owner", "lease_until", "parent", "origin")),
    Column("fence", Integer),
    Column("emergency", Integer),
    Column("again", Text),
    Column("identity_check", Text),
)
JOURNAL = Table(
    "journal",
    _METADATA,
    *(Column(name, Text, primary_key=True) for name in ("run", "step", "target")),
    Column("iteration", Integer, primary_key=True),
    Column("position", Integer),
    *(Column(name, Text) for name in ("state", "change", "outcome", "undo", "intended_at", "ended_at")),
)
STEPS = Table(
    "journal_steps", _METADATA, Column("run", Text, primary_key=True), Column("step", Text, primary_key=True), Column("state", Text)
)
WAITS = Table(
    "waits",
    _METADATA,
    Column("run", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    *(Column(name, Text) for name in ("kind", "state", "prompt", "opened_at", "until", "decision")),
)
FLAGS = Table("flags", _METADATA, Column("name", Text, primary_key=True), Column("value", Text))
