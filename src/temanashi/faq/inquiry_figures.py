"""A stretch of days of questions in figures: what the FAQ answered, what its askers say was solved, and what reached a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from temanashi.faq.inquiries import Inquiry

__all__ = ["InquiryFigures", "inquiry_figures"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryFigures:
    """Questions asked from one day to another, both included. `silent`: shown something, and nobody said what came of it.

    `seconds` are those by hand that people stated, of `timed` answers.
    """

    first: date
    last: date
    asked: int = 0
    answered: int = 0
    candidates: int = 0
    unknown: int = 0
    solved: int = 0
    not_solved: int = 0
    silent: int = 0
    handed_over: int = 0
    replied: int = 0
    waiting: int = 0
    seconds: int = 0
    timed: int = 0

    @property
    def mean_seconds(self) -> int | None:
        """What a person's answer takes on average, as far as it was stated."""
        return round(self.seconds / self.timed) if self.timed else None


def inquiry_figures(inquiries: Iterable[Inquiry], first: date, last: date, *, zone: ZoneInfo) -> InquiryFigures:
    """The figures by the day of asking, in a time zone. Each question counts once: handed over, else by its asker's last word."""
    mine = [one for one in inquiries if first <= one.asked_at.astimezone(zone).date() <= last]
    handed = [one for one in mine if one.handed_at is not None]
    alone = [one for one in mine if one.handed_at is None]
    timed = [one for one in handed if one.seconds]
    return InquiryFigures(
        first=first,
        last=last,
        asked=len(mine),
        answered=sum(one.kind == "answer" for one in mine),
        candidates=sum(one.kind == "candidates" for one in mine),
        unknown=sum(one.kind == "unknown" for one in mine),
        solved=sum(one.vote == "solved" for one in alone),
        not_solved=sum(one.vote == "not_solved" for one in alone),
        silent=sum(not one.vote and one.kind != "unknown" for one in alone),
        handed_over=len(handed),
        replied=sum(one.replied_at is not None for one in handed),
        waiting=sum(one.replied_at is None for one in handed),
        seconds=sum(one.seconds for one in timed),
        timed=len(timed),
    )
