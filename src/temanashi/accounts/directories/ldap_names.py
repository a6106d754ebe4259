"""Distinguished names and filters: written so that a value stays a value, and compared so that the same name is the same."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["any_of", "dn_key", "equals", "new_dn"]

PAIR = re.compile(r"\\([0-9A-Fa-f]{2})|\\(.)", re.DOTALL)


def equals(attribute: str, value: str) -> str:
    """A filter for one value (RFC 4515, section 3)."""
    from ldap3.utils.conv import escape_filter_chars  # noqa: PLC0415

    return f"({attribute}={escape_filter_chars(value)})"


def any_of(filters: Iterable[str]) -> str:
    """A filter that one of several meets."""
    return f"(|{''.join(filters)})"


def new_dn(attribute: str, value: str, base: str) -> str:
    """The name of an entry right under a base (RFC 4514, section 2.4)."""
    from ldap3.utils.dn import escape_rdn  # noqa: PLC0415

    return f"{attribute}={escape_rdn(value)},{base}"


def dn_key(dn: str) -> tuple[tuple[str, ...], ...]:
    """A name to compare by: without case, spaces around, and ways to escape; empty for what is no name."""
    parts: list[list[str]] = [[]]
    current, position = "", 0
    while position < len(dn):
        char = dn[position]
        if char == "\\":
            found = PAIR.match(dn, position)
            text = found[0] if found else char
            current, position = current + text, position + len(text)
            continue
        if char in ",;+":
            parts[-1].append(current)
            if char != "+":
                parts.append([])
            current = ""
        else:
            current += char
        position += 1
    parts[-1].append(current)
    return tuple(tuple(sorted(_ava(one) for one in rdn)) for rdn in parts)


def _ava(text: str) -> str:
    name, _, value = text.partition("=")
    return f"{name.strip().casefold()}={' '.join(_plain(value.strip()).split()).casefold()}"


def _plain(value: str) -> str:
    """Without escapes; pairs of hexadecimal digits are bytes of UTF-8."""
    raw = b"".join(
        bytes.fromhex(m[1]) if m[1] else (m[2] or m[0]).encode("utf-8", "surrogateescape")
        for m in re.finditer(r"\\([0-9A-Fa-f]{2})|\\(.)|[^\\]+|\\", value, re.DOTALL)
    )
    return raw.decode("utf-8", "replace")
