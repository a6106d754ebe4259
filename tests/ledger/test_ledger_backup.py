from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest

from temanashi.ledger.backup import BackupExists, BackupUnwritable, PostgresqlBackup, backup, checkpoint_beside
from temanashi.ledger.checkpoints import CheckpointUnwritable, open_seal, read_checkpoints, write_checkpoint
from temanashi.ledger.database import open_database
from temanashi.ledger.faults import LedgerCorrupt, LedgerFolder, LedgerMissing
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.proving import BackupAltered
from temanashi.ledger.replacing import DatabaseInUse
from temanashi.ledger.restoring import RestoreWouldOverwrite, record_restore, restore
from temanashi.ledger.verification import verify_database


@pytest.fixture
def copy(tmp_path):
    return tmp_path / "backup.db"


@pytest.fixture
def saved(sqlite, ledger, fill, seal, clock, copy):
    """Five records, backed up."""
    fill(ledger, 5)
    return backup(sqlite, copy, seal=seal, clock=clock)


@pytest.fixture
def put_back(copy, sqlite, seal, clock, alice):
    def run(**options):
        sqlite.close()
        url = f"sqlite:///{sqlite.address.file}"
        return restore(**{"source": copy, "url": url, "actor": alice, "clock": clock, "seal": seal, "overwrite": True} | options)

    return run


def break_into(file, *statements):
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)


def test_a_backup_is_one_private_file_with_a_checkpoint_beside_it(saved, copy, seal, clock):
    assert saved.checkpoint.seq == 5
    assert checkpoint_beside(copy).exists()
    assert copy.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in copy.parent.iterdir() if each.name.startswith((".", "backup"))) == [
        "backup.db", "backup.db.checkpoint.json",
    ]  # fmt: skip
    with closing(open_database(copy, clock=clock, read_only=True)) as database:
        found = verify_database(database, state=seal.folder.parent)
    assert (found.status, found.records, found.proven) == ("intact", 5, 5)


def test_a_backup_is_consistent_while_writers_go_on(sqlite, ledger, fill, seal, clock, copy):
    stop = threading.Event()

    def write():
        while not stop.is_set():
            fill(ledger, 1)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        saved = [backup(sqlite, copy.with_name(f"{n}.db"), seal=seal, clock=clock) for n in range(3)]
    finally:
        stop.set()
        thread.join(30)
    for each in saved:
        with closing(open_database(each.file, clock=clock, read_only=True)) as database, database.reading() as connection:
            assert Ledger(database, clock=clock).head(connection).seq == each.checkpoint.seq


def test_a_backup_overwrites_nothing(saved, sqlite, copy, seal, clock, assert_told):
    with pytest.raises(BackupExists) as caught:
        backup(sqlite, copy, seal=seal, clock=clock)
    assert_told(caught.value, str(copy))


def test_a_backup_into_a_missing_folder_says_so(sqlite, seal, clock, tmp_path, assert_told):
    with pytest.raises(BackupUnwritable) as caught:
        backup(sqlite, tmp_path / "no" / "where.db", seal=seal, clock=clock)
    assert_told(caught.value, "where.db")


def test_a_restore_over_nothing_records_itself_and_verifies(saved, sqlite, put_back, tmp_path, clock, seal):
    sqlite.close()
    for each in tmp_path.glob("temanashi.db*"):
        each.unlink()
    restored = put_back(overwrite=False, reason="disk died")
    assert (restored.record.seq, restored.lost, restored.kept_aside) == (6, None, None)
    assert restored.record.draft.reason == "disk died"
    with sqlite.reading() as connection:
        kinds = [record.draft.kind for record in Ledger(sqlite, clock=clock).records(connection)]
    assert kinds == ["noted"] * 5 + ["restored"]
    found = verify_database(sqlite, state=seal.folder.parent)
    assert (found.status, found.proven) == ("intact", 6)


