"""Opening, upgrading, and what a person reads when the database cannot be used."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import temanashi
from temanashi.clock import SystemClock
from temanashi.ledger.database import open_database
from temanashi.ledger.faults import (
    BadDatabaseUrl,
    DatabaseUnreachable,
    DriverMissing,
    LedgerCorrupt,
    LedgerFolder,
    LedgerForeign,
    LedgerFull,
    LedgerLocked,
    LedgerMissing,
    LedgerNewer,
    LedgerReadOnly,
    LedgerTrouble,
)
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.upgrading import known_revisions
from temanashi.ledger.verification import verify
from temanashi.text import explain


@contextmanager
def as_nobody():
    """The rights of an ordinary user, to whom read-only means something; root may write anywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public_folder():
    """A folder that an ordinary user can reach, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="tema-ledger-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_new_database_is_private_and_keeps_a_log(sqlite, file):
    assert file.stat().st_mode & 0o777 == 0o600
    with sqlite.transaction() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 5000, "secure_delete": 1}


def test_an_up_to_date_database_opens_without_alembic(sqlite, file):
    sqlite.close()
    code = """
import sys
import temanashi.ledger.database as d, temanashi.clock as c
d.open_database(sys.argv[1], clock=c.SystemClock())
print("alembic" in sys.modules)
"""
    source = str(Path(temanashi.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code, f"sqlite:///{file}"],
        env={**os.environ, "PYTHONPATH": source}, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "False"


def test_the_folder_is_made_but_not_its_parents(tmp_path, clock, opened, assert_told):
    opened(open_database(f"sqlite:///{tmp_path}/.tema/temanashi.db", clock=clock))
    assert (tmp_path / ".tema").stat().st_mode & 0o777 == 0o700
    with pytest.raises(LedgerFolder) as caught:
        open_database(f"sqlite:///{tmp_path}/no/where/temanashi.db", clock=clock)
    assert_told(caught.value, f"{tmp_path}/no/where")


def test_a_path_is_taken_as_it_stands(tmp_path, clock, opened):
    folder = tmp_path / "100%41 台帳 #1"
    folder.mkdir()
    opened(open_database(f"sqlite:///{folder}/a b.db", clock=clock))
    assert (folder / "a b.db").exists()


def test_a_folder_that_cannot_be_written_is_named(public_folder, clock, assert_told):
    public_folder.chmod(0o555)
    with as_nobody(), pytest.raises(LedgerFolder) as caught:
        open_database(public_folder / "temanashi.db", clock=clock)
    assert_told(caught.value, str(public_folder))


def test_nothing_is_created_when_only_an_existing_database_will_do(file, clock, assert_told):
    for options in ({"create": False}, {"read_only": True}):
        with pytest.raises(LedgerMissing) as caught:
            open_database(file, clock=clock, **options)
        assert_told(caught.value, str(file))
    assert not file.exists()
    file.touch()
    for options in ({"create": False}, {"read_only": True}):
        with pytest.raises(LedgerMissing):
            open_database(file, clock=clock, **options)


def test_a_read_only_file_says_so_and_can_still_be_read(public_folder, clock, opened, a_draft, assert_told):
    file = public_folder / "temanashi.db"
    database = opened(open_database(file, clock=clock))
    with database.transaction() as connection:
        Ledger(database, clock=clock).append(connection, a_draft(1))
    for each in public_folder.iterdir():
        each.chmod(0o444)
    with as_nobody():
        other = open_database(file, clock=clock)
        with other.reading() as connection:
            assert verify(connection).records == 1
        with pytest.raises(LedgerReadOnly) as caught, other.transaction() as connection:
            Ledger(other, clock=clock).append(connection, a_draft(2))
        other.close()
    assert_told(caught.value, str(file))


def test_a_full_database_says_so_and_keeps_what_it_had(sqlite, ledger, fill, a_draft, assert_told):
    fill(ledger, 3)

    def overflow():
        with sqlite.transaction() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
            ledger.append(connection, a_draft(body={"text": "x" * 500_000}))

    with pytest.raises(LedgerFull) as caught:
        overflow()
    assert_told(caught.value, sqlite.place)
    with sqlite.reading() as connection:
        assert verify(connection).records == 3


def test_a_full_disk_says_so_and_keeps_what_was_acknowledged(clock, a_draft):
    folder = Path(tempfile.mkdtemp(prefix="tema-full-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=False, capture_output=True)
    try:
        if mounted.returncode:
            pytest.skip("a small disk cannot be mounted here")
        with closing(open_database(folder / "temanashi.db", clock=clock)) as database:
            ledger = Ledger(database, clock=clock)
            acknowledged = []

            def overflow():
                for number in range(1000):
                    with database.transaction() as connection:
                        ledger.append(connection, a_draft(body={"text": "x" * 5000}))
                    acknowledged.append(number)

            with pytest.raises(LedgerFull):
                overflow()
            assert len(acknowledged) > 3
            with database.reading() as connection:
                found = verify(connection)
            assert (found.status, found.records) == ("intact", len(acknowledged))
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", folder], check=True)
        folder.rmdir()


def test_a_locked_database_says_how_long_we_waited(sqlite, ledger, file, clock, opened, a_draft, assert_told):
    other = opened(open_database(file, clock=clock, busy_timeout=0.1))
    with sqlite.transaction() as connection:
        ledger.append(connection, a_draft(1))
        with pytest.raises(LedgerLocked) as caught, other.transaction():
            pass
    assert_told(caught.value, str(file))
    with other.transaction() as connection:
        Ledger(other, clock=clock).append(connection, a_draft(2))


def test_more_threads_than_connections_wait_their_turn(file, clock, opened):
    database = opened(open_database(file, clock=clock, busy_timeout=0.2))
    held, release = threading.Semaphore(0), threading.Event()

    def hold():
        with database.reading():
            held.release()
            release.wait(10)

    threads = [threading.Thread(target=hold) for _ in range(25)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert held.acquire(timeout=10)
    with pytest.raises(LedgerLocked), database.reading():
        pass
    release.set()
    for thread in threads:
        thread.join(10)


def test_the_switch_to_wal_waits_for_another_opener(file, clock):
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerLocked):
            open_database(file, clock=clock, busy_timeout=0.1)


def test_the_switch_to_wal_is_tried_again_until_the_other_opener_is_done(file, clock):
    class Patient(type(clock)):
        def monotonic(self):
            return len(self.slept) * 0.02

    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("CREATE TABLE t (x)")
        other.execute("DROP TABLE t")
        other.execute("BEGIN")
        other.execute("SELECT * FROM sqlite_master").fetchall()
        waiting = Patient()
        with pytest.raises(LedgerLocked):
            open_database(file, clock=waiting, busy_timeout=0.05)
        assert len(waiting.slept) == 3

        class Rewarded(Patient):
            def sleep(self, seconds):
                super().sleep(seconds)
                other.execute("COMMIT")

        open_database(file, clock=Rewarded(), busy_timeout=0.05).close()


def test_a_newer_database_is_not_touched(sqlite, file, clock, assert_told):
    with sqlite.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9876'")
    sqlite.close()
    before = file.read_bytes()
    with pytest.raises(LedgerNewer) as caught:
        open_database(file, clock=clock)
    assert_told(caught.value, "9876", known_revisions()[-1])
    assert file.read_bytes() == before


@pytest.mark.parametrize("statement", ["CREATE TABLE customers (id)", "CREATE TABLE alembic_version (version_num)"])
def test_the_database_of_another_program_is_not_touched(file, clock, statement, assert_told):
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        if "alembic" in statement:
            connection.execute("INSERT INTO alembic_version VALUES ('a1b2c3')")
            connection.commit()
    with pytest.raises(LedgerForeign) as caught:
        open_database(file, clock=clock)
    assert_told(caught.value, str(file))
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)


def test_a_file_that_is_no_database_is_not_touched(file, clock, assert_told):
    file.write_text("hello, I am a letter" * 100)
    with pytest.raises(LedgerCorrupt) as caught:
        open_database(file, clock=clock)
    assert_told(caught.value, str(file))
    assert file.read_text().startswith("hello")


def test_a_damaged_database_says_so(sqlite, ledger, fill, file, clock):
    fill(ledger, 30)
    sqlite.close()
    content = bytearray(file.read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    file.write_bytes(content)

    def read():
        with closing(open_database(file, clock=clock)) as database, database.reading() as connection:
            list(Ledger(database, clock=clock).records(connection))

    with pytest.raises(LedgerCorrupt):
        read()


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path, clock):
    with pytest.raises(LedgerReadOnly):
        open_database(tmp_path, clock=clock)


def test_another_refusal_of_the_database_keeps_its_reason(sqlite, assert_told):
    with pytest.raises(LedgerTrouble) as caught, sqlite.transaction() as connection:
        connection.exec_driver_sql("SELECT * FROM nowhere")
    assert_told(caught.value, "nowhere")


@pytest.mark.parametrize(
    "url",
    ["", "temanashi.db", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///x.db?mode=ro", "mysql://u:secret@h/d",
     "postgresql://u:secret@h:notaport/d", "postgresql+psycopg2://u:secret@h/d"],
)  # fmt: skip
def test_a_url_that_cannot_be_used_is_refused_without_showing_it(url, clock, assert_told):
    with pytest.raises(BadDatabaseUrl) as caught:
        open_database(url, clock=clock)
    assert_told(caught.value)
    assert "secret" not in str(caught.value)


def test_a_server_that_does_not_answer_is_named_without_user_and_password(clock, assert_told):
    with pytest.raises(DatabaseUnreachable) as caught:
        open_database("postgres://tema:secret-word@127.0.0.1:1/ledger", clock=clock)
    assert_told(caught.value, "postgresql://127.0.0.1:1/ledger")
    assert "secret-word" not in str(caught.value) + repr(caught.value.data)


@pytest.mark.server
def test_a_wrong_password_is_not_shown(postgresql_url, clock):
    with pytest.raises(DatabaseUnreachable) as caught:
        open_database(postgresql_url.replace("only-for-tests", "wrong-word"), clock=clock)
    assert "wrong-word" not in str(caught.value)


@pytest.mark.server
def test_a_missing_database_of_the_server_is_named(postgresql_url, clock, assert_told):
    with pytest.raises(DatabaseUnreachable) as caught:
        open_database(postgresql_url + "x", clock=clock)
    assert_told(caught.value)


@pytest.mark.server
def test_an_empty_postgresql_database_is_missing_when_only_an_existing_one_will_do(postgresql_url, clock):
    with pytest.raises(LedgerMissing):
        open_database(postgresql_url, clock=clock, create=False)


@pytest.mark.server
def test_a_postgresql_user_without_rights_is_told_so(postgresql_url, clock, assert_told):
    import psycopg

    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'reader-word'")
    with pytest.raises(LedgerReadOnly) as caught:
        open_database(postgresql_url.replace("tema:only-for-tests", "reader:reader-word"), clock=clock)
    assert_told(caught.value)


@pytest.mark.server
def test_postgresql_gives_up_waiting_for_another_writer(postgresql_url, clock, opened, a_draft):
    one = opened(open_database(postgresql_url, clock=clock))
    two = opened(open_database(postgresql_url, clock=clock, busy_timeout=0.2))
    with one.transaction() as connection:
        Ledger(one, clock=clock).append(connection, a_draft(1))
        with pytest.raises(LedgerLocked), two.transaction() as other:
            Ledger(two, clock=clock).append(other, a_draft(2))


def test_a_missing_driver_names_the_extra(clock, monkeypatch, assert_told):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DriverMissing) as caught:
        open_database("postgresql://tema:secret-word@127.0.0.1:1/ledger", clock=clock)
    assert_told(caught.value)
    assert "temanashi[postgresql]" in explain(caught.value, "ja").next
    assert "secret-word" not in str(caught.value)


def test_a_database_that_was_replaced_is_opened_anew(sqlite, ledger, fill, file, clock, tmp_path):
    fill(ledger, 2)
    sqlite.close()
    with closing(open_database(tmp_path / "other.db", clock=clock)):
        pass
    (tmp_path / "other.db").replace(file)
    with sqlite.reading() as connection:
        assert ledger.head(connection).seq == 0
    file.unlink()
    with pytest.raises(LedgerMissing), sqlite.transaction():
        pass


def test_ten_threads_open_one_new_database_at_once(file):
    failures, start = [], threading.Barrier(10)

    def opening():
        start.wait(10)
        try:
            open_database(file, clock=SystemClock()).close()
        except Exception as error:  # noqa: BLE001  (whatever it is, the test shows it)
            failures.append(error)

    threads = [threading.Thread(target=opening) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_reading_an_up_to_date_database_does_not_wait_for_a_writer(sqlite, file, clock):
    with sqlite.transaction():
        start = time.perf_counter()
        with closing(open_database(file, clock=clock, busy_timeout=30)) as other, other.reading() as connection:
            connection.exec_driver_sql("SELECT 1")
        assert time.perf_counter() - start < 25


def test_a_closed_database_can_be_opened_for_reading_only(sqlite, ledger, fill, file, clock, tmp_path):
    fill(ledger, 3)
    sqlite.close()
    assert sorted(each.name for each in tmp_path.glob("temanashi.db*")) == ["temanashi.db", "temanashi.db-turn"]
    with closing(open_database(file, clock=clock, read_only=True)) as database, database.reading() as connection:
        assert verify(connection).records == 3


def test_a_database_of_an_older_version_can_be_verified_without_an_upgrade(sqlite, ledger, fill, file, clock):
    fill(ledger, 3)
    with sqlite.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with closing(open_database(file, clock=clock, read_only=True)) as database, database.reading() as connection:
        assert verify(connection).records == 3
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "0001"


def test_rights_for_reading_only_are_enough_to_verify_a_backup(public_folder, clock, a_draft):
    from temanashi.ledger.backup import copy_sqlite

    file, copy = public_folder / "temanashi.db", public_folder / "copy.db"
    with closing(open_database(file, clock=clock)) as database, database.transaction() as connection:
        Ledger(database, clock=clock).append(connection, a_draft(1))
    copy.touch()
    copy_sqlite(file, copy, busy_timeout=1)
    copy.chmod(0o444)
    public_folder.chmod(0o555)
    with as_nobody(), closing(open_database(copy, clock=clock, read_only=True)) as database, database.reading() as connection:
        assert verify(connection).records == 1
