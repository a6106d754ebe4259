"""What opens an account again is done only for somebody who was made sure of, by whichever way in it is asked for."""

import pytest

from fixtures_runs import asking, make_engine, runbook_of
from temanashi.calendars import BusinessCalendar
from temanashi.people import Actor
from temanashi.people.directory import People
from temanashi.runs.directory import Directory
from temanashi.runs.requests import NotIdentified, dry_run, request_run
from temanashi.text import LANGUAGES, explain

PEOPLE = People.model_validate({"people": {"sato": {"name": "佐藤", "phone": ["1234"]}}})


@pytest.fixture
def engine(tmp_path):
    made = make_engine(tmp_path, directory=lambda _: Directory(people=PEOPLE, calendar=BusinessCalendar()))
    yield made
    made.database.close()


def wish(**more):
    return asking(runbook_of([{"id": "a", "command": ["true"]}], identified=True), **more)


@pytest.mark.parametrize(
    "more", [{}, {"beneficiary": "sato"}, {"beneficiary": "sato", "identity_check": "none"}, {"identity_check": "in-person"}]
)
def test_it_does_not_start_for_nobody_and_not_for_somebody_who_was_not_identified(engine, more):
    with pytest.raises(NotIdentified) as caught:
        request_run(engine, wish(**more))
    for lang in LANGUAGES:
        assert "--identity" in explain(caught.value, lang).next


def test_a_call_back_or_a_meeting_lets_it_start_and_a_look_needs_neither(engine):
    assert request_run(engine, wish(beneficiary="sato", identity_check="call-back 1234"))
    assert request_run(engine, wish(beneficiary="sato", identity_check="in-person"))
    assert dry_run(engine, wish()).changes


def test_what_temanashi_does_by_itself_is_asked_for_by_nobody(engine):
    assert request_run(engine, wish(actor=Actor(name="temanashi", kind="system"), channel="schedule"))
