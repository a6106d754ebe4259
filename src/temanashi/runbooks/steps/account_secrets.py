"""One-time passwords of one step: one for a login, whatever number of targets gets it, and told once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from temanashi.accounts.one_time import new_secret
from temanashi.text.local import Phrase

__all__ = ["Secrets"]


@dataclass
class _Secret:
    text: str
    told: bool = False
    failure: Phrase | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Secrets:
    """Passwords by iteration and login, in memory only. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[int, str], _Secret] = {}

    def of(self, iteration: int, login: str, *, redact: Callable[[str], None]) -> str:
        """The password of a login, made when it is first asked for and redacted from then on."""
        with self._lock:
            known = self._known.get((iteration, login))
            if known is None:
                known = self._known[iteration, login] = _Secret(new_secret())
                redact(known.text)
            return known.text

    def told(self, iteration: int, login: str, tell: Callable[[str], Phrase | None]) -> Phrase | None:
        """Tell it where nobody has yet; why it did not arrive, or None."""
        known = self._known[iteration, login]
        with known.lock:
            if not known.told:
                known.failure = tell(known.text)
                known.told = True
            return known.failure

    def in_vain(self, iteration: int, login: str) -> Phrase | None:
        """Why the password of a login did not arrive; it must not be set anywhere else then."""
        known = self._known.get((iteration, login))
        return known.failure if known is not None else None
