"""sql against real databases: SQLite files, and a PostgreSQL server on loopback."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from urllib.parse import urlsplit

import pytest

from checks.servers import raw_server
from fixtures_postgresql import PASSWORD
from fixtures_up import free_port
from temanashi.changes import Verdict
from temanashi.checks import Means, check_problems
from temanashi.checks.sql_text import filled_for, reading

ORDERS = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT, amount NUMERIC(12, 2), made DATE, note TEXT);
INSERT INTO orders VALUES (1, 'DONE', 100.50, '2026-11-20', NULL);
INSERT INTO orders VALUES (2, 'STUCK', 20, '2026-11-20', 'it''s; DELETE');
INSERT INTO orders VALUES (3, 'STUCK', 7, '2026-11-19', '100%');
"""
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "trade #1%.db"
    with sqlite3.connect(path) as link:
        link.executescript(ORDERS)
    link.close()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def database(request):
    """How a check names the database: url and password."""
    if request.param == "sqlite":
        return {"url": f"sqlite:///{request.getfixturevalue('file')}"}
    return _postgresql(request.getfixturevalue("postgresql_url"))


def _postgresql(url: str) -> dict[str, str]:
    import psycopg

    with psycopg.connect(url, autocommit=True) as link:
        link.execute(ORDERS)
    parts = urlsplit(url)
    return {"url": f"postgresql://tema@127.0.0.1:{parts.port}{parts.path}", "password": "env:PW"}


@pytest.fixture
def ask(look, database):
    def asked(query: str, **data):
        return look(kind="sql", query=query, means=Means(secret=lambda _: PASSWORD), **database, **data)

    return asked


@pytest.mark.parametrize(
    ("query", "data", "verdict", "key"),
    [
        ("SELECT count(*) FROM orders WHERE state = 'STUCK'", {"warn": "~:1", "crit": "~:5"}, "WARNING", "checks.sql-value"),
        ("SELECT count(*) FROM orders WHERE state = 'STUCK';", {"warn": "~:2"}, "OK", "checks.sql-value"),
        ("SELECT amount FROM orders WHERE id = 1 -- the first", {"crit": "~:100"}, "CRITICAL", "checks.sql-value"),
        ("SELECT id, id AS id FROM orders ORDER BY id DESC LIMIT 1", {"warn": "3:3"}, "OK", "checks.sql-value"),
        ("VALUES (4)", {"warn": "~:3"}, "WARNING", "checks.sql-value"),
        (
            "WITH late AS (SELECT * FROM orders WHERE id > 1) SELECT count(*) FROM late",
            {"crit": "~:1"},
            "CRITICAL",
            "checks.sql-value",
        ),
        ("SELECT * FROM orders", {"measure": "rows", "warn": "~:2"}, "WARNING", "checks.sql-rows-counted"),
        ("SELECT 1 FROM orders WHERE id > 9", {"measure": "rows", "warn": "~:0"}, "OK", "checks.sql-rows-counted"),
        ("SELECT * FROM orders", {"measure": "rows", "expect": 3}, "OK", "checks.sql-as-expected"),
        ("SELECT state FROM orders WHERE id = 1", {"expect": "DONE"}, "OK", "checks.sql-as-expected"),
        ("SELECT state FROM orders WHERE id = 2", {"expect": "DONE"}, "CRITICAL", "checks.sql-other"),
        ("SELECT state FROM orders WHERE id = 2", {"expect": {"one_of": ["DONE", "STUCK"]}}, "OK", "checks.sql-as-expected"),
        ("SELECT state FROM orders WHERE id = 2", {"expect": {"matches": "^ST"}}, "OK", "checks.sql-as-expected"),
        ("SELECT note FROM orders WHERE note LIKE '%%'||'it''s; D%'", {"expect": "it's; DELETE"}, "OK", "checks.sql-as-expected"),
        ("SELECT count(*) FROM orders WHERE note LIKE '100%'", {"warn": "1:1"}, "OK", "checks.sql-value"),
        ("SELECT made FROM orders WHERE id = 1", {"expect": "2026-11-20"}, "OK", "checks.sql-as-expected"),
        ("SELECT state FROM orders WHERE id = 1", {"warn": "~:1"}, "UNKNOWN", "checks.sql-no-number"),
        ("SELECT 1e308 * 10", {"warn": "~:1"}, "UNKNOWN", None),
        ("SELECT note FROM orders WHERE id = 1", {"warn": "~:1"}, "UNKNOWN", "checks.sql-null"),
        ("SELECT max(id) FROM orders WHERE id > 9", {"warn": "~:1"}, "UNKNOWN", "checks.sql-null"),
        ("SELECT id FROM orders WHERE id > 9", {"warn": "~:1"}, "UNKNOWN", "checks.sql-no-row"),
        ("SELECT id FROM orders", {"warn": "~:1"}, "UNKNOWN", "checks.sql-rows"),
        ("SELECT nothing FROM orders", {"warn": "~:1"}, "UNKNOWN", "checks.sql-unmeasured"),
        ("SELECT count(*) FROM nowhere", {"warn": "~:1"}, "UNKNOWN", "checks.sql-unmeasured"),
    ],
)
def test_what_a_query_finds_is_judged_alike_in_both_databases(ask, query: str, data, verdict: str, key: str | None) -> None:
    result = ask(query, **data)
    assert (result.verdict.value, result.reason.key) == (verdict, key or result.reason.key), result.reason.text("en")
    assert PASSWORD not in result.model_dump_json()


