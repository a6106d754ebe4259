"""How numbers, days and names are shown: hours with one decimal, rounded half up, and only here."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from temanashi.calendars import Month
from temanashi.text.local import Lang

__all__ = ["Display", "shortened", "text_width"]

WEEKDAYS = {"ja": "月火水木金土日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
LONGEST_NAME = 80
LARGE = {
    "ja": ((10**12, "兆"), (10**8, "億"), (10**4, "万")),
    "en": ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k")),
}


def _tenths(value: Fraction) -> str:
    """One decimal, half away from zero; a zero has no sign."""
    size = int(abs(value) * 10 + Fraction(1, 2))
    return f"{'−' if value < 0 and size else ''}{size // 10:,}.{size % 10}"


def text_width(text: str) -> float:
    """Estimated width in em: full-width 1, digits and the like about half, combining marks nothing."""
    return sum(_advance(character) for character in text)


def _advance(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WFA":
        return 1.0
    return 0.78 if character.isupper() else 0.58


def shortened(text: str, most: int = LONGEST_NAME) -> str:
    """A name on one line, cut with an ellipsis where it is too long to show."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


@dataclass(frozen=True, slots=True)
class Display:
    """One reader's language and the workspace's time zone."""

    lang: Lang
    zone: ZoneInfo

    def hours(self, seconds: int) -> str:
        """`12.5`, without the unit."""
        return _tenths(Fraction(seconds, 3600))

    def signed_hours(self, seconds: int) -> str:
        """`+1.5` or `−1.5`."""
        told = self.hours(seconds)
        return told if told.startswith("−") or not seconds else f"+{told}"

    def compact_hours(self, seconds: int) -> str:
        """Of an axis: `200`, `0.5`, and short for the very many (`12万`, `120k`)."""
        hours = Fraction(seconds, 3600)
        for size, unit in LARGE[self.lang]:
            if hours >= size * 10:
                return f"{float(hours / size):.12g}{unit}"
        return f"{float(hours):.6g}"

    def ratio(self, value: Fraction) -> str:
        """`0.2`: a plain number with one decimal."""
        return _tenths(value)

    def minutes(self, seconds: int) -> str:
        """`15` or `7.5`."""
        exact = Fraction(seconds, 60)
        return str(exact.numerator) if exact.denominator == 1 else _tenths(exact)

    def percent(self, ratio: Fraction | float) -> str:
        """`53.8`, without the sign."""
        return _tenths(Fraction(ratio) * 100)

    def whole_percent(self, ratio: Fraction | float) -> str:
        """`50` where that is exact enough for a goal or a share, else with a decimal."""
        return self.percent(ratio).removesuffix(".0")

    def month(self, month: str) -> str:
        """`2026年11月`, `November 2026`."""
        own = Month.parse(month)
        return f"{own.year}年{own.month}月" if self.lang == "ja" else f"{MONTHS[own.month - 1]} {own.year}"

    def day(self, day: date) -> str:
        """`2026年11月20日(金)`, `Fri 20 November 2026`."""
        weekday = WEEKDAYS[self.lang][day.weekday()]
        if self.lang == "ja":
            return f"{day.year}年{day.month}月{day.day}日({weekday})"
        return f"{weekday} {day.day} {MONTHS[day.month - 1]} {day.year}"

    def short_day(self, day: date) -> str:
        """`11月3日`, `3 Nov`."""
        return f"{day.month}月{day.day}日" if self.lang == "ja" else f"{day.day} {MONTHS[day.month - 1][:3]}"

    def moment(self, moment: datetime) -> str:
        """`2026年11月20日(金) 08:30` in the workspace's time zone."""
        local = moment.astimezone(self.zone)
        return f"{self.day(local.date())} {local:%H:%M}"
