"""`/tema/reviews`: access reviews, and the lines of one, a page at a time, with the forms by which they are decided."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.accounts.reviews.findings import FINDINGS
from temanashi.accounts.reviews.lines import VERDICTS
from temanashi.calendars import day_of
from temanashi.errors import InputError, LedgerError, RunError
from temanashi.pages.forms import number_in, read_body
from temanashi.pages.identity import NAME_LENGTH, actor_for, given_name, remember, signed_in, who
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.review_deeds import PAGE, Trouble, do_on_review
from temanashi.pages.site import Site
from temanashi.people import Actor, People
from temanashi.reports.review_xlsx import seen_word
from temanashi.text import Lang, explain, say
from temanashi.workspace.account_snapshots import drift_line
from temanashi.workspace.live import live_people, live_register
from temanashi.workspace.reviewing.packing import pack_review
from temanashi.workspace.reviewing.reading import ReviewLine, counts_of, due_on, pick_lines, read_review, reviews
from temanashi.workspace.reviewing.sheet import export_sheet

__all__ = ["act_on_review", "list_page", "list_reviews", "review_file", "review_page", "show_review"]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILTERS = ("finding", "decided", "words")
SAID = ("decided", "kept", "closed", "left")
SHOWN_DRIFT = 20
DOING = ("revoke", "change")


def list_reviews(site: Site) -> Callable[[Request], Response]:
    """Every review, when the next is due, and what changed outside temanashi; raises LedgerError."""

    def answer(request: Request) -> Response:
        return list_page(site, request)

    return answer


def list_page(site: Site, request: Request, *, trouble: Trouble | None = None, title: str = "", status: int = 200) -> Response:
    """The page with every review; `trouble` is what is wrong with the form that opens one."""
    installation, me = site.installation, signed_in(request)
    settings = installation.settings
    lang = language_of(request, settings.languages)
    with installation.database.reading() as connection:
        found = [(one, counts_of(connection, one.id)) for one in reviews(connection)]
        due = due_on(connection, live_register(connection).policy.review_every_months, settings.zone)
        records = installation.ledger.records(connection, kinds=["account_drift"], newest_first=True, limit=SHOWN_DRIFT)
        drift = [(record, _drift_lines(record.draft.body, lang)) for record in records]
        read = next(installation.ledger.records(connection, kinds=["account_snapshot"], newest_first=True, limit=1), None)
    return page(
        site,
        request,
        "reviews.html.j2",
        status=status,
        found=found,
        due=due,
        today=day_of(installation.clock.now(), settings.zone),
        drift=drift,
        read=read,
        why=_why(lang),
        trouble=trouble,
        typed={"name": ""},
        title=title,
        reader=who(request),
        may=me is None or me.may("close"),
    )


def _drift_lines(body: Mapping[str, Any], lang: Lang) -> list[str]:
    from temanashi.accounts.reviews.drift import Drift  # noqa: PLC0415  (only this page needs it)

    return [drift_line(Drift.model_validate(one)).text(lang) for one in body.get("changes", ())]


def _why(lang: Lang) -> Callable[[Mapping[str, Any]], str]:
    from temanashi.text.local import Phrase  # noqa: PLC0415

    return lambda reason: Phrase.model_validate(reason).text(lang)


def show_review(site: Site) -> Callable[[Request], Response]:
    """One review; raises NoSuchReview and LedgerError."""

    def answer(request: Request) -> Response:
        return review_page(site, request)

    return answer


def act_on_review(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """Decide about lines, keep those without findings, or close; raises NoSuchReview and LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_acted, site, request, typed)

    return answer


def _asked(request: Request) -> dict[str, str]:
    return {name: request.query_params.get(name, "")[:100] for name in FILTERS}


