"""The tables of sign-in; migrations 0012, 0013 and 0018 create them. Times are ISO texts in UTC, JSON is text."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Table, Text

__all__ = ["FAILURES", "GROUP_ROLES", "LINKS", "REQUESTS", "ROLES", "SESSIONS", "TOKENS", "USERS"]

_METADATA = MetaData()

USERS = Table(
    "users",
    _METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in ("name", "password", "state", "made_at", "changed_at", "signed_in_at", "lang")),
    Column("one_time", Integer),
)
ROLES = Table(
    "user_roles",
    _METADATA,
    Column("user", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("given_at", Text),
)
GROUP_ROLES = Table(
    "group_roles",
    _METADATA,
    *(Column(name, Text, primary_key=True) for name in ("user", "role", "way")),
    Column("given_at", Text),
)
LINKS = Table(
    "user_links",
    _METADATA,
    *(Column(name, Text, primary_key=True) for name in ("user", "way")),
    *(Column(name, Text) for name in ("directory", "subject", "made_at", "username")),
)
REQUESTS = Table(
    "role_requests",
    _METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in ("user", "role", "verb", "state", "asked_by", "asked_at", "decided_by", "decided_at")),
)
SESSIONS = Table(
    "sessions",
    _METADATA,
    Column("digest", Text, primary_key=True),
    *(Column(name, Text) for name in ("user", "made_at", "seen_at", "until", "address", "ended_at", "hint")),
)
FAILURES = Table(
    "sign_in_failures",
    _METADATA,
    Column("key", Text, primary_key=True),
    Column("count", Integer),
    *(Column(name, Text) for name in ("last_at", "locked_until")),
)
TOKENS = Table(
    "tokens",
    _METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in ("digest", "user", "name", "scopes", "made_by", "made_at", "until", "seen_at", "ended_at")),
)