def test_a_restore_names_the_records_that_it_takes_back(saved, ledger, fill, seal, clock, put_back, sqlite):
    fill(ledger, 3, run="r9")
    write_checkpoint(ledger, seal=seal, clock=clock)
    restored = put_back()
    assert (restored.lost.count, restored.lost.head) == (3, 8)
    assert [each["seq"] for each in restored.lost.records] == [6, 7, 8]
    lost = restored.record.draft.body["lost"]
    assert (lost["count"], lost["records"][0]["run"]) == (3, "r9")
    assert restored.kept_aside.exists()
    with closing(open_database(restored.kept_aside, clock=clock, read_only=True)) as old, old.reading() as connection:
        assert Ledger(old, clock=clock).head(connection).seq == 8
    found = verify_database(sqlite, state=seal.folder.parent)
    assert (found.status, found.proven) == ("intact", 6)
    assert [note.key for note in found.notes] == ["ledger.was-restored"]
    for lang in ("ja", "en"):
        assert "5" in found.notes[0].text(lang)


def test_after_a_restore_work_goes_on_and_a_cut_is_still_found(saved, ledger, fill, seal, clock, put_back, sqlite, tmp_path):
    put_back()
    fill(ledger, 4)
    again = backup(sqlite, tmp_path / "again.db", seal=seal, clock=clock)
    assert again.checkpoint.seq == 10
    put_back(source=again.file)
    sqlite.close()
    break_into(sqlite.address.file, "DELETE FROM ledger_body WHERE seq > 8", "DELETE FROM ledger WHERE seq > 8")
    found = verify_database(sqlite, state=seal.folder.parent)
    assert (found.status, found.bad_seq) == ("altered", 9)


def test_a_forged_restore_without_the_key_excuses_nothing(saved, sqlite, ledger, fill, seal, clock, a_draft):
    fill(ledger, 3)
    write_checkpoint(ledger, seal=seal, clock=clock)
    sqlite.close()
    break_into(sqlite.address.file, "DELETE FROM ledger_body WHERE seq > 5", "DELETE FROM ledger WHERE seq > 5")
    with sqlite.transaction() as connection:
        ledger.append(connection, a_draft(kind="restored"))
    assert verify_database(sqlite, state=seal.folder.parent).status == "altered"


def test_a_restore_does_not_overwrite_unasked(saved, put_back, sqlite, assert_told):
    sqlite.close()
    before = sqlite.address.file.read_bytes()
    with pytest.raises(RestoreWouldOverwrite) as caught:
        put_back(overwrite=False)
    assert_told(caught.value, sqlite.place)
    assert sqlite.address.file.read_bytes() == before


def test_a_database_in_use_is_not_replaced(saved, sqlite, ledger, put_back, clock, assert_told):
    with closing(open_database(sqlite.address.file, clock=clock)) as other:
        with other.reading() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM ledger").scalar()
        with pytest.raises(DatabaseInUse) as caught:
            put_back()
    assert_told(caught.value, sqlite.place)
    with sqlite.reading() as connection:
        assert ledger.head(connection).seq == 5


@pytest.mark.parametrize(
    ("statements", "seq"),
    [
        (("UPDATE ledger SET actor = 'mallory' WHERE seq = 2",), 2),
        (("DELETE FROM ledger_body WHERE seq = 5", "DELETE FROM ledger WHERE seq = 5"), 5),
    ],
    ids=["edited", "tail cut"],
)
def test_an_altered_backup_is_refused_and_nothing_is_touched(saved, copy, put_back, sqlite, ledger, statements, seq, assert_told):
    break_into(copy, *statements)
    with pytest.raises(BackupAltered) as caught:
        put_back()
    assert caught.value.data["seq"] == seq
    assert_told(caught.value, str(copy), str(seq))
    with sqlite.reading() as connection:
        assert ledger.head(connection).seq == 5


def test_a_backup_of_another_installation_can_be_restored_but_is_not_proven(saved, put_back, tmp_path):
    restored = put_back(seal=open_seal(tmp_path / "new machine"))
    assert restored.verification.status == "cannot_tell"
    assert restored.record.draft.body["backup"] == "cannot_tell"


