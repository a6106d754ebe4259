"""A commit counts when it is on the disk, and writers wait for the disk side by side."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from temanashi.ledger import turns
from temanashi.ledger.checkpoints import open_seal, write_checkpoint
from temanashi.ledger.database import open_database
from temanashi.ledger.faults import LedgerLocked, LedgerTrouble
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Draft
from temanashi.ledger.turns import Turn
from temanashi.ledger.verification import verify


def draft(number=0):
    return Draft(kind="noted", actor="alice", reason=str(number))


class Disk:
    """Keeps what the disk would have if the power failed right after each flush: the file, and the log up to there."""

    def __init__(self, monkeypatch, file, folder):
        self.file, self.folder, self.states, self._flush = file, folder, [], os.fdatasync
        monkeypatch.setattr("os.fdatasync", self.flush)

    def flush(self, handle):
        self._flush(handle)
        there = self.folder / str(len(self.states))
        there.mkdir()
        shutil.copy(self.file, there)
        shutil.copy(f"{self.file}-wal", there)
        self.states.append(there / self.file.name)


def found_in(file, clock):
    with closing(open_database(file, clock=clock)) as database, database.reading() as connection:
        return verify(connection)


def test_every_acknowledged_record_is_on_the_disk_when_the_power_fails(sqlite, ledger, file, clock, tmp_path, monkeypatch):
    disk = Disk(monkeypatch, file, tmp_path)
    acknowledged = []
    for number in range(12):
        head = ledger.record(draft(number))
        acknowledged.append((head.seq, len(disk.states)))
    assert acknowledged == [(number + 1, number + 1) for number in range(12)]
    for number, state in enumerate(list(disk.states), 1):
        found = found_in(state, clock)
        assert (found.status, found.records) == ("intact", number)


@pytest.mark.parametrize("torn", [1, 100, 4096, 20_000, 60_000])
def test_a_log_torn_after_the_last_flush_loses_only_what_nobody_was_told(sqlite, ledger, file, clock, tmp_path, torn, monkeypatch):
    ledger.record(*map(draft, range(5)))
    flushed = file.with_name(f"{file.name}-wal").stat().st_size
    monkeypatch.setattr("os.fdatasync", lambda _: None)
    ledger.record(*map(draft, range(60)))
    whole = file.with_name(f"{file.name}-wal").stat().st_size
    assert whole > flushed + torn
    there = tmp_path / "after"
    there.mkdir()
    shutil.copy(file, there)
    shutil.copy(f"{file}-wal", there)
    with (there / f"{file.name}-wal").open("r+b") as log:
        log.truncate(whole - torn)
    found = found_in(there / file.name, clock)
    assert (found.status, found.records) == ("intact", 5)


def test_a_disk_that_refuses_to_flush_acknowledges_nothing(ledger, monkeypatch):
    def broken(handle):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.fdatasync", broken)
    with pytest.raises(LedgerTrouble) as caught:
        ledger.record(draft())
    assert caught.value.data["reason"] == "Input/output error"


def test_what_a_checkpoint_vouches_for_is_on_the_disk_first(ledger, clock, tmp_path, monkeypatch):
    ledger.record(draft())
    order, seal = [], open_seal(tmp_path / "state")
    monkeypatch.setattr("os.fdatasync", lambda _: order.append("flushed"))
    monkeypatch.setattr("os.fsync", lambda _: order.append("written"))
    write_checkpoint(ledger, seal=seal, clock=clock)
    assert order[0] == "flushed"


def test_no_records_are_no_change(ledger):
    head = ledger.record(draft())
    assert ledger.record() == head


def test_a_second_writer_waits_for_its_turn(file):
    first, second, order = Turn(file), Turn(file), []
    first.take(seconds=5)

    def later():
        second.take(seconds=30)
        order.append("second")
        second.give()

    thread = threading.Thread(target=later)
    thread.start()
    order.append("first")
    first.give()
    thread.join(30)
    assert order == ["first", "second"]


def test_a_turn_that_never_ends_is_not_waited_for_without_end(sqlite, file, clock):
    holder = Turn(file)
    holder.take(seconds=1)
    with closing(open_database(file, clock=clock, busy_timeout=0.05)) as other:
        Ledger(other, clock=clock).record(draft())  # nobody holds the database itself
    holder.give()
    holder.give()  # a second time changes nothing


def test_a_killed_writer_gives_its_turn_back(file):
    code = "import sys; from pathlib import Path; from temanashi.ledger.turns import Turn; Turn(Path(sys.argv[1])).take(seconds=5)"
    code = code.replace("Turn(Path", "t = Turn(Path").replace(").take", "); t.take") + "; print('mine', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"mine\n"
        process.kill()
    mine = Turn(file)
    mine.take(seconds=0)
    handle = mine._handle
    other = Turn(file)
    other.take(seconds=0)
    assert handle >= 0
    with pytest.raises(BlockingIOError):
        turns.fcntl.flock(other._handle, turns.fcntl.LOCK_EX | turns.fcntl.LOCK_NB)
    mine.give()
    other.give()


def test_who_does_not_know_of_turns_is_kept_apart_by_the_database(sqlite, file, clock):
    with closing(sqlite3.connect(file, isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        with closing(open_database(file, clock=clock, busy_timeout=0.05)) as other, pytest.raises(LedgerLocked):
            Ledger(other, clock=clock).record(draft())


def test_a_folder_without_room_for_a_turn_is_no_obstacle(tmp_path):
    turn = Turn(tmp_path / "missing" / "temanashi.db")
    turn.take(seconds=1)
    turn.give()
