"""What an answer has and lacks, as facts of an `http` check."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from temanashi.checks.fetching import Fetched
from temanashi.checks.json_values import NOTHING, Condition, found_at, holds, parts
from temanashi.checks.matching import found
from temanashi.checks.thresholds import RangeText
from temanashi.text.local import Phrase, phrase

if TYPE_CHECKING:
    from temanashi.checks.kinds.http import HttpSpec

__all__ = ["JsonRule", "answer_facts", "json_of", "number_of", "unread"]

KEPT, SHOWN = 2000, 120
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)


class _Rule(Condition):
    """What a value in JSON must be, and its ranges if it is a number."""

    warn: RangeText | None = Field(default=None, description="Range of good values; outside is WARNING")
    crit: RangeText | None = Field(default=None, description="Range of bearable values; outside is CRITICAL")
    unit: str = Field(default="", max_length=20, description="Unit, for readers")


def _rule(value: Any) -> Any:
    return value if isinstance(value, (dict, Condition)) else {"is": value}


JsonRule = Annotated[_Rule, BeforeValidator(_rule, json_schema_input_type=_Rule | str | int | float | bool | list[Any] | None)]
"""A rule, or the bare value that must stand there."""


def answer_facts(spec: HttpSpec, fetched: Fetched) -> dict[str, Any]:
    """The facts of an answer whose status is good; raises PatternTooSlow."""
    absent = [name for name, wanted in spec.headers.items() if not found(wanted, fetched.headers.get(name.lower(), ""))]
    missing = ""
    if spec.contains is not None and spec.contains not in fetched.body:
        missing = spec.contains
    elif spec.body is not None and not found(spec.body, fetched.body):
        missing = spec.body
    facts: dict[str, Any] = {
        "headers_missing": absent,
        "missing": missing,
        "unwanted": spec.not_body is not None and found(spec.not_body, fetched.body),
        "is_json": True,
        "json": {},
        "numbers": {},
        "body": fetched.body[:KEPT],
    }
    if spec.json_ or spec.value is not None:
        facts |= _json_facts(spec, json_of(fetched))
    return facts


def json_of(fetched: Fetched) -> Any:
    """The body as JSON, or NOTHING when it is none."""
    try:
        return json.loads(fetched.body.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return NOTHING


def _json_facts(spec: HttpSpec, value: Any) -> dict[str, Any]:
    if value is NOTHING:
        return {"is_json": False}
    rules = {}
    for path, rule in spec.json_.items():
        seen = found_at(value, parts(path))
        ranged = rule.warn is not None or rule.crit is not None
        good = holds(rule, seen) or (ranged and seen is NOTHING and rule.exists is None)  # no number at all is UNKNOWN
        told = rule.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"warn", "crit", "unit"})
        rules[path] = {"holds": good, "shown": "-" if seen is NOTHING else _shown(seen), "wanted": _shown(told)}
    numbered = [path for path, rule in spec.json_.items() if rule.warn is not None or rule.crit is not None]
    numbered += [spec.value] if spec.value is not None else []
    return {"json": rules, "numbers": {path: number_of(found_at(value, parts(path))) for path in numbered}}


def number_of(seen: Any) -> float | None:
    """A number, also one that is written as text; None for anything else."""
    # float() would take a text such as "1_000" or full-width digits; a decimal comma is not guessed at.
    if isinstance(seen, bool) or not (
        isinstance(seen, (int, float)) or (isinstance(seen, str) and _NUMBER.fullmatch(seen.strip()))
    ):
        return None
    try:
        value = float(seen)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def unread(spec: HttpSpec, fetched: Fetched, facts: Mapping[str, Any]) -> Phrase | None:
    """Why it cannot be said that something is (not) there: it may stand where nothing was read. None where all was seen."""
    lacking = facts["missing"] or not facts["is_json"] or (spec.not_body is not None and not facts["unwanted"])
    if lacking and not fetched.decoded:
        return phrase("checks.http-encoding", url=spec.url, encoding=fetched.headers.get("content-encoding", ""))
    if lacking and fetched.cut:
        return phrase("checks.http-cut", url=spec.url)
    return None
