"""What is found by which conditions: a run is one entry, and any of its records may fulfil one."""

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError

from audit.conftest import day
from temanashi.audit.entries import all_entries, entry_views
from temanashi.audit.finding import Criteria, Cursor, count_entries, find_entries, known_values, of_anyhow
from temanashi.ledger.marks import VALUE_LIMIT, complete_marks, marks
from temanashi.ledger.records import Draft
from temanashi.people import People

QUESTIONS = [
    ({}, "fourth third noted second first"),
    ({"person": "bob"}, "third noted second"),
    ({"person": "山田花子"}, "first"),
    ({"person": "鈴木"}, "first"),  # approved it
    ({"person": "花子"}, "first"),  # part of a name
    ({"person": "Carol"}, "fourth"),  # ticked a line
    ({"person": "dave"}, "fourth"),  # confirmed it
    ({"person": "nobody"}, ""),
    ({"beneficiary": "佐藤"}, "first"),
    ({"runbook": "report"}, "second"),
    ({"host": "DB2"}, "second"),
    ({"host": "web1"}, "fourth first"),  # not web10: that name is another one
    ({"host": "web"}, "fourth third first"),
    ({"system": "core", "outcome": "failed"}, "second"),
    ({"ticket": "inc-1"}, "first"),
    ({"kind": "noted"}, "noted"),
    ({"kind": "decision", "person": "鈴木"}, "first"),
    ({"outcome": "done"}, "fourth first"),
    ({"outcome": "signed-in"}, "noted"),
    ({"outcome": "open"}, "third"),
    ({"privileged": True}, "fourth third first"),
    ({"privileged": True, "host": "web10"}, "third"),
    ({"emergency": True}, "third"),
    ({"runs_only": True, "person": "bob"}, "third second"),
    ({"until": day(10, 2)}, "third noted second first"),
    ({"since": day(11, 1)}, "fourth"),
    ({"since": day(10, 2), "until": day(11, 1)}, ""),
    ({"mode": "live"}, "fourth third noted second first"),
    ({"mode": "drill"}, ""),
    ({"person": "bob", "outcome": "signed-in", "kind": "decision"}, ""),
]


def names(book, entries):
    known = {run: name for name, run in book.runs.items()}
    return " ".join(known.get(entry.run, entry.kind) for entry in entries)


def found(book, **asked):
    with book.book.database.reading() as connection:
        page = find_entries(connection, Criteria(**asked))
        return entry_views(connection, page.entries)


def test_every_question_finds_the_entries_that_answer_it_and_counts_them(book):
    for asked, expected in QUESTIONS:
        assert names(book, found(book, **asked)) == expected, asked
        with book.book.database.reading() as connection:
            assert count_entries(connection, Criteria(**asked)) == len(expected.split()), asked


def test_a_listed_person_is_found_under_every_name_they_have(book):
    people = People.model_validate({"people": {"yamada": {"name": "山田花子", "os": ["bob"]}}})
    for typed in ("yamada", "山田花子", "BOB"):
        asked = of_anyhow(Criteria(person=typed), people)
        with book.book.database.reading() as connection:
            entries = entry_views(connection, find_entries(connection, asked).entries)
            assert count_entries(connection, asked) == 4
        assert names(book, entries) == "third noted second first"
    assert of_anyhow(Criteria(person="somebody else"), people).person_also == frozenset()
    assert of_anyhow(Criteria(), people).person_also == frozenset()


def test_a_run_that_another_one_answers_to_is_found_from_it(book):
    assert names(book, found(book, about=book.runs["first"])) == "fourth"


def test_pages_follow_each_other_without_a_gap_and_end(book):
    with book.book.database.reading() as connection:
        seen, after = [], None
        for _ in range(10):
            page = find_entries(connection, Criteria(), limit=2, after=after)
            seen += page.entries
            after = Cursor.parse(str(page.following)) if page.following else None
            if after is None:
                break
        assert len(seen) == len(set(seen)) == 5
    every = list(all_entries(book.book.database, Criteria()))
    assert names(book, every) == "fourth third noted second first"


def test_an_entry_says_who_asked_for_whom_who_approved_and_what_came_of_it(book):
    (entry,) = found(book, ticket="INC-1")
    assert (entry.actor, entry.beneficiary, entry.approvers, entry.outcome) == ("山田 花子", "佐藤 一郎", ("鈴木",), "done")
    assert (entry.hosts, entry.system, entry.privileged, entry.records) == (("web1",), "core", True, 6)
    (going_on,) = found(book, emergency=True)
    assert (going_on.outcome, going_on.ended_at) == ("open", None)


@pytest.mark.parametrize("text", ["", "x", "1", "1.", ".1", "1.2.3", "-1.2", "1" * 30 + ".1", "١.1", "1.99999999999"])
def test_a_cursor_that_was_made_up_is_none(text):
    assert Cursor.parse(text) is None


def test_values_are_known_in_order_each_once(book):
    with book.book.database.reading() as connection:
        assert known_values(connection, "host") == ["db1", "db2", "web1", "web10"]
        assert known_values(connection, "ticket", most=0) == []
        assert known_values(connection, "team") == []


def test_an_event_is_found_by_whom_it_is_about(book):
    book.add(Draft(kind="noted", actor="admin", outcome="role-given", body={"user": "sato", "role": "approver"}))
    assert [entry.outcome for entry in found(book, person="sato", kind="noted")] == ["role-given"]


def test_marks_cannot_be_changed_or_removed(book):
    for statement in (update(marks).values(value="x"), delete(marks)):
        with pytest.raises(DBAPIError), book.book.database._begun({"temanashi_writes": True}) as connection:
            connection.execute(statement)


def test_marks_that_are_missing_are_added_again_and_counted(book):
    with book.book.database.transaction() as connection:
        assert complete_marks(connection) == 0
        kept = connection.execute(marks.select()).all()
        connection.execute(text("DROP TABLE ledger_marks"))
        marks.create(connection)
        connection.execute(insert(marks), [row._asdict() for row in kept if row.facet != "host"])
        assert complete_marks(connection) == len([row for row in kept if row.facet == "host"])
        assert sorted(connection.execute(marks.select()).all()) == sorted(kept)


def test_a_name_longer_than_an_index_takes_is_still_found(book):
    name = "あ" * 450
    book.add(Draft(kind="noted", actor="alice", beneficiary=name * 3))
    assert len(found(book, beneficiary=name * 3)) == 1
    with book.book.database.reading() as connection:
        assert max(len(value) for value in known_values(connection, "beneficiary")) == VALUE_LIMIT


def test_many_values_with_a_common_part_are_all_found(book):
    book.add(*(Draft(kind="noted", actor=f"tester {number}") for number in range(40)))
    assert len(found(book, person="tester")) == 40
    assert len(found(book, person="tester", kind="noted", mode="live")) == 40
