"""Tables of schedules; `ledger/migrations/versions/0007_schedules.py` creates them. JSON and times are text (times ISO, UTC)."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Table, Text

__all__ = ["HOLDS", "OCCURRENCES", "SKIPS", "TURNS"]

_METADATA = MetaData()

TURNS = Table(
    "turns",
    _METADATA,
    Column("run", Text, primary_key=True),
    *(Column(name, Text) for name in ("runbook", "work", "place", "taken_at", "seen_at")),
)
HOLDS = Table(
    "holds",
    _METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in ("runbook", "schedule", "reason", "actor", "since", "until")),
    Column("remind_days", Integer),
    *(Column(name, Text) for name in ("remind_at", "ended_at", "ended_by")),
)
SKIPS = Table(
    "skips",
    _METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in ("runbook", "schedule", "day", "at", "reason", "actor", "made_at", "ended_at", "ended_by")),
)
OCCURRENCES = Table(
    "occurrences",
    _METADATA,
    *(Column(name, Text, primary_key=True) for name in ("runbook", "schedule", "at")),
    *(Column(name, Text) for name in ("slot", "version", "due", "state", "reason", "run", "flow_run", "noted_at")),
    *(Column(name, Text) for name in ("alarm", "told_at", "recovered_at")),
)
