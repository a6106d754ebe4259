"""The tables of snapshots and reviews; migration 0020 creates them. Times are ISO texts in UTC, JSON is text."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, Text

__all__ = ["FINDINGS", "LINES", "POPULATIONS", "REVIEWS", "SNAPSHOTS"]

_METADATA = MetaData()

POPULATIONS = Table(
    "account_populations",
    _METADATA,
    Column("digest", Text, primary_key=True),
    Column("content", LargeBinary),
    Column("kept_at", Text),
)
SNAPSHOTS = Table(
    "account_snapshots",
    _METADATA,
    *(Column(name, Text, primary_key=True) for name in ("place", "taken_at")),
    *(Column(name, Text) for name in ("kind", "query", "digest", "reason")),
    *(Column(name, Integer) for name in ("accounts", "seq")),
)
REVIEWS = Table(
    "account_reviews",
    _METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in ("state", "opened_at", "content")),
    Column("seq", Integer),
)
LINES = Table(
    "account_review_lines",
    _METADATA,
    *(Column(name, Text, primary_key=True) for name in ("review", "line")),
    Column("position", Integer),
    *(Column(name, Text) for name in ("place", "login", "content", "digest", "decision", "decided", "result")),
)
FINDINGS = Table(
    "account_review_findings", _METADATA, *(Column(name, Text, primary_key=True) for name in ("review", "kind", "line"))
)
