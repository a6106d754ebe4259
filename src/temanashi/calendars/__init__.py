"""Days and months in the workspace's time zone: business days, named calendars, their arithmetic, fiscal years and halves."""

from temanashi.calendars.arithmetic import NoBusinessDay, add_business_days, business_days_of, nth_business_day, rolled
from temanashi.calendars.blackouts import Blackout, blackout_over
from temanashi.calendars.business import BusinessCalendar, Rule
from temanashi.calendars.daytimes import DayTime, minutes_of, moment_of
from temanashi.calendars.months import BadMonth, Month, day_of
from temanashi.calendars.site import NamedCalendar, SiteCalendars, UnknownCalendar
from temanashi.calendars.slots import CalendarName, slot_on, slots

__all__ = [
    "BadMonth",
    "Blackout",
    "BusinessCalendar",
    "CalendarName",
    "DayTime",
    "Month",
    "NamedCalendar",
    "NoBusinessDay",
    "Rule",
    "SiteCalendars",
    "UnknownCalendar",
    "add_business_days",
    "blackout_over",
    "business_days_of",
    "day_of",
    "minutes_of",
    "moment_of",
    "nth_business_day",
    "rolled",
    "slot_on",
    "slots",
]
