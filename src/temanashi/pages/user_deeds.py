"""What an admin does with users on our pages, each deed in the transaction of its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from temanashi.errors import RunError
from temanashi.people import Actor, People
from temanashi.signin.book import Book
from temanashi.signin.faults import UnknownScope
from temanashi.signin.passwords import made_up
from temanashi.signin.recognising import SignedIn
from temanashi.signin.rights import SCOPES
from temanashi.signin.roles import ALONE, ask_role, decide_role, role_named
from temanashi.signin.sessions import end_sessions
from temanashi.signin.throttle import unlock
from temanashi.signin.tokens import list_tokens, make_token, revoke_token, scope_named
from temanashi.signin.users import add_user, disable_user, enable_user, read_user, set_password

__all__ = ["AdminsPassword", "Deed", "NoSuchDeed", "TokenOfSomebodyElse", "act_on_user", "add", "decide"]

SHORT, LONG = 100, 500
DONE = {"disable": "disabled", "enable": "enabled", "unlock": "unlocked", "sign-out": "signed-out"}


class AdminsPassword(RunError):
    """Whoever could choose another admin's password could be the second person of their own wishes."""

    key = "users.admins-password"

    def __init__(self, user: str) -> None:
        super().__init__(user=user)


class TokenOfSomebodyElse(RunError):
    """A token acts as its person: nobody makes one for somebody else here."""

    key = "users.token-of-somebody-else"

    def __init__(self, user: str) -> None:
        super().__init__(user=user)


class NoSuchDeed(RunError):
    """A button that these pages do not have, or that is not there any more."""

    key = "users.no-such-deed"

    def __init__(self, verb: str) -> None:
        super().__init__(verb=verb[:40])


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What was done: a word of it, to whom, and a `secret` to be shown once (a password, or a token)."""

    said: str
    user: str
    secret: str = ""


def add(book: Book, connection: Connection, typed: Mapping[str, str], *, actor: Actor, people: People) -> Deed:
    """A new user with a password that works once; raises what `add_user` and `ask_role` raise, and UnknownRole."""
    user, name = typed.get("user", "").strip()[:SHORT], typed.get("name", "").strip()[:SHORT]
    role = role_named(typed["role"]) if typed.get("role") else None
    password = made_up()
    alone = (role,) if role is not None and role in ALONE else ()
    add_user(book, connection, user, password=password, people=people, actor=actor, channel="page", name=name, roles=alone)
    if role is not None and not alone:
        ask_role(book, connection, user, role, "give", actor=actor, people=people, channel="page")
    return Deed(said="added", user=user, secret=password)


def decide(book: Book, connection: Connection, typed: Mapping[str, str], *, actor: Actor, people: People) -> str:
    """The second person's word; raises NoRoleRequest and OwnRoleRequest."""
    yes = typed.get("verb") == "confirm"
    decide_role(book, connection, typed.get("request", ""), yes=yes, actor=actor, people=people, channel="page")
    return "confirmed" if yes else "declined"


def act_on_user(book: Book, connection: Connection, user: str, typed: Mapping[str, str], *, me: SignedIn, people: People) -> Deed:
    """Do what the button says; raises NoSuchUser, NoSuchDeed and what the deeds raise."""
    read_user(connection, user)
    verb, actor, reason = typed.get("verb", ""), me.actor, " ".join(typed.get("reason", "").split())[:LONG]
    if verb in {"give", "take"}:
        return _role(book, connection, user, typed, actor, people)
    if verb in {"token", "revoke"}:
        return _token(book, connection, user, typed, me)
    if verb == "password":
        return _password(book, connection, user, me)
    if verb == "disable":
        disable_user(book, connection, user, actor=actor, channel="page", reason=reason)
    elif verb == "enable":
        enable_user(book, connection, user, actor=actor, channel="page", reason=reason)
    elif verb == "unlock":
        unlock(connection, user)
        book.note(connection, "user-unlocked", actor=actor, channel="page", reason=reason, user=user)
    elif verb == "sign-out":
        count = end_sessions(connection, user, now=book.now())
        book.note(connection, "sessions-ended", actor=actor, channel="page", user=user, count=count)
    else:
        raise NoSuchDeed(verb)
    return Deed(said=DONE[verb], user=user)


def _password(book: Book, connection: Connection, user: str, me: SignedIn) -> Deed:
    if user != me.user and "admin" in read_user(connection, user).roles:
        raise AdminsPassword(user)
    password = made_up()
    set_password(book, connection, user, password, actor=me.actor, channel="page", one_time=True)
    return Deed(said="password", user=user, secret=password)


def _role(book: Book, connection: Connection, user: str, typed: Mapping[str, str], actor: Actor, people: People) -> Deed:
    role = role_named(typed.get("role", ""))
    if typed.get("verb") == "give":
        asked = ask_role(book, connection, user, role, "give", actor=actor, people=people, channel="page")
        return Deed(said="role-given" if asked is None else "role-asked", user=user)
    ask_role(book, connection, user, role, "take", actor=actor, people=people, channel="page")
    return Deed(said="role-taken", user=user)


def _token(book: Book, connection: Connection, user: str, typed: Mapping[str, str], me: SignedIn) -> Deed:
    if typed.get("verb") == "revoke":
        ident = typed.get("token", "")
        if ident not in {token.id for token in list_tokens(connection, user=user)}:
            raise NoSuchDeed("revoke")
        revoke_token(book, connection, ident, actor=me.actor, channel="page")
        return Deed(said="revoked", user=user)
    if user != me.user:
        raise TokenOfSomebodyElse(user)
    scopes = [scope_named(scope) for scope in SCOPES if typed.get(f"scope-{scope}") == "yes"]
    if not scopes:
        raise UnknownScope("-", [scope for scope in SCOPES if scope != "worker"])
    name = typed.get("name", "")
    _, secret = make_token(book, connection, name, user=user, scopes=scopes, until=None, actor=me.actor, channel="page")
    return Deed(said="token", user=user, secret=secret)
