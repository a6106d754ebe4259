"""Until when an approval may be given, and from when on others may give it too. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from temanashi.calendars import BusinessCalendar
from temanashi.runbooks.approval import Approval, Expiry

__all__ = ["end_of_business_day", "escalated", "expires_at"]

MOST_DAYS = 366
LAST = time(23, 59, 59)


def end_of_business_day(moment: datetime, days: int, calendar: BusinessCalendar, zone: ZoneInfo) -> datetime:
    """The end (UTC) of the nth business day after the day of a moment; a calendar that is closed for a year ends after it."""
    day = moment.astimezone(zone).date()
    left = days
    for _ in range(MOST_DAYS):
        day += timedelta(days=1)
        left -= calendar.is_business_day(day)
        if not left:
            break
    return datetime.combine(day, LAST, zone).astimezone(UTC)


def expires_at(expiry: Expiry, opened: datetime, calendar: BusinessCalendar, zone: ZoneInfo) -> datetime:
    """When silence refuses (UTC)."""
    if expiry.hours is not None:
        return opened + timedelta(hours=expiry.hours)
    return end_of_business_day(opened, expiry.business_days or 1, calendar, zone)


def escalated(rule: Approval, opened: datetime, now: datetime) -> bool:
    """Whether those to whom it is escalated may approve too."""
    return rule.escalate is not None and now >= opened + timedelta(hours=rule.escalate.after_hours)
