"""The rights of the PostgreSQL role that runs temanashi day by day, while another one owns the tables and upgrades them.

The owner of a table can drop its triggers; this role cannot. It may add to the ledger and prune bodies, nothing else.
"""

from __future__ import annotations

import re

from temanashi.ledger.upgrading import SCHEMA_NAME

__all__ = ["grants"]

_ONLY_ADDED = ("ledger", "ledger_body", "ledger_marks", "ledger_work", "ledger_demand")
_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def grants(role: str) -> tuple[str, ...]:
    """The statements that the owner runs after each upgrade; raises ValueError for a name that would need quoting."""
    if not _ROLE.fullmatch(role):
        raise ValueError(f"not a plain role name: {role!r}")
    only_added = ", ".join(f"{SCHEMA_NAME}.{name}" for name in _ONLY_ADDED)
    return (
        f"GRANT USAGE ON SCHEMA {SCHEMA_NAME} TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {SCHEMA_NAME} TO {role}",
        f"REVOKE INSERT, UPDATE, DELETE ON {SCHEMA_NAME}.alembic_version FROM {role}",
        f"REVOKE UPDATE, DELETE ON {only_added} FROM {role}",
        f"GRANT UPDATE (text, salt) ON {SCHEMA_NAME}.ledger_body TO {role}",
    )
