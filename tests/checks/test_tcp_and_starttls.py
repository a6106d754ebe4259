"""tcp with words to say and to hear, and tls on connections that begin without it; on real sockets."""

from __future__ import annotations

import socket
import time

import pytest

from checks.certificates import issue, make_authority, write_server
from checks.servers import raw_server, tls_context, tls_server
from temanashi.changes import Verdict
from temanashi.checks import check_problems


def greets(link: socket.socket) -> None:
    link.sendall(b"220 mail.example.test ESMTP\r\n")
    while data := link.recv(100):
        link.sendall(b"250 you said " + data)


@pytest.mark.parametrize(
    ("talk", "data", "verdict", "key"),
    [
        (greets, {}, "OK", "checks.tcp-open"),
        (greets, {"expect": "^220 .*ESMTP"}, "OK", "checks.tcp-answer"),
        (greets, {"expect": "^220 .*ESMTP", "warn": "~:0"}, "WARNING", "checks.tcp-answer"),
        (greets, {"send": "EHLO me\r\n", "expect": "you said EHLO me", "quit": "QUIT\r\n"}, "OK", "checks.tcp-answer"),
        (greets, {"send": "EHLO me\r\n"}, "OK", "checks.tcp-open"),
        (greets, {"expect": "^554 ", "timeout": 0.3}, "CRITICAL", "checks.tcp-expect"),
        (lambda link: link.sendall(b"554 go away\r\n"), {"expect": "^220 "}, "CRITICAL", "checks.tcp-expect"),
        (lambda link: link.close(), {"expect": "^220 "}, "CRITICAL", "checks.tcp-expect"),
        (lambda _: time.sleep(1), {"expect": "^220 ", "timeout": 0.3}, "CRITICAL", "checks.tcp-expect"),
        (lambda link: link.sendall(b"x" * 200_000), {"expect": "y"}, "CRITICAL", "checks.tcp-expect"),
        (lambda link: [(link.send(bytes([b])), time.sleep(0.02)) for b in "準備完了".encode()], {"expect": "準備完了"}, "OK", None),
        (lambda link: [(link.send(b"."), time.sleep(0.05)) for _ in range(40)], {"expect": "x", "timeout": 0.4}, "CRITICAL", None),
    ],
    ids=["opens", "greets", "slowly", "answers", "hears", "waits", "refuses", "hangs-up", "silent", "floods", "trickles", "drips"],
)
def test_what_a_service_says_is_judged(look, talk, data, verdict: str, key: str | None) -> None:
    with raw_server(talk) as port:
        result = look(kind="tcp", host="127.0.0.1", port=port, **data)
    assert result.verdict.value == verdict
    assert key is None or result.reason.key == key


def test_what_was_said_instead_is_told(look) -> None:
    with raw_server(lambda link: link.sendall(b"554 go away\r\n")) as port:
        result = look(kind="tcp", host="127.0.0.1", port=port, expect="^220 ")
    assert "it said: 554 go away" in result.reason.text("en")
    assert "554 go away" in result.reason.text("ja")


def test_a_connection_that_is_cut_was_measured(look) -> None:
    def cut(link: socket.socket) -> None:
        link.recv(1)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        link.close()

    with raw_server(cut) as port:
        result = look(kind="tcp", host="127.0.0.1", port=port, send="hello", expect="world")
    assert (result.verdict, result.observed) == (Verdict.CRITICAL, "reset")


@pytest.fixture(scope="module")
def authority():
    return make_authority()


def smtp(link: socket.socket) -> None:
    link.sendall(b"220-mail.example.test\r\n220 ESMTP\r\n")
    link.recv(100)
    link.sendall(b"250-mail\r\n250 STARTTLS\r\n")
    link.recv(100)
    link.sendall(b"220 go ahead\r\n")


def imap(link: socket.socket) -> None:
    link.sendall(b"* OK IMAP4rev1\r\n")
    link.recv(100)
    link.sendall(b"* CAPABILITY x\r\na OK begin\r\n")


def pop3(link: socket.socket) -> None:
    link.sendall(b"+OK ready\r\n")
    link.recv(100)
    link.sendall(b"+OK begin\r\n")


