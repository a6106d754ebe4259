"""What an `http` check may ask and wish for, against a real server on loopback."""

from __future__ import annotations

import base64
import socket

import pytest

from checks.certificates import issue, make_authority, write_server
from checks.servers import proxy_server, raw_server, tls_context, web_server
from fixtures_up import free_port
from temanashi.changes import Verdict
from temanashi.checks import Means, check_problems
from temanashi.secrets import SecretMissing


@pytest.fixture(scope="module")
def web():
    with web_server() as (port, seen):
        yield f"http://127.0.0.1:{port}", seen


def secrets(**known: str) -> Means:
    def secret(ref: str) -> str:
        if ref not in known:
            raise SecretMissing(ref)
        return known[ref]

    return Means(secret=lambda ref: secret(ref.removeprefix("env:")))


@pytest.mark.parametrize(
    ("page", "data", "verdict", "key"),
    [
        ("/", {"contains": "status: UP"}, "OK", "checks.http-ok"),
        ("/", {"contains": "status. UP"}, "CRITICAL", "checks.http-body"),
        ("/maintenance", {}, "OK", "checks.http-ok"),
        ("/maintenance", {"not_body": "メンテナンス"}, "CRITICAL", "checks.http-not-body"),
        ("/maintenance", {"contains": "status: UP"}, "CRITICAL", "checks.http-body"),
        ("/", {"not_body": "メンテナンス"}, "OK", "checks.http-ok"),
        ("/bomb", {"not_body": "メンテナンス", "timeout": 20}, "UNKNOWN", "checks.http-cut"),
        ("/brotli", {"not_body": "メンテナンス"}, "UNKNOWN", "checks.http-encoding"),
        ("/cut-gzip", {"contains": "no such"}, "UNKNOWN", "checks.http-encoding"),
        ("/cut-gzip", {"contains": "status: UP"}, "OK", "checks.http-ok"),
        ("/status/503", {"contains": "x", "json": {"$.a": 1}}, "CRITICAL", "checks.http-status"),
        ("/huge-head", {}, "CRITICAL", "checks.http-failed"),
        ("/json", {"json": {"$.status": "UP", "nodes[0].up": True, "$.none": None}}, "OK", "checks.http-ok"),
        ("/json", {"json": {"$.status": "DOWN"}}, "CRITICAL", "checks.http-json"),
        ("/json", {"json": {"$.nodes[1].up": True}}, "CRITICAL", "checks.http-json"),
        ("/json", {"json": {"$.nodes[0].up": 1}}, "CRITICAL", "checks.http-json"),
        ("/json", {"json": {"$.missing": "UP"}}, "CRITICAL", "checks.http-json"),
        ("/json", {"json": {"$.missing": {"exists": False}}}, "OK", "checks.http-ok"),
        ("/json", {"json": {"$.status": {"one_of": ["UP", "DEGRADED"]}}}, "OK", "checks.http-ok"),
        ("/json", {"json": {"$.status": {"matches": "^U"}}}, "OK", "checks.http-ok"),
        ("/json", {"json": {"$.queue.depth": {"at_most": 100}}}, "CRITICAL", "checks.http-json"),
        ("/json", {"json": {"$.queue.depth": {"warn": "~:100", "crit": "~:500"}}}, "WARNING", "checks.http-value"),
        ("/json", {"json": {"$.queue.oldest": {"crit": "~:7"}}}, "CRITICAL", "checks.http-value"),
        ("/json", {"json": {"$.queue.oldest": {"crit": "~:8"}}}, "OK", "checks.http-value"),
        ("/json", {"json": {"$.status": {"crit": "~:8"}}}, "UNKNOWN", "checks.http-no-number"),
        ("/json", {"json": {"$.missing": {"crit": "~:8"}}}, "UNKNOWN", "checks.http-no-number"),
        ("/json", {"json": {"$.missing": {"crit": "~:8", "exists": True}}}, "CRITICAL", "checks.http-json"),
        ("/json", {"value": "$.queue.depth", "unit": " orders", "warn": "200:"}, "WARNING", "checks.http-value"),
        ("/json", {"value": "$.queue.depth", "warn": "~:200"}, "OK", "checks.http-value"),
        ("/json", {"value": "$.none", "warn": "~:200"}, "UNKNOWN", "checks.http-no-number"),
        ("/", {"json": {"$.status": "UP"}}, "CRITICAL", "checks.http-not-json"),
        ("/brotli", {"json": {"$.status": "UP"}}, "UNKNOWN", "checks.http-encoding"),
        ("/long", {"json": {"$.status": "UP"}}, "UNKNOWN", "checks.http-cut"),
        ("/状態", {"contains": "status: UP"}, "OK", "checks.http-ok"),
        ("/", {"method": "OPTIONS", "headers": {"Allow": "HEAD"}}, "OK", "checks.http-ok"),
        ("/long", {"body": r"(x|xx)+[0-9]$", "timeout": 20}, "UNKNOWN", "checks.pattern-slow"),
    ],
)
def test_an_answer_is_held_against_the_conditions(web, look, page: str, data, verdict: str, key: str) -> None:
    result = look(kind="http", url=web[0] + page, **data)
    assert (result.verdict.value, result.reason.key) == (verdict, key), result.reason.text("en")


