"""What must not be stored of a text that somebody typed: passwords, tokens, keys, and numbers that point to a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from temanashi.faq.numbers_in_text import card_numbers, my_numbers, phone_numbers
from temanashi.faq.secrets_in_text import keys, passwords, tokens
from temanashi.redaction import MASK

__all__ = ["Masked", "mask"]

_MAIL = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}", re.ASCII)

# Full-width characters as their ASCII ones, one for one, so that a place in the one text is the same place in the other.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}


class Masked(NamedTuple):
    """A text with masks in it, and the kinds of what was masked, each once, in the order of the text.

    Kinds: `password`, `token`, `key`, `card`, `my-number`, `phone`, `mail`.
    """

    text: str
    found: tuple[str, ...]


class _Span(NamedTuple):
    start: int
    end: int
    kind: str


def mask(text: str, *, mail: bool = False) -> Masked:
    """The text as it may be stored; `mail` masks mail addresses as well. What is masked already stays as it is."""
    spans = _joined(sorted(_spans(text.translate(_NARROW), mail=mail)))
    parts, end = [], 0
    for span in spans:
        parts += [text[end : span.start], MASK]
        end = span.end
    return Masked("".join([*parts, text[end:]]), tuple(dict.fromkeys(span.kind for span in spans)))


def _spans(narrow: str, *, mail: bool) -> Iterator[_Span]:
    finders = {"password": passwords, "token": tokens, "key": keys, "card": card_numbers, "my-number": my_numbers}
    for kind, finder in finders.items():
        yield from (_Span(start, end, kind) for start, end in finder(narrow))
    yield from (_Span(start, end, "phone") for start, end in phone_numbers(narrow))
    if mail:
        yield from (_Span(*found.span(), "mail") for found in _MAIL.finditer(narrow))


def _joined(spans: list[_Span]) -> list[_Span]:
    """Spans that overlap as one, of the kind that begins first."""
    joined: list[_Span] = []
    for span in spans:
        if joined and span.start < joined[-1].end:
            last = joined[-1]
            joined[-1] = _Span(last.start, max(last.end, span.end), last.kind)
        else:
            joined.append(span)
    return joined
