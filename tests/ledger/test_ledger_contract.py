"""One contract for SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, inspect, text, update
from sqlalchemy.exc import IntegrityError, InternalError

from temanashi.clock import SystemClock
from temanashi.ledger.chain import GENESIS
from temanashi.ledger.checkpoints import write_checkpoint
from temanashi.ledger.database import open_database
from temanashi.ledger.faults import BadRecord, LedgerError, RecordUnreadable
from temanashi.ledger.ledger import Head, Ledger
from temanashi.ledger.pruning import KEPT, PRUNABLE, prune
from temanashi.ledger.tables import bodies, metadata
from temanashi.ledger.tables import ledger as table
from temanashi.ledger.upgrading import known_revisions, revision_of
from temanashi.ledger.verification import verify


@pytest.fixture
def ledger(database, clock):
    return Ledger(database, clock=clock)


def test_a_fresh_database_is_empty_at_the_newest_revision_and_intact(database, ledger):
    with database.reading() as connection:
        assert revision_of(connection) == (known_revisions()[-1], True)
        assert ledger.head(connection) == Head(0, GENESIS)
        assert verify(connection).status == "intact"


def test_the_tables_are_those_that_the_migrations_make(database):
    with database.reading() as connection:
        for name, declared in metadata.tables.items():
            made = {c["name"]: c["nullable"] for c in inspect(connection).get_columns(name)}
            assert made == {c.name: c.nullable for c in declared.columns}
            indexes = {i["name"] for i in inspect(connection).get_indexes(name) if not i.get("duplicates_constraint")}
            assert {i.name for i in declared.indexes} <= indexes


def test_a_record_comes_back_as_it_was_appended(database, ledger, a_draft):
    targets = ({"target": "web1", "outcome": "changed", "verdict": "WARNING"},)
    one = a_draft(task="点検", run="r1", targets=targets, approvers=("bob", "carol"), body={"価格": [1, 2.5, None, True]})
    with database.transaction() as connection:
        first, second = ledger.append(connection, one), ledger.append(connection, a_draft(2))
    assert first.draft == one
    assert (first.seq, second.seq) == (1, 2)
    assert (first.prev_hash, second.prev_hash) == (GENESIS, first.hash)
    with database.reading() as connection:
        assert list(ledger.records(connection)) == [first, second]
        assert ledger.get(connection, 1) == first
        assert ledger.get(connection, second.event_id) == second
        assert ledger.get(connection, 3) is None
        assert ledger.head(connection) == Head(2, second.hash)
        found = verify(connection)
    assert (found.status, found.records, found.head, found.exit_code) == ("intact", 2, 2, 0)


def test_records_are_found_by_what_they_are_about(database, ledger, a_draft):
    with database.transaction() as connection:
        ledger.append(connection, a_draft(1, task="a", runbook="ra", run="1", slot="2026-11-20"))
        ledger.append(connection, a_draft(2, kind="run_finished", task="b", run="2", mode="drill"))
        ledger.append(connection, a_draft(3, kind="run_finished", task="a", run="3"))

    def seqs(**wanted):
        with database.reading() as connection:
            return [record.seq for record in ledger.records(connection, **wanted)]

    assert seqs(kinds=("run_finished", "demand")) == [2, 3]
    assert seqs(task="a") == [1, 3]
    assert seqs(runbook="ra") == [1]
    assert seqs(run="2") == [2]
    assert seqs(slot="2026-11-20") == [1]
    assert seqs(mode="live", newest_first=True) == [3, 1]
    assert seqs(after=1, limit=1) == [2]
    assert seqs(run="\ud800\x00") == []


def test_time_bounds_include_the_start_and_leave_out_the_end(database, ledger, a_draft):
    with database.transaction() as connection:
        one, two, three = (ledger.append(connection, a_draft(n)) for n in range(3))
    with database.reading() as connection:
        found = list(ledger.records(connection, since=one.recorded_at, until=three.recorded_at))
    assert found == [one, two]


def test_bodies_can_be_left_out(database, ledger, a_draft):
    with database.transaction() as connection:
        ledger.append(connection, a_draft(1))
    with database.reading() as connection:
        assert [r.draft.body for r in ledger.records(connection, bodies_too=False)] == [{}]


def test_a_failed_transaction_leaves_nothing(database, ledger, a_draft):
    def halfway():
        with database.transaction() as connection:
            ledger.append_all(connection, [a_draft(1), a_draft(2)])
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        halfway()
    with database.reading() as connection:
        assert ledger.head(connection).seq == 0


@pytest.mark.parametrize("body", [{"x": object()}, {"x": b"\xff"}], ids=["object", "bytes"])
def test_a_draft_that_is_no_json_is_refused_before_anything_is_written(database, ledger, a_draft, body):
    with pytest.raises(BadRecord), database.transaction() as connection:
        ledger.append_all(connection, [a_draft(1), a_draft(2, body=body)])
    with database.reading() as connection:
        assert ledger.head(connection).seq == 0


def test_a_bottomless_body_and_an_endless_name_are_refused(database, ledger, a_draft):
    deep: dict[str, object] = {}
    for _ in range(500):
        deep = {"d": deep}
    for bad in (a_draft(body=deep), a_draft(task="x" * 501)):
        with pytest.raises(BadRecord), database.transaction() as connection:
            ledger.append(connection, bad)


def test_the_longest_names_of_the_widest_letters_fit_the_indexes(database, ledger, a_draft):
    import random

    letters = random.Random(1)
    name = "".join(chr(letters.randint(0x20000, 0x2A000)) for _ in range(500))
    with database.transaction() as connection:
        record = ledger.append(connection, a_draft(task=name, run="r"))
    assert record.draft.task == name


def test_nothing_can_be_changed_or_deleted(database, ledger, a_draft):
    with database.transaction() as connection:
        ledger.append(connection, a_draft(1))
    attempts = [
        update(table).values(actor="mallory"),
        delete(table),
        delete(bodies),
        update(bodies).values(text="{}"),
        update(bodies).values(salt=None),
        update(bodies).values(text=None, salt=None, seq=9),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityError), database.transaction() as connection:
            connection.execute(attempt)


def test_truncate_and_replace_are_refused(database, ledger, a_draft):
    with database.transaction() as connection:
        ledger.append_all(connection, [a_draft(1), a_draft(2)])
        row = dict(connection.execute(table.select()).mappings().first())
    if database.dialect == "postgresql":
        statements = ["TRUNCATE ledger CASCADE", "TRUNCATE ledger_body"]
    else:
        statements = [
            "INSERT OR REPLACE INTO ledger SELECT * FROM ledger WHERE seq = 1",
            "INSERT OR REPLACE INTO ledger_body SELECT * FROM ledger_body WHERE seq = 1",
        ]
    for statement in statements:
        with pytest.raises(IntegrityError), database.transaction() as connection:
            connection.execute(text(statement))
    for changes in ({"seq": 3}, {"seq": 3, "event_id": "other"}):
        with pytest.raises(IntegrityError), database.transaction() as connection:
            connection.execute(insert(table).values(row | changes))


def test_reading_cannot_write(database, ledger, a_draft):
    with pytest.raises((LedgerError, InternalError)), database.reading() as connection:
        ledger.append(connection, a_draft(1))


def test_reading_is_one_snapshot(database, ledger, a_draft):
    with database.reading() as connection:
        assert ledger.head(connection).seq == 0
        with database.transaction() as other:
            ledger.append(other, a_draft(1))
        assert ledger.head(connection).seq == 0
    with database.reading() as connection:
        assert ledger.head(connection).seq == 1


def test_two_chains_do_not_mix(database, ledger, clock, a_draft):
    other = Ledger(database, clock=clock, chain="drills")
    with database.transaction() as connection:
        ledger.append(connection, a_draft(1))
        other.append(connection, a_draft(2))
    with database.reading() as connection:
        assert [r.seq for r in other.records(connection)] == [1]
        assert verify(connection, chain="drills").status == "intact"


def test_pruned_bodies_leave_the_chain_intact_and_a_record_of_what_went(database, ledger, clock, alice, a_draft):
    with database.transaction() as connection:
        for number in range(4):
            ledger.append(connection, a_draft(number, kind="task_version" if number == 1 else "noted"))
        last = ledger.append(connection, a_draft(9))
        gone = prune(connection, ledger, before=last.recorded_at, actor=alice, reason="7 years")
    assert (gone.count, gone.ranges) == (3, ((1, 1), (3, 4)))
    assert gone.record.draft.body["ranges"] == [[1, 1], [3, 4]]
    with database.reading() as connection:
        found = verify(connection)
        assert (found.status, found.pruned, found.records) == ("intact", 3, 6)
        records = list(ledger.records(connection))
    assert [r.pruned for r in records] == [True, False, True, True, False, False]
    assert records[0].draft.body == {}
    with database.transaction() as connection:
        again = prune(connection, ledger, before=last.recorded_at, actor=alice)
    assert (again.count, again.record) == (0, None)


def test_what_numbers_are_computed_from_is_never_pruned():
    assert {"task_version", "demand", "pruned", "restored"} <= KEPT
    assert not KEPT & set(PRUNABLE)


def test_a_checkpoint_proves_the_chain_up_to_it(database, ledger, clock, seal, a_draft):
    from temanashi.ledger.keys import public_key_of

    with database.transaction() as connection:
        ledger.append_all(connection, [a_draft(1), a_draft(2)])
    checkpoint = write_checkpoint(ledger, seal=seal, clock=clock)
    with database.transaction() as connection:
        ledger.append(connection, a_draft(3))
    with database.reading() as connection:
        found = verify(connection, checkpoints=[checkpoint], trusted_key=public_key_of(seal.key))
    assert (found.status, found.proven) == ("intact", 2)
    assert [note.key for note in found.notes] == ["ledger.tail-not-proven"]


def test_a_clock_set_back_is_counted_and_does_not_disturb_the_order(database, ledger, clock, a_draft):
    with database.transaction() as connection:
        ledger.append(connection, a_draft(1))
        clock.moment -= timedelta(days=1)
        ledger.append(connection, a_draft(2))
    with database.reading() as connection:
        one, two = ledger.records(connection)
        assert two.recorded_at < one.recorded_at
        found = verify(connection)
    assert (found.status, found.older) == ("intact", 1)
    assert "ledger.clock-set-back" in [note.key for note in found.notes]


def test_a_record_of_a_future_format_says_that_it_cannot_be_read(database, ledger, a_draft):
    with database.transaction() as connection:
        ledger.append(connection, a_draft(1))
        row = dict(connection.execute(table.select()).mappings().first())
        connection.execute(insert(table).values(row | {"seq": 2, "event_id": "e", "prev_hash": "p", "envelope": '{"odd":1}'}))
    with pytest.raises(RecordUnreadable) as caught, database.reading() as connection:
        ledger.get(connection, 2)
    assert caught.value.data["seq"] == 2


def test_opening_again_changes_nothing(database, ledger, a_draft):
    with database.transaction() as connection:
        ledger.append(connection, a_draft(1))
    url = database.address.url.render_as_string(hide_password=False)
    again = open_database(url, clock=SystemClock())
    with again.reading() as connection:
        assert Ledger(again, clock=SystemClock()).head(connection).seq == 1
    again.close()


def test_other_tables_share_the_transaction_and_broken_constraints_reach_their_owner(database, ledger, a_draft):
    with database.transaction() as connection:
        connection.execute(text("CREATE TABLE beside_it (id INTEGER PRIMARY KEY)"))

    def both():
        with database.transaction() as connection:
            ledger.append(connection, a_draft(1))
            connection.execute(text("INSERT INTO beside_it VALUES (1)"))
            connection.execute(text("INSERT INTO beside_it VALUES (1)"))

    with pytest.raises(IntegrityError):
        both()
    with database.reading() as connection:
        assert ledger.head(connection).seq == 0
        assert connection.execute(text("SELECT count(*) FROM beside_it")).scalar() == 0
