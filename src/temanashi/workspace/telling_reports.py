"""Word of the monthly report: last month in short, once, to the channel that the settings name, by mail or chat."""

from __future__ import annotations

from datetime import datetime, time
from urllib.parse import urlencode

from sqlalchemy import Connection, delete, insert, select

from temanashi.calendars import BusinessCalendar, Month, nth_business_day
from temanashi.notices import Notice, Notifier, message_by_apprise
from temanashi.reports import MonthlyReport, answering_sentence
from temanashi.reports.display import Display
from temanashi.reports.wording import Wording
from temanashi.runs.tables import FLAGS
from temanashi.settings import Settings
from temanashi.text import Lang, Phrase
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace
from temanashi.workspace.reporting import month_report

__all__ = ["summary_of_month", "tell_report"]

TO_NOTIFY = "notify"
TOLD = "report_told"
FROM = time(9)


def tell_report(
    installation: Installation, published: PublishedWorkspace | None, *, notifier: Notifier | None = None
) -> list[Phrase]:
    """Tell of last month when its day has come, once; what went wrong with telling. Raises LedgerError.

    The watch calls it every minute; telling that failed is tried again by the next one.
    """
    settings, now = installation.settings, installation.clock.now()
    name = settings.report.summary
    refs = settings.notify if name == TO_NOTIFY else settings.channels.get(name, ())
    if not refs:
        return []
    local = now.astimezone(settings.zone)
    month = Month.of(local.date()).previous
    calendar = published.calendar if published is not None else BusinessCalendar()
    if not _due(local, settings.report.summary_business_day, calendar):
        return []
    with installation.database.reading() as connection:
        if connection.scalar(select(FLAGS.c.value).where(FLAGS.c.name == TOLD)) == str(month):
            return []
        report = month_report(installation, connection, published, month)
    title, body = summary_of_month(report, settings, settings.language)
    teller = notifier or Notifier(
        refs, database=installation.database, clock=installation.clock, lang=settings.language, deliver=message_by_apprise
    )
    delivery = teller.send(Notice(key=f"report:{month}", title=title, body=body))
    if delivery.status != "failed":
        with installation.database.transaction() as connection:
            _remember(connection, month)
    return list(delivery.failures)


def _due(local: datetime, nth: int, calendar: BusinessCalendar) -> bool:
    """Whether the day has come; a month with fewer business days than that is told of on its last one."""
    month = Month.of(local.date())
    day = nth_business_day(month, nth, calendar) or nth_business_day(month, -1, calendar) or month.last
    return (local.date(), local.time()) >= (day, FROM)


def _remember(connection: Connection, month: Month) -> None:
    connection.execute(delete(FLAGS).where(FLAGS.c.name == TOLD))
    connection.execute(insert(FLAGS).values(name=TOLD, value=str(month)))


def summary_of_month(report: MonthlyReport, settings: Settings, lang: Lang) -> tuple[str, str]:
    """Title and text of a message: the answer, how it compares, what to automate next, and where all of it is."""
    show = Display(lang, report.zone)
    word, sums = Wording(report, show), report.figures.sums
    title = word.t("summary-title", month=show.month(report.figures.month))
    lines = [word.t("sample")] if report.sample else []
    lines.append(answering_sentence(report, lang))
    if sums.baseline_seconds:
        told = {"manual": show.hours(sums.manual_seconds), "baseline": show.hours(sums.baseline_seconds)}
        lines.append(word.t("summary-hours", days=word.days(sums.manual_seconds), **told))
    lines += filter(None, [word.month_on_month()])
    if report.next_best:
        best = report.next_best[0]
        why = word.t(f"next-{best.why}", hours=show.hours(best.seconds), units=best.units)
        lines.append(word.t("summary-next", title=best.title.text(lang), why=why))
    if not (report.closing and report.closing.closed_at):
        lines.append(word.t("proof-open"))
    query = urlencode({"month": report.figures.month, "lang": lang})
    return title, "\n".join([*lines, settings.page(f"report?{query}")])
