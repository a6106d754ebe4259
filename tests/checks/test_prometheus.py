"""prometheus against a server that answers as Prometheus does."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from checks.servers import raw_server
from temanashi.changes import Verdict
from temanashi.checks import Means

NOW = 1_795_000_000.5


def vector(*series: tuple[dict[str, str], str], at: float = NOW) -> dict:
    return {"resultType": "vector", "result": [{"metric": metric, "value": [at, value]} for metric, value in series]}


ORDERS = ({"__name__": "orders", "job": "trade", "instance": "a:9100"}, "120")
FEW = ({"__name__": "orders", "job": "trade", "instance": "b:9100"}, "3")
ANSWERS = {
    "orders": vector(ORDERS),
    "both": vector(ORDERS, FEW),
    "sum(orders)": vector(({}, "123")),
    "scalar(orders)": {"resultType": "scalar", "result": [NOW, "7"]},
    "orders[5m]": {"resultType": "matrix", "result": []},
    "nothing": vector(),
    "nan": vector(({}, "NaN")),
    "inf": vector(({}, "+Inf")),
    "half": vector(ORDERS, ({"job": "x"}, "NaN")),
    "name-only": vector(({"__name__": "up"}, "1")),
    "many": vector(*[({"n": str(n)}, "1") for n in range(101)]),
    "timestamp(orders)": vector(({}, str(NOW - 30))),
    "timestamp(both)": vector(({}, str(NOW - 30)), ({}, str(NOW - 900))),
}
ERROR = {"status": "error", "errorType": "bad_data", "error": "1:3: parse error: unexpected end of input"}


@pytest.fixture(scope="module")
def server():
    heads: list[str] = []

    def talk(link) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += link.recv(65_536)
        heads.append(head.decode())
        target = urlsplit(head.decode().split(" ")[1])
        query = parse_qs(target.query)["query"][0]
        if query == "html":
            status, body = "200 OK", "<html>"
        elif query == "down":
            status, body = "503 Service Unavailable", "starting up"
        elif query in ANSWERS:
            status, body = "200 OK", json.dumps({"status": "success", "data": ANSWERS[query], "warnings": ["a warning"]})
        else:
            status, body = "400 Bad Request", json.dumps(ERROR)
        link.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    with raw_server(talk) as port:
        yield f"http://127.0.0.1:{port}", heads


@pytest.mark.parametrize(
    ("query", "data", "verdict", "key"),
    [
        ("orders", {"warn": "100:"}, "OK", "checks.prometheus-value"),
        ("orders", {"crit": "200:"}, "CRITICAL", "checks.prometheus-value"),
        ("sum(orders)", {"warn": "200:"}, "WARNING", "checks.prometheus-value"),
        ("scalar(orders)", {"warn": "~:5"}, "WARNING", "checks.prometheus-value"),
        ("both", {"warn": "100:", "crit": "1:"}, "WARNING", "checks.prometheus-series"),
        ("name-only", {"crit": "1:"}, "OK", "checks.prometheus-value"),
        ("nothing", {"warn": "1:"}, "UNKNOWN", "checks.prometheus-empty"),
        ("nothing", {"warn": "1:", "empty": "OK"}, "OK", "checks.prometheus-empty"),
        ("nothing", {"warn": "1:", "empty": "CRITICAL"}, "CRITICAL", "checks.prometheus-empty"),
        ("nan", {"warn": "1:"}, "UNKNOWN", "checks.prometheus-no-number"),
        ("inf", {"warn": "1:"}, "UNKNOWN", "checks.prometheus-no-number"),
        ("half", {"warn": "1:"}, "UNKNOWN", "checks.prometheus-no-number"),
        ("half", {"crit": "999:"}, "CRITICAL", "checks.prometheus-series"),
        ("many", {}, "UNKNOWN", "checks.prometheus-many"),
        ("orders[5m]", {}, "UNKNOWN", "checks.prometheus-type"),
        ("sum(", {}, "UNKNOWN", "checks.prometheus-error"),
        ("html", {}, "UNKNOWN", "checks.prometheus-other"),
        ("down", {}, "UNKNOWN", "checks.prometheus-other"),
        ("orders", {"max_age": 60}, "OK", "checks.prometheus-value"),
        ("both", {"max_age": 60}, "UNKNOWN", "checks.prometheus-old"),
        ("nothing", {"max_age": 60}, "UNKNOWN", "checks.prometheus-empty"),
    ],
)
def test_what_a_query_finds_is_judged_as_it_deserves(server, look, query: str, data, verdict: str, key: str) -> None:
    result = look(kind="prometheus", url=server[0], query=query, **data)
    assert (result.verdict.value, result.reason.key) == (verdict, key), result.reason.text("en")


def test_the_worst_series_is_named_and_all_are_metrics(server, look) -> None:
    result = look(kind="prometheus", url=f"{server[0]}/", query="both", warn="100:", unit="件")
    assert [(m.name, m.value) for m in result.metrics] == [("instance=a:9100, job=trade", 120), ("instance=b:9100, job=trade", 3)]
    assert result.observed == "3件"
    assert "instance=b:9100" in result.reason.text("ja")


def test_the_error_of_a_query_is_told(server, look) -> None:
    assert "parse error" in look(kind="prometheus", url=server[0], query="sum(").reason.text("ja")


def test_who_asks_is_told_by_reference(server, look) -> None:
    means = Means(secret=lambda _: "t0ken-abc")
    data = {"auth": {"bearer": "env:T"}, "secret_headers": {"X-Scope-OrgID": "env:T"}, "means": means}
    assert look(kind="prometheus", url=server[0], query="orders", warn="1:", **data).verdict is Verdict.OK
    assert "Authorization: Bearer t0ken-abc" in server[1][-1]
    assert "X-Scope-OrgID: t0ken-abc" in server[1][-1]


def test_a_server_that_is_not_there_says_nothing_about_the_number(look) -> None:
    with raw_server(lambda link: link.close()) as port:
        pass
    result = look(kind="prometheus", url=f"http://127.0.0.1:{port}", query="orders")
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.http-failed")


@pytest.mark.parametrize("body", ['{"status": "success", "data": {"resultType": "vector", "result": [{}]}}', "[]"])
def test_an_answer_in_another_form_is_unknown(look, body: str) -> None:
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    with raw_server(lambda link: (link.recv(4096), link.sendall(answer))) as port:
        assert look(kind="prometheus", url=f"http://127.0.0.1:{port}", query="orders").verdict is Verdict.UNKNOWN
