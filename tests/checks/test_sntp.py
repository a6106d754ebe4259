"""The clock compared with a time server, a real one on loopback."""

from __future__ import annotations

import struct
import time

import pytest

from checks.servers import udp_server
from temanashi.changes import Verdict
from temanashi.checks import measure, parse_check
from temanashi.clock import SystemClock
from temanashi.hosts import Host, connect
from temanashi.secrets import Redactor

EPOCH = 2_208_988_800


def stamp(seconds: float) -> bytes:
    whole = int(seconds)
    return struct.pack("!II", (whole + EPOCH) & 0xFFFFFFFF, int((seconds - whole) * 2**32))


def answering(*, ahead: float = 0.0, first: int = 0x24, stratum: int = 2, origin: bytes | None = None, length: int = 48):
    def reply(request: bytes) -> bytes:
        now = stamp(time.time() + ahead)
        head = struct.pack("!BBbbII4s", first, stratum, 4, -20, 0, 0, b"RATE" if stratum == 0 else b"\x7f\0\0\1")
        return (head + now + (request[40:48] if origin is None else origin) + now + now)[:length]

    return reply


@pytest.fixture
def look(localhost):
    def measured(port: int, host: Host = localhost, **data):
        spec = parse_check({"id": "clock", "kind": "clock", "server": "127.0.0.1", "port": port, "timeout": 1, **data})
        (result,) = measure([spec], host, transport=connect(host), clock=SystemClock(), redactor=Redactor())
        return result

    return measured


@pytest.mark.parametrize(("ahead", "verdict"), [(0, "OK"), (3, "WARNING"), (-3, "WARNING"), (100, "CRITICAL"), (-3600, "CRITICAL")])
def test_the_distance_to_the_server_is_judged(look, ahead: float, verdict: str) -> None:
    with udp_server(answering(ahead=ahead)) as port:
        result = look(port)
    assert (result.verdict.value, result.metrics[0].value) == (verdict, pytest.approx(abs(ahead), abs=0.5))
    assert "127.0.0.1" in result.reason.text("ja")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (answering(length=20), "20 bytes"),
        (answering(first=0x23), "not an answer"),
        (answering(origin=b"12345678"), "not an answer"),
        (answering(first=0xE4), "not synchronised"),
        (answering(stratum=16), "not synchronised"),
        (answering(stratum=0), "not synchronised 'RATE'"),
        (lambda _: None, "timeout"),
    ],
)
def test_an_answer_that_cannot_be_trusted_is_unknown(look, reply, reason: str) -> None:
    with udp_server(reply) as port:
        result = look(port, timeout=0.3)
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.clock-no-answer")
    assert reason in result.reason.text("en")


def test_a_port_where_nobody_answers_is_unknown(look) -> None:
    with udp_server(answering()) as port:
        pass
    assert look(port, timeout=0.3).verdict is Verdict.UNKNOWN


def test_the_clock_of_another_machine_cannot_be_asked_from_here(look) -> None:
    result = look(123, host=Host(name="web1"))
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.clock-elsewhere")


def test_time_goes_on_after_2036(look) -> None:
    def reply(request: bytes) -> bytes:
        later = struct.pack("!II", 100, 0)  # 100 s after 2036-02-07 06:28:16 UTC, when 32 bits start again
        return struct.pack("!BBbbII4s", 0x24, 1, 4, -20, 0, 0, b"GPS\0") + later + request[40:48] + later + later

    with udp_server(reply) as port:
        result = look(port)
    assert result.metrics[0].value == pytest.approx(2_085_978_496 + 100 - time.time(), abs=2)
