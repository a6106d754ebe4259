"""dns against a real name server on loopback, well and ill."""

from __future__ import annotations

import socket

import pytest

from checks.nameservers import name_server
from temanashi.changes import Verdict
from temanashi.checks import check_problems
from temanashi.checks.dns_asking import own_servers

BOTH = ["192.0.2.1", "192.0.2.2"]


@pytest.fixture(scope="module")
def server():
    with name_server() as found:
        yield found


@pytest.mark.parametrize(
    ("data", "verdict", "key"),
    [
        ({"name": "www.example.test"}, "OK", "checks.dns-ok"),
        ({"name": "WWW.Example.test."}, "OK", "checks.dns-ok"),
        ({"name": "www.example.test", "expect": BOTH}, "OK", "checks.dns-ok"),
        ({"name": "www.example.test", "expect": "192.0.2.1"}, "CRITICAL", "checks.dns-extra"),
        ({"name": "www.example.test", "expect": "192.0.2.1", "others": True}, "OK", "checks.dns-ok"),
        ({"name": "www.example.test", "expect": [*BOTH, "192.0.2.3"]}, "CRITICAL", "checks.dns-partial"),
        ({"name": "www.example.test", "expect": ["192.0.2.9"]}, "CRITICAL", "checks.dns-other"),
        ({"name": "www.example.test", "record": "AAAA", "expect": "2001:db8::1"}, "OK", "checks.dns-ok"),
        ({"name": "example.test", "record": "MX", "expect": "10 mail.example.test"}, "OK", "checks.dns-ok"),
        ({"name": "example.test", "record": "TXT", "expect": "v=spf1 -all"}, "OK", "checks.dns-ok"),
        ({"name": "example.test", "record": "NS", "expect": ["ns2.example.test.", "NS1.example.test"]}, "OK", "checks.dns-ok"),
        ({"name": "192.0.2.1", "record": "PTR", "expect": "www.example.test"}, "OK", "checks.dns-ok"),
        ({"name": "example.test", "record": "A"}, "CRITICAL", "checks.dns-empty"),
        ({"name": "alias.example.test", "expect": BOTH}, "OK", "checks.dns-ok"),
        ({"name": "alias.example.test", "record": "A", "authoritative": True}, "CRITICAL", "checks.dns-not-authoritative"),
        ({"name": "www.example.test", "authoritative": True}, "OK", "checks.dns-ok"),
        ({"name": "no.example.test"}, "CRITICAL", "checks.dns-no-name"),
        ({"name": "no.example.test", "exists": False}, "OK", "checks.dns-absent"),
        ({"name": "www.example.test", "exists": False}, "CRITICAL", "checks.dns-there"),
        ({"name": "broken.example.test"}, "CRITICAL", "checks.dns-code"),
        ({"name": "broken.example.test", "exists": False}, "CRITICAL", "checks.dns-code"),
        ({"name": "refused.example.test"}, "CRITICAL", "checks.dns-code"),
        ({"name": "garbage.example.test"}, "CRITICAL", "checks.dns-failed"),
        ({"name": "silent.example.test", "timeout": 0.4}, "CRITICAL", "checks.dns-failed"),
        ({"name": "slow.example.test", "warn": "~:0.05"}, "WARNING", "checks.dns-ok"),
        ({"name": "many.example.test"}, "OK", "checks.dns-ok"),
    ],
)
def test_an_answer_about_a_name_is_judged_as_it_deserves(server, look, data, verdict: str, key: str) -> None:
    result = look(kind="dns", server="127.0.0.1", port=server[0], **data)
    assert (result.verdict.value, result.reason.key) == (verdict, key), result.reason.text("en")


def test_an_answer_that_is_too_long_for_a_datagram_is_asked_for_again(server, look) -> None:
    look(kind="dns", server="127.0.0.1", port=server[0], name="many.example.test")
    assert server[1][-2:] == ["udp many.example.test. A", "tcp many.example.test. A"]


def test_a_lost_datagram_is_no_dead_server(look) -> None:
    with name_server() as (port, asked):
        result = look(kind="dns", server="127.0.0.1", port=port, name="lossy.example.test", timeout=3)
    assert (result.verdict, len(asked)) == (Verdict.OK, 2)


def test_a_port_where_no_name_server_listens_is_told_at_once(look) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    result = look(kind="dns", server="127.0.0.1", port=port, name="www.example.test", timeout=30)
    assert (result.verdict, result.observed) == (Verdict.CRITICAL, "refused")


def test_a_missing_and_an_extra_value_are_both_told(server, look) -> None:
    result = look(kind="dns", server="127.0.0.1", port=server[0], name="www.example.test", expect=["192.0.2.1", "192.0.2.9"])
    assert "missing: 192.0.2.9; not expected: 192.0.2.2" in result.reason.text("en")
    assert "足りない値：192.0.2.9" in result.reason.text("ja")


def test_this_machines_own_name_servers_are_asked_by_default(look) -> None:
    result = look(kind="dns", name="no-such-name.invalid", timeout=1)
    assert result.verdict in ({Verdict.CRITICAL} if own_servers() else {Verdict.UNKNOWN})


def test_a_name_of_a_name_server_that_has_no_address_measures_nothing(look) -> None:
    result = look(kind="dns", name="www.example.test", server="no-such-name.invalid")
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.name-not-found")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"record": "ANY"}, "record"),
        ({"name": "-x"}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": "a..b"}, "name"),
        ({"name": "x" * 64}, "name"),
        ({"port": 0}, "port"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(data, field: str) -> None:
    assert check_problems({"id": "a", "kind": "dns", "name": "x", **data})[0].field == field
