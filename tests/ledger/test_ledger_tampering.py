"""What a person with write access to the file can do, triggers dropped, and what verification says to it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from temanashi.canonical import canonical_json
from temanashi.ledger.chain import GENESIS, body_hash, record_hash
from temanashi.ledger.checkpoints import read_checkpoints, write_checkpoint
from temanashi.ledger.keys import public_key_of
from temanashi.ledger.narrow import rebuild_rows
from temanashi.ledger.narrow_checking import first_difference
from temanashi.ledger.pruning import prune
from temanashi.ledger.tables import COLUMNS
from temanashi.ledger.verification import verify, verify_database

COUNT = 8


@pytest.fixture
def filled(ledger, fill):
    fill(ledger, COUNT)
    return ledger


@pytest.fixture
def raw(file, filled):
    """The file without its guards."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        yield connection


@pytest.fixture
def checked(sqlite, seal):
    def check(*, with_checkpoints=True, bodies=True):
        checkpoints = read_checkpoints(seal.folder) if with_checkpoints else ()
        with sqlite.reading() as connection:
            return verify(connection, checkpoints=checkpoints, trusted_key=public_key_of(seal.key), bodies=bodies)

    return check


def assert_altered(found, seq, key):
    assert (found.status, found.exit_code, found.bad_seq, found.problem.key) == ("altered", 1, seq, f"ledger.{key}")
    for lang in ("ja", "en"):
        assert str(seq) in found.problem.text(lang) or key == "tail-cut"
        assert "{" not in found.problem.text(lang)


def test_untouched_it_is_intact_and_its_tail_not_proven(checked, filled):
    found = checked()
    assert (found.status, found.exit_code, found.records, found.proven) == ("intact", 0, COUNT, 0)
    assert [note.key for note in found.notes] == ["ledger.tail-not-proven"]
    assert "tail not proven" in found.notes[0].text("en").lower()


def test_an_edited_envelope_is_found(raw, checked):
    raw.execute("UPDATE ledger SET envelope = replace(envelope, 'alice', 'mallory') WHERE seq = 3")
    assert_altered(checked(), 3, "record-edited")


@pytest.mark.parametrize("column", [c for c in COLUMNS if c not in {"chain", "seq", "prev_hash"}])
def test_an_edited_column_is_found(raw, checked, column):
    raw.execute(f"UPDATE ledger SET {column} = 'other' WHERE seq = 4")
    assert_altered(checked(), 4, "columns-edited")


def test_an_edited_hash_is_found(raw, checked):
    raw.execute("UPDATE ledger SET hash = ? WHERE seq = 4", ["0" * 64])
    assert_altered(checked(), 4, "record-edited")


def test_an_edited_link_is_found(raw, checked):
    raw.execute("UPDATE ledger SET prev_hash = 'other' WHERE seq = 4")
    assert_altered(checked(), 4, "link-broken")


def test_an_envelope_edited_with_its_hash_breaks_the_next_link(raw, checked):
    text = raw.execute("SELECT envelope FROM ledger WHERE seq = 3").fetchone()[0].replace('"actor":"alice"', '"actor":"mallory"')
    raw.execute("UPDATE ledger SET actor = 'mallory', envelope = ?, hash = ? WHERE seq = 3", [text, record_hash(text)])
    assert_altered(checked(), 4, "link-broken")


@pytest.mark.parametrize("value", [b"\xff\xfe", 7, 1.5, "", "[]", "{}", "nonsense"])
def test_an_envelope_of_another_type_is_found(raw, checked, value):
    raw.execute("UPDATE ledger SET envelope = ? WHERE seq = 3", [value])
    assert_altered(checked(), 3, "record-edited")


@pytest.mark.parametrize("value", ["[]", "{}", "nonsense"])
def test_a_hashed_envelope_that_is_no_record_is_found(raw, checked, value):
    raw.execute("UPDATE ledger SET envelope = ?, hash = ? WHERE seq = 3", [value, record_hash(value)])
    assert_altered(checked(), 3, "record-edited")


def test_text_that_is_not_utf8_is_found(raw, checked):
    raw.execute("UPDATE ledger SET envelope = CAST(x'ff41' AS TEXT) WHERE seq = 3")
    assert_altered(checked(), 3, "record-edited")


def test_an_edited_body_is_found(raw, checked):
    raw.execute("UPDATE ledger_body SET text = replace(text, '2', '9') WHERE seq = 3")
    assert_altered(checked(), 3, "body-edited")
    assert checked(bodies=False).status == "intact"


@pytest.mark.parametrize("column", ["salt", "text"])
def test_a_body_of_another_type_is_found(raw, checked, column):
    raw.execute(f"UPDATE ledger_body SET {column} = 7 WHERE seq = 3")
    assert_altered(checked(), 3, "body-edited")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE ledger_body SET text = NULL, salt = NULL WHERE seq = 3", "UPDATE ledger_body SET text = NULL WHERE seq = 3",
     "DELETE FROM ledger_body WHERE seq = 3"],
)  # fmt: skip
def test_a_body_that_vanished_without_a_pruned_record_is_found(raw, checked, statement):
    raw.execute(statement)
    assert_altered(checked(), 3, "body-gone")


