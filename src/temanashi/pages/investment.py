"""`/tema/investment`: hours that building and keeping up automation took, recorded here and listed by month."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.books import PROGRAMME, invested_by_month
from temanashi.books.investment import BadHours
from temanashi.errors import InputError
from temanashi.pages.forms import number_in, read_body
from temanashi.pages.identity import NAME_LENGTH, actor_for, given_name, remember, signed_in, who
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.text import explain, say
from temanashi.workspace.demanding import today_of
from temanashi.workspace.improving import cancel_investment, read_investments, record_investment

__all__ = ["BadDayTyped", "NoInvestorName", "record_hours", "show_investment"]

SHOWN = 60
BLANK = dict.fromkeys(("name", "recipient", "part", "hours", "day", "person", "note"), "")
SAID = ("added", "cancelled")


class NoInvestorName(InputError):
    """Nobody said who they are, or with a name that is too long."""

    key = "improvement.no-name"


class BadDayTyped(InputError):
    """A day that is none."""

    key = "improvement.bad-day-typed"

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


def show_investment(site: Site) -> Callable[[Request], Response]:
    """The page; raises LedgerError."""

    def answer(request: Request) -> Response:
        return _page(site, request)

    return answer


def record_hours(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """Record hours, or that an entry was a mistake; raises LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_recorded, site, request, typed)

    return answer


def _page(
    site: Site, request: Request, *, typed: Mapping[str, str] | None = None, problem: str = "", status: int = 200
) -> Response:
    lang, me = language_of(request, site.installation.settings.languages), signed_in(request)
    with site.installation.database.reading() as connection:
        published = site.published(connection)
        found = read_investments(site.installation, connection)
    runbooks = published.runbooks if published is not None else {}
    names = {name: runbook.title.text(lang) for name, runbook in runbooks.items()}
    said = request.query_params.get("said", "")
    return page(
        site,
        request,
        "investment.html.j2",
        status=status,
        found=found[::-1][:SHOWN],
        earlier=max(0, len(found) - SHOWN),
        build=sum(one.seconds for one in found if one.part == "build"),
        upkeep=sum(one.seconds for one in found if one.part == "upkeep"),
        months=sorted(invested_by_month(found).items(), reverse=True),
        names={**names, PROGRAMME: say("improvement.programme", lang)},
        choices=sorted(names.items(), key=lambda pair: (pair[1], pair[0])),
        writes=me is None or me.may("steer"),
        reader=who(request),
        today=today_of(site.installation),
        typed={**BLANK, **(typed or {})},
        problem=problem,
        said=said if said in SAID else "",
    )


def _recorded(site: Site, request: Request, typed: dict[str, str]) -> Response:
    lang = language_of(request, site.installation.settings.languages)
    name = given_name(request, typed.get("name", ""))
    try:
        if not name or len(name) > NAME_LENGTH:
            raise NoInvestorName
        said = _do(site, request, typed, name)
    except InputError as error:
        told = explain(error, lang)
        return _page(site, request, typed=typed, problem=f"{told.what} {told.next}", status=400)
    back = RedirectResponse(f"{request.scope.get('root_path', '')}/investment?said={said}&lang={lang}", status_code=303)
    remember(back, request, name)
    return back


def _do(site: Site, request: Request, typed: Mapping[str, str], name: str) -> str:
    installation, actor = site.installation, actor_for(request, name)
    with installation.database.transaction() as connection:
        if "cancel" in typed:
            told = number_in(typed["cancel"])
            cancel_investment(installation, connection, told, reason=typed.get("reason", ""), actor=actor, channel="page")
            return "cancelled"
        record_investment(
            installation,
            connection,
            site.published(connection),
            typed.get("recipient", ""),
            "upkeep" if typed.get("part") == "upkeep" else "build",
            _hours(typed.get("hours", "")),
            actor=actor,
            day=_day(typed.get("day", "")),
            person=typed.get("person", ""),
            note=typed.get("note", ""),
            channel="page",
        )
        return "added"


def _hours(text: str) -> float:
    try:
        return float(text.strip())
    except ValueError:
        raise BadHours(text[:40]) from None


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadDayTyped(text[:40]) from None
