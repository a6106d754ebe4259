"""Files that come in on the pages of reviews: a roster that opens one, and a sheet that was filled in."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.accounts.reviews.faults import NoReviewSheet
from temanashi.errors import TemanashiError
from temanashi.pages.identity import NAME_LENGTH, actor_for, given_name, remember
from temanashi.pages.language import language_of
from temanashi.pages.review_deeds import Trouble
from temanashi.pages.reviews import list_page, review_page
from temanashi.pages.site import Site
from temanashi.pages.uploads import Upload, read_upload
from temanashi.text import explain, say
from temanashi.workspace.reviewing.opening import open_review, roster_of
from temanashi.workspace.reviewing.sheet import import_sheet

__all__ = ["open_on_page", "sheet_on_page"]

MOST = 20_000_000
"""Bytes of a file."""


def open_on_page(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """Read every place and open a review, with a roster where one was chosen; raises LedgerError."""
    return _with_file(site, _opened)


def sheet_on_page(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """Take over a filled-in sheet, row by row; raises NoSuchReview and LedgerError."""
    return _with_file(site, _taken_over)


def _with_file(site: Site, done: Callable[[Site, Request, Upload], Response]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        given = await read_upload(request, limit=MOST)
        if given is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(done, site, request, given)

    return answer


def _name(request: Request, given: Upload) -> str:
    name = given_name(request, given.fields.get("name", ""))
    return name if len(name) <= NAME_LENGTH else ""


def _opened(site: Site, request: Request, given: Upload) -> Response:
    installation = site.installation
    lang, name = language_of(request, installation.settings.languages), _name(request, given)
    title = given.fields.get("title", "")[:200]
    if not name:
        return list_page(site, request, trouble=Trouble(what=say("pages.form-name-missing", lang)), title=title, status=400)
    try:
        roster = roster_of(installation, given.data, name=given.name[:200] or "-") if given.data else None
        made = open_review(installation, actor=actor_for(request, name), channel="page", roster=roster, title=title)
    except TemanashiError as error:
        told = explain(error, lang)
        return list_page(site, request, trouble=Trouble(what=told.what, next=told.next), title=title, status=400)
    root = request.scope.get("root_path", "")
    back = RedirectResponse(f"{root}/reviews/{quote(made.id)}?{urlencode({'lang': lang})}", status_code=303)
    remember(back, request, name)
    return back


def _taken_over(site: Site, request: Request, given: Upload) -> Response:
    installation = site.installation
    lang, name = language_of(request, installation.settings.languages), _name(request, given)
    if not name:
        return review_page(site, request, trouble=Trouble(what=say("pages.form-name-missing", lang)), status=400)
    try:
        with tempfile.TemporaryDirectory(prefix="tema-review-") as folder:
            file = Path(folder) / "sheet.xlsx"
            file.write_bytes(given.data)
            if not given.data:
                raise NoReviewSheet(given.name[:200] or "-")
            done = import_sheet(installation, request.path_params["review"], file, actor=actor_for(request, name), channel="page")
    except TemanashiError as error:
        told = explain(error, lang)
        return review_page(site, request, trouble=Trouble(what=told.what, next=told.next), status=400)
    words = {"count": len(done.decided), "same": done.same, "refused": len(done.refused)}
    rows = [f"{say('reviews.sheet-row', lang, row=one.row)}: {explain(one.error, lang).what}" for one in done.refused]
    answer = review_page(site, request, taken=say("reviews.imported", lang, **words), refused=rows)
    remember(answer, request, name)
    return answer