def test_a_pruned_record_excuses_only_the_bodies_that_it_lists(raw, checked, filled, sqlite, alice):
    with sqlite.transaction() as connection:
        fourth = filled.get(connection, 4)
        prune(connection, filled, before=fourth.recorded_at, actor=alice)
    assert (checked().status, checked().pruned) == ("intact", 3)
    raw.execute("UPDATE ledger_body SET text = NULL, salt = NULL WHERE seq = 5")
    assert_altered(checked(), 5, "body-gone")


def test_overlapping_ranges_of_pruned_records_are_one(raw, sqlite, ledger, checked, a_draft):
    with sqlite.transaction() as connection:
        ledger.append(connection, a_draft(kind="pruned", body={"ranges": [[1, 6], [2, 3], [5, 7]]}))
    raw.execute("UPDATE ledger_body SET text = NULL, salt = NULL WHERE seq <= 7")
    assert (checked().status, checked().pruned) == ("intact", 7)


def test_no_pruned_record_excuses_the_loss_of_what_numbers_are_computed_from(raw, sqlite, ledger, checked, a_draft):
    with sqlite.transaction() as connection:
        ledger.append(connection, a_draft(kind="task_version"))
        ledger.append(connection, a_draft(kind="pruned", body={"ranges": [[9, 9]]}))
    raw.execute("UPDATE ledger_body SET text = NULL, salt = NULL WHERE seq = 9")
    assert_altered(checked(), 9, "body-gone")


def test_a_pruned_record_cannot_list_itself_or_what_follows(raw, sqlite, ledger, checked, a_draft):
    with sqlite.transaction() as connection:
        ledger.append(connection, a_draft(kind="pruned", body={"ranges": [[9, 10], ["x"]]}))
        ledger.append(connection, a_draft(kind="pruned", body={"ranges": [[10, 10], [3, 2]]}))
    raw.execute("UPDATE ledger_body SET text = NULL, salt = NULL WHERE seq = 10")
    assert_altered(checked(), 10, "body-gone")


def test_a_record_deleted_in_the_middle_is_found(raw, checked):
    raw.execute("DELETE FROM ledger WHERE seq = 4")
    assert_altered(checked(), 4, "record-missing")


def test_a_deleted_record_is_found_when_the_rest_moves_up(raw, checked):
    raw.execute("DELETE FROM ledger WHERE seq = 4")
    raw.execute("UPDATE ledger SET seq = seq - 1 WHERE seq > 4")
    assert_altered(checked(), 4, "link-broken")


def test_the_first_record_deleted_is_found(raw, checked):
    raw.execute("DELETE FROM ledger WHERE seq = 1")
    assert_altered(checked(), 1, "record-missing")


def test_records_in_another_order_are_found(raw, checked):
    for old, new in ((3, -3), (4, 3), (-3, 4)):
        raw.execute("UPDATE ledger SET seq = ? WHERE seq = ?", [new, old])
        raw.execute("UPDATE ledger_body SET seq = ? WHERE seq = ?", [new, old])
    assert_altered(checked(), 3, "link-broken")


def test_an_inserted_record_is_found(raw, checked):
    raw.execute("UPDATE ledger SET seq = -seq - 1 WHERE seq >= 4")
    raw.execute("UPDATE ledger SET seq = -seq WHERE seq < 0")
    fields = json.loads(raw.execute("SELECT envelope FROM ledger WHERE seq = 3").fetchone()[0])
    parent = raw.execute("SELECT hash FROM ledger WHERE seq = 3").fetchone()[0]
    # The unique link keeps a second record from following the third, so the forger drops that too.
    raw.execute("CREATE TABLE forged AS SELECT * FROM ledger")
    raw.execute("PRAGMA foreign_keys=OFF")
    raw.execute("DROP TABLE ledger")
    raw.execute("ALTER TABLE forged RENAME TO ledger")
    put(raw, fields | {"seq": 4, "prev_hash": parent, "event_id": "forged"})
    found = checked(bodies=False)
    assert_altered(found, 5, "link-broken")


def put(raw, fields):
    text = canonical_json(fields)
    row = {name: fields[name] for name in COLUMNS} | {"hash": record_hash(text), "envelope": text}
    marks = ", ".join(f":{name}" for name in row)
    raw.execute(f"INSERT INTO ledger ({', '.join(row)}) VALUES ({marks})", row)
    return row["hash"]


