"""Maintenance windows: hosts whose checks go on and are shown, and of which nobody is alerted; who, why, from when to when."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from temanashi.clock import Clock
from temanashi.errors import InputError
from temanashi.hosts.inventory import HostError, Inventory
from temanashi.ledger.chain import event_id
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Draft
from temanashi.monitoring.model import Key
from temanashi.monitoring.store import moment, stamp
from temanashi.monitoring.tables import MAINTENANCE
from temanashi.people import Actor, Channel
from temanashi.text.local import LocalText

if TYPE_CHECKING:
    from temanashi.monitoring.recurring import Recurring

__all__ = [
    "NoSuchWindow",
    "Window",
    "WindowBackwards",
    "Windows",
    "add_window",
    "end_occurrences",
    "end_window",
    "ended_occurrences",
    "read_windows",
    "windows_over",
]

REASON_LENGTH = 500


class WindowBackwards(InputError):
    """A maintenance window that ends before it begins, or is over already."""

    key = "monitoring.window-backwards"

    def __init__(self, *, since: str, until: str) -> None:
        super().__init__(since=since, until=until)


class NoSuchWindow(InputError):
    """No maintenance window that is in force or planned has this id."""

    key = "monitoring.no-such-window"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


@dataclass(frozen=True, kw_only=True)
class Window:
    """Maintenance of the hosts of `selector`: of every runbook (empty `runbook`) or of one, of every check or those of `checks`.

    A `recurring` one comes from a file: its `actor` is who is responsible, and `id` the name of its rule.
    """

    id: str
    selector: str
    runbook: str
    since: datetime
    until: datetime
    reason: str | LocalText
    actor: str
    made_at: datetime
    ended_at: datetime | None = None
    checks: tuple[str, ...] = ()
    recurring: bool = False

    @property
    def occurrence(self) -> str:
        """The name of this one among those of its rule."""
        return f"{self.id}@{stamp(self.since)}"

    @property
    def end(self) -> datetime:
        """When it ends, or ended."""
        return min(self.until, self.ended_at) if self.ended_at is not None else self.until

    def over(self, at: datetime) -> bool:
        """Whether it is in force at a moment."""
        return self.since <= at < self.end

    def means(self, key: Key) -> bool:
        """Whether a check is one of those that it covers, whatever host it looks at."""
        if self.runbook not in {"", key.runbook}:
            return False
        names = (key.name, f"{key.runbook}/{key.name}", f"{key.runbook}/{key.step}/{key.name}")
        return not self.checks or any(fnmatchcase(name, pattern) for pattern in self.checks for name in names)


class Windows:
    """The windows in force at one moment, and the hosts that each covers."""

    def __init__(self, windows: Iterable[Window], inventory: Inventory) -> None:
        self._covered = [(window, _hosts(window.selector, inventory)) for window in windows]

    def covering(self, key: Key) -> Window | None:
        """The window that covers a check of a host; the one that ends last where there are several."""
        found = [window for window, hosts in self._covered if key.target in hosts and window.means(key)]
        return max(found, key=lambda window: window.end, default=None)


def _hosts(selector: str, inventory: Inventory) -> frozenset[str]:
    try:
        return frozenset(host.name for host in inventory.select(selector))
    except HostError:  # its hosts are gone since, so there is nothing to keep quiet
        return frozenset()


def add_window(
    connection: Connection,
    ledger: Ledger,
    *,
    inventory: Inventory,
    selector: str,
    runbook: str = "",
    since: datetime,
    until: datetime,
    reason: str,
    actor: Actor,
    channel: Channel,
    clock: Clock,
) -> Window:
    """Plan a window, on the record; raises HostError for a selector that chooses nothing, and WindowBackwards."""
    inventory.select(selector)
    now = clock.now()
    if until <= since or until <= now:
        raise WindowBackwards(since=since.isoformat(timespec="minutes"), until=until.isoformat(timespec="minutes"))
    made = Window(
        id=event_id(now, secrets.token_bytes(10)),
        selector=selector,
        runbook=runbook,
        since=since,
        until=until,
        reason=reason.strip()[:REASON_LENGTH],
        actor=actor.name,
        made_at=now,
    )
    texts = {name: getattr(made, name) for name in ("id", "selector", "runbook", "reason", "actor")}
    times = {"since": stamp(since), "until": stamp(until), "made_at": stamp(now)}
    row = {**texts, **times, "ended_at": None, "ended_by": None}
    connection.execute(insert(MAINTENANCE).values(**row))
    _record(ledger, connection, "maintenance_planned", made, actor=actor, channel=channel)
    return made


def end_window(
    connection: Connection, ledger: Ledger, window: str, *, reason: str = "", actor: Actor, channel: Channel, clock: Clock
) -> Window:
    """End a window now, or take a planned one back, on the record; raises NoSuchWindow."""
    now = clock.now()
    mine = [one for one in read_windows(connection, now) if one.id == window]
    ended = update(MAINTENANCE).where(MAINTENANCE.c.id == window, MAINTENANCE.c.ended_at.is_(None))
    if not mine or connection.execute(ended.values(ended_at=stamp(now), ended_by=actor.name)).rowcount != 1:
        raise NoSuchWindow(window)
    _record(ledger, connection, "maintenance_ended", mine[0], actor=actor, channel=channel, reason=reason)
    return mine[0]


def end_occurrences(
    connection: Connection,
    ledger: Ledger,
    occurrences: Iterable[Window],
    *,
    reason: str = "",
    actor: Actor,
    channel: Channel,
    clock: Clock,
) -> None:
    """End single occurrences of rules now, or take back those to come, on the record; the rules go on."""
    now = stamp(clock.now())
    for window in occurrences:
        row = {
            "id": window.occurrence,
            "selector": window.selector,
            "runbook": window.runbook,
            "reason": reason,
            "actor": window.actor,
        }
        times = {"since": stamp(window.since), "until": stamp(window.until), "made_at": now, "ended_at": now}
        connection.execute(insert(MAINTENANCE).values(**row, **times, ended_by=actor.name))
        _record(ledger, connection, "maintenance_ended", window, actor=actor, channel=channel, reason=reason)


def ended_occurrences(connection: Connection) -> dict[str, datetime]:
    """When single occurrences of rules were ended early or taken back, by their names."""
    query = select(MAINTENANCE.c.id, MAINTENANCE.c.ended_at).where(MAINTENANCE.c.id.contains("@"))
    return {row.id: datetime.fromisoformat(row.ended_at) for row in connection.execute(query)}


def read_windows(connection: Connection, now: datetime) -> list[Window]:
    """Windows that are in force or to come, by their begin."""
    query = select(MAINTENANCE).where(MAINTENANCE.c.ended_at.is_(None), MAINTENANCE.c.until > stamp(now))
    return [_window(row) for row in connection.execute(query.order_by(MAINTENANCE.c.since, MAINTENANCE.c.id))]


def windows_over(
    connection: Connection, at: datetime, *, inventory: Callable[[], Inventory], recurring: Callable[[], Recurring] | None = None
) -> Windows:
    """The windows in force at a moment, now or in the past; hosts are looked up only where there is one.

    Those set by hand are of that moment, those of files as the files say now.
    """
    query = select(MAINTENANCE).where(
        MAINTENANCE.c.since <= stamp(at), MAINTENANCE.c.until > stamp(at), ~MAINTENANCE.c.id.contains("@")
    )
    found = [window for row in connection.execute(query) if (window := _window(row)).over(at)]
    if recurring is not None:
        found += replace(recurring(), ended=ended_occurrences(connection)).over(at)
    return Windows(found, inventory() if found else Inventory())


def _window(row: Any) -> Window:
    texts: dict[str, Any] = {name: getattr(row, name) for name in ("id", "selector", "runbook", "reason", "actor")}
    times: dict[str, Any] = {name: datetime.fromisoformat(getattr(row, name)) for name in ("since", "until", "made_at")}
    return Window(**texts, **times, ended_at=moment(row.ended_at))


def _record(
    ledger: Ledger,
    connection: Connection,
    outcome: str,
    window: Window,
    *,
    actor: Actor,
    channel: Channel,
    reason: str | None = None,
) -> None:
    body = {"id": window.id, "selector": window.selector, "since": stamp(window.since), "until": stamp(window.until)}
    draft = Draft(
        kind="noted",
        runbook=window.runbook,
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel=channel,
        reason=str(window.reason) if reason is None else reason,
        outcome=outcome,
        body={**body, "by": window.actor},
    )
    ledger.append(connection, draft)
