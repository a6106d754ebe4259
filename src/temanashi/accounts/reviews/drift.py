"""What changed at a place between two reads that no run of ours did: each run's before and after lie between the two. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from temanashi.accounts.reviews.population import Entry, Target

__all__ = ["Drift", "Moved", "OurChange", "drift_between"]

UNCOMPARED = frozenset({"last_seen"})


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OurChange(_Frozen):
    """What a run of ours did to one account. `known` is False where nobody knows whether it happened."""

    where: str
    login: str
    run: str
    started_at: datetime
    ended_at: datetime
    before: Entry | None = None
    after: Entry | None = None
    known: bool = True


class Moved(_Frozen):
    """One field that became another; values are JSON."""

    field: str
    before: Any
    after: Any


class Drift(_Frozen):
    """What changed outside temanashi: an account, or (login empty) the groups within a group. `run`: it may have been this one."""

    where: str
    login: str = ""
    group: str = ""
    change: Literal["added", "removed", "changed"]
    fields: tuple[Moved, ...] = ()
    run: str = ""


def drift_between(before: Target, after: Target, ours: Iterable[OurChange]) -> tuple[Drift, ...]:
    """Everything that is another now, minus what runs of ours did meanwhile; in order of login."""
    mine: dict[str, list[OurChange]] = defaultdict(list)
    for change in sorted(ours, key=lambda one: one.ended_at):
        if change.where == after.where and before.taken_at < change.ended_at and change.started_at <= after.taken_at:
            mine[change.login].append(change)
    old, new = _entries(before), _entries(after)
    found: list[Drift] = []
    for login in sorted({*old, *new, *mine}):
        found += _of_account(after, login, old.get(login), new.get(login), mine.get(login, []))
    return (*found, *_of_groups(before, after))


def _entries(target: Target) -> dict[str, Entry]:
    """By login, each with all its direct groups: some directories tell them with the account, some with the group."""
    direct: dict[str, set[str]] = {entry.login: {*entry.groups} for entry in target.entries}
    for group, members in target.groups.items():
        for login in members:
            if login in direct:
                direct[login].add(group)
    return {one.login: one.model_copy(update={"groups": tuple(sorted(direct[one.login]))}) for one in target.entries}


def _of_account(after: Target, login: str, was: Entry | None, now: Entry | None, ours: Sequence[OurChange]) -> Iterator[Drift]:
    """Between two of our changes, and before and after them, somebody else may have been at work."""
    unsure = next((one.run for one in ours if not one.known), "")
    moved: list[Moved] = []
    current, added, removed = was, was is None and now is not None, was is not None and now is None
    for one in ours:
        # A change that was under way while we read may not have been seen yet.
        if not one.known or (one.ended_at > after.taken_at and _same(one.before, now)):
            continue
        moved += _moved(current, one.before)
        added, removed = added and one.before is not None, removed and one.after is not None
        current = one.after
    moved += _moved(current, now)
    if not moved:
        return
    change: Literal["added", "removed", "changed"] = "added" if added else "removed" if removed else "changed"
    yield Drift(where=after.where, login=login, change=change, fields=tuple(moved), run=unsure)


def _same(one: Entry | None, other: Entry | None) -> bool:
    return not _moved(one, other)


def _moved(one: Entry | None, other: Entry | None) -> list[Moved]:
    if one is None or other is None:
        if one is other:
            return []
        return [Moved(field="account", before=one.login if one else None, after=other.login if other else None)]
    was, now = (entry.model_dump(mode="json", exclude=set(UNCOMPARED)) for entry in (one, other))
    return [Moved(field=name, before=was[name], after=now[name]) for name in was if _plain(was[name]) != _plain(now[name])]


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value


def _of_groups(before: Target, after: Target) -> Iterator[Drift]:
    old, new = _nested(before.nested), _nested(after.nested)
    for group in sorted({*old, *new}):
        was, now = old.get(group, []), new.get(group, [])
        if was != now:
            moved = Moved(field="nested", before=was, after=now)
            yield Drift(where=after.where, group=group, change="changed", fields=(moved,))


def _nested(nested: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {group: sorted(groups) for group, groups in nested.items() if groups}
