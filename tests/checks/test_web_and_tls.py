"""http and tls against real servers on loopback, well and ill."""

from __future__ import annotations

import socket
import time

import pytest

from checks.certificates import issue, make_authority, write_server
from checks.servers import raw_server, tls_context, tls_server, web_server
from fixtures_up import free_port
from temanashi.changes import Verdict


@pytest.fixture(scope="module")
def web():
    with web_server() as (port, seen):
        yield f"http://127.0.0.1:{port}", seen


@pytest.fixture(scope="module")
def authority():
    return make_authority()


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory) -> str:
    file = tmp_path_factory.mktemp("ca") / "root.pem"
    file.write_bytes(authority.root.pem)
    return str(file)


@pytest.mark.parametrize(
    ("page", "data", "verdict", "key"),
    [
        ("/", {}, "OK", "checks.http-ok"),
        ("/", {"method": "HEAD"}, "OK", "checks.http-ok"),
        ("/", {"body": "status: UP", "headers": {"X-Version": "^7"}}, "OK", "checks.http-ok"),
        ("/", {"body": "status: DOWN"}, "CRITICAL", "checks.http-body"),
        ("/", {"headers": {"X-Version": "^8"}}, "CRITICAL", "checks.http-headers"),
        ("/", {"headers": {"X-Missing": "."}}, "CRITICAL", "checks.http-headers"),
        ("/", {"crit": "~:0"}, "CRITICAL", "checks.http-ok"),
        ("/", {"warn": "~:0"}, "WARNING", "checks.http-ok"),
        ("/status/503", {}, "CRITICAL", "checks.http-status"),
        ("/status/503", {"status": [200, 503]}, "OK", "checks.http-ok"),
        ("/status/200", {"body": "status: UP"}, "CRITICAL", "checks.http-body"),
        ("/to//", {}, "OK", "checks.http-ok"),
        ("/to//", {"redirects": 0}, "CRITICAL", "checks.http-status"),
        ("/to//", {"redirects": 0, "status": [302]}, "OK", "checks.http-ok"),
        ("/loop/", {"redirects": 3}, "CRITICAL", "checks.http-failed"),
        ("/to/ftp://example.invalid/", {}, "CRITICAL", "checks.http-failed"),
        ("/to/http://x:99999/", {}, "CRITICAL", "checks.http-failed"),
        ("/to/http://no-such-name.invalid/", {}, "UNKNOWN", "checks.name-not-found"),
        ("/gzip", {"body": "status: UP"}, "OK", "checks.http-ok"),
        ("/bomb", {"timeout": 20}, "OK", "checks.http-ok"),
        ("/bomb", {"body": "status: UP", "timeout": 20}, "UNKNOWN", "checks.http-cut"),
        ("/long", {"body": "status: UP"}, "UNKNOWN", "checks.http-cut"),
        ("/long", {"body": "^xxx"}, "OK", "checks.http-ok"),
        ("/brotli", {}, "OK", "checks.http-ok"),
        ("/brotli", {"body": "status: UP"}, "UNKNOWN", "checks.http-encoding"),
        ("/broken-gzip", {"body": "status: UP"}, "UNKNOWN", "checks.http-encoding"),
        ("/sjis", {"body": "状態：正常"}, "OK", "checks.http-ok"),
        ("/odd-charset", {"body": "status: UP"}, "OK", "checks.http-ok"),
        ("/drip", {"timeout": 0.5}, "CRITICAL", "checks.http-failed"),
    ],
)
def test_a_page_is_judged_as_it_deserves(web, look, page: str, data, verdict: str, key: str) -> None:
    result = look(kind="http", url=web[0] + page, **data)
    assert (result.verdict.value, result.reason.key) == (verdict, key), result.reason.text("en")


def test_headers_of_a_check_are_sent_to_its_own_server_only(web, look) -> None:
    with web_server() as (other, seen_there):
        result = look(kind="http", url=f"{web[0]}/to/http://127.0.0.1:{other}/x", request_headers={"X-Token": "t0ken"})
    assert result.verdict is Verdict.OK
    assert web[1][-1][1]["X-Token"] == "t0ken"
    assert [path for path, _ in seen_there] == ["/x"]
    assert "X-Token" not in seen_there[0][1]