def test_a_backup_without_its_checkpoint_is_proven_by_those_of_the_folder(saved, copy, put_back):
    checkpoint_beside(copy).unlink()
    assert put_back().verification.proven == 5


def test_a_damaged_database_is_moved_aside_as_it_is(saved, put_back, sqlite):
    sqlite.close()
    sqlite.address.file.write_bytes(b"rubbish" * 1000)
    sqlite.address.file.with_name("temanashi.db-wal").write_bytes(b"more")
    restored = put_back()
    assert restored.lost is None
    assert restored.kept_aside.read_bytes().startswith(b"rubbish")
    assert restored.kept_aside.with_name(restored.kept_aside.name + "-wal").read_bytes() == b"more"


def test_a_folder_in_the_place_of_the_database_is_moved_aside(saved, put_back, sqlite):
    sqlite.close()
    sqlite.address.file.unlink()
    sqlite.address.file.mkdir()
    restored = put_back()
    assert restored.kept_aside.is_dir()
    assert restored.record.seq == 6


def test_a_damaged_database_with_a_sound_start_is_moved_aside(saved, put_back, sqlite):
    sqlite.close()
    sqlite.address.file.write_bytes(b"SQLite format 3\x00" + b"\xa5" * 9000)
    restored = put_back()
    assert (restored.lost, restored.record.seq) == (None, 6)


@pytest.mark.parametrize("content", [None, b"rubbish" * 1000])
def test_what_is_no_backup_is_refused(sqlite, put_back, copy, content):
    if content:
        copy.write_bytes(content)
    with pytest.raises(LedgerCorrupt if content else LedgerMissing):
        put_back()


def test_a_restore_into_a_missing_folder_says_so(saved, put_back, tmp_path, assert_told):
    with pytest.raises(LedgerFolder) as caught:
        put_back(url=f"sqlite:///{tmp_path}/no/where.db")
    assert_told(caught.value, f"{tmp_path}/no")


def test_a_restore_that_cannot_be_sealed_touches_nothing(saved, ledger, fill, seal, put_back, sqlite):
    fill(ledger, 3)
    kept = seal.folder.with_name("kept")
    seal.folder.rename(kept)
    seal.folder.write_text("in the way")
    with pytest.raises(CheckpointUnwritable):
        put_back()
    seal.folder.unlink()
    kept.rename(seal.folder)
    with sqlite.reading() as connection:
        assert ledger.head(connection).seq == 8
    assert verify_database(sqlite, state=seal.folder.parent).status == "intact"


def test_a_restore_that_fails_at_the_last_step_leaves_everything_as_it_was(saved, ledger, fill, seal, put_back, sqlite, clock):
    fill(ledger, 3)
    part = sqlite.address.file.with_name(".temanashi.db.restoring")

    class Meddling(type(clock)):
        """Takes the new database away while its checkpoint is signed."""

        def now(self):
            if len(list(seal.folder.iterdir())) == 2:
                part.unlink(missing_ok=True)
            return super().now()

    with pytest.raises(LedgerFolder):
        put_back(clock=Meddling())
    assert [each.restored_to for each in read_checkpoints(seal.folder)] == [None, None]
    assert verify_database(sqlite, state=seal.folder.parent).proven == 8
    assert not list(part.parent.glob("*.replaced-*"))


def test_a_mistaken_restore_can_be_taken_back(saved, ledger, fill, seal, clock, put_back, sqlite):
    fill(ledger, 3)
    write_checkpoint(ledger, seal=seal, clock=clock)
    mistaken = put_back()
    fill(ledger, 1)
    write_checkpoint(ledger, seal=seal, clock=clock)
    back = put_back(source=mistaken.kept_aside)
    assert back.verification.status == "intact"
    assert (back.record.seq, back.lost.count) == (9, 2)
    fill(ledger, 1)
    write_checkpoint(ledger, seal=seal, clock=clock)
    found = verify_database(sqlite, state=seal.folder.parent)
    assert (found.status, found.proven) == ("intact", 10)
    assert [note.key for note in found.notes] == ["ledger.was-restored"] * 2


