"""The pages and the door of one installation, made together: they know each other's sessions."""

from __future__ import annotations

import logging
import time
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Scope

from temanashi.errors import TemanashiError
from temanashi.gate.front_door import Door
from temanashi.gate.links import prefect_links
from temanashi.gate.narrowing import Narrowing
from temanashi.gate.recognition import Recognition
from temanashi.gate.rules import Rule
from temanashi.pages import Site
from temanashi.pages.sign_in_elsewhere import OIDC_BACK
from temanashi.signin.book import Book
from temanashi.signin.ldap import Ldap
from temanashi.signin.oidc import Oidc
from temanashi.signin.recognising import SignedIn
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.local_token import ensure_local_token
from temanashi.workspace.opening import Installation
from temanashi.workspace.signatures import ensure_gate_key

__all__ = ["RefusalsOnRecord", "build_door"]

QUIET_SECONDS = 60.0
MOST_KEPT = 1000


class RefusalsOnRecord:
    """Notes in the ledger what somebody was refused who signed in: once a minute for each of them and each kind of request."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._told: dict[tuple[str, str, str], float] = {}

    def __call__(self, scope: Scope, me: SignedIn, rule: Rule | None) -> None:
        """Note it; a ledger that cannot be written keeps nobody out who was not out already."""
        method = str(scope.get("method", "WS"))
        what, now = rule.path if rule is not None else "-", time.monotonic()
        key = (me.user, method, what)
        if now - self._told.get(key, -QUIET_SECONDS) < QUIET_SECONDS:
            return
        if len(self._told) >= MOST_KEPT:
            self._told.clear()
        self._told[key] = now
        try:
            with self._book.database.transaction() as connection:
                told = {"method": method, "path": scope["path"][:300], "agent": Headers(scope=scope).get("user-agent", "")[:200]}
                channel = "api" if me.by_token else "page"
                self._book.note(connection, "access-refused", actor=me.actor, channel=channel, **told)  # type: ignore[arg-type]  # one of two
        except TemanashiError:
            logging.getLogger("temanashi.gate").exception("a refusal was not recorded")


def _directories(installation: Installation) -> dict[str, Any]:
    """The other ways to sign in; raises MissingExtra."""
    settings, gate = installation.settings, installation.settings.gate
    found: dict[str, Any] = {}
    if gate.oidc is not None:
        found["oidc"] = Oidc(gate.oidc, back=settings.page(OIDC_BACK), root=settings.root, clock=installation.clock)
    if gate.ldap is not None:
        found["ldap"] = Ldap(gate.ldap, root=settings.root)
    return found


def build_door(installation: Installation) -> tuple[Site, Door | None]:
    """The site, and its door where people sign in; makes the gate's key and this machine's token where they are missing."""
    settings = installation.settings
    if not settings.gate.sign_in:
        return Site(installation=installation, links=prefect_links(settings)), None
    ensure_gate_key(settings)
    ensure_local_token(installation)
    book = book_of(installation)
    recognition = Recognition(book, settings)
    links = prefect_links(settings, internal=recognition.internal)
    site = Site(installation=installation, links=links, signed_out=recognition.forget, **_directories(installation))
    return site, Door(recognition, Narrowing(site, recognition), RefusalsOnRecord(book))
