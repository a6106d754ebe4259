"""`/tema/users`: who may sign in, for admins: added, stopped, unlocked, given roles by two people; and tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.errors import InputError, RunError
from temanashi.pages.forms import read_body
from temanashi.pages.identity import signed_in
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.sign_in_answers import people_of
from temanashi.pages.site import Site
from temanashi.pages.user_deeds import Deed, act_on_user, add, decide
from temanashi.people import ROLES
from temanashi.signin.roles import may_decide_role, role_requests, roles_of
from temanashi.signin.sessions import open_sessions
from temanashi.signin.throttle import seconds_to_wait
from temanashi.signin.tokens import list_tokens
from temanashi.signin.users import list_users, read_user
from temanashi.text import explain
from temanashi.workspace.first_admin import book_of

__all__ = ["change_user", "list_people", "post_people", "show_user"]

Endpoint = Callable[[Request], Awaitable[Response]]
Act = Callable[[Site, Request, dict[str, str]], Response]
SAID = (
    "disabled",
    "enabled",
    "unlocked",
    "signed-out",
    "role-given",
    "role-taken",
    "role-asked",
    "revoked",
    "confirmed",
    "declined",
)
LONGEST_SEARCH = 100


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a page says beside the facts: what was typed and is wrong, and a secret that is shown this once."""

    typed: Mapping[str, str]
    error: InputError | RunError | None = None
    deed: Deed | None = None
    status: int = 200


NOTHING = Shown(typed={})


def _posted(site: Site, act: Act) -> Endpoint:
    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(act, site, request, typed)

    return answer


def list_people(site: Site) -> Callable[[Request], Response]:
    """The page of everybody; `?q=` searches. Raises LedgerError."""

    def answer(request: Request) -> Response:
        return _list(site, request, NOTHING)

    return answer


def show_user(site: Site) -> Callable[[Request], Response]:
    """The page of one user; raises NoSuchUser and LedgerError."""

    def answer(request: Request) -> Response:
        return _one(site, request, request.path_params["user"], NOTHING)

    return answer


def post_people(site: Site) -> Endpoint:
    """A new user, or the second person's word on a change of roles."""
    return _posted(site, _people_posted)


def change_user(site: Site) -> Endpoint:
    """What an admin does with one user; raises NoSuchUser."""
    return _posted(site, _user_posted)


def _people_posted(site: Site, request: Request, typed: dict[str, str]) -> Response:
    book, people, me = book_of(site.installation), people_of(site), signed_in(request)
    if me is None:
        return _list(site, request, NOTHING)
    try:
        with site.installation.database.transaction() as connection:
            if typed.get("verb") in {"confirm", "decline"}:
                said = decide(book, connection, typed, actor=me.actor, people=people)
                return _back(site, request, "users", said)
            deed = add(book, connection, typed, actor=me.actor, people=people)
    except (InputError, RunError) as error:
        return _list(site, request, Shown(typed=typed, error=error, status=400 if isinstance(error, InputError) else 409))
    return _one(site, request, deed.user, Shown(typed={}, deed=deed))


def _user_posted(site: Site, request: Request, typed: dict[str, str]) -> Response:
    book, people, me, user = book_of(site.installation), people_of(site), signed_in(request), request.path_params["user"]
    if me is None:
        return _one(site, request, user, NOTHING)
    try:
        with site.installation.database.transaction() as connection:
            deed = act_on_user(book, connection, user, typed, me=me, people=people)
    except (InputError, RunError) as error:
        return _one(site, request, user, Shown(typed=typed, error=error, status=400 if isinstance(error, InputError) else 409))
    if deed.secret:
        return _one(site, request, user, Shown(typed={}, deed=deed))
    return _back(site, request, f"users/{user}", deed.said)


def _back(site: Site, request: Request, path: str, said: str) -> Response:
    lang = language_of(request, site.installation.settings.languages)
    return RedirectResponse(f"{request.scope.get('root_path', '')}/{path}?said={said}&lang={lang}", status_code=303)


def _said(request: Request) -> str:
    return next((word for word in SAID if word == request.query_params.get("said")), "")


def _list(site: Site, request: Request, shown: Shown) -> Response:
    words = request.query_params.get("q", "")[:LONGEST_SEARCH].strip()
    people, me = people_of(site), signed_in(request)
    with site.installation.database.reading() as connection:
        found = [(user, sorted(roles_of(user, people))) for user in list_users(connection) if _matches(words, user.id, user.name)]
        waiting = role_requests(connection)
        mine = {asked.id for asked in waiting if me is not None and may_decide_role(connection, asked, me.actor, people)}
    lang = language_of(request, site.installation.settings.languages)
    return page(
        site,
        request,
        "users.html.j2",
        status=shown.status,
        found=found,
        words=words,
        waiting=waiting,
        mine=mine,
        said=_said(request),
        typed=shown.typed,
        trouble=explain(shown.error, lang) if shown.error is not None else None,
        every=ROLES,
    )


def _matches(words: str, *texts: str) -> bool:
    return all(any(word.casefold() in text.casefold() for text in texts) for word in words.split())


def _one(site: Site, request: Request, user: str, shown: Shown) -> Response:
    settings, now = site.installation.settings, site.installation.clock.now()
    idle, people, me = timedelta(minutes=settings.gate.idle_minutes), people_of(site), signed_in(request)
    with site.installation.database.reading() as connection:
        found = read_user(connection, user)
        sessions = open_sessions(connection, user, now=now, idle=idle)
        tokens = [token for token in list_tokens(connection, user=user) if token.ended_at is None]
        locked = _locked(connection, site, user)
        asked = [one for one in role_requests(connection) if one.user == user]
    lang = language_of(request, settings.languages)
    return page(
        site,
        request,
        "user.html.j2",
        status=shown.status,
        user=found,
        roles=sorted(roles_of(found, people)),
        own=me is not None and me.user == user,
        sessions=sessions,
        tokens=tokens,
        locked=locked,
        asked=asked,
        said=_said(request),
        typed=shown.typed,
        deed=shown.deed,
        trouble=explain(shown.error, lang) if shown.error is not None else None,
        every=ROLES,
    )


def _locked(connection: Connection, site: Site, user: str) -> int:
    """Minutes for which nobody may try this name; 0 where it is not locked."""
    return -(-seconds_to_wait(connection, user, "", site.installation.clock.now()) // 60)
