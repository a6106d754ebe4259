"""Moments as people write them: a day with a time, in the workspace's zone, or with an offset of its own."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = ["moment_written"]

DAY = r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
WEEKDAY = r"(?:\s*[(\[][日月火水木金土](?:曜日?)?[)\]])?"
TIME = r"(\d{1,2})\s*[:時]\s*(\d{1,2})(?:\s*[:分]\s*(\d{1,2})(?:\.\d+)?)?\s*[分秒]?"
ZONE = r"\s*(z|utc|jst|[+-]\d{2}:?\d{2})?"
WRITTEN = re.compile(rf"{DAY}{WEEKDAY}(?:\s*t\s*|\s+|\s*,\s*){TIME}{ZONE}")
OFFSETS = {"z": timedelta(), "utc": timedelta(), "jst": timedelta(hours=9)}
LATEST_HOUR, HOURS = 29, 24
"""`25:30` is 1:30 of the next day, as shifts are written."""


def moment_written(value: object, zone: ZoneInfo) -> datetime | None:
    """The moment that a text or a cell tells, in UTC; None where it tells none for sure. Raises nothing."""
    try:
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
        return _read(unicodedata.normalize("NFKC", str(value)).strip().casefold(), zone)
    except (ValueError, OverflowError):
        return None


def _read(text: str, zone: ZoneInfo) -> datetime | None:
    found = WRITTEN.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute = (int(part) for part in found.groups()[:5])
    if hour > LATEST_HOUR:
        return None
    written = datetime(year, month, day, hour % HOURS, minute, int(found[6] or 0), tzinfo=UTC) + timedelta(days=hour // HOURS)
    return written.replace(tzinfo=zone).astimezone(UTC) if found[7] is None else written - _offset(found[7])


def _offset(text: str) -> timedelta:
    if text in OFFSETS:
        return OFFSETS[text]
    digits = text[1:].replace(":", "")
    found = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -found if text[0] == "-" else found
