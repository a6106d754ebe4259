"""One question and its answer in HTTP/1.1 (RFC 9112) on a connection that stands."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import h11

from temanashi.checks.bodies import Body
from temanashi.checks.connecting import CannotMeasure
from temanashi.checks.reaching import Deadline, Place

__all__ = ["Answer", "BadAnswer", "exchanged", "request_for"]

_HEAD_LIMIT = 64 * 1024
_CHUNK = 64 * 1024


class BadAnswer(Exception):
    """What came is no HTTP; the text says why."""


@dataclass
class Answer:
    """Status, headers in lower case (several of one name joined by commas), and the body as far as it was read."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: Body = field(default_factory=Body)


def request_for(
    place: Place, method: str, headers: Mapping[str, str], content: bytes | None, *, whole: bool = False
) -> h11.Request:
    """A request that asks for no compression and for one answer only; `whole` names the whole address, as a proxy wants it.

    Raises CannotMeasure for headers that cannot be sent.
    """
    given = {name.lower() for name in headers}
    sent = {"Host": place.authority} if "host" not in given else {}
    sent |= {"Accept": "*/*"} if "accept" not in given else {}
    sent |= {"Accept-Encoding": "identity", "User-Agent": "temanashi", "Connection": "close"}
    if content is not None:
        sent["Content-Length"] = str(len(content))
    elif method in {"POST", "PUT", "PATCH"}:
        sent["Content-Length"] = "0"
    merged = {name: value for name, value in sent.items() if name.lower() not in given} | dict(headers)
    target = f"http://{place.authority}{place.target}" if whole else place.target
    try:
        return h11.Request(method=method, target=target, headers=[(n.encode(), v.encode("latin-1")) for n, v in merged.items()])
    except (h11.LocalProtocolError, UnicodeEncodeError):
        # Nothing of it is told: a secret that a file holds with a line break in it would be.
        raise CannotMeasure(place.authority, "a header has characters that cannot be sent") from None


def exchanged(link: socket.socket, request: h11.Request, content: bytes | None, deadline: Deadline) -> Answer:
    """Send it and read the answer. Raises BadAnswer and OSError (TimeoutError at the deadline)."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_LIMIT)
    data = connection.send(request) or b""
    data += (connection.send(h11.Data(content)) or b"") if content else b""
    data += connection.send(h11.EndOfMessage()) or b""
    link.settimeout(deadline.left())
    link.sendall(data)
    answer = Answer()
    try:
        for event in _events(connection, link, deadline):
            _take(answer, event)
            if answer.body.cut:
                break
    except h11.RemoteProtocolError as error:
        raise BadAnswer(str(error)) from None
    return answer


def _take(answer: Answer, event: Any) -> None:
    if isinstance(event, h11.Response):
        answer.status = event.status_code
        for name, value in event.headers:
            _add(answer.headers, name.decode("latin-1"), _words(value))
        answer.body = Body(answer.headers.get("content-encoding", ""))
    elif isinstance(event, h11.Data):
        answer.body.add(bytes(event.data))


def _add(headers: dict[str, str], name: str, value: str) -> None:
    headers[name] = f"{headers[name]}, {value}" if name in headers else value


def _words(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _events(connection: h11.Connection, link: socket.socket, deadline: Deadline) -> Iterator[Any]:
    """What the server says until its answer is complete; each wait ends at the deadline, so that a drip is no way around it."""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if deadline.over:
                raise TimeoutError
            link.settimeout(deadline.left())
            connection.receive_data(link.recv(_CHUNK))
            continue
        yield event
        if isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)) or event is h11.PAUSED:
            return