def test_values_go_to_the_database_apart_from_the_query(ask) -> None:
    query = "SELECT count(*) FROM orders WHERE state = :state AND ':x' <> '%' AND id < :most"
    assert ask(query, params={"state": "STUCK", "most": 3}, warn="1:1").verdict is Verdict.OK
    assert ask(query, params={"state": "x' OR 1=1 --", "most": 3}, warn="0:0").verdict is Verdict.OK


@pytest.mark.parametrize("timeout", [0.3])
def test_a_query_that_does_not_end_is_ended(ask, timeout: float) -> None:
    result = ask(ENDLESS, warn="~:1", timeout=timeout)
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.sql-unmeasured")
    assert "no answer within 0.3 s" in result.reason.text("en")


def test_the_password_is_wrong_and_is_not_told(look, postgresql_url) -> None:
    database = _postgresql(postgresql_url)
    means = Means(secret=lambda _: "pa55word-wrong")
    result = look(kind="sql", query="SELECT 1", warn=1, means=means, **database)
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.sql-unmeasured")
    assert "password authentication failed" in result.reason.text("en")
    assert "pa55word-wrong" not in result.model_dump_json()


@pytest.mark.parametrize(
    ("query", "english"),
    [
        ("SELECT nextval('numbers')", "in a read-only transaction"),
        ("SELECT set_config('transaction_read_only', 'off', false), nextval('numbers')", "must be set before any query"),
        ("SELECT write_one()", "in a read-only transaction"),
    ],
)
def test_postgresql_refuses_what_writes_through_a_function(look, postgresql_url, query: str, english: str) -> None:
    import psycopg

    database = _postgresql(postgresql_url)
    with psycopg.connect(postgresql_url, autocommit=True) as link:
        link.execute("CREATE SEQUENCE numbers")
        link.execute("CREATE FUNCTION write_one() RETURNS int LANGUAGE sql AS 'DELETE FROM orders RETURNING 1'")
        result = look(kind="sql", query=query, warn=1, means=Means(secret=lambda _: PASSWORD), **database)
        assert result.verdict is Verdict.UNKNOWN
        assert english in result.reason.text("en")
        assert link.execute("SELECT count(*) FROM orders").fetchone() == (3,)


def test_sqlite_refuses_what_writes_through_a_function_or_a_pragma(look, file) -> None:
    for query in ("SELECT load_extension('x')", "SELECT * FROM pragma_table_info('orders')", "SELECT writefile('x', 'y')"):
        result = look(kind="sql", url=f"sqlite:///{file}", query=query, warn=1)
        assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.sql-unmeasured"), query


def test_a_file_that_is_not_there_is_not_made(look, tmp_path) -> None:
    result = look(kind="sql", url=f"sqlite:///{tmp_path}/none.db", query="SELECT 1", warn=1)
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.sql-unmeasured")
    assert not (tmp_path / "none.db").exists()


def test_a_file_that_is_no_database_was_not_measured(look, tmp_path) -> None:
    (tmp_path / "x.db").write_text("no database at all, but long enough to look at " * 50)
    result = look(kind="sql", url=f"sqlite:///{tmp_path}/x.db", query="SELECT count(*) FROM t", warn=1)
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.sql-unmeasured")


def test_a_database_that_refuses_the_connection_was_not_measured(look) -> None:
    pytest.importorskip("psycopg")
    port = free_port()
    result = look(kind="sql", url=f"postgresql://tema@127.0.0.1:{port}/x", query="SELECT 1", warn=1)
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.sql-unmeasured")
    assert f"127.0.0.1:{port}/x" in result.reason.text("ja")


def test_a_database_that_hangs_delays_nobody_for_long(look) -> None:
    pytest.importorskip("psycopg")
    with raw_server(lambda link: link.recv(10_000) and link.recv(1)) as port:
        result = look(kind="sql", url=f"postgresql://tema@127.0.0.1:{port}/x", query="SELECT 1", warn=1, timeout=0.3)
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.sql-unmeasured")