def review_page(
    site: Site,
    request: Request,
    *,
    typed: Mapping[str, str] | None = None,
    trouble: Trouble | None = None,
    taken: str = "",
    refused: Sequence[str] = (),
    status: int = 200,
) -> Response:
    """The page of a review; `taken` and `refused` tell of a sheet that came in."""
    installation, me = site.installation, signed_in(request)
    lang, asked = language_of(request, installation.settings.languages), _asked(request)
    first = max(number_in(request.query_params.get("first", "")), 0)
    with installation.database.reading() as connection:
        review = read_review(connection, request.path_params["review"])
        counts = counts_of(connection, review.id)
        picked = pick_lines(connection, review.id, **asked, first=first, limit=PAGE)
        doing = [one for verb in DOING for one in pick_lines(connection, review.id, decided=verb, limit=100).lines]
        people = live_people(connection)
    address = partial(_address, request, review.id, asked, lang)
    said = request.query_params.get("said", "")
    return page(
        site,
        request,
        "review.html.j2",
        status=status,
        review=review,
        counts=counts,
        picked=picked,
        doing=doing,
        asked=asked,
        here=address(first),
        earlier=address(max(first - PAGE, 0)) if first else "",
        later=address(first + PAGE) if first + PAGE < picked.total else "",
        own=_own(request, picked.lines, people),
        verdicts=VERDICTS,
        findings=[kind for kind in FINDINGS if kind in review.findings],
        seen=lambda line: seen_word(line, lang),
        why=lambda phrase: phrase.text(lang),
        reason=_why(lang),
        may=me is None or me.may("close"),
        reader=who(request),
        typed={"name": "", **(typed or {})},
        trouble=trouble,
        taken=taken,
        refused=refused,
        said=said if said in SAID else "",
        said_count=max(number_in(request.query_params.get("count", "")), 0),
    )


def _own(request: Request, lines: Iterable[ReviewLine], people: People) -> set[str]:
    """The lines about which the reader may not decide, being theirs."""
    actor = actor_for(request, who(request) or "-")
    identities = people.identities(actor)
    return {one.line.id for one in lines if one.line.belongs_to(identities, actor.account, people)}


def _address(request: Request, review: str, asked: Mapping[str, str], lang: Lang, first: int) -> str:
    query = {**{name: value for name, value in asked.items() if value}, "first": first, "lang": lang}
    return f"{request.scope.get('root_path', '')}/reviews/{quote(review)}?{urlencode(query)}"


def _acted(site: Site, request: Request, typed: Mapping[str, str]) -> Response:
    lang = language_of(request, site.installation.settings.languages)
    name = given_name(request, typed.get("name", ""))
    if not name or len(name) > NAME_LENGTH:
        problem = say("pages.form-name-long" if name else "pages.form-name-missing", lang)
        return review_page(site, request, typed=typed, trouble=Trouble(field="name", what=problem), status=400)
    review, actor = request.path_params["review"], actor_for(request, name)
    try:
        done = do_on_review(site, review, typed, actor)
    except (InputError, RunError, LedgerError) as error:
        told = explain(error, lang)
        trouble = Trouble(what=told.what, next=told.next)
        return review_page(site, request, typed=typed, trouble=trouble, status=409 if isinstance(error, RunError) else 400)
    if isinstance(done, dict):
        lines = {line: explain(error, lang).what for line, error in done.items()}
        what = say("reviews.lines-wrong", lang, count=len(lines))
        return review_page(site, request, typed=typed, trouble=Trouble(what=what, lines=lines), status=400)
    query = {name: value for name, value in _asked(request).items() if value}
    first = max(number_in(request.query_params.get("first", "")), 0)
    told_by = {**query, "first": first, "said": done[0], "count": done[1], "lang": lang}
    back = RedirectResponse(f"{request.scope.get('root_path', '')}/reviews/{quote(review)}?{urlencode(told_by)}", status_code=303)
    remember(back, request, name)
    return back


def review_file(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """The sheet or the evidence pack; that somebody took it is on record. Raises NoSuchReview and LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_file, site, request, typed)

    return answer


def _file(site: Site, request: Request, typed: Mapping[str, str]) -> Response:
    lang = language_of(request, site.installation.settings.languages)
    name = given_name(request, typed.get("name", ""))
    if not name or len(name) > NAME_LENGTH:
        problem = say("pages.form-name-long" if name else "pages.form-name-missing", lang)
        return review_page(site, request, typed=typed, trouble=Trouble(field="name", what=problem), status=400)
    review, actor = request.path_params["review"], actor_for(request, name)
    content, media, ending = _content(site, review, typed.get("what", ""), actor, lang)
    headers = {"content-disposition": f'attachment; filename="review-{quote(review)}.{ending}"', "cache-control": "no-store"}
    answer = Response(content, media_type=media, headers=headers)
    remember(answer, request, name)
    return answer


def _content(site: Site, review: str, what: str, actor: Actor, lang: Lang) -> tuple[bytes, str, str]:
    if what == "sheet":
        return export_sheet(site.installation, review, lang=lang, actor=actor, channel="page"), XLSX, "xlsx"
    with tempfile.TemporaryDirectory(prefix="tema-review-") as folder:
        file = Path(folder) / "pack.zip"
        pack_review(site.installation, review, file, actor=actor, channel="page")
        return file.read_bytes(), "application/zip", "zip"
