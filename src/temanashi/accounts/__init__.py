"""Accounts as data: roles, wishes, the difference field by field, and the directories where accounts live."""

from __future__ import annotations

from temanashi.accounts.model import Account, Cap, Scope, Snapshot
from temanashi.accounts.roles import NO_ROLES, Desired, Role, Roles, desired_of, role_problems
from temanashi.accounts.wishes import FieldChange, Wish, differences

__all__ = [
    "NO_ROLES",
    "Account",
    "Cap",
    "Desired",
    "FieldChange",
    "Role",
    "Roles",
    "Scope",
    "Snapshot",
    "Wish",
    "desired_of",
    "differences",
    "role_problems",
]
