"""`/tema/checks` and `/tema/checks/DATE`: the morning sheet, the button that confirms it, and the same as an Excel file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.errors import InputError
from temanashi.pages.forms import read_body
from temanashi.pages.identity import NAME_LENGTH, actor_for, given_name, remember, who
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.reports.display import Display
from temanashi.reports.morning import MorningSheet
from temanashi.reports.morning_html import SheetFrame, morning_css, render_body
from temanashi.reports.morning_xlsx import morning_xlsx
from temanashi.text import explain, say
from temanashi.workspace.confirming_sheets import Standing, confirm_sheet, confirmations_of, standing_of
from temanashi.workspace.morning import day_named, read_sheet
from temanashi.workspace.sheet_frame import frame_of

__all__ = ["confirm_checks", "sheet_file", "sheet_styles", "show_checks"]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, kw_only=True)
class _Typed:
    """What was typed, kept as it was; `field` and `problem` say what is wrong with it."""

    name: str = ""
    note: str = ""
    field: str = ""
    problem: str = ""
    following: str = ""


@dataclass(frozen=True, kw_only=True)
class _Shown:
    sheet: MorningSheet
    standing: Standing
    frame: SheetFrame
    show: Display


def show_checks(site: Site) -> Callable[[Request], Response]:
    """The page of a day, today's without one; raises BadDay and LedgerError."""

    def answer(request: Request) -> Response:
        return _page(site, request, _Typed())

    return answer


def confirm_checks(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """The 確認 button; raises BadDay and LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_confirmed, site, request, typed)

    return answer


def sheet_file(site: Site) -> Callable[[Request], Response]:
    """The Excel file; raises BadDay and LedgerError."""

    def answer(request: Request) -> Response:
        found = _read(site, request)
        name = f"checks-{found.sheet.day.isoformat()}.xlsx"
        headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        company = site.installation.settings.company
        return Response(morning_xlsx(found.sheet, found.show, found.frame, company=company), media_type=XLSX, headers=headers)

    return answer


def sheet_styles(_: Request) -> Response:
    """What the sheet's style adds to that of all pages."""
    return Response(morning_css(), media_type="text/css", headers={"cache-control": "max-age=300"})


def _day(site: Site, request: Request) -> date:
    return day_named(site.installation, request.path_params.get("day", ""))


def _read(site: Site, request: Request) -> _Shown:
    installation = site.installation
    settings, root = installation.settings, request.scope.get("root_path", "")
    show = Display(language_of(request, settings.languages), settings.zone)
    second = settings.checks.second_person
    with installation.database.reading() as connection:
        published = site.published(connection)
        sheet = read_sheet(installation, connection, published, _day(site, request), cache=site.runs)
        standing = standing_of(sheet, confirmations_of(installation, connection, sheet.day), second_person=second)
    frame = frame_of(
        sheet,
        standing,
        show,
        made_at=installation.clock.now(),
        published=published,
        second_person=second,
        page=lambda path: f"{root}/{path}",
    )
    return _Shown(sheet=sheet, standing=standing, frame=frame, show=show)


def _page(site: Site, request: Request, typed: _Typed, *, status: int = 200) -> Response:
    found = _read(site, request)
    today = day_named(site.installation, "")
    sheet, standing = found.sheet, found.standing
    return page(
        site,
        request,
        "checks.html.j2",
        status=status,
        body=render_body(sheet, found.show, found.frame),
        sheet=sheet,
        standing=standing,
        typed=typed,
        name=typed.name or who(request),
        day=sheet.day.isoformat(),
        earlier=(sheet.previous or sheet.day - timedelta(days=1)).isoformat(),
        later=(sheet.day + timedelta(days=1)).isoformat() if sheet.day < today else "",
        second_person=site.installation.settings.checks.second_person,
    )


def _confirmed(site: Site, request: Request, typed: Mapping[str, str]) -> Response:
    day = _day(site, request)
    lang = language_of(request, site.installation.settings.languages)
    back = RedirectResponse(f"{request.scope.get('root_path', '')}/checks/{day.isoformat()}?lang={lang}#confirm", status_code=303)
    name, note = given_name(request, typed.get("name", "")), typed.get("note", "").strip()
    if not name or len(name) > NAME_LENGTH:
        problem = say("pages.form-name-long" if name else "pages.form-name-missing", lang)
        return _page(site, request, _Typed(name=name, note=note, field="name", problem=problem), status=400)
    with site.installation.database.reading() as connection:
        published = site.published(connection)
    try:
        shown = typed.get("digest", "-") or "-"
        actor = actor_for(request, name)
        confirm_sheet(site.installation, published, day, actor=actor, channel="page", note=note, shown=shown, cache=site.runs)
    except InputError as error:
        told = explain(error, lang)
        said = _Typed(name=name, note=note, field="name", problem=told.what, following=told.next)
        return _page(site, request, said, status=409)
    remember(back, request, name)
    return back