def test_a_number_in_json_is_a_metric_with_its_ranges(web, look) -> None:
    result = look(kind="http", url=f"{web[0]}/json", json={"$.queue.depth": {"warn": "~:100", "unit": "件"}}, crit="5")
    assert [(m.name, m.value, m.unit, m.warn, m.crit) for m in result.metrics[:1]] == [("$.queue.depth", 120, "件", "~:100", None)]
    assert (result.metrics[1].name, result.metrics[1].crit) == ("seconds", "5")
    assert result.observed == "$.queue.depth = 120件"
    assert "120件" in result.reason.text("ja")


def test_a_redirect_that_comes_back_is_told_as_a_circle(web, look) -> None:
    result = look(kind="http", url=f"{web[0]}/loop/")
    assert (result.verdict, result.observed) == (Verdict.CRITICAL, "loop")
    assert "go round in a circle" in result.reason.text("en")


def test_redirects_that_never_end_are_followed_so_far(web, look) -> None:
    result = look(kind="http", url=f"{web[0]}/to//to//to//to//", redirects=2)
    assert (result.verdict, result.observed) == (Verdict.CRITICAL, "redirects")


def test_what_is_posted_arrives_and_follows_no_redirect(web, look) -> None:
    as_json = look(kind="http", url=web[0], method="POST", send={"query": "{ up }"}, body=r"^application/json\n.*\{ up \}")
    as_text = look(kind="http", url=web[0], method="POST", send="状態？", contains="text/plain; charset=utf-8\n状態？")
    empty = look(kind="http", url=web[0], method="POST")
    own = look(
        kind="http", url=web[0], method="POST", send="<a/>", request_headers={"content-type": "text/xml"}, body="^text/xml\n"
    )
    assert [result.verdict.value for result in (as_json, as_text, empty, own)] == ["OK"] * 4


def test_who_asks_is_told_by_reference_and_never_kept(web, look) -> None:
    means = secrets(PW="pa55word-xyz", TOKEN="t0ken-abc")
    pair = base64.b64encode(b"monitor:pa55word-xyz").decode()
    good = look(kind="http", url=f"{web[0]}/as/Basic+{pair}", auth={"user": "monitor", "password": "env:PW"}, means=means)
    bearer = look(kind="http", url=f"{web[0]}/as/Bearer+t0ken-abc", auth={"bearer": "env:TOKEN"}, means=means)
    nobody = look(kind="http", url=f"{web[0]}/as/Bearer+t0ken-abc")
    echo = look(
        kind="http",
        url=f"{web[0]}/echo",
        auth={"user": "monitor", "password": "env:PW"},
        secret_headers={"X-Token": "env:TOKEN"},
        contains="no such text",
        means=means,
    )
    fully = look(kind="http", url=f"{web[0]}/echo", secret_headers={"X-Token": "env:TOKEN"}, body="X-Token: .", means=means)
    assert [r.verdict.value for r in (good, bearer, nobody, echo, fully)] == ["OK", "OK", "CRITICAL", "CRITICAL", "OK"]
    for result in (echo, fully):
        assert "t0ken-abc" not in result.model_dump_json()
        assert pair not in result.model_dump_json()


