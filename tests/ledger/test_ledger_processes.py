"""Several processes, forks, threads and kill -9."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import temanashi
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.verification import verify

SCRIPT = Path(__file__).with_name("appending.py")


def start(what: str, database, count: int) -> subprocess.Popen[str]:
    url = database.address.url.render_as_string(hide_password=False)
    source = str(Path(temanashi.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, SCRIPT, what, url, str(count)], env={**os.environ, "PYTHONPATH": source}, stdout=subprocess.PIPE, text=True
    )


def numbers(process: subprocess.Popen[str]) -> list[int]:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return [int(line) for line in out.split()]


def test_four_processes_append_to_one_chain_without_a_fork_of_it(database):
    processes = [start("write", database, 40) for _ in range(4)]
    said = [numbers(process) for process in processes]
    assert sorted(seq for each in said for seq in each) == list(range(1, 161))
    with database.reading() as connection:
        found = verify(connection)
    assert (found.status, found.records) == ("intact", 160)


def test_threads_append_to_one_chain_through_one_database(database, clock, fill):
    ledger = Ledger(database, clock=clock)
    threads = [threading.Thread(target=fill, args=(ledger, 20)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with database.reading() as connection:
        found = verify(connection)
    assert (found.status, found.records) == ("intact", 100)


def test_a_database_survives_a_fork(database):
    process = start("forked", database, 15)
    out, _ = process.communicate(timeout=120)
    assert out.strip() == "[0, 0, 0]"
    with database.reading() as connection:
        found = verify(connection)
    assert (found.status, found.records) == ("intact", 62)


@pytest.mark.parametrize("times", [100])
def test_kill_9_loses_nothing_that_was_acknowledged(sqlite, times):
    sqlite.close()
    acknowledged = numbers(start("killed", sqlite, times))
    assert len(acknowledged) > times
    assert acknowledged == sorted(set(acknowledged))
    with sqlite.reading() as connection:
        found = verify(connection)
    assert found.status == "intact"
    # A record that was committed in the moment before its writer could say so is there too, at most one a kill.
    assert acknowledged[-1] <= found.records <= len(acknowledged) + times
