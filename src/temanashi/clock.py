"""Time as an effect that is passed in."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = ["Clock", "SystemClock", "duration_of"]

DURATION = re.compile(r"([0-9]{1,5})(m|h|d)", re.ASCII)
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class Clock(Protocol):
    """What tells the time and waits."""

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for durations."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        time.sleep(seconds)


def duration_of(text: str) -> timedelta | None:
    """`30m`, `2h` or `3d` as a duration; None for anything else, and for nothing at all."""
    match = DURATION.fullmatch(text.strip())
    return (UNITS[match[2]] * int(match[1]) or None) if match else None
