"""A long chain is read in parts by several processes; whatever is amiss is judged by one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from functools import partial

import pytest

from temanashi.ledger import scanning_apart
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.pruning import prune
from temanashi.ledger.scanning import scan
from temanashi.ledger.scanning_apart import scan_apart
from temanashi.ledger.verification import verify

TARGETS = [{"target": "web1", "outcome": "changed"}]


def work(book, a_draft):
    """Records of runs and of demand, some of them of an occasion that was recorded before."""
    for number in range(6):
        common = {"task": "t", "runbook": "t", "run": f"run-{number}", "slot": f"INC-{number % 3}"}
        book.record(
            a_draft(number, kind="demand", task="t", slot=f"INC-{number % 3}"),
            a_draft(number, kind="decision", human_seconds=60, **common),
            a_draft(number, kind="run_finished", outcome="done", targets=TARGETS, **common),
        )


def apart(database, processes=2, **said):
    with database.reading() as connection:
        options = {"chain": "main", "bodies": True, "wanted": {1, 5, 18}} | said
        return scan_apart(connection, database.address, processes=processes, **options)


def alone(database, **said):
    with database.reading() as connection:
        return scan(connection, **({"chain": "main", "bodies": True, "wanted": {1, 5, 18}} | said))


def test_parts_find_what_one_pass_finds(database, clock, a_draft):
    work(Ledger(database, clock=clock), a_draft)
    for said in ({}, {"bodies": False}):
        found, expected = apart(database, **said), alone(database, **said)
        expected.rows = None  # the parts have compared them already
        assert found == expected
        assert (found.records, set(found.hashes)) == (18, {1, 5, 18})


@pytest.fixture
def worked(sqlite, ledger, a_draft):
    work(ledger, a_draft)
    return sqlite


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET envelope = replace(envelope, 'alice', 'mallo') WHERE seq = 7",
        "UPDATE ledger SET hash = NULL WHERE seq = 12",
        "UPDATE ledger SET hash = x'00' WHERE seq = 9",
        "DELETE FROM ledger WHERE seq = 9",
        "DELETE FROM ledger WHERE seq = 10",
        "UPDATE ledger SET seq = 0 WHERE seq = 18",
        "UPDATE ledger SET seq = 'x' WHERE seq = 18",
        "UPDATE ledger_body SET text = '{}' WHERE seq = 11",
        "UPDATE ledger_body SET salt = NULL, text = NULL WHERE seq = 11",
        "UPDATE ledger_work SET seconds = 1 WHERE seq = 2",
        "UPDATE ledger_work SET seq = 99 WHERE seq = 2",
        "DELETE FROM ledger_demand WHERE seq = 4",
        "UPDATE ledger SET envelope = cast(x'ff' AS text) WHERE seq = 3",
    ],
)
def test_whatever_is_amiss_is_left_to_one_pass_over_the_whole(worked, file, statement):
    with closing(sqlite3.connect(file, isolation_level=None)) as raw:
        raw.execute("PRAGMA ignore_check_constraints=ON")
        raw.execute("PRAGMA writable_schema=ON")
        raw.execute("UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '') WHERE name = 'ledger'")
        raw.execute("PRAGMA writable_schema=RESET")
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        assert raw.execute(statement).rowcount == 1
    assert apart(worked) is None
    with worked.reading() as connection:
        found = verify(connection, apart=partial(scan_apart, address=worked.address, processes=2))
        assert found == verify(connection)
    assert found.status == "altered"


def test_pruned_bodies_and_a_clock_that_was_set_back_are_counted_over_all_parts(worked, ledger, clock, alice, a_draft):
    clock.moment -= timedelta(days=1)
    ledger.record(a_draft(99))
    clock.moment += timedelta(days=400)
    with worked.transaction() as connection:
        prune(connection, ledger, before=clock.moment, actor=alice, reason="retention")
    found, expected = apart(worked), alone(worked)
    assert (found.pruned, found.older) == (expected.pruned, expected.older)
    assert found.pruned > 5
    assert found.older == 1


def test_a_process_that_cannot_start_is_left_to_one_pass(worked, monkeypatch):
    monkeypatch.setattr(scanning_apart.sys, "executable", "/bin/false")
    assert apart(worked) is None


def test_a_short_chain_and_one_processor_are_read_by_one(worked, monkeypatch):
    assert apart(worked, processes=None) is None
    assert apart(worked, processes=1) is None
    monkeypatch.setattr(scanning_apart, "WORTH_IT", 5)
    monkeypatch.setattr(scanning_apart, "_cores", lambda: 2)
    assert apart(worked, processes=None).records == 18


def test_records_that_come_meanwhile_do_not_matter(worked, ledger, a_draft):
    with worked.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM ledger").scalar() == 18
        work(ledger, a_draft)
        found = scan_apart(connection, worked.address, chain="main", bodies=True, wanted=set(), processes=2)
    assert found.records == 18
