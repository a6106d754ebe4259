"""`/tema/census`: every task with its evidence and what it lacks, and the baseline frozen here by two people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.books.sealing import Hand
from temanashi.calendars import Month
from temanashi.errors import InputError
from temanashi.pages.forms import number_in, read_body
from temanashi.pages.identity import NAME_LENGTH, actor_for, given_name, remember, signed_in, who
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.reports.census_xlsx import census_xlsx
from temanashi.text import explain
from temanashi.workspace.counting import Census, confirm_baseline, freeze_baseline, hand_of, read_whole_census, refuse_baseline

__all__ = ["BadCensusDay", "NoCensusName", "act_on_census", "census_file", "show_census"]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BLANK = dict.fromkeys(("name", "day", "note", "reason"), "")
SAID = ("prepared", "confirmed", "refused")


class BadCensusDay(InputError):
    """A day that is none."""

    key = "census.bad-day"

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


class NoCensusName(InputError):
    """Nobody said who they are, or with a name that is too long."""

    key = "census.no-name"


def show_census(site: Site) -> Callable[[Request], Response]:
    """The page; raises LedgerError."""

    def answer(request: Request) -> Response:
        return _page(site, request)

    return answer


def census_file(site: Site) -> Callable[[Request], Response]:
    """The sheet to fill in; raises LedgerError."""

    def answer(request: Request) -> Response:
        lang = language_of(request, site.installation.settings.languages)
        content = census_xlsx(_census(site).lines, lang)
        return Response(content, media_type=XLSX, headers={"content-disposition": 'attachment; filename="census.xlsx"'})

    return answer


def act_on_census(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """Prepare, confirm or refuse a baseline version. Raises RunError and LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_acted, site, request, typed)

    return answer


def _census(site: Site) -> Census:
    with site.installation.database.reading() as connection:
        return read_whole_census(site.installation, connection, site.published(connection))


def _page(
    site: Site, request: Request, *, typed: Mapping[str, str] | None = None, problem: str = "", status: int = 200
) -> Response:
    census, me = _census(site), signed_in(request)
    said = request.query_params.get("said", "")
    return page(
        site,
        request,
        "census.html.j2",
        status=status,
        census=census,
        lacking=sum(bool(line.lacking) for line in census.lines),
        ready=sum(not line.same_as_signed and set(line.lacking) <= {"signature"} for line in census.lines),
        next_number=1 + max((version.number for version in census.confirmed), default=0),
        titles=sorted({task.task: task.title for version in census.confirmed for task in version.tasks}.items()),
        cells={(version.number, task.task): task for version in census.confirmed for task in version.tasks},
        first=Month.of(census.today).first,
        writes=me is None or me.may("steer"),
        reader=who(request),
        typed={**BLANK, **(typed or {})},
        problem=problem,
        said=said if said in SAID else "",
    )


def _acted(site: Site, request: Request, typed: dict[str, str]) -> Response:
    lang = language_of(request, site.installation.settings.languages)
    name = given_name(request, typed.get("name", ""))
    try:
        if not name or len(name) > NAME_LENGTH:
            raise NoCensusName
        said = _do(site, request, typed, name)
    except InputError as error:
        told = explain(error, lang)
        return _page(site, request, typed=typed, problem=f"{told.what} {told.next}", status=400)
    back = RedirectResponse(f"{request.scope.get('root_path', '')}/census?said={said}&lang={lang}", status_code=303)
    remember(back, request, name)
    return back


def _do(site: Site, request: Request, typed: Mapping[str, str], name: str) -> str:
    installation, verb = site.installation, typed.get("verb")
    with installation.database.transaction() as connection:
        hand: Hand = hand_of(installation, connection, actor_for(request, name), "page", sign=True)
        if verb == "confirm":
            confirm_baseline(installation, connection, hand=hand, number=number_in(typed.get("number", "")))
            return "confirmed"
        if verb == "refuse":
            refuse_baseline(installation, connection, hand=hand, reason=typed.get("reason", ""))
            return "refused"
        day, note = _day(typed.get("day", "")), typed.get("note", "")
        freeze_baseline(installation, connection, site.published(connection), hand=hand, day=day, note=note)
        return "prepared"


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadCensusDay(text[:40]) from None