def test_a_database_that_falls_silent_is_cut_off(look) -> None:
    pytest.importorskip("psycopg")
    ended = threading.Event()

    def talk(link: socket.socket) -> None:
        link.recv(8)  # SSLRequest
        link.sendall(b"N")
        link.recv(10_000)
        link.sendall(b"R" + bytes([0, 0, 0, 8, 0, 0, 0, 0]) + b"Z" + bytes([0, 0, 0, 5]) + b"I")  # you are in, and I am ready
        while link.recv(10_000):
            pass
        ended.set()

    with raw_server(talk) as port:
        result = look(kind="sql", url=f"postgresql://tema@127.0.0.1:{port}/x", query="SELECT 1", warn=1, timeout=0.3)
        assert ended.wait(10)
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.sql-unmeasured")
    assert "no answer within 0.3 s" in result.reason.text("en")


def test_a_sqlite_file_that_is_locked_was_not_measured(look, file) -> None:
    with sqlite3.connect(file, isolation_level=None) as link:
        link.execute("BEGIN EXCLUSIVE")
        result = look(kind="sql", url=f"sqlite:///{file}", query="SELECT count(*) FROM orders", warn=1, timeout=0.2)
    link.close()
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.sql-unmeasured")
    assert "locked" in result.reason.text("en")


def test_a_value_of_bytes_is_compared_in_hexadecimal(look, file) -> None:
    result = look(kind="sql", url=f"sqlite:///{file}", query="SELECT x'00ff'", expect="00ff")
    assert result.verdict is Verdict.OK


@pytest.mark.parametrize(
    ("query", "english"),
    [
        ("DELETE FROM orders", "must begin with one of SELECT, WITH, VALUES"),
        ("", "at least 1"),
        ("-- nothing", "must begin with"),
        ("SELECT 1; SELECT 2", "only one statement is allowed; a second one begins after character 9"),
        ("SELECT E'\\''; DELETE FROM t --'", "second one begins after character 13"),
        ("SELECT 'a''; DELETE FROM t --'; SELECT 1", "after character 31"),
        ("SELECT a$b$ FROM t; DELETE FROM t; SELECT a$b$", "after character 19"),
        ("SELECT /* /* */ ; DELETE FROM t -- */ 1", "read in two ways"),
        ("SELECT 'open", "character 8"),
        ('SELECT "open', "character 8"),
        ("SELECT /* open", "character 8"),
        ("SELECT $x$ open $y$", "character 8"),
        ("WITH gone AS (DELETE FROM orders RETURNING 1) SELECT * FROM gone", "DELETE at character 15"),
        ("SELECT * INTO copy FROM orders", "INTO at character 10"),
        ("SELECT * FROM orders FOR UPDATE", "UPDATE at character 26"),
        ("SELECT :day", "no value for :day (character 8)"),
    ],
)
def test_what_is_no_single_reading_statement_is_refused_at_load(query: str, english: str) -> None:
    problems = check_problems({"id": "a", "kind": "sql", "url": "sqlite:////x.db", "query": query, "warn": 1})
    assert english in problems[0].message.text("en")
    assert problems[0].message.text("ja")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 'INSERT; DELETE' AS x, \"update\" FROM t ; -- end",
        "(SELECT 1) UNION (SELECT 2)",
        "select $tag$ ; delete $tag$",
        "SELECT updated_at, a::text, '12:30' /* ; */ FROM \"into\"",
        "SELECT U&'\\0061', E'it\\'s ;', x'00' FROM 表",
    ],
)
def test_what_only_looks_like_writing_is_let_through(query: str) -> None:
    assert reading(query) == query
    assert filled_for(query, {}, percent=False).strip() in query


@pytest.mark.parametrize(
    ("data", "field", "english"),
    [
        ({"url": "mysql://u@h/d"}, "url", "mysql is no database that can be opened for reading only"),
        ({"url": "postgresql://u:pa55@h/d"}, "url", "must not hold a password"),
        ({"url": "postgresql://u@h/d?password=pa55"}, "url", "must not hold a password"),
        ({"url": "postgresql://u@h/d?options=-c+x"}, "url", "cannot be used: options"),
        ({"url": "sqlite:///x.db"}, "url", "four slashes"),
        ({"url": "sqlite:////x.db?mode=rw"}, "url", "four slashes"),
        ({"warn": None}, "", "write what is good"),
        ({"params": {"a": [1]}}, "params.a.str", ""),
    ],
)
def test_a_mistake_is_told_with_its_field(data, field: str, english: str) -> None:
    problem = check_problems({"id": "a", "kind": "sql", "url": "sqlite:////x.db", "query": "SELECT 1", "warn": 1, **data})[0]
    assert problem.field == field
    assert english in problem.message.text("en")
    assert "pa55" not in problem.message.text("en")


def test_a_database_without_its_driver_is_told(look, monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    result = look(kind="sql", url="postgresql://tema@127.0.0.1:9/x", query="SELECT 1", warn=1)
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.sql-unmeasured")
    assert "temanashi[postgresql]" in result.reason.text("ja")


def test_nothing_of_the_environment_changes_where_is_asked(look, monkeypatch, file) -> None:
    monkeypatch.setitem(os.environ, "PGHOST", "127.0.0.9")
    assert look(kind="sql", url=f"sqlite:///{file}", query="SELECT 1", warn=1).verdict is Verdict.OK
