"""Tables of monitoring; `ledger/migrations/versions/0008_monitoring.py` creates them. JSON and times are text (times ISO, UTC)."""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, MetaData, Table, Text

__all__ = [
    "ACKNOWLEDGEMENTS",
    "ALERTS",
    "ALERT_MEMBERS",
    "CHANGES",
    "HOSTS",
    "MAINTENANCE",
    "NOTED",
    "OUTBOX",
    "PROBLEMS",
    "STATES",
]

_METADATA = MetaData()


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text) for name in names]


NOTED = Table("monitored_runs", _METADATA, Column("run", Text, primary_key=True), *_texts("noted_at"))
STATES = Table(
    "check_states",
    _METADATA,
    *(Column(name, Text, primary_key=True) for name in ("runbook", "step", "name", "target")),
    Column("item", Integer, primary_key=True),
    *_texts("kind", "owner", "verdict", "reason", "run", "at", "slots", "title", "measured", "measured_at", "since", "ok_at"),
    *_texts("previous", "changed_at", "unit", "problem"),
    Column("value", Float),
    Column("seconds", Float),
    Column("attempts", Integer),
    Column("flapping", Integer),
)
CHANGES = Table(
    "check_changes",
    _METADATA,
    Column("id", Text, primary_key=True),
    *_texts("runbook", "step", "name", "target", "previous", "verdict", "reason", "run", "at"),
    *(Column(name, Integer) for name in ("item", "hard", "flapping")),
)
PROBLEMS = Table(
    "problems",
    _METADATA,
    Column("id", Text, primary_key=True),
    *_texts("runbook", "step", "name", "target", "kind", "verdict", "worst", "reason", "run", "since", "changed_at"),
    *_texts("title", "hard_at", "closed_at", "alert"),
    *(Column(name, Integer) for name in ("item", "down")),
)
HOSTS = Table(
    "monitored_hosts", _METADATA, Column("name", Text, primary_key=True), *_texts("jump", "system", "site", "tags", "seen_at")
)
ALERTS = Table(
    "alerts",
    _METADATA,
    Column("id", Text, primary_key=True),
    *_texts("key", "sort", "label", "runbook", "verdict", "state", "opened_at", "changed_at", "closed_at"),
    *(Column(name, Integer) for name in ("round", "members", "acknowledged")),
)
OUTBOX = Table(
    "alert_outbox",
    _METADATA,
    Column("seq", Integer, primary_key=True),
    *_texts("receiver", "thread", "action", "payload", "state", "made_at", "next_at", "claimed_until", "sent_at", "failure"),
    Column("attempts", Integer),
)
MAINTENANCE = Table(
    "maintenance",
    _METADATA,
    Column("id", Text, primary_key=True),
    *_texts("selector", "runbook", "since", "until", "reason", "actor", "made_at", "ended_at", "ended_by"),
)
ACKNOWLEDGEMENTS = Table(
    "acknowledgements",
    _METADATA,
    Column("id", Text, primary_key=True),
    *_texts("problem", "verdict", "reason", "actor", "made_at", "until", "ended_at", "ended_by"),
)
ALERT_MEMBERS = Table(
    "alert_members",
    _METADATA,
    *(Column(name, Text, primary_key=True) for name in ("group_id", "member")),
    *_texts("incident", "started", "ended", "acked", "seen_at"),
    Column("over", Integer),
)
"""What other systems' alerts came to, by group (migration 0016)."""
