"""Texts that every match of a regular expression holds: a host can look for them quickly before we look closely."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

__all__ = ["literals_of", "literals_of_all"]

SHORTEST = 2
_SPECIAL = frozenset(".^$*+?{}[]|()")
_CLASSES = frozenset("dDsSwWbBAZGXRKhHvVnrtfamM")
# Escapes that go on after their letter: codes, names, properties, references.
_NUMBERED = re.compile(r"\\[xuUNpPLgk0-9]")


def literals_of_all(patterns: Sequence[str]) -> tuple[str, ...] | None:
    """One text of each branch of each pattern; None when a pattern has a branch without one."""
    found: list[str] = []
    for pattern in patterns:
        mine = literals_of(pattern)
        if mine is None:
            return None
        found += mine
    return tuple(dict.fromkeys(found))


def literals_of(pattern: str) -> tuple[str, ...] | None:
    """For each branch (`a|b`) the longest text that it cannot match without, at least 2 characters; None when one has none.

    What is not understood (groups, classes, flags) is taken for anything, so that a text is never claimed wrongly.
    """
    if "(?" in pattern or _NUMBERED.search(pattern) or not pattern.isprintable():  # flags may change what a letter means
        return None
    longest = [max(_runs(branch), key=len, default="") for branch in _branches(pattern)]
    return tuple(longest) if all(len(text) >= SHORTEST for text in longest) else None


def _tokens(pattern: str) -> Iterator[tuple[str, bool]]:
    """Each element at the top level, and whether it is a plain character; what is within ( ) or [ ] is one element `.`."""
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            escaped = pattern[at + 1 : at + 2]
            yield (escaped, True) if escaped and escaped not in _CLASSES else (".", False)
            at += 2
        elif sign in "([":
            at = _closed(pattern, at)
            yield ".", False
        elif sign == "{" and "}" in pattern[at:]:
            at = pattern.index("}", at) + 1
            yield "{", False
        else:
            yield sign, sign not in _SPECIAL
            at += 1


def _closed(pattern: str, at: int) -> int:
    """The place after the group or class that begins here."""
    if pattern[at] == "[":
        at += 2 if pattern[at + 1 : at + 2] != "^" else 3  # `]` is plain when it stands first
        while at < len(pattern) and pattern[at] != "]":
            at += 2 if pattern[at] == "\\" else 1
        return at + 1
    at += 1
    while at < len(pattern) and pattern[at] != ")":
        at = at + 2 if pattern[at] == "\\" else _closed(pattern, at) if pattern[at] in "([" else at + 1
    return at + 1


def _branches(pattern: str) -> list[list[tuple[str, bool]]]:
    branches: list[list[tuple[str, bool]]] = [[]]
    for sign, plain in _tokens(pattern):
        if sign == "|" and not plain:
            branches.append([])
        else:
            branches[-1].append((sign, plain))
    return branches


def _runs(branch: list[tuple[str, bool]]) -> Iterator[str]:
    run = ""
    for sign, plain in branch:
        if plain:
            run += sign
            continue
        if sign in "*?{":  # the character before may be missing
            run = run[:-1]
        yield run
        run = ""
    yield run
