"""Word to whoever asked for a run: how it ended, and when it waits for them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, select

from temanashi.notices import Notice
from temanashi.people import Actor, People
from temanashi.reports.display import Display
from temanashi.runs.reading import RunView, run_view
from temanashi.runs.tables import RUNS
from temanashi.text import Phrase, say
from temanashi.workspace.live import live_directory
from temanashi.workspace.mailing import Post, reading
from temanashi.workspace.opening import Installation

__all__ = ["mail_results", "result_letter"]

CHANNELS = ("form", "page", "phone", "api")
"""Whoever is at a terminal sees it there; what starts by itself asked nobody."""

ENDED = ("done", "failed", "unknown", "refused", "cancelled")
STILL_TOLD = timedelta(hours=2)
"""A letter that did not go out is tried again for so long; and mail that was just set up tells nothing old."""

LINES = 20


def mail_results(installation: Installation, *, post: Post | None = None) -> list[Phrase]:
    """Write each letter once; what went wrong, as sentences. After a run, and again from the watch."""
    mail = installation.settings.mail
    if not mail.results or (mail.server is None and post is None):
        return []
    carrier = post or Post(installation, mail.server or "")
    since = (installation.clock.now() - STILL_TOLD).isoformat()
    with installation.database.reading() as connection:
        people = live_directory(connection).people
        shown = reading(installation, connection)
        due = [(person, view) for person, view in _recent(connection, people, since) if carrier.waits(_key(view))]
    page = installation.settings.page
    letters = [(person, result_letter(view, shown(person), page(f"runs/{view.id}"))) for person, view in due]
    return [failure for person, letter in letters for failure in carrier.send(people, person, letter)]


def _recent(connection: Connection, people: People, since: str) -> list[tuple[str, RunView]]:
    ended = RUNS.c.state.in_(ENDED) & (RUNS.c.ended_at >= since)
    mine = (RUNS.c.mode == "live") & RUNS.c.channel.in_(CHANNELS) & RUNS.c.parent.is_(None)
    rows = connection.execute(select(RUNS.c.id, RUNS.c.actor).where(mine & (ended | (RUNS.c.state == "waiting")))).all()
    asked = [(row.id, _person(Actor.model_validate_json(row.actor), people)) for row in rows]
    found = [(person, run_view(connection, run)) for run, person in asked if person]
    return [(person, view) for person, view in found if view.state != "waiting" or (view.wait and view.wait.kind != "approval")]


def _person(actor: Actor, people: People) -> str:
    """The listed person with an address who asked; empty for everybody else."""
    found = people.find(actor.account) or people.find(actor.name) if actor.kind == "person" else None
    return found if found is not None and people.people[found].mail else ""


def _key(view: RunView) -> str:
    what = f"waits:{view.wait.step}:{view.wait.opened_at.isoformat()}" if view.wait is not None else view.state
    return f"mail:result:{view.id}:{what}"


def result_letter(view: RunView, show: Display, address: str) -> Notice:
    """The letter: its answer first, then why, and where to look."""
    lang, waits = show.lang, view.state == "waiting" and view.wait is not None
    word = "waits" if waits else view.state
    lines = [say(f"mail.result-{word}", lang, title=view.title)]
    if waits and view.wait is not None:
        lines.append(view.wait.prompt.text(lang))
        if view.wait.until is not None:
            lines.append(say("mail.result-until", lang, until=show.moment(view.wait.until)))
    elif view.reason is not None:
        lines.append(view.reason.text(lang))
    if view.state in {"failed", "unknown"}:
        lines += [f"{row.target}: {row.reason.text(lang)}" for step in view.steps for row in step.rows if row.reason][:LINES]
    lines.append(say("mail.result-asked", lang, when=show.moment(view.requested_at)))
    if view.beneficiary:
        lines.append(say("mail.result-for", lang, beneficiary=view.beneficiary))
    title = say("mail.result-title", lang, title=view.title, word=say(f"mail.word-{word}", lang))
    return Notice(key=_key(view), title=title, body="\n".join([*lines, "", say("mail.see", lang), address]))
