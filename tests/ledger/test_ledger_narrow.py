"""The narrow tables beside the records: filled with them, rebuilt from them, on both kinds of database."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, delete, select, update

from temanashi.ledger.database import open_database
from temanashi.ledger.demanded import LARGEST, Asked, asked_of, demand_table
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.narrow import fill_rows, rebuild_rows
from temanashi.ledger.upgrading import MIGRATIONS
from temanashi.ledger.verification import verify
from temanashi.ledger.work import work_of, work_table, work_told


@pytest.fixture
def ledger(database, clock):
    return Ledger(database, clock=clock)


def rows(database):
    with database.reading() as connection:
        return [sorted(map(tuple, connection.execute(select(table)))) for table in (work_table, demand_table)]


@pytest.fixture
def filled(database, ledger, a_draft):
    targets = [{"target": "web1", "outcome": "changed"}, {"target": "web2", "outcome": "failed"}]
    common = {"task": "点検", "run": "r1", "slot": "2026-11-20"}
    with database.transaction() as connection:
        ledger.append(connection, a_draft(1, kind="run_requested", **common))
        ledger.append(connection, a_draft(2, kind="decision", outcome="done", step="look", human_seconds=60, **common))
        ledger.append(connection, a_draft(3, kind="step_done", step="look", targets=targets, human_seconds=2**70, **common))
        ledger.append(connection, a_draft(4, kind="run_finished", outcome="failed", targets=targets, **common))
        ledger.append(connection, a_draft(5, kind="run_finished", task="点検", slot="T-1"))
        ledger.append(
            connection, a_draft(6, kind="demand", task="点検", slot="T-1", body={"targets": 2**80, "source": "tick\x00ets"})
        )
        ledger.append(connection, a_draft(7, kind="demand", task="点検", slot="T-1", body={"targets": 3}))
        ledger.append(
            connection, a_draft(8, kind="demand", task="点検", slot="T-2", body={"day": "2026-11-19", "basis": "request"})
        )
        ledger.append(connection, a_draft(9, kind="demand", task="点検", slot="T-2", outcome="cancelled", reason=" "))
        ledger.append(connection, a_draft(10, kind="demand", task="点検", slot="T-2", outcome="cancelled", reason="二重"))
        ledger.append(connection, a_draft(11, kind="demand", task="点検", slot="T-2", outcome="cancelled", reason="later"))
    return ledger


def test_an_append_fills_the_rows_of_work_and_of_the_first_demand(database, filled):
    work, demand = rows(database)
    assert [row[3] for row in sorted(work, key=lambda row: row[3])] == [2, 3, 4, 5]
    assert sorted((row[3], row[1]) for row in demand) == [(6, 0), (8, 0), (10, 1)]
    ended = next(row for row in work if row[3] == 4)
    assert ended[-1] == '[["web1","changed"],["web2","failed"]]'
    assert next(row for row in work if row[3] == 3)[-2] == LARGEST
    assert {row[13] for row in demand} == {"", "二重"}


def test_a_record_without_a_run_stands_under_its_own_event(database, filled):
    work, _ = rows(database)
    with database.reading() as connection:
        event = filled.get(connection, 5).event_id
    assert next(row for row in work if row[3] == 5)[6] == event


def test_rows_say_what_the_records_that_are_read_back_say(database, filled):
    with database.reading() as connection:
        records = list(filled.records(connection))
    work, demand = rows(database)
    told = work_told([row[1:9] + row[10:] for row in work])
    assert sorted(told) == sorted(found for record in records if (found := work_of(record)) is not None)
    asked = {found.seq: found for record in records if (found := asked_of(record)) is not None}
    for row in demand:
        assert Asked(row[1], *row[3:]) == asked[row[3]]


def test_rows_can_be_rebuilt_from_the_chain(database, filled):
    before = rows(database)
    with database.transaction() as connection:
        connection.execute(delete(work_table).where(work_table.c.seq == 4))
        connection.execute(update(demand_table).values(targets=7))
    assert rows(database) != before
    with database.transaction() as connection:
        assert rebuild_rows(connection) == 10
    assert rows(database) == before


def test_rows_of_two_chains_stay_apart(database, filled, clock, a_draft):
    drills = Ledger(database, clock=clock, chain="drills")
    with database.transaction() as connection:
        drills.append(connection, a_draft(1, kind="demand", task="点検", slot="T-1"))
    before = rows(database)
    assert {row[0] for row in before[1]} == {"main", "drills"}
    with database.transaction() as connection:
        rebuild_rows(connection)
    assert rows(database) == before


def test_filling_in_pages_is_filling_at_once(database, ledger, a_draft, monkeypatch):
    monkeypatch.setattr("temanashi.ledger.narrow._PAGE", 3)
    with database.transaction() as connection:
        for number in range(10):
            ledger.append(connection, a_draft(number, kind="run_finished" if number % 2 else "demand", run="", slot=str(number)))
    before = rows(database)
    with database.transaction() as connection:
        connection.execute(delete(work_table))
        connection.execute(delete(demand_table))
        assert fill_rows(connection) == 10
    assert rows(database) == before


def test_a_failed_append_leaves_no_rows(database, ledger, a_draft):
    def halfway():
        with database.transaction() as connection:
            ledger.append(connection, a_draft(1, kind="run_finished", run="r"))
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        halfway()
    assert rows(database) == [[], []]


def test_an_old_ledger_is_given_its_rows_when_it_is_opened(sqlite, file, clock, opened, tmp_path, a_draft):
    ledger = Ledger(sqlite, clock=clock)
    with sqlite.transaction() as connection:
        for number in range(6):
            ledger.append(connection, a_draft(number, kind="run_finished" if number % 2 else "demand", slot=str(number)))
    before = rows(sqlite)
    sqlite.close()
    old = tmp_path / "old.db"
    engine = create_engine(f"sqlite:///{old}")
    with engine.begin() as connection:  # as a version before these tables left it
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        command.upgrade(config, "0016")
    engine.dispose()
    with closing(sqlite3.connect(old, isolation_level=None)) as raw:
        raw.execute("ATTACH ? AS new", [str(file)])
        for table in ("ledger", "ledger_body"):
            raw.execute(f"INSERT INTO {table} SELECT * FROM new.{table} ORDER BY seq")
    again = opened(open_database(f"sqlite:///{old}", clock=clock))
    assert rows(again) == before
    with again.reading() as connection:
        assert verify(connection).status == "intact"
