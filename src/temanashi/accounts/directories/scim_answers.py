"""What a service that speaks SCIM answered, judged: a JSON object, or a fault with a sentence of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from temanashi.accounts.directories import scim_faults as faults
from temanashi.errors import TemanashiError
from temanashi.redaction import Redactor

if TYPE_CHECKING:
    from requests import Response

__all__ = ["Again", "Answer", "judged", "never_sent", "root_of"]

MULTIPLE, BAD, PRECONDITION, TOO_MANY, BROKEN = 300, 400, 412, 429, 500
REFUSALS: Mapping[int, type[faults.ScimRefused]] = {
    401: faults.ScimDenied,
    403: faults.ScimForbidden,
    404: faults.ScimNotFound,
    409: faults.ScimTaken,
    413: faults.ScimTooLarge,
    TOO_MANY: faults.ScimBusy,
}
ERROR = "urn:ietf:params:scim:api:messages:2.0:error"


@dataclass(frozen=True)
class Answer:
    """What came back. `changed`: the entry no longer has the version that was named (412)."""

    body: Mapping[str, Any] = field(default_factory=dict)
    etag: str = ""
    changed: bool = False


class Again(Exception):
    """Something that may be over in a moment; `after` is how many seconds the service wants us to wait."""

    def __init__(self, fault: TemanashiError, *, after: float | None = None) -> None:
        super().__init__()
        self.fault, self.after = fault, after


def judged(response: Response, raw: bytes, *, where: str, redactor: Redactor, now: datetime) -> Answer:
    """The answer; raises Again for what may be over soon, and faults. What a stranger says may hold what we sent: it is masked."""
    status, body = response.status_code, _object(raw)
    detail = redactor.text(_detail(body, response))
    if status == PRECONDITION:
        return Answer(changed=True)
    if MULTIPLE <= status < BAD:
        target = urlsplit(response.headers.get("Location", ""))
        raise faults.ScimRedirect(where, redactor.text(target.netloc or target.path), status=status)
    if status == TOO_MANY:
        raise Again(faults.ScimBusy(where, detail, status=status), after=_after(response, now))
    if status >= BROKEN:
        raise Again(faults.ScimBroken(where, detail, status=status), after=_after(response, now))
    if status >= BAD:
        raise REFUSALS.get(status, faults.ScimRefused)(where, detail, status=status)
    if raw.strip() and (body is None or ERROR in _schemas(body)):
        raise faults.ScimNonsense(where, f"{detail} {redactor.text(response.headers.get('Content-Type', '-'))}", status=status)
    return Answer(body or {}, etag=_printable(response.headers.get("ETag", "")))


def _after(response: Response, now: datetime) -> float | None:
    """Seconds to wait (RFC 9110, 10.2.3: a number or a date), or None where nothing sensible is said."""
    told = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", told, re.ASCII):
        return float(told)
    try:
        at = parsedate_to_datetime(told)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _schemas(body: Mapping[str, Any]) -> list[str]:
    found = body.get("schemas")
    return [str(one).lower() for one in found] if isinstance(found, list) else []


def _detail(body: Mapping[str, Any] | None, response: Response) -> str:
    """What the service said about it; nothing of a page in HTML."""
    told = body or {}
    words = [str(one) for one in (told.get("detail") or response.reason, told.get("scimType")) if one]
    return f"HTTP {response.status_code} {': '.join(words)}".strip()


def _printable(etag: str) -> str:
    return etag if re.fullmatch(r"[\x20-\x7e]*", etag) else ""


def root_of(error: BaseException) -> str:
    """The innermost reason in words; the outer ones hold the whole address."""
    inner: Any = error
    while True:
        held = getattr(inner, "reason", None)
        deeper = held if isinstance(held, BaseException) else next((a for a in inner.args if isinstance(a, BaseException)), None)
        if deeper is None:
            break
        inner = deeper
    told = getattr(inner, "verify_message", "") or getattr(inner, "strerror", "") or (inner.args[-1] if inner.args else "")
    return str(told) or type(inner).__name__


def never_sent(error: BaseException) -> bool:
    """Whether no connection was made at all."""
    from urllib3.exceptions import NewConnectionError, ProxyError  # noqa: PLC0415

    return isinstance(getattr(next(iter(error.args), None), "reason", None), (NewConnectionError, ProxyError))
