"""`/tema/sign-in/oidc`: to the company's provider of accounts, and back with its answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from temanashi.errors import TemanashiError
from temanashi.pages.identity import signed_in
from temanashi.pages.language import language_of
from temanashi.pages.session_cookie import drop_ticket, give_session, give_ticket, session_token, ticket
from temanashi.pages.sign_in_answers import STATUS, address_of, people_of, safe_address, sign_in_form, today_of
from temanashi.pages.site import Site
from temanashi.signin.admission import admit
from temanashi.signin.directory_faults import BadOutsideName, NameTaken, NotAdmitted, TokenNotTrusted
from temanashi.signin.faults import NameOfSomebodyElse
from temanashi.signin.oidc import Finished, Oidc
from temanashi.signin.oidc.tickets import MINUTES
from temanashi.signin.signing_in import note_refused, open_session
from temanashi.workspace.first_admin import book_of

__all__ = ["OIDC_BACK", "come_back", "go_to_provider"]

OIDC_BACK = "sign-in/oidc/back"
"""Where the provider sends people back to, under `/tema/`: to be registered there."""

LONGEST = 1000


def go_to_provider(site: Site) -> Callable[[Request], Response]:
    """A link: a form's redirect would be held against `form-action`."""

    def answer(request: Request) -> Response:
        oidc, following = _oidc(site), safe_address(request.query_params.get("next", ""))
        if signed_in(request) is not None:
            return RedirectResponse(following, status_code=303)
        if (elsewhere := _under_our_name(site, request, following)) is not None:
            return elsewhere
        try:
            begun = oidc.begin(following if len(following) <= LONGEST else "/tema/")
        except tuple(STATUS) as error:
            return _refused(site, request, error, following)
        response = RedirectResponse(begun.address, status_code=303, headers={"cache-control": "no-store"})
        give_ticket(response, request, begun.ticket, seconds=MINUTES * 60)
        return response

    return answer


def _oidc(site: Site) -> Oidc:
    if site.oidc is None:
        raise HTTPException(404)
    return site.oidc


def _under_our_name(site: Site, request: Request, following: str) -> Response | None:
    """The provider answers to one address; who came by another name first goes there, or the cookie would be missing."""
    ours = site.installation.settings.page("sign-in/oidc")
    if urlsplit(ours).netloc == request.url.netloc or "again" in request.query_params:
        return None
    return RedirectResponse(f"{ours}?{urlencode({'next': following, 'again': '1'})}", status_code=303)


def come_back(site: Site) -> Callable[[Request], Response]:
    """The provider's answer: a session, or what was wrong with it."""

    def answer(request: Request) -> Response:
        oidc, book, following = _oidc(site), book_of(site.installation), "/tema/"
        try:
            finished = oidc.finish({name: value[:4000] for name, value in request.query_params.items()}, ticket(request))
            following = finished.following
            response = _entered(site, request, oidc, finished)
        except (TokenNotTrusted, BadOutsideName, NameOfSomebodyElse, NameTaken, NotAdmitted) as error:
            said = str(error.data.get("user", ""))
            note_refused(book, address=address_of(request), way="oidc", cause=error.key, user=said)
            response = _refused(site, request, error, following)
        except tuple(STATUS) as error:
            response = _refused(site, request, error, following)
        drop_ticket(response, request)
        return response

    return answer


def _entered(site: Site, request: Request, oidc: Oidc, finished: Finished) -> Response:
    installation, book, people = site.installation, book_of(site.installation), people_of(site)
    user = admit(book, finished.who, oidc.settings.roles_for(finished.who.groups), people=people, today=today_of(site))
    before, lasting = session_token(request), timedelta(hours=installation.settings.gate.session_hours)
    token = open_session(
        book, user, people=people, address=address_of(request), lasting=lasting, before=before, way="oidc", hint=finished.hint
    )
    site.signed_out(before)
    response = RedirectResponse(safe_address(finished.following), status_code=303, headers={"cache-control": "no-store"})
    give_session(response, request, token)
    return response


def _refused(site: Site, request: Request, error: TemanashiError, following: str) -> Response:
    """The sign-in page again: a password of this server still works. The log says why, without what was sent."""
    logging.getLogger("temanashi.signin").warning("sign-in with the provider: %s", error)
    # As the sign-in page, not as this address: it answers once, and the page links to itself in other languages.
    query = {"next": following, "lang": language_of(request, site.installation.settings.languages)}
    path = f"{request.scope.get('root_path', '')}/sign-in"
    plain = Request({**request.scope, "path": path, "raw_path": path.encode(), "query_string": urlencode(query).encode()})
    return sign_in_form(site, plain, {"name": "", "way": "", "next": following}, error=error)
