"""`/tema/tally`: one button a task for what comes by phone; a tap is one recorded occasion, and one's own can be taken back."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.books import Occasion, Register, Requested, Rules, read_register
from temanashi.calendars import Month
from temanashi.errors import InputError
from temanashi.pages.forms import read_body
from temanashi.pages.identity import NAME_LENGTH, actor_for, remember, signed_in, typed_name, who
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.text import Lang, LocalText, say
from temanashi.workspace.demanding import Recording, cancel_occasion, read_rules, record_occasions, today_of

__all__ = ["NotYourTap", "show_tally", "tap"]

MISTAP = "押し間違い"
"""The reason with which a tap is taken back, as auditors read it."""

PREFIX = "tally-"
TOKEN = re.compile(r"[A-Za-z0-9_-]{16}")
SHOWN = 20
Said = Literal["counted", "twice", "undone"]
SAID: tuple[Said, ...] = ("counted", "twice", "undone")


class NotYourTap(InputError):
    """A tap to take back that is not the reader's own of today."""

    key = "books.not-your-tap"


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A task's button: how many were counted today and this month; `chosen`: its runbook names this page, or it was counted."""

    task: str
    title: LocalText
    today: int
    month: int
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Tap:
    """A tap of today; `mine`: the reader's last one, which they may take back."""

    unit: Requested
    title: LocalText
    reason: str
    mine: bool


@dataclass(frozen=True)
class _Read:
    rules: Rules
    register: Register
    today: date

    def tasks(self) -> Iterator[Counted]:
        """The tasks that the page counts."""
        month = Month.of(self.today)
        for task in self.rules.known:
            if self.rules.open_to("tally", task, self.today):
                units = [unit for unit in self.register.of(task, month) if (task, unit.slot) not in self.register.cancelled]
                today = sum(unit.day == self.today for unit in units)
                chosen = bool(units) or self.rules.source_of(task, self.today) == "tally"
                yield Counted(task=task, title=self.title(task), today=today, month=len(units), chosen=chosen)

    def title(self, task: str) -> LocalText:
        """The title of a task."""
        proposed = self.rules.tasks.get(task)
        return proposed.title if proposed is not None else LocalText(plain=task or "-")

    def taps(self, reader: str) -> list[Tap]:
        """Today's taps, the newest first."""
        units = [
            unit
            for units in self.register.requested.values()
            for unit in units.values()
            if unit.source == "tally" and unit.day == self.today
        ]
        units.sort(key=lambda unit: -unit.seq)
        standing = (unit for unit in units if unit.by == reader and (unit.task, unit.slot) not in self.register.cancelled)
        last = next(standing, None)
        reasons = {key: why.reason for key, why in self.register.cancelled.items()}
        return [
            Tap(unit=unit, title=self.title(unit.task), reason=reasons.get((unit.task, unit.slot), ""), mine=unit is last)
            for unit in units
        ]


def show_tally(site: Site) -> Callable[[Request], Response]:
    """The page; raises LedgerError."""

    def answer(request: Request) -> Response:
        return _page(site, request)

    return answer


def tap(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """What a button of the page does: a name, a tap, or one taken back. Raises InputError and LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_tapped, site, request, typed)

    return answer


def _page(site: Site, request: Request, *, typed: str = "", problem: str = "", status: int = 200) -> Response:
    lang = language_of(request, site.installation.settings.languages)
    reader = who(request)
    with site.installation.database.reading() as connection:
        read = _read(site, connection)
    said, task = request.query_params.get("said", ""), request.query_params.get("task", "")
    tasks = sorted(read.tasks(), key=lambda one: (one.title.text(lang), one.task))
    asking = signed_in(request) is None and (not reader or bool(problem) or "who" in request.query_params)
    return page(
        site,
        request,
        "tally.html.j2",
        status=status,
        tasks=tasks,
        taps=read.taps(reader)[:SHOWN],
        today=read.today,
        count=sum(one.today for one in tasks),
        asking=asking,
        reader=reader,
        typed=typed or reader,
        problem=problem,
        said=said if said in SAID and task in read.rules.known else "",
        said_of=read.title(task).text(lang),
        token=secrets.token_urlsafe(12),
    )


def _read(site: Site, connection: Connection) -> _Read:
    installation = site.installation
    today = today_of(installation)
    rules = read_rules(installation, connection, site.published(connection))
    return _Read(
        rules, read_register(installation.ledger, connection, zone=installation.settings.zone, since=Month.of(today)), today
    )


def _tapped(site: Site, request: Request, typed: Mapping[str, str]) -> Response:
    lang = language_of(request, site.installation.settings.languages)
    if "name" in typed and signed_in(request) is None:
        name = typed_name(typed["name"])
        if not name or len(name) > NAME_LENGTH:
            problem = say("pages.form-name-long" if name else "pages.form-name-missing", lang)
            return _page(site, request, typed=name[:NAME_LENGTH], problem=problem, status=400)
        back = _back(request, lang)
        remember(back, request, name)
        return back
    reader = who(request)
    if not reader:
        return _page(site, request, problem=say("pages.form-name-missing", lang), status=400)
    recording = Recording(recorder="tally", actor=actor_for(request, reader), channel="phone")
    if slot := typed.get("undo"):
        _take_back(site, typed.get("of", ""), slot, recording)
        return _back(request, lang, "undone", typed.get("of", ""))
    if not TOKEN.fullmatch(typed.get("token", "")):
        return PlainTextResponse("400", status_code=400)
    task = typed.get("task", "")
    return _back(request, lang, _count(site, task, typed["token"], recording), task)


def _back(request: Request, lang: Lang, said: Said | None = None, task: str = "") -> Response:
    """To the page again, so that a reload taps nothing."""
    more = f"&said={said}&task={task}" if said else ""
    return RedirectResponse(f"{request.scope.get('root_path', '')}/tally?lang={lang}{more}", status_code=303)


def _count(site: Site, task: str, token: str, recording: Recording) -> Said:
    """The page's token is the tap's key: the same form sent twice is one tap."""
    one = Occasion(task=task, key=f"{PREFIX}{token}", day=today_of(site.installation))
    with site.installation.database.transaction() as connection:
        published = site.published(connection)
        (standing,) = record_occasions(site.installation, connection, published, [one], recording)
    return "counted" if standing == "new" else "twice"


def _take_back(site: Site, task: str, slot: str, recording: Recording) -> None:
    """Cancel one's own tap of today; a second time it is no other."""
    with site.installation.database.transaction() as connection:
        read = _read(site, connection)
        unit = read.register.find(task, slot)
        if unit is None or unit.source != "tally" or unit.by != recording.actor.name or unit.day != read.today:
            raise NotYourTap
        published = site.published(connection)
        cancel_occasion(site.installation, connection, published, task, slot, reason=MISTAP, recording=recording)
