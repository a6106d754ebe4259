"""A schedule in words: `毎営業日 08:00`, `the last business day of the month, 17:00`."""

from __future__ import annotations

from temanashi.runbooks.cron import ALL_DAYS, ALL_MONTHS, ALL_WEEKDAYS, Cron, read_cron
from temanashi.runbooks.schedule import Days, Schedule
from temanashi.text import Lang, say

__all__ = ["rule_in_words"]

LAST = -1
MOST_TIMES = 4
"""Times of a day that are still read more easily one by one than as a cron expression."""
WORKING_WEEK = frozenset(range(1, 6))
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def rule_in_words(schedule: Schedule, lang: Lang) -> str:
    """When it starts, for a reader."""
    if schedule.cron is not None:
        said = _cron(read_cron(schedule.cron), lang) or f"cron {schedule.cron}"
    else:
        days = _days(schedule.days or Days(every="day"), lang)
        said = say("schedules.rule", lang, days=days, times=list(schedule.at or ()))
    more = [say(f"schedules.on-closed-{schedule.on_closed}", lang)] if schedule.on_closed else []
    if schedule.calendar:
        more.append(say("schedules.rule-calendar", lang, calendar=schedule.calendar))
    if schedule.timezone:
        more.append(schedule.timezone)
    return say("schedules.rule-more", lang, rule=said, more=more) if more else said


def _cron(cron: Cron, lang: Lang) -> str:
    """A plain expression in words; empty for one that is not."""
    times = [f"{hour:02d}:{minute:02d}" for hour, minute in cron.times()]
    if len(times) > MOST_TIMES or (cron.days != ALL_DAYS and cron.weekdays != ALL_WEEKDAYS):
        return ""
    if cron.days != ALL_DAYS:
        said = say("schedules.listed", lang, days=[_counted("month-day", n, lang) for n in sorted(cron.days)])
    elif cron.weekdays == WORKING_WEEK:
        said = say("schedules.working-week", lang)
    elif cron.weekdays != ALL_WEEKDAYS:
        week = sorted(cron.weekdays, key=lambda day: (day - 1) % len(WEEKDAYS))  # from Monday
        said = say("schedules.weekdays", lang, weekdays=[say(f"schedules.weekday-{WEEKDAYS[day]}", lang) for day in week])
    else:
        said = say("schedules.every-day", lang)
    if cron.months != ALL_MONTHS:
        said = _in_months(said, tuple(sorted(cron.months)), lang)
    return say("schedules.rule", lang, days=said, times=times)


def _in_months(said: str, months: tuple[int, ...], lang: Lang) -> str:
    return say("schedules.in-months", lang, days=said, months=[say(f"schedules.month-{n}", lang) for n in months])


def _days(days: Days, lang: Lang) -> str:
    said = _which(days, lang)
    if days.months is not None:
        said = _in_months(said, days.months, lang)
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