def test_proxies_of_the_environment_are_not_asked(web, look, monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert look(kind="http", url=web[0] + "/").verdict is Verdict.OK


def test_a_refused_connection_was_measured(look) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        web, tls = look(kind="http", url=f"http://127.0.0.1:{port}/"), look(kind="tls", port=port)
    assert (web.verdict, web.observed) == (Verdict.CRITICAL, "refused")
    assert (tls.verdict, tls.observed) == (Verdict.CRITICAL, "refused")
    assert "接続を拒否されました" in web.reason.text("ja")
    assert "接続を拒否されました" in tls.reason.text("ja")


def test_a_name_without_address_was_not_measured(look) -> None:
    for data in ({"kind": "http", "url": "http://no-such-name.invalid/"}, {"kind": "tls", "host": "no-such-name.invalid"}):
        result = look(**data)
        assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.name-not-found")


@pytest.mark.parametrize(
    ("talk", "observed"),
    [
        (lambda link: link.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"), "protocol"),
        (lambda link: link.close(), ("protocol", "reset")),
        (lambda _: time.sleep(2), "timeout"),
        (lambda link: [(link.send(b"H"), time.sleep(0.1)) for _ in range(30)], "timeout"),
    ],
    ids=["another protocol", "hangs up", "silent", "drips its headers"],
)
def test_what_is_no_web_server_is_critical_in_time(look, talk, observed) -> None:
    with raw_server(talk) as port:
        result = look(kind="http", url=f"http://127.0.0.1:{port}/", timeout=0.7)
    assert result.verdict is Verdict.CRITICAL
    assert result.observed in observed


CERTIFICATES = [
    ("good", {"names": ("localhost",)}, "OK", "checks.tls-days"),
    ("for its address", {"names": ("127.0.0.1",), "host": "127.0.0.1"}, "OK", "checks.tls-days"),
    ("wildcard", {"names": ("*.example.test",), "server_name": "www.example.test"}, "OK", "checks.tls-days"),
    ("soon to expire", {"names": ("localhost",), "end": 20.5}, "WARNING", "checks.tls-days"),
    ("about to expire", {"names": ("localhost",), "end": 3.5}, "CRITICAL", "checks.tls-days"),
    ("expired", {"names": ("localhost",), "end": -1}, "CRITICAL", "checks.tls-expired"),
    ("not yet valid", {"names": ("localhost",), "start": 1}, "CRITICAL", "checks.tls-not-yet"),
    ("wrong name", {"names": ("other.test", "10.0.0.9")}, "CRITICAL", "checks.tls-name"),
    ("wrong address", {"names": ("localhost",), "host": "127.0.0.1"}, "CRITICAL", "checks.tls-name"),
    ("no name at all", {"names": ()}, "CRITICAL", "checks.tls-name"),
    ("self-signed", {"names": ("localhost",), "chain": "self"}, "CRITICAL", "checks.tls-self-signed"),
    ("missing intermediate", {"names": ("localhost",), "chain": "missing"}, "CRITICAL", "checks.tls-no-issuer"),
    ("expired intermediate", {"names": ("localhost",), "chain": "expired"}, "CRITICAL", "checks.tls-expired"),
    ("unknown root", {"names": ("localhost",), "chain": "foreign"}, "CRITICAL", "checks.tls-root"),
    ("unknown root that is not sent", {"names": ("localhost",), "chain": "foreign-short"}, "CRITICAL", "checks.tls-issuer"),
]


@pytest.mark.parametrize(("name", "data", "verdict", "key"), CERTIFICATES, ids=[case[0] for case in CERTIFICATES])
def test_a_certificate_is_judged_as_a_strict_client_would(look, authority, ca_file, tmp_path, name, data, verdict, key) -> None:
    data = dict(data)
    sort = data.pop("chain", "good")
    foreign = make_authority() if sort.startswith("foreign") else authority
    issuer = {"self": None, "expired": authority.expired_intermediate}.get(sort, foreign.intermediate)
    chain = {"self": (), "missing": (), "foreign": (foreign.intermediate, foreign.root)}.get(sort, (issuer,))
    dates = {edge: data.pop(edge) for edge in ("start", "end") if edge in data}
    server = issue("server.test", issuer, names=data.pop("names"), **dates)
    with tls_server(write_server(tmp_path, server, *chain)) as port:
        result = look(kind="tls", port=port, ca_file=ca_file, **{"host": "localhost", **data})
    found = [problem["key"] for problem in result.reason.data.get("problems", [])] or [result.reason.key]
    assert (result.verdict.value, found) == (verdict, [key]), result.reason.text("en")


def test_a_certificate_without_trust_in_this_machines_store_is_critical(look, authority, tmp_path) -> None:
    server = issue("server.test", authority.intermediate, names=("localhost",))
    with tls_server(write_server(tmp_path, server, authority.intermediate)) as port:
        result = look(kind="tls", host="localhost", port=port)
    assert result.verdict is Verdict.CRITICAL


def test_several_faults_of_a_certificate_are_all_told(look, authority, ca_file, tmp_path) -> None:
    server = issue("old.test", authority.expired_intermediate, names=("old.test",), end=-2)
    with tls_server(write_server(tmp_path, server, authority.expired_intermediate)) as port:
        result = look(kind="tls", host="localhost", port=port, ca_file=ca_file)
    assert "CN=old.test" in result.reason.text("ja")
    assert "CN=Old Intermediate" in result.reason.text("ja")


def test_the_days_are_those_of_the_member_that_expires_first(look, authority, ca_file, tmp_path) -> None:
    brief = issue("Brief Intermediate", authority.root, end=15.5, ca=True)
    server = issue("server.test", brief, names=("localhost",), end=90)
    with tls_server(write_server(tmp_path, server, brief)) as port:
        result = look(kind="tls", host="localhost", port=port, ca_file=ca_file)
    assert (result.verdict, result.metrics[0].value) == (Verdict.WARNING, pytest.approx(15.5, abs=0.1))
    assert "CN=Brief Intermediate" in result.reason.text("ja")


def test_an_expired_certificate_that_is_not_on_the_path_does_no_harm(look, authority, ca_file, tmp_path) -> None:
    server = issue("server.test", authority.intermediate, names=("localhost",))
    with tls_server(write_server(tmp_path, server, authority.intermediate, authority.expired_intermediate)) as port:
        assert look(kind="tls", host="localhost", port=port, ca_file=ca_file).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("talk", "observed"),
    [
        (lambda link: link.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" * 10), "tls"),
        (lambda link: link.close(), ("tls", "reset")),
        (lambda _: time.sleep(2), "timeout"),
        (lambda link: [(link.send(b"\x16"), time.sleep(0.1)) for _ in range(30)], ("timeout", "tls")),
    ],
    ids=["another protocol", "hangs up", "silent", "drips"],
)
def test_what_is_no_tls_server_is_critical_in_time(look, talk, observed) -> None:
    with raw_server(talk) as port:
        result = look(kind="tls", host="localhost", port=port, timeout=0.7)
    assert result.verdict is Verdict.CRITICAL
    assert result.observed in observed


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_file_of_certificates_that_cannot_be_read_means_nothing_was_measured(look, tmp_path, text) -> None:
    file = tmp_path / "ca.pem"
    if text:
        file.write_text(text)
    for data in ({"kind": "tls", "host": "localhost"}, {"kind": "http", "url": "https://localhost/"}):
        result = look(ca_file=str(file), **data)
        assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.ca-file")


def test_a_web_page_over_tls_needs_a_good_certificate(look, authority, ca_file, tmp_path) -> None:
    good = issue("server.test", authority.intermediate, names=("localhost",))
    bad = issue("server.test", authority.intermediate, names=("other.test",))
    with web_server(tls_context(write_server(tmp_path, good, authority.intermediate))) as (port, _):
        assert look(kind="http", url=f"https://localhost:{port}/", ca_file=ca_file).verdict is Verdict.OK
        distrusted = look(kind="http", url=f"https://localhost:{port}/")
        assert (distrusted.verdict, distrusted.observed) == (Verdict.CRITICAL, "tls")
    with web_server(tls_context(write_server(tmp_path, bad, authority.intermediate))) as (port, _):
        wrong = look(kind="http", url=f"https://localhost:{port}/", ca_file=ca_file)
    assert (wrong.verdict, wrong.observed) == (Verdict.CRITICAL, "tls")
    assert "not valid for 'localhost'" in wrong.reason.text("en")


@pytest.mark.parametrize("kind", ["tcp", "http"])
def test_an_optional_service_that_does_not_listen_is_skipped_and_another_is_critical(kind: str, look) -> None:
    port = free_port()
    where = {"tcp": {"host": "127.0.0.1", "port": port}, "http": {"url": f"http://127.0.0.1:{port}/"}}[kind]
    for optional, verdict in ((True, "SKIPPED"), (False, "CRITICAL")):
        result = look(kind=kind, optional=optional, **where)
        assert result.verdict == verdict
