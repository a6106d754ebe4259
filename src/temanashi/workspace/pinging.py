"""Telling an outside monitor that the watch lives, or that something is wrong (https://healthchecks.io/docs/http_api/).

`POST URL` when all is well, `POST URL/fail` with a short text when not; a monitor that takes no POST gets a GET. Silence is what
it raises its own alarm for. The address is a secret: it is never logged, and nothing of it but scheme and host is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit, urlunsplit

import httpx
from sqlalchemy import delete, insert, select

from temanashi.ledger.database import Database
from temanashi.notices import silenced
from temanashi.runs.tables import FLAGS
from temanashi.secrets import MASK, SecretMissing, is_reference, resolve
from temanashi.text.local import Phrase, phrase

__all__ = ["fail_address", "masked", "ping", "tell_monitor"]

TIMEOUT = 10.0
TEXT_LIMIT = 10_000
UNREACHED = "monitor_unreached"
TALKATIVE = ("httpx", "httpcore", "httpcore.connection", "httpcore.http11")
"""Loggers that write addresses."""
_NO_POST = (httpx.codes.METHOD_NOT_ALLOWED, httpx.codes.NOT_IMPLEMENTED)


def ping(url: str, *, problems: Sequence[str]) -> str:
    """Tell the monitor; empty when it heard, else why not, without the address."""
    address = fail_address(url) if problems else url
    try:
        with silenced(TALKATIVE), httpx.Client(timeout=TIMEOUT, follow_redirects=True) as client:
            answer = client.post(address, content="\n".join(problems)[:TEXT_LIMIT].encode())
            if answer.status_code in _NO_POST:
                answer = client.get(address)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return type(error).__name__
    return "" if answer.is_success else f"HTTP {answer.status_code}"


def fail_address(url: str) -> str:
    """The address for trouble: `/fail` behind the path, before a query."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/fail"))


def masked(url: str) -> str:
    """The address as it may be told: scheme and host."""
    if is_reference(url):
        return url
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}/{MASK}"


def tell_monitor(database: Database, url: str, *, problems: Sequence[str], secret: Callable[[str], str] = resolve) -> Phrase | None:
    """Tell the monitor, where there is one. What to warn of: once when it cannot be reached, and once when it can again."""
    if not url:
        return None
    try:
        failure = ping(secret(url) if is_reference(url) else url, problems=problems)
    except SecretMissing:
        failure = "SecretMissing"
    with database.reading() as connection:
        known = connection.execute(select(FLAGS.c.value).where(FLAGS.c.name == UNREACHED)).scalar()
    if bool(failure) == (known is not None):
        return None
    with database.transaction() as connection:
        connection.execute(delete(FLAGS).where(FLAGS.c.name == UNREACHED))
        if failure:
            connection.execute(insert(FLAGS).values(name=UNREACHED, value=failure))
    key = "opening.monitor-unreached" if failure else "opening.monitor-reached"
    return phrase(key, url=masked(url), reason=failure)
