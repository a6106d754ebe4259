"""Values of a ticket as people and systems write them: days, numbers of targets, and states that mean that it fell away."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from zoneinfo import ZoneInfo

__all__ = ["day_in", "fell_away", "is_broken", "is_mangled", "targets_in", "unwrapped"]

ERAS = {"令和": 2018, "令": 2018, "r": 2018, "平成": 1988, "平": 1988, "h": 1988}
MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
NUMBERS = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?!\d)")
ERA = re.compile(r"(令和|令|平成|平|r|h)\s*(元|\d{1,2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?!\d)")
DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(?!\d)")
NAMED = re.compile(rf"(\d{{1,2}})[-/ ]({MONTHS})[a-z]*[-/ ,]+(\d{{4}}|\d{{2}})(?!\d)")
MONTH_FIRST = re.compile(rf"({MONTHS})[a-z]*\.? (\d{{1,2}}),? (\d{{4}})(?!\d)")
TIME = re.compile(
    r"\s*(?:[(\[]?[日月火水木金土](?:曜日?)?[)\]]?)?[\s,t]*(?:(?:am|pm|午前|午後)?\s*\d{1,2}[:時]\d{1,2}(?:[:分]\d{1,2}(?:[.,]\d+)?)?[分秒]?\s*(?:am|pm)?)?"
    r"\s*(?:jst|z|utc|gmt|[+-]\d{2}:?\d{2})?\s*"
)
ZONED = re.compile(r"(\d{4}-\d{2}-\d{2})[t ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(z|utc|gmt|[+-]\d{2}:?\d{2})")
AWAY = re.compile(
    r"(?:closed|close|クローズ|完了|終了|対応終了)?[\s\-_:/(（・]*(?:取消|取り消し|取消し|キャンセル|却下|取下げ|取り下げ|中止|棄却|否認|差戻し|重複|"
    r"cancell?ed|cancel|rejected|declined|denied|withdrawn|duplicate|voided|void)"
    r"(?:済み?|しました|された|した|完了|済\)|終了)?[)）]?"
)
COUNT = re.compile(r"(\d{1,9})(?:\.0+)?\s*(?:台|件|名|人|個|本|ホスト|hosts?|targets?|units?)?")
MANGLED = re.compile(r"\d(?:\.\d+)?e\+\d+")
BROKEN = frozenset({"#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!", "#spill!", "#calc!", "#getting_data"})
WRAPPED = re.compile(r'="([^"]*)"')


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def unwrapped(text: str) -> str:
    """`="00123"`, with which exports keep Excel from eating zeros, is 00123; every other text stays as it is."""
    match = WRAPPED.fullmatch(text.strip())
    return match[1] if match else text


def is_mangled(text: str) -> bool:
    """Whether Excel made a number in powers of ten of it, `1.23457E+12`: its last digits are lost."""
    return MANGLED.fullmatch(_plain(text)) is not None


def is_broken(text: str) -> bool:
    """Whether it is what Excel shows for a formula that failed."""
    return _plain(text) in BROKEN


def day_in(value: object, zone: ZoneInfo) -> date | None:
    """The day that a cell tells; moments with an offset are days of the zone. None where day and month cannot be told for sure."""
    try:
        if isinstance(value, datetime):
            return value.astimezone(zone).date() if value.tzinfo else value.date()
        return value if isinstance(value, date) else _written(_plain(unwrapped(str(value))), zone)
    except (ValueError, OverflowError):
        return None


def _written(text: str, zone: ZoneInfo) -> date | None:
    if match := ZONED.fullmatch(text):
        offset = match[3] if match[3][0] in "+-" else "+0000"
        return datetime.fromisoformat(f"{match[1]}T{match[2]}{offset}").astimezone(zone).date()
    for pattern, parts in ((NUMBERS, _numbers), (ERA, _era), (DIGITS, _numbers), (NAMED, _named), (MONTH_FIRST, _month_first)):
        found = pattern.match(text)
        if found is not None and TIME.fullmatch(text, found.end()):
            return date(*parts(found))
    return None


def _numbers(match: re.Match[str]) -> tuple[int, int, int]:
    return int(match[1]), int(match[2]), int(match[3])


def _era(match: re.Match[str]) -> tuple[int, int, int]:
    return ERAS[match[1]] + (1 if match[2] == "元" else int(match[2])), int(match[3]), int(match[4])


def _named(match: re.Match[str]) -> tuple[int, int, int]:
    year = int(match[3])
    return year if year > 99 else 2000 + year, MONTHS.split("|").index(match[2]) + 1, int(match[1])  # noqa: PLR2004  (two digits)


def _month_first(match: re.Match[str]) -> tuple[int, int, int]:
    return int(match[3]), MONTHS.split("|").index(match[1]) + 1, int(match[2])


def targets_in(text: str) -> int | None:
    """How many targets a cell tells: `3`, `３台`; None for what is no whole number above zero."""
    match = COUNT.fullmatch(_plain(unwrapped(text)).replace(",", ""))
    return int(match[1]) if match and int(match[1]) > 0 else None


def fell_away(status: str) -> bool:
    """Whether a state says that the work was not done because it was not needed: 取消, 却下, cancelled and the like."""
    return AWAY.fullmatch(_plain(status)) is not None
