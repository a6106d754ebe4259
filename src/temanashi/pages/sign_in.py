"""`/tema/sign-in`, `/tema/sign-out`, `/tema/password` and `/tema/me`: the door, and what a person can do with their own key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.errors import InputError
from temanashi.pages.forms import read_body
from temanashi.pages.identity import signed_in
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.session_cookie import drop_session, give_session, session_token
from temanashi.pages.site import Site
from temanashi.people import People
from temanashi.signin.faults import SignInFailed, SignInWaits
from temanashi.signin.signing_in import check_password, open_session, sign_in, sign_out
from temanashi.signin.users import read_user, set_password
from temanashi.text import explain, say
from temanashi.workspace.first_admin import book_of, first_password_file, forget_first_password
from temanashi.workspace.live import live_directory

__all__ = ["change_password", "leave", "me_page", "password_page", "safe_address", "sign_in_page", "try_sign_in"]

Endpoint = Callable[[Request], Awaitable[Response]]


def safe_address(wanted: str) -> str:
    """Where to go after signing in: an address of this server, else the home page."""
    ours = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if ours and len(wanted) < 2000 else "/tema/"  # noqa: PLR2004  (longer ones are no addresses of ours)


def sign_in_page(site: Site) -> Callable[[Request], Response]:
    """The form."""

    def answer(request: Request) -> Response:
        if signed_in(request) is not None:
            return RedirectResponse(safe_address(request.query_params.get("next", "")), status_code=303)
        return _form(site, request, {"name": "", "next": request.query_params.get("next", "")})

    return answer


def _form(
    site: Site, request: Request, typed: Mapping[str, str], *, error: InputError | None = None, status: int = 200
) -> Response:
    told = explain(error, language_of(request, site.installation.settings.languages)) if error is not None else None
    first = first_password_file(site.installation.settings)
    return page(
        site,
        request,
        "sign_in.html.j2",
        status=status,
        typed=typed,
        trouble=told,
        first=str(first.relative_to(site.installation.settings.root)) if first.exists() else "",
    )


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
    kept = {name: typed.get(name, "")[:2000] for name in ("name", "next")}
    try:
        user, token = sign_in(
            book_of(site.installation),
            kept["name"],
            typed.get("password", ""),
            people=_people(site),
            address=_address(request),
            lasting=timedelta(hours=gate.session_hours),
            before=before,
        )
    except SignInWaits as error:
        return _form(site, request, kept, error=error, status=429)
    except SignInFailed as error:
        return _form(site, request, kept, error=error, status=401)
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
    me, token = signed_in(request), session_token(request)
    if me is not None and token:
        with site.installation.database.transaction() as connection:
            sign_out(book_of(site.installation), connection, token, actor=me.actor)
    site.signed_out(token)
    lang = language_of(request, site.installation.settings.languages)
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
    book, people = book_of(site.installation), _people(site)
    if typed.get("new", "") != typed.get("again", ""):
        return _password_form(site, request, following, {"again": say("signin.not-the-same", lang)}, status=400)
    try:
        check_password(book, me.user, typed.get("old", ""), people=people, address=_address(request), channel="page")
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
    token = open_session(book, user, people=people, address=_address(request), lasting=lasting, before=before)
    site.signed_out(before)
    response = RedirectResponse(following, status_code=303)
    give_session(response, request, token)
    return response


def _password_form(site: Site, request: Request, following: str, wrong: Mapping[str, str], *, status: int = 200) -> Response:
    return page(site, request, "password.html.j2", status=status, following=following, wrong=wrong)


def me_page(site: Site) -> Callable[[Request], Response]:
    """Who I am here, and what I may do."""

    def answer(request: Request) -> Response:
        return page(site, request, "me.html.j2")

    return answer


def _people(site: Site) -> People:
    with site.installation.database.reading() as connection:
        return live_directory(connection).people


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else "-"