def ldap(link: socket.socket) -> None:
    assert link.recv(100).endswith(b"1.3.6.1.4.1.1466.20037")
    link.sendall(bytes.fromhex("300c02010178070a010004000400"))


def postgresql(link: socket.socket) -> None:
    assert link.recv(8) == bytes.fromhex("0000000804d2162f")
    link.sendall(b"S")


def long_lengths(link: socket.socket) -> None:
    link.recv(100)
    inner = bytes.fromhex("0a010004000400")
    response = b"\x78\x84" + len(inner).to_bytes(4) + inner
    message = bytes.fromhex("020101") + response
    link.sendall(b"\x30\x84" + len(message).to_bytes(4) + message)


TALKS = [("smtp", smtp), ("imap", imap), ("pop3", pop3), ("ldap", ldap), ("ldap", long_lengths), ("postgresql", postgresql)]


@pytest.mark.parametrize(("protocol", "talk"), TALKS, ids=[talk.__name__ for _, talk in TALKS])
def test_certificates_are_seen_behind_starttls(look, authority, tmp_path, protocol: str, talk) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.root.pem)
    server = issue("server.test", authority.intermediate, names=("localhost",), end=20.5)
    context = tls_context(write_server(tmp_path, server, authority.intermediate))

    def serve(link: socket.socket) -> None:
        talk(link)
        with context.wrap_socket(link, server_side=True) as tls:
            tls.recv(1)

    with raw_server(serve) as port:
        result = look(kind="tls", host="localhost", port=port, starttls=protocol, ca_file=str(ca))
    assert (result.verdict, result.reason.key) == (Verdict.WARNING, "checks.tls-days")
    assert result.metrics[0].value == pytest.approx(20.5, abs=0.1)


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        ("smtp", b"554 no service\r\n"),
        ("smtp", b"220 hi\r\n502 no EHLO\r\n"),
        ("smtp", b"220 hi\r\n250 no TLS\r\n454 not now\r\n"),
        ("imap", b"* BYE\r\n"),
        ("imap", b"* OK hi\r\na BAD what\r\n"),
        ("pop3", b"-ERR busy\r\n"),
        ("ldap", bytes.fromhex("300c02010178070a013504000400")),
        ("ldap", b"HTTP/1.1 400 Bad Request\r\n"),
        ("ldap", b""),
        ("postgresql", b"N"),
        ("postgresql", b""),
    ],
)
def test_a_server_that_does_not_begin_tls_is_critical(look, protocol: str, said: bytes) -> None:
    with raw_server(lambda link: (link.sendall(said), link.shutdown(socket.SHUT_WR), link.recv(9999))) as port:
        result = look(kind="tls", host="localhost", port=port, starttls=protocol, timeout=2)
    assert result.verdict is Verdict.CRITICAL
    assert result.observed in {"starttls", "reset"}


def test_a_server_that_drips_its_greeting_is_critical_in_time(look) -> None:
    with raw_server(lambda link: [(link.send(b"2"), time.sleep(0.05)) for _ in range(60)]) as port:
        result = look(kind="tls", host="localhost", port=port, starttls="smtp", timeout=0.5)
    assert (result.verdict, result.observed) == (Verdict.CRITICAL, "timeout")


def test_each_member_of_a_chain_is_kept_with_its_dates(look, authority, tmp_path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.root.pem)
    server = issue("server.test", authority.intermediate, names=("localhost",))
    with tls_server(write_server(tmp_path, server, authority.intermediate)) as port:
        result = look(kind="tls", host="localhost", port=port, ca_file=str(ca))
    text = result.evidence[0].text
    assert [text.count(f'"subject":"CN={name}"') for name in ("server.test", "Test Intermediate", "Test Root")] == [1, 1, 1]
    assert text.count('"not_before"') == text.count('"not_after"') == 3


@pytest.mark.parametrize(
    ("data", "field"),
    [({"kind": "tcp", "port": 1, "expect": "("}, "expect"), ({"kind": "tls", "starttls": "ftp"}, "starttls")],
)
def test_a_mistake_is_told_with_its_field(data, field: str) -> None:
    assert check_problems({"id": "a", **data})[0].field == field
