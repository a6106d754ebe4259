"""May an occurrence still start, so long after its time? Pure arithmetic; `missed` and `max_lateness` of its schedule decide.

After an outage Prefect starts every run that it had planned. `skip` starts none that is late: work that was planned for the night
is not done in business hours unless somebody said so. `last` starts the newest one, `all` every one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from temanashi.runbooks.schedule import Missed
from temanashi.text.local import Phrase, phrase

__all__ = ["LONGEST_LATENESS", "ON_TIME", "allowed_lateness", "too_late"]

ON_TIME = timedelta(minutes=10)
"""A start within this is on time: a restart of the server is no outage."""

LONGEST_LATENESS = timedelta(days=1)
"""How late `last` and `all` still start where the schedule does not say."""


def allowed_lateness(missed: Missed, max_lateness: timedelta | None) -> timedelta:
    """How late an occurrence may start."""
    if max_lateness is not None:
        return max_lateness
    return ON_TIME if missed == "skip" else LONGEST_LATENESS


def too_late(
    at: datetime, *, now: datetime, following: datetime | None, missed: Missed, max_lateness: timedelta | None
) -> Phrase | None:
    """Why an occurrence does not start any more; None when it may. `following` is the next one of its schedule, if it is due."""
    allowed = allowed_lateness(missed, max_lateness)
    minutes = int((now - at).total_seconds() // 60)
    if now - at > allowed:
        return phrase("runs.too-late", minutes=minutes, allowed=int(allowed.total_seconds() // 60))
    if missed != "all" and following is not None and following <= now:
        return phrase("runs.newer-due", minutes=minutes, following=following.isoformat(timespec="minutes"))
    return None
