"""One POST of JSON, and what its answer means for trying again. Addresses may be secrets: nothing of them is logged or told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from temanashi.monitoring.receivers.contract import Sent
from temanashi.notices import silenced
from temanashi.text import phrase

__all__ = ["LONGEST_WAIT", "post_json", "wait_of"]

TIMEOUT = 10.0
LONGEST_WAIT = 3600.0
"""Seconds: a receiver that asks for more is asked again after this."""

_TALKATIVE = ("httpx", "httpcore", "httpcore.connection", "httpcore.http11")
_LATER = frozenset({408, 425, 429})
_SERVER_ERROR = 500


def post_json(name: str, url: str, payload: dict[str, Any], *, headers: Mapping[str, str], now: datetime) -> Sent:
    """Send; a server that fails, is busy, or cannot be reached is tried again later, one that refuses is not."""
    import httpx  # noqa: PLC0415  (0.1 s that only an alert pays)

    try:
        with silenced(_TALKATIVE), httpx.Client(timeout=TIMEOUT, follow_redirects=False) as client:
            answer = client.post(url, json=payload, headers=dict(headers))
    except httpx.InvalidURL:
        return Sent(result="never", why=phrase("monitoring.receiver-bad-url", name=name))
    except (httpx.HTTPError, OSError, ValueError) as error:
        return Sent(result="later", why=phrase("monitoring.receiver-unreached", name=name, problem=type(error).__name__))
    if answer.is_success:
        return Sent(result="sent")
    why = phrase("monitoring.receiver-refused", name=name, status=answer.status_code)
    if answer.status_code in _LATER or answer.status_code >= _SERVER_ERROR:
        return Sent(result="later", why=why, wait=wait_of(answer.headers.get("retry-after", ""), now=now))
    return Sent(result="never", why=why)


def wait_of(text: str, *, now: datetime) -> float | None:
    """Seconds of a Retry-After header (RFC 9110, section 10.2.3: seconds or a date), at most an hour; None where there is none."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None
