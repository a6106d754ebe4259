"""From what a directory told to what a review keeps of it."""

from __future__ import annotations

from datetime import UTC

from temanashi.accounts.model import Account, Snapshot
from temanashi.accounts.reviews.population import Entry, Target

__all__ = ["entry_of", "target_of"]


def entry_of(account: Account) -> Entry:
    """What a review keeps of an account; its primary group is a group."""
    return Entry(
        login=account.login,
        native_id=account.native_id,
        employee=account.employee,
        kind=account.kind,
        name=account.name,
        enabled=account.enabled,
        password=account.password,
        shell=account.shell,
        keys=account.keys,
        expires_on=account.expires_on,
        groups=tuple(sorted({*account.groups, *([account.primary_group] if account.primary_group else [])})),
        system=account.system,
        privileged=account.privileged,
        last_seen=account.last_seen,
    )


def target_of(snapshot: Snapshot, *, kind: str, query: str) -> Target:
    """What was read of a directory, for a review."""
    return Target(
        where=snapshot.where,
        kind=kind,
        query=query,
        taken_at=snapshot.taken_at.astimezone(UTC),
        entries=tuple(entry_of(account) for account in snapshot.accounts),
        groups={name: tuple(members) for name, members in snapshot.groups.items()},
        nested={name: tuple(groups) for name, groups in snapshot.nested.items()},
    )
