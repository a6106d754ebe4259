"""What a check may use besides the host it looks at: secrets, local time, business days, heartbeats. All of it is passed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from temanashi.calendars import BusinessCalendar, SiteCalendars
from temanashi.checks.trust import Trust
from temanashi.hosts.local import LocalTransport
from temanashi.hosts.transport import Transport
from temanashi.secrets import resolve

__all__ = ["Heartbeat", "Means"]


@dataclass(frozen=True, kw_only=True)
class Heartbeat:
    """What is known of a job that tells of itself. Times are aware UTC; `exit` and `said` belong to its last end."""

    name: str
    made_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    succeeded_at: datetime | None = None
    exit: int | None = None
    said: str = ""


def _no_heartbeat(_: str) -> Heartbeat | None:
    return None


@dataclass(frozen=True, kw_only=True)
class Means:
    """What checks are given to look with.

    `secret` resolves a reference (raises SecretMissing), `calendar` gives the business days of a calendar by its name (raises
    UnknownCalendar), `heartbeat` what was last heard of a job (None: no such name). `zone` is the one that people write times in.
    `here` runs commands on this machine, and `remembered` is what earlier measurements kept, by `CheckResult.remember`'s names.
    """

    secret: Callable[[str], str] = resolve
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    calendar: Callable[[str], BusinessCalendar] = field(default_factory=lambda: SiteCalendars().calendar)
    heartbeat: Callable[[str], Heartbeat | None] = _no_heartbeat
    trust: Trust = field(default_factory=Trust)
    here: Transport = field(default_factory=LocalTransport)
    remembered: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
