"""Threshold ranges in the grammar of the Nagios plugin guidelines ("Threshold and Ranges"): `[@][start:][end]`, alert outside."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, WithJsonSchema

from temanashi.errors import InputError
from temanashi.text.local import Phrase, phrase

__all__ = ["BadRange", "Range", "RangeText", "parse_range"]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?%?")


class BadRange(InputError):
    """A text that is no range. `position` counts characters from 1."""

    key = "checks.bad-range"

    def __init__(self, text: str, position: int, problem: Phrase) -> None:
        super().__init__(text=text, position=position, problem=problem)


class Range(NamedTuple):
    """Bounds, both inclusive and perhaps infinite. A value outside alerts; with `inside` (`@`) a value within alerts."""

    start: float
    end: float
    inside: bool = False

    def alerts(self, value: float) -> bool:
        """Whether a value is a reason to alert."""
        # An integer of 20 digits is compared as the float that the bound is, or it would differ from its own bound.
        return (self.start <= float(value) <= self.end) is self.inside


def parse_range(text: str) -> Range:
    """The range that a text means; raises BadRange with the position of what no range has.

    `10` is 0 to 10, `10:` at least 10, `~:10` at most 10, `10:20` between, `@10:20` alerts between. A trailing `%` is allowed.
    """
    inside = text.startswith("@")
    skipped = 1 if inside else 0
    body = text[skipped:]
    if not body:
        raise BadRange(text, skipped + 1, phrase("checks.range-empty"))
    head, colon, tail = body.partition(":")
    if ":" in tail:
        raise BadRange(text, skipped + len(head) + tail.index(":") + 2, phrase("checks.range-colons"))
    if not colon:
        head, tail = "", head
    start = -math.inf if head == "~" else _number(text, head, skipped, empty=0.0)
    end_at = skipped + len(head) + len(colon)
    if tail == "~":
        raise BadRange(text, end_at + 1, phrase("checks.range-tilde"))
    end = _number(text, tail, end_at, empty=math.inf)
    if start > end:
        raise BadRange(text, end_at + 1, phrase("checks.range-order", start=f"{start:g}", end=f"{end:g}"))
    return Range(start, end, inside)


def _number(text: str, part: str, at: int, *, empty: float) -> float:
    if not part:
        return empty
    match = _NUMBER.match(part)
    good = match.end() if match else 0
    if good < len(part):
        character = part[good]
        problem = phrase("checks.range-comma") if character == "," else phrase("checks.range-not-number", character=character)
        raise BadRange(text, at + good + 1, problem)
    value = float(part.rstrip("%"))
    if math.isinf(value):
        raise BadRange(text, at + 1, phrase("checks.range-too-large"))
    return value


def _range_text(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = repr(value)
    if isinstance(value, str):
        try:
            parse_range(value)
        except BadRange as error:
            raise ValueError(phrase(error.key, **error.data)) from error
    return value


RangeText = Annotated[
    str,
    BeforeValidator(_range_text),
    WithJsonSchema({"type": ["string", "number"], "examples": ["80", "10:", "~:5", "10:20", "@10:20"]}),
]
"""A range as a text or a number in YAML, kept as text once it is known to be well-formed."""
