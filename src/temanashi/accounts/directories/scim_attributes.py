"""Attributes of SCIM entries as services really write them: names in any case, booleans and numbers as texts, things left out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from temanashi.accounts.model import LastSeen
from temanashi.redaction import one_line

__all__ = ["ENTERPRISE", "Garbled", "attribute", "entries", "flag", "identifier", "moment", "number", "same", "spelled", "text"]

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LONGEST_ID = 500
TRUE, FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


class Garbled(ValueError):
    """Something that nobody should write there; the name of the attribute."""


def spelled(entry: Mapping[str, Any], name: str) -> str:
    """How an entry itself writes the name of an attribute (RFC 7643, 2.1: any case); ours where it has none."""
    return name if name in entry else next((key for key in entry if key.lower() == name.lower()), name)


def attribute(entry: Any, path: str) -> Any:
    """The value at `displayName`, `name.formatted` or `urn:...:User:employeeNumber`; None where there is none."""
    if not isinstance(entry, Mapping):
        return None
    if path.lower().startswith("urn:"):
        for key, value in entry.items():
            if path.lower().startswith(f"{key.lower()}:"):
                return attribute(value, path[len(key) + 1 :])
    found: Any = entry
    for part in path.split("."):
        found = found.get(spelled(found, part)) if isinstance(found, Mapping) else None
    return found


def text(entry: Any, path: str) -> str:
    """A text on one line, empty where there is none; numbers are taken as text."""
    found = attribute(entry, path)
    if found is None or isinstance(found, (bool, list, Mapping)):
        return ""
    return one_line(str(found).encode("utf-8", "replace").decode())


def flag(entry: Any, path: str, *, absent: bool) -> bool:
    """A boolean, also as text; raises Garbled for what is neither."""
    found = attribute(entry, path)
    if found is None:
        return absent
    word = str(found).strip().lower()
    if word not in TRUE | FALSE:
        raise Garbled(path)
    return word in TRUE


def number(entry: Any, path: str) -> int | None:
    """A count, also as text; None where there is none. Raises Garbled for what is none."""
    found = attribute(entry, path)
    if found is None:
        return None
    if isinstance(found, bool) or not re.fullmatch(r"\d{1,9}", str(found), re.ASCII):
        raise Garbled(path)
    return int(found)


def entries(entry: Any, path: str) -> list[Mapping[str, Any]]:
    """Complex values of an attribute with several; a single one may stand without its list. Raises Garbled."""
    found = attribute(entry, path)
    listed = [] if found is None else found if isinstance(found, list) else [found]
    if not all(isinstance(one, Mapping) for one in listed):
        raise Garbled(path)
    return listed


def identifier(entry: Any, path: str = "id") -> str:
    """The id of an entry, which becomes a part of addresses; raises Garbled for one that would lead elsewhere."""
    found = attribute(entry, path)
    told = str(found) if isinstance(found, (str, int)) and not isinstance(found, bool) else ""
    if not told.strip() or len(told) > LONGEST_ID or told in {".", ".."} or not told.isprintable():
        raise Garbled(path)
    return told


def moment(entry: Any, path: str) -> LastSeen:
    """A time as ISO 8601 writes it; what is not there or not understood is unknown, never "never"."""
    try:
        found = datetime.fromisoformat(text(entry, path))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return "unknown"


def same(one: str, other: str) -> bool:
    """Whether two names are written with the same letters, composed or not. Full-width letters are others."""
    return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
