"""What a browser keeps between going to the provider and coming back: sealed, for ten minutes, good for one answer."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from typing import NamedTuple

from cryptography.fernet import Fernet, InvalidToken

from temanashi.clock import Clock
from temanashi.signin.directory_faults import BadTicket

__all__ = ["MINUTES", "Ticket", "Tickets"]

MINUTES = 10
MOST_USED = 10_000


class Ticket(NamedTuple):
    """`state` and `nonce` tie the two answers of the provider to this browser; `verifier` is PKCE's (RFC 7636)."""

    state: str
    nonce: str
    verifier: str
    following: str

    @classmethod
    def new(cls, following: str) -> Ticket:
        """Each part has 256 random bits or more."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), following)


class Tickets:
    """Seals tickets with a key of this process: after a restart, who was on the way begins anew. Keeps only those used."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._box = clock, Fernet(Fernet.generate_key())
        self._used: dict[str, float] = {}
        self._lock = threading.Lock()

    def seal(self, ticket: Ticket) -> str:
        """The ticket as a cookie holds it."""
        return self._box.encrypt_at_time(json.dumps(ticket).encode(), self._now()).decode()

    def take(self, sealed: str, state: str) -> Ticket:
        """The ticket of an answer, once; raises BadTicket."""
        try:
            words = json.loads(self._box.decrypt_at_time(sealed.encode(), MINUTES * 60, self._now()))
        except (InvalidToken, UnicodeEncodeError) as error:
            raise BadTicket from error
        ticket = Ticket(*words)
        if not hmac.compare_digest(ticket.state.encode(), state.encode("utf-8", "replace")):
            raise BadTicket
        now = self._clock.monotonic()
        with self._lock:
            if ticket.state in self._used:
                raise BadTicket
            if len(self._used) >= MOST_USED:
                self._used = {one: at for one, at in self._used.items() if now - at < MINUTES * 60}
            self._used[ticket.state] = now
        return ticket

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
