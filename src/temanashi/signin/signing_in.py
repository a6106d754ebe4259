"""Signing in and out: the one place where a name and a password become a session."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from temanashi.errors import TemanashiError
from temanashi.people import Actor, Channel, People
from temanashi.signin.admission import admit
from temanashi.signin.book import Book, Event
from temanashi.signin.faults import SignInFailed, SignInWaits
from temanashi.signin.ldap import Ldap
from temanashi.signin.passwords import LONGEST, is_password
from temanashi.signin.sessions import begin_session, end_session
from temanashi.signin.tables import USERS
from temanashi.signin.throttle import LOCKED, count_try, forget_tries, seconds_to_wait
from temanashi.signin.users import User, actor_of, read_user

__all__ = ["check_password", "note_refused", "open_session", "sign_in", "sign_in_by_ldap", "sign_out"]

NOBODY = Actor(name="(unknown)")


def check_password(book: Book, name: str, password: str, *, people: People, address: str, channel: Channel) -> User:
    """The active user of a name and a password; raises SignInWaits and SignInFailed, which tell nothing of who exists.

    Every failure is recorded until the name is locked out, and the lock-out once: a flood of tries must not fill the ledger.
    """
    now = book.now()
    with book.database.transaction() as connection:
        if seconds := seconds_to_wait(connection, name, address, now):
            raise SignInWaits(seconds)
        following = count_try(connection, name, address, now)
        row = connection.execute(select(USERS.c.id).where(USERS.c.id == name.strip().lower())).scalar()
        user = read_user(connection, row) if row is not None else None
    good = is_password(password, user.password if user is not None else None) and len(password) <= LONGEST
    if user is None or not good or user.state != "active":
        _fail(book, user, people, following, address, channel)
        raise SignInFailed
    _not_their_fault(book, name, address)
    return user


def _fail(book: Book, user: User | None, people: People, following: int, address: str, channel: Channel) -> None:
    actor = actor_of(user, people).model_copy(update={"assurance": "asserted"}) if user is not None else NOBODY
    with book.database.transaction() as connection:
        event = "sign-in-locked" if following >= LOCKED else "sign-in-failed"
        told = {"user": user.id if user is not None else "", "address": address, "seconds": following or None}
        book.note(connection, event, actor=actor, channel=channel, **told)  # type: ignore[arg-type]  # one of two literals


def sign_in(
    book: Book, name: str, password: str, *, people: People, address: str, lasting: timedelta, before: str = ""
) -> tuple[User, str]:
    """A new session's token. `before` is the session that this browser had; it ends, so that nobody can have planted it."""
    user = check_password(book, name, password, people=people, address=address, channel="page")
    return user, open_session(book, user, people=people, address=address, lasting=lasting, before=before)


def sign_in_by_ldap(
    book: Book,
    ldap: Ldap,
    name: str,
    password: str,
    *,
    people: People,
    today: date,
    address: str,
    lasting: timedelta,
    before: str = "",
) -> tuple[User, str]:
    """The same with the password of a directory; tries are counted as those here are.

    Raises SignInWaits, SignInFailed, DirectoryDown, DirectoryMisset, SecretMissing and what `admit` raises.
    """
    with book.database.transaction() as connection:
        if seconds := seconds_to_wait(connection, name, address, book.now()):
            raise SignInWaits(seconds)
        following = count_try(connection, name, address, book.now())
    try:
        who = ldap.vouch(name, password)
    except SignInFailed:
        event: Event = "sign-in-locked" if following >= LOCKED else "sign-in-failed"
        note_refused(book, event=event, address=address, way="ldap", seconds=following or None)
        raise
    except TemanashiError:
        _not_their_fault(book, name, address)
        raise
    _not_their_fault(book, name, address)
    try:
        user = admit(book, who, ldap.settings.roles_for(who.groups), people=people, today=today)
    except TemanashiError as error:
        note_refused(book, address=address, way="ldap", cause=error.key, user=who.username)
        raise
    return user, open_session(book, user, people=people, address=address, lasting=lasting, before=before, way="ldap")


def _not_their_fault(book: Book, name: str, address: str) -> None:
    with book.database.transaction() as connection:
        forget_tries(connection, name, address)


def note_refused(book: Book, *, address: str, event: Event = "sign-in-failed", **about: Any) -> None:
    """Somebody from elsewhere did not come in; who they are is not proven."""
    with book.database.transaction() as connection:
        book.note(connection, event, actor=NOBODY, channel="page", address=address, **about)


def open_session(
    book: Book, user: User, *, people: People, address: str, lasting: timedelta, before: str = "", way: str = "", hint: str = ""
) -> str:
    """A session for somebody who proved who they are; on the record. The token is returned. `way`: by which directory."""
    now = book.now()
    actor = actor_of(user, people)
    with book.database.transaction() as connection:
        if before:
            end_session(connection, before, now=now)
        connection.execute(update(USERS).where(USERS.c.id == user.id).values(signed_in_at=now.isoformat()))
        token = begin_session(connection, user.id, now=now, lasting=lasting, address=address, hint=hint)
        book.note(connection, "signed-in", actor=actor, channel="page", user=user.id, address=address, way=way)
    return token


def sign_out(book: Book, connection: Connection, token: str, *, actor: Actor) -> None:
    """End a session; on the record where there was one."""
    user = end_session(connection, token, now=book.now())
    if user is not None:
        book.note(connection, "signed-out", actor=actor, channel="page", user=user)
