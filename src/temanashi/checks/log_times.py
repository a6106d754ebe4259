"""The moment at the beginning of a line of a log."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = ["moment_in"]

_FULL = re.compile(
    r"(?P<y>[12][0-9]{3})[-/.](?P<m>[01]?[0-9])[-/.](?P<d>[0-3]?[0-9])[T _:,]{1,2}(?P<H>[0-2]?[0-9]):(?P<M>[0-5][0-9])"
    r"(?::(?P<S>[0-6][0-9]))?(?:[.,][0-9]+)?\s?(?P<z>Z|[+-][0-2][0-9]:?[0-5][0-9])?"
)
_COMPACT = re.compile(
    r"\b(?P<y>20[0-9]{2})(?P<m>[01][0-9])(?P<d>[0-3][0-9])[T _:-]?(?P<H>[0-2][0-9]):?(?P<M>[0-5][0-9]):?(?P<S>[0-6][0-9])?(?P<z>)"
)
_JAPANESE = re.compile(
    r"(?P<y>[12][0-9]{3})年\s?(?P<m>[01]?[0-9])月\s?(?P<d>[0-3]?[0-9])日\s?(?:\(.\)|（.）)?\s?(?P<H>[0-2]?[0-9])[:時]\s?(?P<M>[0-5]?[0-9])"
    r"(?:[:分]\s?(?P<S>[0-6]?[0-9]))?(?P<z>)"
)
# syslog's `Nov 20 01:02:03`, and `11/20 01:02:03`: without a year.
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEARLESS = re.compile(
    rf"\b(?:(?P<name>{'|'.join(_MONTHS)})\s+(?P<d1>[0-3]?[0-9])|(?P<m>[01]?[0-9])/(?P<d2>[0-3]?[0-9]))\s+"
    r"(?P<H>[0-2]?[0-9]):(?P<M>[0-5][0-9])(?::(?P<S>[0-6][0-9]))?",
    re.IGNORECASE,
)
AHEAD = timedelta(days=1)
LOOKED_AT = 200


def moment_in(line: str, *, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The first date with a time in the first 200 characters, aware; None without one. Times without an offset are of `zone`.

    One without a year is the latest that is not more than a day after `now`: in January, 31 December is of last year.
    """
    head = line[:LOOKED_AT]
    for form in (_FULL, _JAPANESE, _COMPACT):
        if match := form.search(head):
            return _made(match, int(match["y"]), int(match["m"]), int(match["d"]), zone, match["z"])
    match = _YEARLESS.search(head)
    if match is None:
        return None
    month = _MONTHS.index(match["name"].lower()) + 1 if match["name"] else int(match["m"])
    day, year = int(match["d1"] or match["d2"]), now.astimezone(zone).year
    made = (_made(match, candidate, month, day, zone, "") for candidate in (year + 1, year, *range(year - 1, year - 5, -1)))
    return next((moment for moment in made if moment is not None and moment <= now + AHEAD), None)


def _made(match: re.Match[str], year: int, month: int, day: int, zone: ZoneInfo, offset: str | None) -> datetime | None:
    second = min(int(match["S"] or 0), 59)  # a leap second is the last one of its minute
    try:
        moment = datetime(year, month, day, int(match["H"]), int(match["M"]), second, tzinfo=zone)
        if offset == "Z":
            moment = moment.replace(tzinfo=UTC)
        elif offset:
            moment = datetime.fromisoformat(f"{moment:%Y-%m-%dT%H:%M:%S}{_colon(offset)}")
    except ValueError:  # the 30th of February, 29:00
        return None
    return moment


def _colon(offset: str) -> str:
    return offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"
