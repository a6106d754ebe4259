"""`/tema/month`: what a month lacks, who prepared it, and the forms by which another person closes or corrects it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import get_args
from urllib.parse import quote, urlencode

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.books.corrections import Correction
from temanashi.books.prior import CORRECTABLE
from temanashi.calendars import Month
from temanashi.errors import InputError, RunError
from temanashi.pages.forms import read_body
from temanashi.pages.identity import NAME_LENGTH, given_name, remember, signed_in, who
from temanashi.pages.language import language_of
from temanashi.pages.month_deeds import FIELDS, Deed, act
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.text import explain, say
from temanashi.workspace.closings import issued_file
from temanashi.workspace.live import live_people
from temanashi.workspace.month_desk import MonthDesk, month_desk

__all__ = ["act_on_month", "month_file", "show_month"]

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
FIGURES = ("baseline", "demand_effect", "method_effect", "credited", "remaining", "human", "new", "manual")
SHOWN = 20
"""Items of one kind that the page lists; the rest is counted."""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What was typed, kept as it was; `form` is where, `field` and `problem` say what is wrong."""

    form: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    field: str = ""
    problem: str = ""
    following: str = ""


NOTHING = Typed()


def show_month(site: Site) -> Callable[[Request], Response]:
    """The page of `?month=2026-10`, or of the month that is closed next; raises BadMonth and LedgerError."""

    def answer(request: Request) -> Response:
        return _page(site, request)

    return answer


def act_on_month(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """What a form of the page does; raises BadMonth and LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_posted, site, request, typed)

    return answer


def month_file(site: Site) -> Callable[[Request], Response]:
    """A file of a closed month exactly as it was issued; raises NotClosed, NoIssuedFile and IssuedFileAltered."""

    def answer(request: Request) -> Response:
        month, name = Month.parse(request.query_params.get("month", "")), request.path_params["name"]
        with site.installation.database.reading() as connection:
            text = issued_file(site.installation, connection, month, name)
        kind = "application/json" if name.endswith(".json") else "text/html"
        headers = {"content-security-policy": POLICY, "cache-control": "no-store"}
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
        return Response(text.encode(), media_type=kind, headers=headers)

    return answer


def _asked(request: Request) -> Month | None:
    asked = request.query_params.get("month", "")
    return Month.parse(asked) if asked else None


def _page(site: Site, request: Request, *, typed: Typed = NOTHING, status: int = 200) -> Response:
    installation = site.installation
    with installation.database.reading() as connection:
        published = site.published(connection)
        desk = month_desk(installation, connection, published, _asked(request))
        mine = _mine(connection, request, desk)
    me, said = signed_in(request), request.query_params.get("said", "")
    closing, own = desk.closing, Month.parse(desk.month)
    return page(
        site,
        request,
        "month.html.j2",
        status=status,
        desk=desk,
        closing=closing,
        before=str(own.previous),
        after=str(own.next),
        figures=_figures(desk),
        titles={task.task: task.title for task in (*desk.figures.tasks, *(closing.figures.tasks if closing else ()))},
        parts=CORRECTABLE,
        shown=SHOWN,
        mine=mine,
        may=me is None or me.may("close"),
        reader=who(request),
        typed=typed,
        said=said if said in get_args(Deed) else "",
    )


def _figures(desk: MonthDesk) -> list[tuple[str, int, int]]:
    """Each figure as issued (of an open month: as it is now) and as it is now, in seconds."""
    issued = (desk.closing.figures if desk.closing is not None else desk.figures).sums.model_dump()
    now = desk.figures.sums.model_dump()
    return [(name.replace("_", "-"), issued[f"{name}_seconds"], now[f"{name}_seconds"]) for name in FIGURES]


def _mine(connection: Connection, request: Request, desk: MonthDesk) -> frozenset[str]:
    """What the reader did themselves, and another person decides: `month`, and numbers of corrections."""
    me, people = signed_in(request), live_people(connection)
    name = who(request)
    reader = people.identities(me.actor) if me is not None else frozenset({people.identity(name)} if name else ())

    def own(by: str) -> bool:
        return people.identity(by) in reader

    corrections: tuple[Correction, ...] = tuple(one for one in desk.waiting if own(one.by))
    prepared = {"month"} if desk.prepared is not None and own(desk.prepared.preparer) else set()
    return frozenset(prepared | {str(one.seq) for one in corrections})


def _posted(site: Site, request: Request, typed: Mapping[str, str]) -> Response:
    lang = language_of(request, site.installation.settings.languages)
    form, name = typed.get("form", ""), given_name(request, typed.get("name", ""))
    if not name or len(name) > NAME_LENGTH:
        problem = say("pages.form-name-long" if name else "pages.form-name-missing", lang)
        return _page(site, request, typed=Typed(form=form, words=typed, field="name", problem=problem), status=400)
    month = Month.parse(typed.get("month", ""))
    try:
        deed = act(site, request, month, typed, name)
    except (InputError, RunError) as error:
        told = explain(error, lang)
        wrong = Typed(form=form, words=typed, field=FIELDS.get(type(error), ""), problem=told.what, following=told.next)
        return _page(site, request, typed=wrong, status=400 if isinstance(error, InputError) else 409)
    if deed is None:
        return PlainTextResponse("400", status_code=400)
    query = urlencode({"month": str(month), "said": deed, "lang": lang})
    back = RedirectResponse(f"{request.scope.get('root_path', '')}/month?{query}", status_code=303)
    remember(back, request, name)
    return back
