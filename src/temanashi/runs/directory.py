"""What the live version of the workspace says of people and business days, read when it is needed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from temanashi.calendars import BusinessCalendar
from temanashi.people import People

__all__ = ["Directory", "nobody"]


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Who is who now, and which days are business days."""

    people: People
    calendar: BusinessCalendar


def nobody(_: Connection) -> Directory:
    """The directory where nothing was published: nobody is listed, so nobody may approve."""
    return Directory(people=People(), calendar=BusinessCalendar())
