"""A clock that stands until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class StoppedClock:
    """`clock.pass_by(90)` lets 90 seconds pass."""

    def __init__(self, now: datetime = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)) -> None:
        self._now, self._passed = now, 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._passed += max(0.0, seconds)
