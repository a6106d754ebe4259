"""What a message of another system comes to, whoever sent it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from temanashi.errors import InputError
from temanashi.problems import Problem
from temanashi.redaction import one_line

__all__ = ["MOST_ALERTS", "BadAlerts", "Lenient", "Member", "MemberState", "Sender", "Told", "UnknownSender", "moment_in", "tidy"]

Sender = Literal["alertmanager", "zabbix", "pagerduty"]
MemberState = Literal["firing", "acknowledged", "resolved"]
MOST_ALERTS = 5_000
"""Alerts of one message. A sender with more can say so in parts (`max_alerts`)."""

TITLE_LENGTH = 200
LABEL_LENGTH = 200
BLANKS = re.compile(r"\s+")
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""What is said to have begun before that was never set: Go's zero time is in the year 1."""


class UnknownSender(InputError):
    """A message in no form that we know."""

    key = "incidents.unknown-sender"

    def __init__(self, found: Sequence[str]) -> None:
        super().__init__(found=list(found)[:12] or ["-"])


class BadAlerts(InputError):
    """A message in a form that we know, with something in it that cannot be."""

    key = "incidents.bad-alerts"

    def __init__(self, sender: Sender, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(sender=sender, field=problems[0].field, problem=problems[0].message, count=len(problems))


class Lenient(BaseModel):
    """What others send: newer senders add fields, and these are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


@dataclass(frozen=True, kw_only=True)
class Member:
    """One alert of a message. `id` tells it from every other of its group, now and in a year; empty: the sender has no name for it.

    `started` and `ended` are aware, or None where they are not told. `said_at` is when the sender says that this happened.
    """

    id: str
    state: MemberState
    started: datetime | None
    ended: datetime | None = None
    said_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Told:
    """One message: the group that it is about, its alerts, and how many its sender left out."""

    sender: Sender
    group: str
    title: str
    severity: str = ""
    members: tuple[Member, ...]
    truncated: int = 0


def tidy(text: Any, most: int = TITLE_LENGTH) -> str:
    """A text of others on one line, without characters that steer a terminal, and cut."""
    line = one_line(BLANKS.sub(" ", str(text)).strip())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def moment_in(text: str) -> datetime | None:
    """A moment with its offset (RFC 3339), in UTC; None for one that was never set. Raises ValueError, also without an offset."""
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        raise ValueError(text)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:  # the year 1, east of Greenwich
        return None
    return moment if moment >= EARLIEST else None
