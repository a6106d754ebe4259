"""`/tema/accounts`: a roster (人事異動) laid beside the accounts that there are, and access that ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from temanashi.errors import InputError, TemanashiError
from temanashi.pages.identity import signed_in, who
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.pages.uploads import Upload, read_upload
from temanashi.runs.access_ends import read_ends
from temanashi.text import explain
from temanashi.workspace.approving import NothingPublished
from temanashi.workspace.ending_access import overdue_ends
from temanashi.workspace.importing.roster.reading import MAX_ROSTER_BYTES
from temanashi.workspace.rosters.batch import APPLY, LISTS, Batch
from temanashi.workspace.rosters.batching import NoRosterFile, batch_of

__all__ = ["accounts_page", "compare_roster"]

MOST_ENDS = 200


def accounts_page(site: Site) -> Callable[[Request], Response]:
    """Where a roster is chosen; raises LedgerError."""

    def answer(request: Request) -> Response:
        return _page(site, request)

    return answer


def compare_roster(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """What the roster means; nothing is changed. Raises LedgerError."""

    async def answer(request: Request) -> Response:
        given = await read_upload(request, limit=MAX_ROSTER_BYTES)
        if given is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_compared, site, request, given)

    return answer


def _compared(site: Site, request: Request, given: Upload) -> Response:
    roles = tuple(word for word in given.fields.get("roles", "")[:1000].replace(",", " ").replace("、", " ").split() if word)
    try:
        with site.installation.database.reading() as connection:
            published = site.published(connection)
        if published is None:
            raise NothingPublished
        if not given.data:
            raise NoRosterFile
        found = batch_of(site.installation, published, given.data, name=given.name, by=who(request) or "-", roles=roles)
    except InputError as error:
        return _page(site, request, error=error, typed=given.fields, status=400)
    except TemanashiError as error:
        return _page(site, request, error=error, typed=given.fields, status=409)
    return _page(site, request, found=found, typed=given.fields)


def _page(
    site: Site,
    request: Request,
    *,
    found: Batch | None = None,
    error: TemanashiError | None = None,
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    lang, me = language_of(request, site.installation.settings.languages), signed_in(request)
    with site.installation.database.reading() as connection:
        ends = read_ends(connection)
    late = {one.id for one in overdue_ends(ends, site.installation.clock.now())}
    inputs: dict[str, Any] = found.inputs if found is not None else {}
    return page(
        site,
        request,
        "accounts.html.j2",
        status=status,
        found=found,
        hidden=[(f"p.{name}", "\n".join(inputs[name])) for name in LISTS if inputs] + [("p.roster", inputs.get("roster", ""))],
        runbook=APPLY,
        ends=[(one, one.ends_at.astimezone(site.installation.settings.zone)) for one in ends[:MOST_ENDS]],
        total=len(ends),
        late=late,
        typed=typed or {},
        most=site.installation.settings.accounts.people_per_run,
        trouble=explain(error, lang) if error is not None else None,
        writes=me is None or me.may("steer"),
        reader=who(request),
    )
