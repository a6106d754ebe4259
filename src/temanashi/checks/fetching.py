"""One HTTP request from here, with a bound on everything: time, redirects, and bytes of the body after decompression."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from temanashi.checks.bodies import BODY_LIMIT
from temanashi.checks.connecting import failure_word
from temanashi.checks.reaching import Deadline, ProxyRefused, Way, place_of, reach
from temanashi.clock import Clock

__all__ = ["BODY_LIMIT", "Fetched", "fetch"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


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
    timeout: float,
    clock: Clock,
    content: bytes | None = None,
    ca_file: str | None = None,
    way: Way | None = None,
) -> Fetched:
    """Ask for a URL within `timeout` seconds in all. Raises NameNotFound and CannotMeasure; every other failure is an answer.

    `content`, `headers`, the client certificate and the address in `way` are for the first server only, never for another one:
    what sends content follows no redirects. No proxies and no .netrc of this machine: the check looks at the service itself.
    """
    going = way or Way(ca_file=ca_file)
    deadline = Deadline(clock, clock.monotonic() + timeout)
    seen = {url}
    for hop in range(redirects + 1):
        fetched = _asked(url, method, headers, going, deadline, None if hop else content)
        fetched.redirects = hop
        target = fetched.headers.get("location", "") if fetched.status in _REDIRECTS else ""
        if not target or redirects == 0 or fetched.failure:
            return fetched
        following = _joined(url, target)
        if following is None:
            return Fetched(url, failure="protocol", detail=f"Location: {target[:200]}", redirects=hop)
        if following in seen:
            return Fetched(url, failure="loop", detail=following[:200], redirects=hop + 1)
        if urlsplit(following)[:2] != urlsplit(url)[:2]:
            headers = {}  # they may hold a token that is meant for the first server only
            going = going if urlsplit(following).hostname == urlsplit(url).hostname else going.elsewhere()
        seen.add(following)
        url = following
    return Fetched(url, failure="redirects", detail=str(redirects), redirects=redirects)


def _joined(url: str, location: str) -> str | None:
    try:
        joined = urljoin(url, location)
        place_of(joined)
    except ValueError:
        return None
    return joined.partition("#")[0]


def _asked(url: str, method: str, headers: Mapping[str, str], way: Way, deadline: Deadline, content: bytes | None) -> Fetched:
    from temanashi.checks.exchanging import BadAnswer, exchanged, request_for  # noqa: PLC0415  (only who asks pays for h11)

    place = place_of(url)
    try:
        request = request_for(place, method, headers, content, whole=way.proxy is not None and place.scheme == "http")
        with reach(place, way, deadline) as link:
            answer = exchanged(link, request, content, deadline)
    except BadAnswer as error:
        word, detail = "protocol", str(error)[:200]
    except ProxyRefused as error:
        word, detail = "proxy", str(error)
    except ssl.SSLError as error:
        word, detail = "tls", getattr(error, "verify_message", "") or error.reason or str(error)
    except OSError as error:
        word, detail = failure_word(error, what=url), str(error)[:200]
    else:
        charset = answer.headers.get("content-type", "")
        cut, decoded, text = answer.body.cut, answer.body.decoded, answer.body.text(charset)
        return Fetched(url, status=answer.status, headers=answer.headers, body=text, cut=cut, decoded=decoded)
    return Fetched(url, failure="timeout") if deadline.over else Fetched(url, failure=word, detail=detail)
