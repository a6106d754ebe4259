"""`/tema/sign-in`, `/tema/sign-out`, `/tema/password` and `/tema/me`: the door, and what a person can do with their own key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.errors import InputError
from temanashi.pages.forms import read_body
from temanashi.pages.identity import SIGNED_IN, signed_in
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.session_cookie import drop_session, give_session, session_token
from temanashi.pages.sign_in_answers import STATUS, address_of, people_of, safe_address, sign_in_form, today_of
from temanashi.pages.site import Site
from temanashi.signin.faults import SignInFailed
from temanashi.signin.preferences import set_language
from temanashi.signin.sessions import digest_of, end_sessions, open_sessions, session_hint
from temanashi.signin.signing_in import check_password, open_session, sign_in, sign_in_by_ldap, sign_out
from temanashi.signin.users import read_user, set_password
from temanashi.text import explain, say
from temanashi.workspace.first_admin import book_of, forget_first_password

__all__ = ["change_password", "end_other_sessions", "leave", "me_page", "password_page", "sign_in_page", "try_sign_in"]

Endpoint = Callable[[Request], Awaitable[Response]]


def sign_in_page(site: Site) -> Callable[[Request], Response]:
    """The form."""

    def answer(request: Request) -> Response:
        if signed_in(request) is not None:
            return RedirectResponse(safe_address(request.query_params.get("next", "")), status_code=303)
        return sign_in_form(site, request, {"name": "", "way": "", "next": request.query_params.get("next", "")})

    return answer


def _posted(site: Site, act: Callable[[Site, Request, dict[str, str]], Response]) -> Endpoint:
    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(act, site, request, typed)

    return answer


def try_sign_in(site: Site) -> Endpoint:
    """Name and password; a session and the way on, or the form again."""
    return _posted(site, _signed_in)


def _signed_in(site: Site, request: Request, typed: dict[str, str]) -> Response:
    gate = site.installation.settings.gate
    before = session_token(request)
    kept = {name: typed.get(name, "")[:2000] for name in ("name", "next", "way")}
    lasting = timedelta(hours=gate.session_hours)
    more: Any = {"people": people_of(site), "address": address_of(request), "lasting": lasting, "before": before}
    try:
        if kept["way"] == "ldap" and site.ldap is not None:
            user, token = sign_in_by_ldap(
                book_of(site.installation), site.ldap, kept["name"], typed.get("password", ""), today=today_of(site), **more
            )
        else:
            user, token = sign_in(book_of(site.installation), kept["name"], typed.get("password", ""), **more)
    except tuple(STATUS) as error:
        return sign_in_form(site, request, kept, error=error)
    site.signed_out(before)
    root = request.scope.get("root_path", "")
    following = f"{root}/password?next={safe_address(kept['next'])}" if user.one_time else safe_address(kept["next"])
    response = RedirectResponse(following, status_code=303)
    give_session(response, request, token)
    return response


def leave(site: Site) -> Endpoint:
    """Sign out here."""
    return _posted(site, _left)


def _left(site: Site, request: Request, _: dict[str, str]) -> Response:
    me, token, hint = signed_in(request), session_token(request), ""
    if me is not None and token:
        with site.installation.database.transaction() as connection:
            hint = session_hint(connection, token)
            sign_out(book_of(site.installation), connection, token, actor=me.actor)
    site.signed_out(token)
    lang = language_of(request, site.installation.settings.languages)
    there = site.oidc.farewell(hint, back=site.installation.settings.page("sign-in")) if hint and site.oidc is not None else ""
    response: Response
    if there:  # a page, not a redirect: browsers hold redirects of a form against `form-action`
        request.scope[SIGNED_IN] = None
        response = page(site, request, "leaving.html.j2", there=there)
    else:
        response = RedirectResponse(f"{request.scope.get('root_path', '')}/sign-in?lang={lang}", status_code=303)
    drop_session(response, request)
    return response


def password_page(site: Site) -> Callable[[Request], Response]:
    """The form for another password."""

    def answer(request: Request) -> Response:
        return _password_form(site, request, safe_address(request.query_params.get("next", "")), {})

    return answer


def change_password(site: Site) -> Endpoint:
    """Another password: the old one is asked for, and everything else that was signed in ends."""
    return _posted(site, _changed)


def _changed(site: Site, request: Request, typed: dict[str, str]) -> Response:
    me = signed_in(request)
    following = safe_address(typed.get("next", ""))
    if me is None:
        return RedirectResponse(following, status_code=303)
    lang = language_of(request, site.installation.settings.languages)
    book, people = book_of(site.installation), people_of(site)
    if typed.get("new", "") != typed.get("again", ""):
        return _password_form(site, request, following, {"again": say("signin.not-the-same", lang)}, status=400)
    try:
        check_password(book, me.user, typed.get("old", ""), people=people, address=address_of(request), channel="page")
    except InputError as error:
        words = say("signin.wrong-old", lang) if isinstance(error, SignInFailed) else explain(error, lang).what
        return _password_form(site, request, following, {"old": words}, status=400)
    try:
        with site.installation.database.transaction() as connection:
            set_password(book, connection, me.user, typed.get("new", ""), actor=me.actor, channel="page")
            user = read_user(connection, me.user)
    except InputError as error:
        return _password_form(site, request, following, {"new": explain(error, lang).what}, status=400)
    forget_first_password(site.installation.settings, me.user)
    before, lasting = session_token(request), timedelta(hours=site.installation.settings.gate.session_hours)
    token = open_session(book, user, people=people, address=address_of(request), lasting=lasting, before=before)
    site.signed_out(before)
    response = RedirectResponse(following, status_code=303)
    give_session(response, request, token)
    return response


def _password_form(site: Site, request: Request, following: str, wrong: Mapping[str, str], *, status: int = 200) -> Response:
    return page(site, request, "password.html.j2", status=status, following=following, wrong=wrong)


def end_other_sessions(site: Site) -> Endpoint:
    """Sign out everywhere else, or choose a language."""
    return _posted(site, _ended_others)


def _ended_others(site: Site, request: Request, typed: dict[str, str]) -> Response:
    if typed.get("verb") == "language":
        return _language_chosen(site, request, typed.get("language", ""))
    me, book = signed_in(request), book_of(site.installation)
    if me is not None and me.user and not me.by_token:
        with site.installation.database.transaction() as connection:
            count = end_sessions(connection, me.user, now=book.now(), but=session_token(request))
            book.note(connection, "sessions-ended", actor=me.actor, channel="page", user=me.user, count=count)
    lang = language_of(request, site.installation.settings.languages)
    return RedirectResponse(f"{request.scope.get('root_path', '')}/me?lang={lang}", status_code=303)


def _language_chosen(site: Site, request: Request, wanted: str) -> Response:
    """Kept with the person; empty: what the browser prefers. What is none of the workspace's languages is not taken."""
    me, languages = signed_in(request), site.installation.settings.languages
    if me is not None and me.user and not me.by_token and wanted in {"", *languages}:
        with site.installation.database.transaction() as connection:
            set_language(connection, me.user, wanted)
        site.signed_out(session_token(request))  # and is looked up anew
    said = f"&lang={wanted}" if wanted in languages else ""
    return RedirectResponse(f"{request.scope.get('root_path', '')}/me?said=language{said}", status_code=303)


def me_page(site: Site) -> Callable[[Request], Response]:
    """Who I am here, and what I may do."""

    def answer(request: Request) -> Response:
        me, gate = signed_in(request), site.installation.settings.gate
        now, idle = site.installation.clock.now(), timedelta(minutes=gate.idle_minutes)
        with site.installation.database.reading() as connection:
            sessions = open_sessions(connection, me.user, now=now, idle=idle) if me is not None else []
        here = digest_of(session_token(request))
        said = request.query_params.get("said") == "language"
        return page(
            site, request, "me.html.j2", sessions=sessions, here=here, languages=site.installation.settings.languages, said=said
        )

    return answer
