"""Those who are here by a directory are looked up in it again: who is gone there is signed out here, and groups are followed."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from temanashi.people import Actor, People
from temanashi.signin.admission import Vouched, follow_groups
from temanashi.signin.book import Book
from temanashi.signin.ldap import Ldap
from temanashi.signin.roles import roles_of
from temanashi.signin.sessions import end_sessions
from temanashi.signin.tables import LINKS, SESSIONS, TOKENS
from temanashi.signin.users import read_user

__all__ = ["Reread", "reread"]


class Reread(NamedTuple):
    """Who was looked up, and who was put out."""

    seen: tuple[str, ...]
    ended: tuple[str, ...]


class _Linked(NamedTuple):
    user: str
    subject: str
    username: str


def reread(book: Book, ldap: Ldap, *, people: People, today: date) -> Reread:
    """Look up everybody of this directory who has an open session or a token.

    Whoever is gone there, is somebody else now, or has no role left loses sessions; and tokens, where they have no password here.
    Raises DirectoryDown, DirectoryMisset and SecretMissing: then whoever was not looked up yet stays as they are.
    """
    with book.database.reading() as connection:
        here = _here(book, connection, ldap.settings.url)
    ended = [one.user for one in here if not _stays(book, ldap, one, people, today)]
    return Reread(tuple(one.user for one in here), tuple(ended))


def _here(book: Book, connection: Connection, directory: str) -> list[_Linked]:
    now = book.now().isoformat()
    open_ = select(SESSIONS.c.user).where(SESSIONS.c.ended_at.is_(None) & (SESSIONS.c.until > now))
    tokens = select(TOKENS.c.user).where(TOKENS.c.ended_at.is_(None))
    mine = (LINKS.c.way == "ldap") & (LINKS.c.directory == directory) & LINKS.c.username.is_not(None) & LINKS.c.subject.is_not(None)
    query = select(LINKS.c.user, LINKS.c.subject, LINKS.c.username).where(
        mine & (LINKS.c.user.in_(open_) | LINKS.c.user.in_(tokens))
    )
    return [_Linked(*row) for row in connection.execute(query.order_by(LINKS.c.user)).all()]


def _stays(book: Book, ldap: Ldap, one: _Linked, people: People, today: date) -> bool:
    found = ldap.look_up(one.username)  # before the transaction: a directory may take its time
    same = found if found is not None and found.subject == one.subject else None
    with book.database.transaction() as connection:
        if same is None or ldap.knows_groups:
            who = same or Vouched(
                way="ldap", directory=ldap.settings.url, subject=one.subject, username=one.username, name="", groups=frozenset()
            )
            roles = ldap.settings.roles_for(who.groups) if same is not None else frozenset()
            follow_groups(book, connection, who, one.user, roles)
        user = read_user(connection, one.user)
        left = one.user in people.people and not people.here(one.user, today)
        if same is not None and not left and roles_of(user, people):
            return True
        count = end_sessions(connection, one.user, now=book.now())
        if not user.password:
            mine = (TOKENS.c.user == one.user) & TOKENS.c.ended_at.is_(None)
            count += connection.execute(update(TOKENS).where(mine).values(ended_at=book.now().isoformat())).rowcount
        if count:
            actor = Actor(name="ldap", kind="system", assurance="verified")
            book.note(connection, "sessions-ended", actor=actor, channel="page", user=one.user, count=count, way="ldap")
    return False
