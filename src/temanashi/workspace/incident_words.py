"""Times of incidents in words, for the terminal and the pages."""

from __future__ import annotations

from typing import Any, Literal

from temanashi.books import Incident, Times
from temanashi.text import Lang, say

__all__ = ["duration_text", "incident_json", "times_text"]

MINUTE, HOUR, DAY = 60, 3600, 86400


def duration_text(seconds: int, lang: Lang) -> str:
    """`45秒`, `12分`, `2時間5分`, `3日4時間`: the two largest units, rounded down."""
    if seconds < MINUTE:
        return say("incidents.seconds", lang, seconds=seconds)
    if seconds < HOUR:
        return say("incidents.minutes", lang, minutes=seconds // MINUTE)
    if seconds < DAY:
        return say("incidents.hours", lang, hours=seconds // HOUR, minutes=seconds % HOUR // MINUTE)
    return say("incidents.days", lang, days=seconds // DAY, hours=seconds % DAY // HOUR)


def times_text(name: Literal["mtta", "mttr"], times: Times, lang: Lang) -> str:
    """Mean and median with their n, and what is not in them."""
    if times.mean is None or times.median is None:
        told = say(f"incidents.{name}-none", lang)
    else:
        mean, median = duration_text(times.mean, lang), duration_text(times.median, lang)
        told = say(f"incidents.{name}", lang, mean=mean, median=median, n=times.n)
    left = [say(f"incidents.{name}-open", lang, count=times.open)] if times.open else []
    left += [say("incidents.times-unknown", lang, count=times.unknown)] if times.unknown else []
    return " ".join([told, *left])


def incident_json(one: Incident) -> dict[str, Any]:
    """An incident for programs."""
    times = {name: getattr(one, name) for name in ("started", "acknowledged", "resolved")}
    return {
        "number": one.key,
        "title": one.title,
        "day": one.day.isoformat(),
        **{name: moment.isoformat() if moment is not None else None for name, moment in times.items()},
        "known": one.known,
        "over": one.over,
        "ack_seconds": one.ack_seconds,
        "resolve_seconds": one.resolve_seconds,
        "system": one.system,
        "owner": one.owner,
        "task": one.task,
        "severity": one.severity,
        "source": one.source,
        "flags": list(one.flags),
    }
