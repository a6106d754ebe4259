"""Quartz's cron (seconds first, Sunday is 1, `?`, `L`, `W`, `#`) as schedules of ours."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from temanashi.runbooks.cron import cron_flaw

__all__ = ["Converted", "converted", "simple_fields"]

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
PART = re.compile(r"(\*|[0-9]{1,2}|[a-z]{3,9})(?:-([0-9]{1,2}|[a-z]{3,9}))?(?:/([0-9]{1,2}))?")
MOST_TIMES = 48


class Converted(NamedTuple):
    """Keys of a schedule (empty where there is none), and the keys of texts that say what is different from before."""

    schedule: dict[str, Any]
    changed: tuple[str, ...] = ()


def simple_fields(schedule: dict[str, Any]) -> list[str]:
    """The fields of a schedule that is written as `time`, `weekday`, `dayofmonth`, `month` and `year`."""

    def inner(name: str, key: str, default: str) -> str:
        value = schedule.get(name)
        found = value.get(key, default) if isinstance(value, dict) else default if value is None else value
        return str(found).strip() or default

    day, month_day = inner("weekday", "day", "?"), inner("dayofmonth", "day", "?")
    # Some exports hold both; Rundeck goes by the weekday where it says something.
    if day not in {"?", "*"}:
        month_day = "?"
    return [
        inner("time", "seconds", "0"), inner("time", "minute", "0"), inner("time", "hour", "0"), month_day,
        str(schedule.get("month", "*")), day, str(schedule.get("year", "*")),
    ]  # fmt: skip


def converted(fields: list[str]) -> Converted:
    """The schedule of six or seven fields; an empty one where it cannot be said here."""
    if len(fields) not in {6, 7}:
        return Converted({}, ("quartz-unreadable",))
    seconds, minute, hour, month_day, month, weekday, year = (field.lower() for field in (*fields, "*")[:7])
    changed = [] if seconds in {"0", "00"} else ["quartz-seconds"]
    if year not in {"*", "", "?"}:
        return Converted({}, ("quartz-year",))
    if "l" in month_day or "w" in month_day or weekday.endswith("l") or "#" in weekday:
        return _special(minute, hour, month_day, month, weekday, changed)
    days = [_field(month_day, 1, 31, ()), _field(month, 1, 12, MONTHS), _weekday(weekday)]
    parts = [_field(minute, 0, 59, ()), _field(hour, 0, 23, ()), *days]
    cron = " ".join(part or "!" for part in parts)
    if cron_flaw(cron) is not None:
        return Converted({}, ("quartz-unreadable",))
    if parts[2] != "*" and parts[4] != "*":
        return Converted({}, ("quartz-both-days",))
    return Converted({"cron": cron}, tuple(changed))


def _special(minute: str, hour: str, month_day: str, month: str, weekday: str, changed: list[str]) -> Converted:
    """The last day, the last working day: what a day of the month can say. The third Friday cannot be said."""
    times = _times(minute, hour)
    months = _months(month)
    if not times or months is None or weekday not in {"?", "*"}:
        return Converted({}, ("quartz-special",))
    days: dict[str, Any]
    if month_day == "l":
        days = {"month_day": -1}
    elif match := re.fullmatch(r"l-([0-9]{1,2})", month_day):
        days = {"month_day": -1 - int(match[1])}
        if int(match[1]) > 26:  # noqa: PLR2004  (February has 28 days)
            return Converted({}, ("quartz-special",))
    elif month_day == "lw":
        days, changed = {"nth_business_day": -1}, [*changed, "quartz-weekday"]
    elif month_day == "1w":
        days, changed = {"nth_business_day": 1}, [*changed, "quartz-weekday"]
    else:
        return Converted({}, ("quartz-special",))
    return Converted({"at": times, "days": days | ({"months": months} if months else {})}, tuple(changed))


def _times(minute: str, hour: str) -> list[str]:
    minutes, hours = _numbers(minute, 0, 59), _numbers(hour, 0, 23)
    if not minutes or not hours or len(minutes) * len(hours) > MOST_TIMES:
        return []
    return [f"{h:02}:{m:02}" for h in hours for m in minutes]


def _months(month: str) -> list[int] | None:
    """The months of a field: empty for every month, None where it cannot be read."""
    if month in {"*", "?"}:
        return []
    found = _field(month, 1, 12, MONTHS)
    return None if found is None else _numbers(found, 1, 12) or None


def _numbers(field: str, low: int, high: int) -> list[int]:
    cron = _field(field, low, high, ())
    if cron is None:
        return []
    found: set[int] = set()
    for part in cron.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start, end = (low, high) if span == "*" else (int(first), int(last or first))
        found |= set(range(start, end + 1, int(step or 1)))
    return sorted(found)


def _field(text: str, low: int, high: int, names: tuple[str, ...]) -> str | None:
    """A field of cron: names as numbers, `5/15` written out, a range that wraps cut in two."""
    if text in {"?", "*", "*/1"}:
        return "*"
    parts = [_part(part.strip(), low, high, names) for part in text.split(",")]
    return ",".join(part for part in parts if part) if all(parts) else None


def _part(text: str, low: int, high: int, names: tuple[str, ...]) -> str | None:
    match = PART.fullmatch(text)
    if match is None:
        return None
    first, last, step = (_number(match[1], names, low), _number(match[2], names, low), int(match[3]) if match[3] else 0)
    if (match[1] != "*" and first is None) or (match[2] and last is None) or (match[3] and step == 0):
        return None
    tail = f"/{step}" if step > 1 else ""
    if match[1] == "*":
        return f"*{tail}"
    start = first if first is not None else low
    end = last if last is not None else (high if step else start)
    if start <= end:
        return f"{start}-{end}{tail}" if end > start else str(start)
    return (
        None if step > 1 else f"{start}-{high},{low}-{end}".replace(f"{high}-{high}", str(high)).replace(f"{low}-{low}", str(low))
    )


def _number(text: str | None, names: tuple[str, ...], low: int) -> int | None:
    if not text:
        return None
    if text.isdigit():
        return int(text)
    return names.index(text[:3]) + low if text[:3] in names else None


def _weekday(text: str) -> str | None:
    """Quartz counts from Sunday as 1, cron from Sunday as 0."""
    found = _field(text, 1, 7, DAYS)
    if found is None or found == "*":
        return found
    return re.sub(r"(?<!/)\b[0-9]+", lambda match: str(int(match[0]) - 1), found)