def test_a_secret_that_is_missing_means_nothing_was_measured(web, look) -> None:
    asked = len(web[1])
    result = look(kind="http", url=web[0], auth={"bearer": "env:NOBODY"}, means=secrets())
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "secrets.missing")
    assert len(web[1]) == asked


@pytest.mark.parametrize("secret", ["t0ken\nX-More: 1", "合言葉の文字列"])
def test_a_secret_that_is_no_header_means_nothing_was_measured(web, look, secret: str) -> None:
    asked = len(web[1])
    result = look(kind="http", url=web[0], auth={"bearer": "env:T"}, means=Means(secret=lambda _: secret))
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.cannot-measure")
    assert len(web[1]) == asked
    assert "t0ken" not in result.model_dump_json()


@pytest.mark.parametrize("number", ["1" + "0" * 400, "NaN", "1e999", '"1,5"', '"１"', "true", "[1]", '"1_000"'])
def test_what_only_looks_like_a_number_is_none(look, number: str) -> None:
    answer = f'HTTP/1.1 200 OK\r\n\r\n{{"value": {number}}}'.encode()
    with raw_server(lambda link: (link.recv(4096), link.sendall(answer))) as port:
        result = look(kind="http", url=f"http://127.0.0.1:{port}/", value="$.value", warn="~:1")
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.http-no-number")


def test_one_server_behind_a_name_can_be_looked_at(web, look) -> None:
    port = web[0].rpartition(":")[2]
    assert look(kind="http", url=f"http://trade.invalid:{port}/", address="127.0.0.1").verdict is Verdict.OK
    assert web[1][-1][1]["Host"] == f"trade.invalid:{port}"


def test_an_address_of_ipv6_is_asked_as_such(look) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
    result = look(kind="http", url=f"http://[::1]:{port}/")
    assert (result.verdict, result.observed) == (Verdict.CRITICAL, "refused")


@pytest.fixture(scope="module")
def authority():
    return make_authority()


@pytest.fixture(scope="module")
def ca(authority, tmp_path_factory):
    file = tmp_path_factory.mktemp("ca") / "root.pem"
    file.write_bytes(authority.root.pem)
    return file


def test_a_client_certificate_is_shown_where_it_is_asked_for(look, authority, ca, tmp_path) -> None:
    server = write_server(tmp_path, issue("server", authority.intermediate, names=("localhost",)), authority.intermediate)
    ours = write_server(tmp_path, issue("monitor", authority.intermediate), authority.intermediate)
    with web_server(tls_context(server, clients=ca)) as (port, _):
        url = f"https://localhost:{port}/"
        shown = look(kind="http", url=url, ca_file=str(ca), client_cert=str(ours), contains="UP")
        hidden = look(kind="http", url=url, ca_file=str(ca))
    assert (shown.verdict, hidden.verdict) == (Verdict.OK, Verdict.CRITICAL)
    assert hidden.observed in {"tls", "reset"}


def test_the_key_of_a_client_certificate_needs_its_password(look, authority, ca, tmp_path) -> None:
    server = write_server(tmp_path, issue("server", authority.intermediate, names=("localhost",)), authority.intermediate)
    ours = issue("monitor", authority.intermediate)
    cert = tmp_path / "cert.pem"
    cert.write_bytes(ours.pem + authority.intermediate.pem)
    key = tmp_path / "key.pem"
    key.write_bytes(ours.key_with("pa55word-xyz"))
    data = {"kind": "http", "ca_file": str(ca), "client_cert": str(cert), "client_key": str(key), "client_password": "env:PW"}
    with web_server(tls_context(server, clients=ca)) as (port, _):
        url = f"https://localhost:{port}/"
        assert look(url=url, **data, means=secrets(PW="pa55word-xyz")).verdict is Verdict.OK
        wrong = look(url=url, **data, means=secrets(PW="wrong-password"))
    assert (wrong.verdict, wrong.reason.key) == (Verdict.UNKNOWN, "checks.client-cert")
    assert "wrong-password" not in wrong.model_dump_json()


def test_a_client_certificate_that_is_not_there_means_nothing_was_measured(look, tmp_path) -> None:
    result = look(kind="http", url="https://localhost:9/", client_cert=str(tmp_path / "none.pem"))
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.client-cert")


