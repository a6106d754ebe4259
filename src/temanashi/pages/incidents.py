"""`/tema/incidents`: what is open, the month's incidents and times, and the form with which somebody records one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Literal

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.books import Incident, incidents_of, proposed_tasks, read_operations
from temanashi.calendars import BadMonth, Month
from temanashi.errors import InputError
from temanashi.pages.forms import read_body
from temanashi.pages.identity import NAME_LENGTH, actor_for, given_name, remember, signed_in, who
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.text import Lang, explain, say
from temanashi.text.markdown import as_html
from temanashi.workspace.importing.moments import moment_written
from temanashi.workspace.incident_words import duration_text, times_text
from temanashi.workspace.noting_incidents import Notice, Telling, note_state, note_whole
from temanashi.workspace.operating import month_operations
from temanashi.workspace.publishing import PublishedWorkspace
from temanashi.workspace.reporting import current_month

__all__ = ["show_incidents", "tell_incident"]

NUMBER = re.compile(r"inc-\d{8}-[0-9a-f]{6}")
SHOWN = 100
"""Incidents that the page lists one by one; the rest is counted."""
FIRST = Month(2000, 1)
"""Nothing is recorded before."""
Deed = Literal["acknowledged", "resolved"]


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What was typed, kept as it was; `problem` says what is wrong with `field`."""

    number: str = ""
    title: str = ""
    started: str = ""
    resolved: str = ""
    system: str = ""
    severity: str = ""
    name: str = ""
    field: str = ""
    problem: str = ""


def show_incidents(site: Site) -> Callable[..., Response]:
    """The endpoint; raises LedgerError. `typed` is a form that was refused."""

    def answer(request: Request, typed: Typed | None = None) -> Response:
        installation = site.installation
        zone, now = installation.settings.zone, installation.clock.now()
        lang = language_of(request, installation.settings.languages)
        newest, me = current_month(installation), signed_in(request)
        month = _month(request, newest)
        with installation.database.reading() as connection:
            published = site.published(connection)
            figures = month_operations(installation, connection, published, month, lang=lang)
            every = incidents_of(read_operations(installation.ledger, connection, None, zone=zone), zone).values()
        waiting = [one for one in every if not one.over]
        mine = sorted((one for one in every if one.day in month), key=lambda one: (one.day, one.seq), reverse=True)
        return page(
            site,
            request,
            "incidents.html.j2",
            status=400 if typed is not None else 200,
            waiting=waiting[:SHOWN],
            count=len(waiting),
            mine=mine[:SHOWN],
            more=max(len(waiting) - SHOWN, 0) + max(len(mine) - SHOWN, 0),
            figures=figures,
            month=str(month),
            earlier=str(month.previous),
            later=str(month.next) if month < newest else "",
            topic=Markup(as_html(figures.topic)) if figures.topic else "",  # noqa: S704  (made safe there)
            times=partial(times_text, lang=lang),
            duration=partial(duration_text, lang=lang),
            token=f"inc-{now:%Y%m%d}-{secrets.token_hex(3)}",
            typed=typed or Typed(name=who(request), started=f"{now.astimezone(zone):%Y-%m-%d %H:%M}"),
            may_tell=me is None or me.may("steer"),
            remedies=_remedies(published),
            system_names=sorted({one.system for one in every if one.system}),
        )

    return answer


def _remedies(published: PublishedWorkspace | None) -> dict[str, str]:
    """The runbook that does a task, by task."""
    tasks = proposed_tasks(published.runbooks.values()) if published is not None else ()
    return {task.task: task.runbooks[0] for task in tasks}


def _month(request: Request, newest: Month) -> Month:
    try:
        wanted = Month.parse(request.query_params.get("month", ""))
    except BadMonth:
        return newest
    return max(min(wanted, newest), FIRST)


def tell_incident(site: Site, show: Callable[..., Response]) -> Callable[[Request], Awaitable[Response]]:
    """The forms; `show` makes the page again with what is wrong. Raises LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_told, site, show, request, typed)

    return answer


def _told(site: Site, show: Callable[..., Response], request: Request, typed: Mapping[str, str]) -> Response:
    lang = language_of(request, site.installation.settings.languages)
    kept = Typed(
        number=typed.get("number", "").strip(),
        title=typed.get("title", "").strip(),
        started=typed.get("started", "").strip(),
        resolved=typed.get("resolved", "").strip(),
        system=typed.get("system", "").strip(),
        severity=typed.get("severity", "").strip(),
        name=given_name(request, typed.get("name", "")),
    )
    if not kept.name or len(kept.name) > NAME_LENGTH:
        key = "pages.form-name-long" if kept.name else "pages.form-name-missing"
        return show(request, replace(kept, field="name", problem=say(key, lang)))
    telling = Telling(source="hand", actor=actor_for(request, kept.name), channel="page")
    verb = typed.get("verb", "")
    try:
        if verb in {"acknowledged", "resolved"}:
            _stated(site, kept.number, "acknowledged" if verb == "acknowledged" else "resolved", telling)
        elif (wrong := _recorded(site, kept, telling, lang)) is not None:
            return show(request, wrong)
    except InputError as error:
        field = "title" if error.key == "incidents.no-title" else "resolved" if kept.resolved else "started"
        return show(request, replace(kept, field=field, problem=explain(error, lang).what))
    back = RedirectResponse(f"{request.url.path}?lang={lang}", status_code=303)
    remember(back, request, kept.name)
    return back


def _stated(site: Site, number: str, state: Deed, telling: Telling) -> Incident:
    with site.installation.database.transaction() as connection:
        return note_state(site.installation, connection, number, state, at=None, reason="", telling=telling)[1]


def _recorded(site: Site, typed: Typed, telling: Telling, lang: Lang) -> Typed | None:
    """The form with what is wrong, or None where the incident stands. The page's number makes a form that is sent twice one."""
    if not NUMBER.fullmatch(typed.number):
        return replace(typed, field="title", problem=say("incidents.form-stale", lang))
    moments: dict[str, datetime | None] = {}
    for name in ("started", "resolved"):
        text = getattr(typed, name)
        moments[name] = moment_written(text, site.installation.settings.zone) if text else None
        if moments[name] is None and (text or name == "started"):
            return replace(typed, field=name, problem=say("incidents.form-bad-moment", lang))
    started = moments["started"]
    assert started is not None  # noqa: S101  (checked above)
    notice = Notice(
        key=typed.number,
        title=typed.title,
        started=started,
        resolved=moments["resolved"],
        system=typed.system,
        severity=typed.severity,
    )
    with site.installation.database.transaction() as connection:
        note_whole(site.installation, connection, notice, telling)
    return None
