"""One HTTP request from here, with a bound on everything: time, redirects, and bytes of the body after decompression."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from temanashi.checks.connecting import cut_after, failure_word
from temanashi.checks.names import addresses_of
from temanashi.checks.trust import trusting
from temanashi.clock import Clock

if TYPE_CHECKING:
    import httpx

__all__ = ["BODY_LIMIT", "Fetched", "fetch"]

BODY_LIMIT = 1024 * 1024
"""Bytes of a decoded body that are looked at."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass
class Fetched:
    """The answer after redirects, or the `failure` (a word) with a detail. `decoded` is False for a body in an unknown encoding."""

    url: str
    failure: str = ""
    detail: str = ""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    cut: bool = False
    decoded: bool = True
    redirects: int = 0


def fetch(
    url: str,
    *,
    method: str,
    headers: Mapping[str, str],
    redirects: int,
    ca_file: str | None,
    timeout: float,
    clock: Clock,
    content: bytes | None = None,
) -> Fetched:
    """Ask for a URL within `timeout` seconds in all. Raises NameNotFound and CannotMeasure; every other failure is an answer.

    `content` is sent to the first address only, never on to another one: what sends it follows no redirects.
    """
    deadline = clock.monotonic() + timeout
    for hop in range(redirects + 1):
        left = max(deadline - clock.monotonic(), 0.001)
        parts = urlsplit(url)
        addresses_of(parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0), timeout=left)
        context = trusting(ca_file) if parts.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        fetched = _asked(url, method, headers, context, left, None if hop else content)
        if fetched.failure and clock.monotonic() >= deadline:
            fetched = Fetched(url, failure="timeout")  # we cut the connection ourselves
        fetched.redirects = hop
        target = fetched.headers.get("location", "") if fetched.status in {301, 302, 303, 307, 308} else ""
        if not target or redirects == 0 or fetched.failure:
            return fetched
        following = _joined(url, target)
        if following is None:
            return Fetched(url, failure="protocol", detail=f"Location: {target[:200]}", redirects=hop)
        if urlsplit(following)[:2] != parts[:2]:
            headers = {}  # they may hold a token that is meant for the first server only
        url = following
    return Fetched(url, failure="redirects", detail=str(redirects), redirects=redirects)


def _joined(url: str, location: str) -> str | None:
    import httpx  # noqa: PLC0415  (only who fetches pays for its import)

    try:
        joined = httpx.URL(url).join(location)
        good = joined.scheme in _DEFAULT_PORTS and bool(joined.host) and urlsplit(str(joined)).port != 0
    except (httpx.InvalidURL, ValueError):
        return None
    return str(joined) if good else None


def _asked(
    url: str, method: str, headers: Mapping[str, str], context: ssl.SSLContext, seconds: float, content: bytes | None
) -> Fetched:
    import httpx  # noqa: PLC0415  (see _joined)

    sent = {"Accept-Encoding": "identity", "User-Agent": "temanashi", **headers}
    with cut_after(seconds) as watch:

        def trace(event: str, about: dict[str, Any]) -> None:
            if event == "connection.connect_tcp.complete":
                watch(about["return_value"].get_extra_info("socket"))

        try:
            # No proxies and no .netrc of ours: the check looks at the service itself.
            with (
                httpx.Client(verify=context, trust_env=False, timeout=seconds, follow_redirects=False) as client,
                client.stream(method, url, headers=sent, content=content, extensions={"trace": trace}) as response,
            ):
                return _read(url, response)
        except httpx.TimeoutException:
            return Fetched(url, failure="timeout")
        except (httpx.RemoteProtocolError, httpx.LocalProtocolError) as error:
            return Fetched(url, failure="protocol", detail=str(error)[:200])
        except httpx.TransportError as error:
            return _failed(url, error)


def _read(url: str, response: httpx.Response) -> Fetched:
    fetched = Fetched(url, status=response.status_code, headers={name.lower(): value for name, value in response.headers.items()})
    encoding = fetched.headers.get("content-encoding", "identity").strip().lower()
    inflate = zlib.decompressobj(wbits=47) if encoding in {"gzip", "x-gzip", "deflate"} else None
    fetched.decoded = inflate is not None or encoding in {"identity", ""}
    body = bytearray()
    try:
        for chunk in response.iter_raw():
            room = BODY_LIMIT - len(body)
            body += inflate.decompress(chunk, room + 1) if inflate else chunk[: room + 1]
            if len(body) > BODY_LIMIT:
                fetched.cut = True
                break
    except zlib.error:
        fetched.decoded = False
    fetched.body = _text(bytes(body[:BODY_LIMIT]), response.charset_encoding)
    return fetched


def _text(body: bytes, charset: str | None) -> str:
    try:
        return body.decode(charset or "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _failed(url: str, error: BaseException) -> Fetched:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return Fetched(url, failure="tls", detail=getattr(cause, "verify_message", "") or cause.reason or str(cause))
    known = [cause for cause in causes if isinstance(cause, OSError) and cause.errno]
    word = failure_word(known[0], what=url) if known else "reset" if "Read" in type(error).__name__ else "failed"
    return Fetched(url, failure=word, detail=str(error)[:200])


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    if error is not None:
        yield error
        for inner in getattr(error, "exceptions", ()):
            yield from _causes(inner)
        yield from _causes(error.__cause__ or error.__context__)
