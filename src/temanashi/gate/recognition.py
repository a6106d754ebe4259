"""Who is behind a request: a session's cookie or a token's header, looked up in the database and kept for a second."""

from __future__ import annotations

import secrets
import threading
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope

from temanashi.pages.session_cookie import session_token
from temanashi.people import Actor, People
from temanashi.settings import Settings
from temanashi.signin.book import Book
from temanashi.signin.recognising import SignedIn, of_session, of_token
from temanashi.signin.rights import EVERY_RIGHT
from temanashi.signin.roles import with_given
from temanashi.signin.sessions import digest_of, touch_session
from temanashi.workspace.live import live_people
from temanashi.workspace.version_rows import live_version

__all__ = ["ACTS", "Recognition"]

KEPT_SECONDS = 1.0
"""How late the gate learns of a session, a token or a user that was ended at the terminal. What ends here is forgotten at once."""

MOST_KEPT = 2000
TOUCHED = timedelta(minutes=1)
ACTS = "x-tema-acting"
"""The header in which a page of ours says for whom it asks."""

OURSELVES = SignedIn(
    user="",
    actor=Actor(name="temanashi", kind="system", assurance="verified"),
    roles=frozenset(),
    rights=frozenset(EVERY_RIGHT),
    by_token=True,
)


class Recognition:
    """Looks people up. `internal` is the token by which our own pages call Prefect's API through the gate: never stored."""

    def __init__(self, book: Book, settings: Settings) -> None:
        self.internal = secrets.token_urlsafe(32)
        self._book, self._settings = book, settings
        self._kept: dict[str, tuple[float, SignedIn | None]] = {}
        self._people: tuple[int, People] = (-1, People())
        self._lock = threading.Lock()

    @staticmethod
    def secret_of(request: HTTPConnection) -> tuple[str, bool]:
        """What a request shows, and whether it is a token; a token goes before a cookie."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and token:
            return token.strip(), True
        return session_token(request), False

    def known(self, secret: str, *, token: bool) -> tuple[bool, SignedIn | None]:
        """What was found within the last second: whether anything was, and who it is. Never waits."""
        if not secret:
            return True, None
        if token and secrets.compare_digest(secret.encode(), self.internal.encode()):
            return True, OURSELVES
        until, who = self._kept.get(self._key(secret, token=token), (0.0, None))
        return until > self._book.clock.monotonic(), who

    def acting(self, scope: Scope, me: SignedIn | None) -> SignedIn | None:
        """For whom a page of ours asks Prefect; what anybody else says of that is not heard."""
        if me is not OURSELVES:
            return None
        said = Headers(scope=scope).get(ACTS, "")
        if not said:
            return None
        actor = Actor.model_validate_json(b64decode(said))
        return SignedIn(user=actor.account, actor=actor, roles=frozenset(), rights=frozenset())

    def look_up(self, secret: str, *, token: bool) -> SignedIn | None:
        """Ask the database; raises LedgerError."""
        now, zone = self._book.now(), self._settings.zone
        today, idle = now.astimezone(zone), timedelta(minutes=self._settings.gate.idle_minutes)
        with self._book.database.reading() as connection:
            people = self.people(connection)
            if token:
                who = of_token(connection, secret, people=people, now=now, today=today)
            else:
                who = of_session(connection, secret, people=people, now=now, today=today, idle=idle)
        if who is not None and who.seen_at is not None and now - who.seen_at > TOUCHED:
            with self._book.database.transaction() as connection:
                touch_session(connection, secret, now=now)
            who = replace(who, seen_at=now)
        self._keep(self._key(secret, token=token), who)
        return who

    def people(self, connection: Connection) -> People:
        """Everybody whom the live version lists, with the roles given here; read again only when another version is live."""
        live = live_version(connection)
        number = live.number if live is not None else 0
        if self._people[0] != number:
            self._people = (number, live_people(connection))
        return with_given(connection, self._people[1])

    def forget(self, secret: str) -> None:
        """A session ended: nobody may use it for another second."""
        with self._lock:
            self._kept.pop(self._key(secret, token=False), None)

    def _keep(self, key: str, who: SignedIn | None) -> None:
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = (self._book.clock.monotonic() + KEPT_SECONDS, who)

    @staticmethod
    def _key(secret: str, *, token: bool) -> str:
        return f"{'token' if token else 'session'}:{digest_of(secret)}"
