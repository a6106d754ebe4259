"""Secret values, masked in every form in which programs print them, and control characters that would forge lines of a log."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

__all__ = ["MASK", "Redactor", "one_line", "visible"]

MASK = "●●●●"
SHORTEST = 4
"""Characters: masking "a" would blank every text."""

CHUNK = 8
"""Programs break base64 after 64 characters or more (RFC 7468; MIME): of two neighbouring pieces of this length one is whole."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BREAK = r"(?:(?:\r?\n|\\r\\n|\\n)\s*)?"
_BREAKS = re.compile(r"[\n\t]")


class Redactor:
    """Replaces secret values by a mask.

    Raw, quoted for a shell, escaped for JSON, HTML and Python, URL-encoded, base64 at each of its three alignments (so also inside
    `user:password`, and wrapped over lines), and hexadecimal, which is how dumps and key tools print. Values under 4 characters
    are left out.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: frozenset[str] = frozenset()
        self._forms: tuple[str, ...] = ()
        self._wrapped: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = ()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Redact this value from now on."""
        if len(secret) < SHORTEST or secret in self._known:
            return
        forms = {form for part in _parts(secret) for form in _forms(part) if len(form) >= SHORTEST}
        wrapped = [_wrapped(core) for core in sorted(set(_base64(secret)), key=len, reverse=True) if len(core) >= SHORTEST]
        self._known |= {secret}
        self._forms = tuple(sorted({*self._forms, *forms}, key=len, reverse=True))
        self._wrapped = (*self._wrapped, *wrapped)

    def text(self, text: str) -> str:
        """The text with every known secret masked."""
        for chunks, pattern in self._wrapped if "\n" in text or r"\n" in text else ():
            if any(chunk in text for chunk in chunks):
                text = pattern.sub(MASK, text)
        for form in self._forms:
            text = text.replace(form, MASK)
        return text

    def value(self, value: Any) -> Any:
        """The same for JSON values, keys included."""
        if not self._forms:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(k)): self.value(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(v) for v in value]
        return value


def _parts(secret: str) -> Iterator[str]:
    """The secret, and each line of one with several: programs print keys line by line."""
    yield secret
    lines = secret.splitlines()
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= SHORTEST)


def _forms(secret: str) -> Iterator[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    yield secret
    yield from (shlex.quote(secret), "'" + secret.replace("'", r"'\''") + "'", secret.replace("'", r"'\''"))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], json.dumps(json.dumps(secret))[3:-3])
    yield from (repr(secret)[1:-1], repr(raw)[2:-1], html.escape(secret), html.escape(secret, quote=False))
    for encoded in (quote(raw), quote(raw, safe=""), quote(raw, safe="!'()*"), quote_plus(raw)):
        yield from (encoded, re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), encoded))
    yield from _base64(secret)
    yield from (raw.hex(), raw.hex().upper())


def _base64(secret: str) -> Iterator[str]:
    """What base64 makes of the secret wherever it begins in what is encoded: the characters that hold nothing but its bits."""
    raw = secret.encode("utf-8", "surrogatepass")
    for before in range(3):
        whole = base64.b64encode(bytes(before) + raw).decode()
        core = whole[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]
        yield core
        yield core.replace("+", "-").replace("/", "_")
    yield base64.b64encode(raw).decode()


def _wrapped(core: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """A pattern for the form with a line break in it, real or escaped, and two pieces of it for a quick look."""
    half = min(CHUNK, len(core) // 2)
    return (core[:half], core[half : 2 * half]), re.compile(_BREAK.join(map(re.escape, core)))


def visible(text: str) -> str:
    """The text without characters that steer a terminal or reorder what is read (escape, carriage return, bidi); lines stay."""
    return _CONTROL.sub(_shown, text)


def one_line(text: str) -> str:
    """The same on one line: a value that came from elsewhere must not begin a line of its own in a log."""
    return _BREAKS.sub(_shown, visible(text))


def _shown(found: re.Match[str]) -> str:
    return {"\n": r"\n", "\t": r"\t", "\r": r"\r", "\x1b": r"\x1b"}.get(found[0]) or found[0].encode("unicode_escape").decode()
