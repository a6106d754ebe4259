"""How a record is hashed. Pure: text in, text out.

`hash` = SHA-256(domain + envelope text); the envelope holds `prev_hash` and `body_hash` = SHA-256(salt + body text). Texts are
canonical JSON in UTF-8 and are stored as they were hashed, so that verifying never depends on how JSON is written.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pydantic_core import PydanticSerializationError, to_jsonable_python

from temanashi.canonical import canonical_json
from temanashi.ledger.faults import BadRecord
from temanashi.ledger.records import SCHEMA, Draft

__all__ = [
    "DOMAIN",
    "GENESIS",
    "Prepared",
    "body_hash",
    "clean_text",
    "event_id",
    "micros",
    "placed",
    "plain",
    "prepared",
    "record_hash",
    "stamp",
]

DOMAIN = b"temanashi/ledger/record/1\n"
GENESIS = "0" * 64
"""`prev_hash` of the first record of a chain."""

NAME_LIMIT = 500
"""Characters of what is indexed. PostgreSQL refuses index entries over 2,704 bytes."""

INDEXED = ("task", "runbook", "run", "slot", "actor", "outcome")
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_DEPTH_LIMIT = 100
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def stamp(moment: datetime) -> str:
    """`2026-11-20T08:30:00.000000Z`: one width, so that text order is time order."""
    return f"{moment.astimezone(UTC).isoformat(timespec='microseconds')[:26]}Z"


def micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware moment."""
    return (moment - _EPOCH) // _MICROSECOND


def event_id(now: datetime, random: bytes) -> str:
    """A UUIDv7 (RFC 9562, section 5.7) of a moment and 10 random bytes."""
    value = int(now.timestamp() * 1000) << 80 | int.from_bytes(random, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def clean_text(text: str) -> str:
    """Replace NUL and lone surrogates by U+FFFD: neither can be stored everywhere."""
    return _UNSTORABLE.sub("\ufffd", text)


def plain(value: Any, depth: int = 0) -> Any:
    """JSON of any value: texts cleaned, NaN and infinities as text. Raises ValueError for what is too deep or no JSON at all."""
    if depth > _DEPTH_LIMIT:
        raise ValueError(f"nested deeper than {_DEPTH_LIMIT}")
    if isinstance(value, str):
        return clean_text(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {clean_text(str(key)): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    try:
        return plain(to_jsonable_python(value), depth + 1)
    except (PydanticSerializationError, UnicodeDecodeError) as error:
        raise ValueError(f"{type(value).__name__} is not JSON") from error


def _text_of(body: Mapping[str, Any]) -> str:
    """The body's canonical JSON. Most bodies are clean JSON already, and big; taking them apart costs ten times as much."""
    try:
        text = canonical_json(body)
    except (ValueError, TypeError, RecursionError):
        return canonical_json(plain(body))
    return text if _clean(text) and _shallow(body) else canonical_json(plain(body))


def _clean(text: str) -> bool:
    """Whether a JSON text holds nothing that cannot be stored everywhere."""
    return "\\u0000" not in text and _UNSTORABLE.search(text) is None


def _shallow(value: Any) -> bool:
    """Whether a value nests no deeper than the limit, and holds only what JSON writes as `plain` does."""
    level = [value]
    for _ in range(_DEPTH_LIMIT):
        deeper: list[Any] = []
        for item in level:
            inner = item.values() if type(item) is dict else item
            deeper += [one for one in inner if type(one) in {dict, list, tuple}]
        if not deeper:
            return True
        level = deeper
    return False


def body_hash(salt: bytes, text: str) -> str:
    """64 hex digits. The salt keeps a pruned body from being guessed."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def record_hash(envelope: str) -> str:
    """64 hex digits over the envelope text."""
    return hashlib.sha256(DOMAIN + envelope.encode()).hexdigest()


class Prepared(NamedTuple):
    """What is known of a record before its place in the chain is: envelope fields as JSON, the salt and the body's text."""

    draft: Draft
    fields: dict[str, Any]
    salt: bytes
    body: str


def prepared(draft: Draft, *, salt: bytes) -> Prepared:
    """Everything that does not need the place in the chain, so that it can be done before a writer's turn; raises BadRecord."""
    try:
        body = _text_of(draft.body)
        fields = draft.model_dump(mode="json", exclude={"body"})
        if not all(_clean(value) if type(value) is str else _clean(canonical_json(value)) for value in fields.values() if value):
            fields = plain(fields)
    except (ValueError, RecursionError) as error:
        raise BadRecord(kind=draft.kind, reason=str(error)) from error
    for name in INDEXED:
        if len(fields[name]) > NAME_LIMIT:
            raise BadRecord(kind=draft.kind, reason=f"{name}: > {NAME_LIMIT}")
    fields |= {"schema_version": SCHEMA, "body_hash": body_hash(salt, body)}
    return Prepared(draft, fields, salt, body)


def placed(each: Prepared, *, chain: str, seq: int, event: str, recorded_at: str, prev_hash: str) -> tuple[dict[str, Any], str]:
    """The envelope's fields and its text, at a place in the chain."""
    fields = each.fields | {"chain": chain, "seq": seq, "event_id": event, "recorded_at": recorded_at, "prev_hash": prev_hash}
    return fields, canonical_json(fields)