def test_a_newer_backup_can_follow_an_older_one(saved, ledger, fill, seal, clock, put_back, sqlite, tmp_path):
    fill(ledger, 3)
    newer = backup(sqlite, tmp_path / "newer.db", seal=seal, clock=clock)
    put_back()
    fill(ledger, 4)
    write_checkpoint(ledger, seal=seal, clock=clock)
    restored = put_back(source=newer.file)
    assert (restored.record.seq, restored.lost.count) == (9, 5)
    found = verify_database(sqlite, state=seal.folder.parent)
    assert (found.status, found.proven) == ("intact", 9)


def test_what_was_kept_aside_and_changed_since_is_refused(saved, ledger, fill, put_back):
    fill(ledger, 3)
    aside = put_back().kept_aside
    break_into(aside, "DELETE FROM ledger_body WHERE seq > 7", "DELETE FROM ledger WHERE seq > 7")
    with pytest.raises(BackupAltered):
        put_back(source=aside)


def test_a_new_machine_takes_over_the_backup_of_a_lost_one(saved, clock, alice, tmp_path, a_draft):
    """The new installation has already run, with a key, records and checkpoints of its own."""
    seal = open_seal(tmp_path / "new")
    with closing(open_database(tmp_path / "new.db", clock=clock)) as database:
        ledger = Ledger(database, clock=clock)
        with database.transaction() as connection:
            ledger.append_all(connection, [a_draft(n) for n in range(3)])
        write_checkpoint(ledger, seal=seal, clock=clock)
    restored = restore(
        saved.file, f"sqlite:///{tmp_path}/new.db", actor=alice, clock=clock, seal=seal, overwrite=True, reason="disk died"
    )
    assert (restored.verification.status, restored.record.seq, restored.lost.count) == ("cannot_tell", 6, 3)
    with closing(open_database(tmp_path / "new.db", clock=clock)) as database:
        found = verify_database(database, state=tmp_path / "new")
    assert (found.status, found.proven) == ("intact", 6)


def test_a_restore_by_other_tools_is_recorded(database, seal, clock, alice, fill):
    ledger = Ledger(database, clock=clock)
    fill(ledger, 3)
    recorded = record_restore(database, actor=alice, clock=clock, seal=seal, reason="pg_restore")
    assert (recorded.record.seq, recorded.record.draft.kind) == (4, "restored")
    assert [c.restored_to for c in read_checkpoints(seal.folder)] == [3]
    assert verify_database(database, state=seal.folder.parent).proven == 4


def test_an_altered_ledger_is_not_blessed_by_recording_a_restore(sqlite, ledger, fill, seal, clock, alice):
    fill(ledger, 3)
    sqlite.close()
    break_into(sqlite.address.file, "UPDATE ledger SET actor = 'mallory' WHERE seq = 2")
    with pytest.raises(BackupAltered):
        record_restore(sqlite, actor=alice, clock=clock, seal=seal)


@pytest.mark.server
def test_postgresql_is_left_to_its_own_tools(postgresql_url, seal, clock, alice, copy, opened, assert_told):
    database = opened(open_database(postgresql_url, clock=clock))
    with pytest.raises(PostgresqlBackup) as caught:
        backup(database, copy, seal=seal, clock=clock)
    assert_told(caught.value)
    assert "only-for-tests" not in str(caught.value)
    with pytest.raises(PostgresqlBackup):
        restore(copy, postgresql_url, actor=alice, clock=clock, seal=seal)


def test_a_crash_leaves_only_whole_files(saved, put_back, sqlite, tmp_path):
    leftover = tmp_path / ".temanashi.db.restoring"
    leftover.write_bytes(b"of an earlier crash")
    put_back()
    assert not leftover.exists()
