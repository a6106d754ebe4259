"""Passwords: what is a good one, and how it is kept: argon2id (RFC 9106) with the cost that OWASP's cheat sheet asks for."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from temanashi.people import folded
from temanashi.signin.faults import WeakPassword

__all__ = ["LONGEST", "SHORTEST", "check_strength", "is_password", "kept", "made_up"]

SHORTEST, LONGEST = 12, 200
FEWEST_SIGNS = 5
MEMORY_KIB = 19_456
AT_ONCE = 4
"""Each verification takes 19 MiB and a processor for a moment: more of them wait, or a flood of tries would take the machine."""

_turns = threading.BoundedSemaphore(AT_ONCE)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=MEMORY_KIB, parallelism=1)


def _plain(password: str) -> str:
    """Typed with a Japanese input method or without, it is the same password (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def check_strength(password: str, *, names: tuple[str, ...]) -> None:
    """Raise WeakPassword for one that is short, of few signs, very long, or made of the person's own name."""
    plain, bare = _plain(password), folded(password)
    rests = [bare.replace(folded(name), "") for name in names if folded(name)]
    own = any(rest != bare and len(rest) < FEWEST_SIGNS for rest in rests)
    if not SHORTEST <= len(plain) <= LONGEST or len(set(plain)) < FEWEST_SIGNS or own:
        raise WeakPassword(SHORTEST)


def kept(password: str) -> str:
    """How a password is stored."""
    with _turns:
        return _hasher().hash(_plain(password))


def is_password(password: str, stored: str | None) -> bool:
    """Whether it is the one that was stored. Without a stored one (None, or empty) it takes the same time, and is not."""
    plain, nobodys = _plain(password[: LONGEST * 4]), _nobodys()
    with _turns:
        try:
            _hasher().verify(stored or nobodys, plain)
        except (VerificationError, InvalidHashError):
            return False
    return bool(stored)


@cache
def _nobodys() -> str:
    return _hasher().hash(secrets.token_urlsafe(32))


def made_up() -> str:
    """A password that nobody could guess, easy to copy from a screen: five groups of four letters."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(5))
