"""Pages for what went wrong: what happened, what was not harmed, what to do, and an id that operators can search for."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from temanashi.accounts.reviews.faults import NoSuchReview
from temanashi.audit.faults import NoRecord, NoSample, NoSuchRun
from temanashi.errors import InputError, LedgerError, TemanashiError
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.runs.results import NoRun
from temanashi.text import explain, say

__all__ = ["shown_errors"]


def shown_errors(site: Site) -> Callable[[Request, Exception], Response]:
    """A handler for errors of ours and for addresses that lead nowhere."""

    def shown(request: Request, error: Exception) -> Response:
        lang = language_of(request, site.installation.settings.languages)
        if not isinstance(error, TemanashiError):
            what, following = say("pages.not-found", lang), say("pages.not-found.next", lang)
            return page(site, request, "error.html.j2", status=404, what=what, following=following, harmed=False, ticket="")
        told = explain(error, lang)
        ticket = secrets.token_hex(4)
        logging.getLogger("temanashi.pages").warning("%s %s: %s", ticket, request.url.path, error)
        broken = isinstance(error, LedgerError)
        status = (
            404
            if isinstance(error, (NoRun, NoRecord, NoSample, NoSuchReview, NoSuchRun))
            else 400
            if isinstance(error, InputError)
            else 503
            if broken
            else 409
        )
        return page(
            site, request, "error.html.j2", status=status, what=told.what, following=told.next, harmed=broken, ticket=ticket
        )

    return shown
