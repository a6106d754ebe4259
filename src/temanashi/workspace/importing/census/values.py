"""Cells of a census as people write them: categories, frequencies, kinds of work and times of day."""

from __future__ import annotations

import re
import unicodedata
from typing import get_args

from temanashi.books.tasks import Category, Demand, Shares, TaskKind
from temanashi.text import LANGUAGES, say

__all__ = ["category_in", "demand_in", "kind_in", "per_month_in", "shares_in"]

CATEGORIES: tuple[Category, ...] = get_args(Category)
KINDS: tuple[TaskKind, ...] = get_args(TaskKind)
CALENDARS = ("business_day", "day", "week", "month")
TIMES = ("day", "early", "night", "holiday")
MORE_CATEGORIES = {"定型": "routine", "日常": "routine", "障害": "incident", "保守": "maintenance", "アカウント": "account"}
MORE_DEMAND = {
    "営業日": "business_day", "毎営業日": "business_day", "日次": "day", "毎日": "day", "週次": "week", "毎週": "week",
    "月次": "month", "毎月": "month", "daily": "day", "weekly": "week", "monthly": "month", "everybusinessday": "business_day",
}  # fmt: skip
MORE_KINDS = {"立会": "attend", "立会い": "attend", "立ち会い": "attend", "attendance": "attend"}
MORE_TIMES = {"昼": "day", "昼間": "day", "朝": "early", "夜": "night", "深夜": "night", "休": "holiday"}
PER_MONTH = re.compile(r"(?:月間?|1か月に|permonth)?([0-9]+(?:\.[0-9]+)?)(?:回|件|times|x)?(?:/月|/month|permonth|amonth|毎月)?")
SHARE = re.compile(r"([^0-9,、%]+)([0-9]{1,3})%")
MOST_A_MONTH = 1_000_000


def _plain(value: object) -> str:
    return re.sub(r"[\s_\-]+", "", unicodedata.normalize("NFKC", str(value)).casefold())


def _words(prefix: str, names: tuple[str, ...], more: dict[str, str]) -> dict[str, str]:
    told = {_plain(say(f"{prefix}-{name.replace('_', '-')}", lang)): name for name in names for lang in LANGUAGES}
    return told | {_plain(word): name for word, name in more.items()} | {_plain(name): name for name in names}


def category_in(value: object) -> Category | None:
    """The category that a cell names, in either language or by its id; None for no category."""
    word = _words("runbooks.category", CATEGORIES, MORE_CATEGORIES).get(_plain(value))
    return next((known for known in CATEGORIES if known == word), None)


def kind_in(value: object) -> TaskKind | None:
    """Work or attendance; None for neither."""
    word = _words("census.kind", KINDS, MORE_KINDS).get(_plain(value))
    return next((known for known in KINDS if known == word), None)


def per_month_in(value: object) -> float | None:
    """A number a month: `20`, `月20回`, `20/month`; None for what is none, or for nothing."""
    match = PER_MONTH.fullmatch(_plain(value).replace(",", ""))
    number = float(match[1]) if match else 0
    return number if 0 < number <= MOST_A_MONTH else None


def demand_in(value: object) -> Demand | None:
    """How often a task comes: the word of a calendar, or a number a month; None for neither."""
    word = _words("census.demand", CALENDARS, MORE_DEMAND).get(_plain(value))
    if word is not None:
        return Demand.model_validate({"calendar": word})
    number = per_month_in(value)
    return None if number is None else Demand(per_month=number)


def shares_in(value: object) -> Shares | None:
    """When a task is done: one word, or words with percents (`夜間50% 早朝20%`); None for what says neither, or more than all."""
    known, text = _words("census.time", TIMES, MORE_TIMES), _plain(value)
    if text in known:
        return Shares() if known[text] == "day" else Shares.model_validate({known[text]: 1})
    found: dict[str, float] = {}
    for word, percent in SHARE.findall(text):
        name = known.get(word)
        if name is None or name in found:
            return None
        found[name] = int(percent) / 100
    rest = SHARE.sub("", text).strip(",、/+・")
    if not found or rest or sum(found.values()) > 1 + 1e-9:
        return None
    return Shares.model_validate({name: share for name, share in found.items() if name != "day"})
