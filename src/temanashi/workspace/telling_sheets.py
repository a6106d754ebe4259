"""Word of the morning sheet: in short after the scheduled runs, and a reminder where nobody confirmed it in time."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, delete, insert, select

from temanashi.calendars import BusinessCalendar
from temanashi.errors import TemanashiError
from temanashi.notices import Notice, Notifier, message_by_apprise
from temanashi.reports.display import Display
from temanashi.reports.morning import MorningSheet
from temanashi.reports.morning_words import SheetWords
from temanashi.runbooks.kinds import step_kinds
from temanashi.runs.reading import RunView
from temanashi.runs.tables import FLAGS
from temanashi.settings import Settings
from temanashi.text import Phrase, explain, phrase
from temanashi.text.local import LANGUAGES, LocalText
from temanashi.workspace.confirming_sheets import confirmations_of, standing_of
from temanashi.workspace.morning import read_sheet, today_of
from temanashi.workspace.opening import Installation
from temanashi.workspace.versions import PublishedWorkspace, current_version

__all__ = ["remind_of_confirming", "summary_of", "tell_sheet"]

LINES = 12
TO_NOTIFY = "notify"
REMINDED = "checks_reminded"


def tell_sheet(installation: Installation, view: RunView, *, notifier: Notifier | None = None) -> list[Phrase]:
    """Tell the sheet of today in short after a scheduled run of it, once for what it says; what went wrong, as sentences.

    While another run of the sheet goes on nothing is told: the last one tells. Never raises.
    """
    settings = installation.settings
    refs = _refs(settings)
    if view.channel != "schedule" or (not refs and notifier is None):
        return []
    try:
        with installation.database.reading() as connection:
            published = current_version(connection, kinds=step_kinds())
            sheet = read_sheet(installation, connection, published, today_of(installation))
    except TemanashiError as error:
        return [phrase("sheet.not-told", problem=LocalText(**{lang: explain(error, lang).what for lang in LANGUAGES}))]
    if sheet.going_on or view.id not in {run.id for run in sheet.material.runs}:
        return []
    teller = notifier or Notifier(
        refs, database=installation.database, clock=installation.clock, lang=settings.language, deliver=message_by_apprise
    )
    title, body = summary_of(sheet, settings)
    key = f"checks-sheet:{sheet.day.isoformat()}:{sheet.digest[7:23]}"
    return list(teller.send(Notice(key=key, title=title, body=body)).failures)


def _refs(settings: Settings) -> tuple[str, ...]:
    name = settings.checks.summary
    return settings.notify if name == TO_NOTIFY else settings.channels.get(name, ())


def summary_of(sheet: MorningSheet, settings: Settings) -> tuple[str, str]:
    """Title and text of a message: the answer, the worst first, and where all of it is."""
    show = Display(settings.language, settings.zone)
    word = SheetWords(sheet, show)
    title = word.t("summary-title", day=show.short_day(sheet.day), headline=word.headline())
    lines = [word.change_summary(), *word.remarks()]
    for line in sheet.lines[:LINES]:
        where = "" if line.sort == "outage" else f" {word.where(line)}"
        told = " ".join(filter(None, (word.badges(line), *word.marks(line))))
        lines.append(f"{word.word(line.word)}: {word.title(line)}{where}{f' [{told}]' if told else ''} {word.what(line)}".rstrip())
    if len(sheet.lines) > LINES:
        lines.append(word.t("more-rows", count=len(sheet.lines) - LINES))
    lines += [f"{word.word('NOT_RUN')}: {one.title.text(show.lang)} {show.moment(one.at)}" for one in sheet.material.missed[:LINES]]
    return title, "\n".join([*lines, settings.page(f"checks/{sheet.day.isoformat()}")])


def remind_of_confirming(
    installation: Installation, published: PublishedWorkspace | None, *, notifier: Notifier | None = None
) -> list[Phrase]:
    """Look once, on a business day, when the time for confirming is over; what went wrong with telling. Raises LedgerError.

    The watch calls it every minute; telling that failed is tried again by the next one.
    """
    settings, now = installation.settings, installation.clock.now()
    by = settings.checks.confirm_time
    if by is None or (not settings.notify and notifier is None):
        return []
    local = now.astimezone(settings.zone)
    day = local.date()
    calendar = published.calendar.company if published is not None else BusinessCalendar()
    if local.time() < by or not calendar.is_business_day(day):
        return []
    with installation.database.reading() as connection:
        if connection.scalar(select(FLAGS.c.value).where(FLAGS.c.name == REMINDED)) == day.isoformat():
            return []
        notice = _reminder(installation, connection, published, day)
    teller = notifier or Notifier(settings.notify, database=installation.database, clock=installation.clock, lang=settings.language)
    delivery = teller.send(notice) if notice is not None else None
    if delivery is None or delivery.status != "failed":
        with installation.database.transaction() as connection:
            connection.execute(delete(FLAGS).where(FLAGS.c.name == REMINDED))
            connection.execute(insert(FLAGS).values(name=REMINDED, value=day.isoformat()))
    return list(delivery.failures) if delivery is not None else []


def _reminder(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace | None,
    day: date,
) -> Notice | None:
    settings = installation.settings
    sheet = read_sheet(installation, connection, published, day)
    standing = standing_of(sheet, confirmations_of(installation, connection, day), second_person=settings.checks.second_person)
    if sheet.empty or standing.complete:
        return None
    show = Display(settings.language, settings.zone)
    word = SheetWords(sheet, show)
    sort = "second" if standing.valid else "again" if standing.overtaken else "first"
    title = word.t("reminder-title", day=show.short_day(day), by=settings.checks.confirm_by)
    body = [word.t(f"reminder-{sort}"), word.headline(), settings.page(f"checks/{day.isoformat()}")]
    return Notice(key=f"checks-confirm:{day.isoformat()}", title=title, body="\n".join(body))
