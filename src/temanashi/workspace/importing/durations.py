"""Minutes as people write them in a cell."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

from temanashi.workspace.importing.headings import Unit

__all__ = ["Minutes", "minutes_of"]

IN_MINUTES: dict[str, float] = {"second": 1 / 60, "minute": 1, "hour": 60, "": 1}
NUMBER = r"(\d+(?:\.\d+)?)"
PARTS = re.compile(
    rf"(?:{NUMBER}(?:時間|h|hr|hrs|hour|hours))?(半)?(?:{NUMBER}(?:分間?|m|min|mins|minute|minutes))?(?:{NUMBER}(?:秒|s|sec|seconds))?"
)
CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?")
RANGE = re.compile(rf"{NUMBER}(分|時間|h|min)?[~〜～\-–―ー]{NUMBER}(分間?|時間|h|min|mins|minutes|hours)?")
AROUND = re.compile(r"^(?:約|およそ|目安|計|approx\.?|about|ca\.?|~)|(?:程度|くらい|ぐらい|ほど|前後|以内|弱|強)$")
NONE = {"", "-", "ー", "－", "―", "—", "なし", "無し", "n/a", "none", "/"}


class Minutes(NamedTuple):
    """Minutes, and whether a range was written, of which the larger end was taken."""

    value: float
    ranged: bool = False


def minutes_of(value: Any, unit: Unit) -> Minutes | None:
    """What a cell says: a number in the heading's unit (minutes if it names none), a time of Excel, or words such as `1時間30分`.

    None for an empty cell; raises ValueError for what is no duration.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _good(value * IN_MINUTES[unit])
    if isinstance(value, timedelta):
        return _good(value.total_seconds() / 60)
    if isinstance(value, time):
        return _good(value.hour * 60 + value.minute + value.second / 60)
    if isinstance(value, datetime):
        # Excel counts a time from its day zero; anything later is a date that somebody typed.
        if value.year > 1900:  # noqa: PLR2004  (Excel's first year)
            raise ValueError(str(value))
        return _good(value.hour * 60 + value.minute + value.second / 60)
    return _words(str(value), unit)


def _words(text: str, unit: Unit) -> Minutes | None:
    word = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text).casefold())
    word = AROUND.sub("", AROUND.sub("", word))
    if word in NONE:
        return None
    if match := CLOCK.fullmatch(word):
        return _good(int(match[1]) * 60 + int(match[2]) + int(match[3] or 0) / 60)
    if match := RANGE.fullmatch(word):
        found = _words(match[3] + (match[4] or match[2] or ""), unit)
        return None if found is None else Minutes(found.value, ranged=True)
    if re.fullmatch(NUMBER, word):
        return _good(float(word) * IN_MINUTES[unit])
    match = PARTS.fullmatch(word)
    if match is None or not any(match.groups()):
        raise ValueError(text)
    hours, half, minutes, seconds = match.groups()
    return _good(float(hours or 0) * 60 + (30 if half else 0) + float(minutes or 0) + float(seconds or 0) / 60)


def _good(minutes: float) -> Minutes:
    if not 0 <= minutes <= 10_000:  # noqa: PLR2004  (a week of work in one line is a mistake)
        raise ValueError(str(minutes))
    return Minutes(round(minutes, 1))
