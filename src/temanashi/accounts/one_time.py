"""One-time passwords: long, easy to read out, and made here, because a server's own are too short for its own rules."""

from __future__ import annotations

import secrets

__all__ = ["new_secret"]

# Without what looks alike: 0 O o, 1 l I, and so on.
LETTERS = "abcdefghjkmnpqrstuvwxyz"
CAPITALS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "23456789"
GROUPS, SIZE = 4, 5


def new_secret() -> str:
    """About 110 random bits in four groups, as `Kf7xm-2Qp9v-TzhR4-cwB8e`; with a small letter, a capital and a digit in each."""
    return "-".join(_group() for _ in range(GROUPS))


def _group() -> str:
    every = LETTERS + CAPITALS + DIGITS
    found = [secrets.choice(LETTERS), secrets.choice(CAPITALS), secrets.choice(DIGITS)]
    found += [secrets.choice(every) for _ in range(SIZE - len(found))]
    secrets.SystemRandom().shuffle(found)
    return "".join(found)
