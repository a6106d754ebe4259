"""A schedule in words: `毎営業日 08:00`, `the last business day of the month, 17:00`."""

from __future__ import annotations

from temanashi.runbooks.schedule import Days, Schedule
from temanashi.text import Lang, say

__all__ = ["rule_in_words"]

LAST = -1


def rule_in_words(schedule: Schedule, lang: Lang) -> str:
    """When it starts, for a reader."""
    if schedule.cron is not None:
        said = f"cron {schedule.cron}"
    else:
        days = _days(schedule.days or Days(every="day"), lang)
        said = say("schedules.rule", lang, days=days, times=list(schedule.at or ()))
    more = [say(f"schedules.on-closed-{schedule.on_closed}", lang)] if schedule.on_closed else []
    if schedule.calendar:
        more.append(say("schedules.rule-calendar", lang, calendar=schedule.calendar))
    if schedule.timezone:
        more.append(schedule.timezone)
    return say("schedules.rule-more", lang, rule=said, more=more) if more else said


def _days(days: Days, lang: Lang) -> str:
    said = _which(days, lang)
    if days.months is not None:
        said = say("schedules.in-months", lang, days=said, months=[say(f"schedules.month-{n}", lang) for n in days.months])
    if days.moved:
        key = "schedules.days-before" if days.moved < 0 else "schedules.days-after"
        said = say(key, lang, days=said, count=abs(days.moved))
    return said


def _which(days: Days, lang: Lang) -> str:
    if days.weekday is not None:
        return say("schedules.weekdays", lang, weekdays=[say(f"schedules.weekday-{name}", lang) for name in days.weekday])
    if days.nth_business_day is not None:
        return say("schedules.listed", lang, days=[_counted("business-day", n, lang) for n in days.nth_business_day])
    if days.month_day is not None:
        return say("schedules.listed", lang, days=[_counted("month-day", n, lang) for n in days.month_day])
    return say("schedules.every-business-day" if days.every == "business_day" else "schedules.every-day", lang)


def _counted(what: str, number: int, lang: Lang) -> str:
    if number == LAST:
        return say(f"schedules.last-{what}", lang)
    return say(f"schedules.nth-{what}" if number > 0 else f"schedules.nth-last-{what}", lang, count=abs(number))
