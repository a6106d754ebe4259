"""Signing in and out: the one place where a name and a password become a session."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, select, update

from temanashi.people import Actor, Channel, People
from temanashi.signin.book import Book
from temanashi.signin.faults import SignInFailed, SignInWaits
from temanashi.signin.passwords import LONGEST, is_password
from temanashi.signin.sessions import begin_session, end_session
from temanashi.signin.tables import USERS
from temanashi.signin.throttle import LOCKED, count_try, forget_tries, seconds_to_wait
from temanashi.signin.users import User, actor_of, read_user

__all__ = ["check_password", "sign_in", "sign_out"]

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
    with book.database.transaction() as connection:
        forget_tries(connection, name, address)
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


def open_session(book: Book, user: User, *, people: People, address: str, lasting: timedelta, before: str = "") -> str:
    """A session for somebody who proved who they are; on the record. The token is returned."""
    now = book.now()
    actor = actor_of(user, people)
    with book.database.transaction() as connection:
        if before:
            end_session(connection, before, now=now)
        connection.execute(update(USERS).where(USERS.c.id == user.id).values(signed_in_at=now.isoformat()))
        token = begin_session(connection, user.id, now=now, lasting=lasting, address=address)
        book.note(connection, "signed-in", actor=actor, channel="page", user=user.id, address=address)
    return token


def sign_out(book: Book, connection: Connection, token: str, *, actor: Actor) -> None:
    """End a session; on the record where there was one."""
    user = end_session(connection, token, now=book.now())
    if user is not None:
        book.note(connection, "signed-out", actor=actor, channel="page", user=user)