def test_a_proxy_is_used_where_the_check_says_so(web, look, authority, ca, tmp_path) -> None:
    server = write_server(tmp_path, issue("server", authority.intermediate, names=("shop.invalid",)), authority.intermediate)
    with proxy_server() as (proxy, asked), web_server(tls_context(server)) as (port, _):
        way = {"proxy": f"http://127.0.0.1:{proxy}"}
        plain = look(kind="http", url=f"{web[0]}/", contains="UP", **way)
        # The proxy resolves names; this machine needs to know only the proxy's.
        secure = look(kind="http", url=f"https://shop.invalid:{port}/", ca_file=str(ca), contains="UP", **way)
    assert (plain.verdict, secure.verdict) == (Verdict.OK, Verdict.OK)
    assert asked == [f"GET {web[0]}/ HTTP/1.1", f"CONNECT shop.invalid:{port} HTTP/1.1"]


@pytest.mark.parametrize(
    ("refusal", "verdict", "key"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "UNKNOWN", "checks.cannot-measure"),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "UNKNOWN", "checks.cannot-measure"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "UNKNOWN", "checks.cannot-measure"),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "CRITICAL", "checks.http-failed"),
    ],
)
def test_what_a_proxy_refuses_says_little_about_the_server(look, refusal: bytes, verdict: str, key: str) -> None:
    with proxy_server(refusal) as (proxy, _):
        result = look(kind="http", url="https://shop.invalid/", proxy=f"http://127.0.0.1:{proxy}")
    assert (result.verdict.value, result.reason.key) == (verdict, key)


def test_a_proxy_that_is_not_there_says_nothing_about_the_server(look) -> None:
    port = free_port()
    result = look(kind="http", url="http://shop.invalid/", proxy=f"http://127.0.0.1:{port}")
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.cannot-measure")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"HTTP/1.1 20x OK\r\n\r\n",
    ],
    ids=["cut off", "a broken chunk", "two lengths", "no status"],
)
def test_a_broken_answer_is_critical(look, answer: bytes) -> None:
    with raw_server(lambda link: (link.recv(4096), link.sendall(answer))) as port:
        result = look(kind="http", url=f"http://127.0.0.1:{port}/", contains="hello")
    assert (result.verdict, result.observed) == (Verdict.CRITICAL, "protocol")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Name: \xe6\x97\xa5\r\nX-Name: \xff\r\nContent-Length: 5\r\n\r\nhello",
    ],
    ids=["without a length", "hints first", "in chunks", "odd headers"],
)
def test_every_form_of_a_whole_answer_is_read(look, answer: bytes) -> None:
    with raw_server(lambda link: (link.recv(4096), link.sendall(answer))) as port:
        assert look(kind="http", url=f"http://127.0.0.1:{port}/", contains="hello").verdict is Verdict.OK


@pytest.mark.parametrize(
    ("data", "field", "english"),
    [
        ({"send": "x"}, "", "send needs method: POST"),
        ({"method": "DELETE"}, "method", "not allowed"),
        ({"auth": {"user": "bob"}}, "auth", "either user and password, or bearer"),
        ({"auth": {"bearer": "env:A", "user": "bob", "password": "env:B"}}, "auth", "either user and password, or bearer"),
        ({"auth": {"bearer": "t0ken"}}, "auth.bearer", "required form"),
        ({"secret_headers": {"X": "t0ken"}}, "secret_headers.X", "required form"),
        ({"request_headers": {"X Y": "1"}}, "request_headers.X Y.[key]", "required form"),
        ({"request_headers": {"X": "a\nb"}}, "request_headers.X", "required form"),
        ({"json": {"$.a[": 1}}, "json.$.a[.[key]", "cannot be read"),
        ({"json": {"$.a": {}}}, "json.$.a", "the condition is empty"),
        ({"json": {"$.a": {"warn": "x"}}}, "json.$.a.warn", "no part of a number"),
        ({"not_body": "("}, "not_body", "no regular expression"),
        ({"proxy": "socks5://x"}, "proxy", "no http:// or https:// address"),
    ],
)
def test_a_mistake_in_a_condition_is_told_with_its_place(data, field: str, english: str) -> None:
    problem = check_problems({"id": "a", "kind": "http", "url": "http://localhost/", **data})[0]
    assert problem.field == field
    assert english in problem.message.text("en")
