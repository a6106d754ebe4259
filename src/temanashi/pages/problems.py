"""`/tema/problems`: what is wrong now, outages first, and the form with which somebody says that they know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.errors import InputError
from temanashi.monitoring.maintenance import read_windows
from temanashi.monitoring.offered import Found, offered_for, remedy_path
from temanashi.monitoring.reading import AlertView, ProblemView, problems
from temanashi.pages.forms import read_body
from temanashi.pages.identity import NAME_LENGTH, actor_for, given_name, remember, who
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.runbooks.schedule_words import rule_in_words
from temanashi.text import explain, say
from temanashi.workspace.acknowledging import acknowledge_named, withdraw_named
from temanashi.workspace.live import live_inventory, live_recurring

__all__ = ["acknowledge_on_page", "show_problems"]

REASON_LENGTH = 500
SHOWN = 100
"""Problems that the page lists one by one; the rest is counted."""
HOURS = ("1h", "4h", "1d", "3d", "7d")


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What was typed, kept as it was; `problem` says what is wrong with `field`."""

    target: str = ""
    name: str = ""
    reason: str = ""
    until: str = "4h"
    field: str = ""
    problem: str = ""


@dataclass(kw_only=True)
class Group:
    """An outage with its problems, or problems that stand alone."""

    alert: AlertView | None
    problems: list[ProblemView] = field(default_factory=list)

    @property
    def hosts(self) -> int:
        """How many hosts it is about."""
        return len({one.target for one in self.problems})


def show_problems(site: Site) -> Callable[..., Response]:
    """The endpoint; raises LedgerError. `typed` is a form that was refused."""

    def answer(request: Request, typed: Typed | None = None) -> Response:
        now = site.installation.clock.now()
        with site.installation.database.reading() as connection:
            recurring = live_recurring(connection)
            found = problems(connection, now=now, inventory=live_inventory(connection), recurring=recurring)
            shown = [one for one in found if one.hard][: 2 * SHOWN]
            offers = offered_for(connection, [Found(one.id, one.run, one.step, one.check) for one in shown])
            windows = [*read_windows(connection, now), *recurring.ahead(now)]
        loud = [one for one in found if one.hard and one.acknowledged is None and one.maintenance is None]
        rest = [one for one in found if one not in loud]
        return page(
            site,
            request,
            "problems.html.j2",
            status=400 if typed is not None else 200,
            outages=_outages(loud[:SHOWN]),
            quiet=rest[:SHOWN],
            count=len(loud),
            more=max(len(loud) - SHOWN, 0) + max(len(rest) - SHOWN, 0),
            offers=offers,
            remedy_path=remedy_path,
            windows=sorted(windows, key=lambda window: (window.since, window.id)),
            rules={rule.id: partial(rule_in_words, rule.timing) for rule in recurring.windows},
            now=now,
            hours=HOURS,
            typed=typed or Typed(name=who(request)),
        )

    return answer


def _outages(loud: list[ProblemView]) -> list[Group]:
    """Hosts that are gone first, the larger outage before the smaller; then, by verdict, single problems and checks bad on many."""
    by_alert: dict[str, Group] = {}
    alone = []
    for one in loud:  # the worst first
        if one.alert is not None and one.alert.sort != "problem":
            by_alert.setdefault(one.alert.id, Group(alert=one.alert)).problems.append(one)
        else:
            alone.append(one)
    groups = sorted(by_alert.values(), key=lambda group: -len(group.problems))
    outages = [group for group in groups if group.alert is not None and group.alert.sort != "check"]
    checks = [group for group in groups if group not in outages]
    first = min((loud.index(group.problems[0]) for group in checks), default=0)
    worse = {one.verdict for one in loud[:first]} - {group.problems[0].verdict for group in checks}
    before = Group(alert=None, problems=[one for one in alone if one.verdict in worse])
    after = Group(alert=None, problems=[one for one in alone if one.verdict not in worse])
    return [group for group in (*outages, before, *checks, after) if group.problems]


def acknowledge_on_page(site: Site, show: Callable[..., Response]) -> Callable[[Request], Awaitable[Response]]:
    """The form; `show` makes the page again with what is wrong. Raises LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_acknowledged, site, show, request, typed)

    return answer


def _acknowledged(site: Site, show: Callable[..., Response], request: Request, given: Mapping[str, str]) -> Response:
    lang = language_of(request, site.installation.settings.languages)
    typed = Typed(
        target=given.get("problem", ""),
        name=given_name(request, given.get("name", "")),
        reason=given.get("reason", "").strip(),
        until=given.get("until", ""),
    )
    withdrawing = given.get("verb") == "withdraw"
    if withdrawing:
        typed = replace(typed, until="4h")
    if (wrong := _wrong(typed, withdrawing=withdrawing)) is not None:
        place, key = wrong
        return show(request, replace(typed, field=place, problem=say(key, lang)))
    actor = actor_for(request, typed.name)
    try:
        if withdrawing:
            withdraw_named(site.installation, typed.target, reason=typed.reason, actor=actor, channel="page")
        else:
            acknowledge_named(site.installation, typed.target, until=typed.until, reason=typed.reason, actor=actor, channel="page")
    except InputError as error:
        return show(request, replace(typed, field="until", problem=explain(error, lang).what))
    back = RedirectResponse(f"{request.url.path}?lang={lang}", status_code=303)
    remember(back, request, typed.name)
    return back


def _wrong(typed: Typed, *, withdrawing: bool) -> tuple[str, str] | None:
    if not typed.target:
        return "problem", "pages.ack-problem-missing"
    if not typed.name:
        return "name", "pages.form-name-missing"
    if len(typed.name) > NAME_LENGTH:
        return "name", "pages.form-name-long"
    if not typed.reason and not withdrawing:
        return "reason", "pages.ack-reason-missing"
    if len(typed.reason) > REASON_LENGTH:
        return "reason", "pages.ack-reason-long"
    return None
