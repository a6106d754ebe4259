"""People are told once that a review is due, and that an exception has run out."""

from __future__ import annotations

from sqlalchemy import select

from temanashi.accounts.reviews.lines import Decision, Line
from temanashi.accounts.reviews.tables import LINES
from temanashi.calendars import day_of
from temanashi.notices import Notice, Notifier
from temanashi.reports.display import Display
from temanashi.text import Phrase, say
from temanashi.workspace.live import live_register
from temanashi.workspace.opening import Installation
from temanashi.workspace.reviewing.reading import due_on, reviews

__all__ = ["remind_of_reviews"]

SHOWN = 20


def remind_of_reviews(installation: Installation, *, notifier: Notifier | None = None) -> list[Phrase]:
    """Tell what is due and was not told yet; which address was not reached, as sentences. Raises LedgerError."""
    settings = installation.settings
    teller = notifier or Notifier(settings.notify, database=installation.database, clock=installation.clock, lang=settings.language)
    return [failure for notice in _notices(installation, teller) for failure in teller.send(notice).failures]


def _notices(installation: Installation, teller: Notifier) -> list[Notice]:
    zone = installation.settings.zone
    today, lang, show = day_of(installation.clock.now(), zone), teller.lang, Display(teller.lang, zone)
    found: list[Notice] = []
    with installation.database.reading() as connection:
        due = due_on(connection, live_register(connection).policy.review_every_months, zone)
        every = reviews(connection)
        query = select(LINES.c.review, LINES.c.content, LINES.c.decision).where(LINES.c.decided == "exception")
        # Only the newest review speaks: what was excepted before was decided anew since.
        rows = connection.execute(query.where(LINES.c.review == every[0].id)).all() if every else []
    if due is not None and due < today and every[0].state == "closed":
        title = say("reviews.due-title", lang, day=show.day(due))
        found.append(Notice(key=f"review-due:{due.isoformat()}", title=title, body=say("reviews.due-next", lang)))
    over = [
        (line, decision)
        for row in rows
        for line, decision in [(Line.model_validate_json(row.content), Decision.model_validate_json(row.decision))]
        if decision.until is not None and decision.until < today
    ]
    for until in sorted({decision.until for _, decision in over if decision.until is not None}):
        mine = [line for line, decision in over if decision.until == until]
        title = say("reviews.exceptions-title", lang, count=len(mine), day=show.day(until))
        lines = [f"{line.where} {line.entry.login}" for line in mine[:SHOWN]]
        body = "\n".join([*lines, "", say("reviews.exceptions-next", lang)])
        found.append(Notice(key=f"review-exceptions:{every[0].id}:{until.isoformat()}", title=title, body=body))
    return found