def recompute(raw, *, change_seq):
    """Write the whole chain anew around a changed record, as a thorough forger would."""
    rows = raw.execute("SELECT envelope FROM ledger ORDER BY seq").fetchall()
    raw.execute("PRAGMA foreign_keys=OFF")
    raw.execute("DELETE FROM ledger")
    previous = GENESIS
    for (envelope,) in rows:
        fields = json.loads(envelope) | {"prev_hash": previous}
        if fields["seq"] == change_seq:
            salt, text = b"0" * 16, "{}"
            raw.execute("UPDATE ledger_body SET salt = ?, text = ? WHERE seq = ?", [salt, text, change_seq])
            fields |= {"actor": "mallory", "body_hash": body_hash(salt, text)}
        previous = put(raw, fields)


def test_a_recomputed_chain_is_found_with_a_checkpoint_and_only_then(raw, checked, filled, seal, clock):
    write_checkpoint(filled, seal=seal, clock=clock)
    recompute(raw, change_seq=3)
    assert_altered(checked(), COUNT, "recomputed")
    assert checked(with_checkpoints=False).status == "intact"


def test_a_cut_tail_is_found_with_a_checkpoint_and_only_then(raw, checked, filled, seal, clock):
    write_checkpoint(filled, seal=seal, clock=clock)
    raw.execute("DELETE FROM ledger_body WHERE seq > 5")
    raw.execute("DELETE FROM ledger WHERE seq > 5")
    assert_altered(checked(), 6, "tail-cut")
    without = checked(with_checkpoints=False)
    assert (without.status, [note.key for note in without.notes]) == ("intact", ["ledger.tail-not-proven"])


def test_everything_deleted_is_found_with_a_checkpoint(raw, checked, filled, seal, clock):
    write_checkpoint(filled, seal=seal, clock=clock)
    raw.execute("DELETE FROM ledger_body")
    raw.execute("DELETE FROM ledger")
    assert_altered(checked(), 1, "tail-cut")


def test_a_destroyed_file_cannot_tell(file, sqlite, filled, tmp_path):
    with sqlite.reading() as connection:
        connection.exec_driver_sql("SELECT 1")
    sqlite.close()
    file.write_bytes(b"not a database" * 1000)
    found = verify_database(sqlite, state=tmp_path / "state")
    assert (found.status, found.exit_code, found.problem.key) == ("cannot_tell", 2, "ledger.corrupt")


def test_a_missing_state_folder_means_that_the_tail_is_not_proven(sqlite, filled, tmp_path):
    found = verify_database(sqlite, state=tmp_path / "nowhere")
    assert (found.status, [note.key for note in found.notes]) == ("intact", ["ledger.tail-not-proven"])


# The tables that reports read


@pytest.fixture
def worked(filled, fill):
    """Records 9 to 14: ended runs, then demand, the second of it told twice."""
    fill(filled, 3, kind="run_finished", task="t", run="r", slot="2026-11-20", outcome="done")
    for slot in ("a", "b", "b"):
        fill(filled, 1, kind="demand", task="t", slot=slot)
    return filled


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE ledger_work SET outcome = 'failed' WHERE seq = 10", 10),
        ("UPDATE ledger_work SET seconds = 60 WHERE seq = 11", 11),
        ("DELETE FROM ledger_work WHERE seq = 9", 9),
        ("UPDATE ledger_demand SET targets = 5 WHERE seq = 13", 13),
        ("DELETE FROM ledger_demand WHERE seq = 12", 12),
        ("UPDATE ledger_demand SET seq = 14 WHERE seq = 13", 13),
        (("INSERT INTO ledger_work SELECT chain, 'step_done', at, 3, task, runbook, run, slot, slot_day, unit, mode, outcome, step,"
         " seconds, targets FROM ledger_work WHERE seq = 9"), 3),
        (("INSERT INTO ledger_demand SELECT chain, 1, unit, 99, at, day, task, slot, targets, source, actor, ticket, beneficiary,"
         " 'gone' FROM ledger_demand WHERE seq = 12"), 99),
    ],
    ids=["outcome", "seconds", "run-gone", "targets", "demand-gone", "seq", "run-made-up", "cancellation-made-up"],
)  # fmt: skip
def test_a_changed_row_of_reports_is_found_and_made_anew(worked, raw, checked, sqlite, statement, seq):
    assert checked().status == "intact"
    assert raw.execute(statement).rowcount == 1
    assert_altered(checked(), seq, "rows-differ")
    with sqlite.transaction() as connection:
        assert first_difference(connection, "main") == seq
        rebuild_rows(connection)
        assert first_difference(connection, "main") is None
    assert checked().status == "intact"


def test_a_ledger_of_an_older_version_has_no_rows_to_differ(worked, raw, checked):
    raw.execute("DROP TABLE ledger_work")
    assert checked().status == "intact"


def test_rows_of_an_altered_record_do_not_stop_the_making_of_the_others(worked, raw, sqlite):
    raw.execute("UPDATE ledger SET envelope = '[]' WHERE seq = 9")
    raw.execute('UPDATE ledger SET envelope = \'{"kind":"run_finished"}\' WHERE seq = 10')
    with sqlite.transaction() as connection:
        rebuild_rows(connection)
        assert [row[0] for row in connection.exec_driver_sql("SELECT seq FROM ledger_work")] == [11]
