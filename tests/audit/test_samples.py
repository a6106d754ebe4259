"""Samples that anybody draws again, also without this program, and that show when the population is another one."""

import hashlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from sqlalchemy import select, text

from fixtures_approvals import SetClock
from fixtures_prefect import make_place
from temanashi.audit.faults import NoSample
from temanashi.audit.periods import BadPeriod
from temanashi.audit.samples import SampleTerms, draw
from temanashi.ledger.records import Draft
from temanashi.ledger.tables import ledger
from temanashi.people import Actor
from temanashi.workspace.opening import open_installation
from temanashi.workspace.sampling import draw_again, draw_sample

ALICE, UTC_ZONE = Actor(name="alice"), ZoneInfo("UTC")


@pytest.fixture
def opened(tmp_path):
    clock = SetClock(datetime(2026, 10, 1, tzinfo=UTC))
    with open_installation(make_place(tmp_path).root, clock=clock) as made:
        for number in range(60):
            clock.later(hours=12)
            draft = Draft(
                kind="run_requested",
                run=f"run-{number}",
                runbook="restart" if number % 3 else "report",
                actor="Alice A" if number % 2 else "bob",
                privileged=number % 5 == 0,
                emergency=number == 10,
                system="core",
            )
            with made.database.transaction() as connection:
                made.ledger.append(connection, draft)
        yield made


def taken(opened, **wanted):
    return draw_sample(opened, {"period": "2026-10", "size": 5, **wanted}, actor=ALICE, channel="cli")


def numbers(drawn):
    return [item.seq for item in drawn.sample.items]


def test_the_same_seed_and_population_give_the_same_sample(opened):
    first = taken(opened, seed="2026-10 audit")
    again = taken(opened, seed="2026-10 audit", up_to=first.sample.terms.up_to)
    assert first.sample == again.sample
    assert numbers(taken(opened, seed="another")) != numbers(first)
    assert draw_again(opened, first.seq).same
    assert draw_again(opened, first.seq).sample == first.sample


def test_it_can_be_drawn_without_this_program_as_the_sheet_says(opened):
    drawn = taken(opened, seed="s")
    with opened.database.reading() as connection:
        rows = connection.execute(select(ledger.c.seq, ledger.c.event_id, ledger.c.hash, ledger.c.kind, ledger.c.recorded_at)).all()
    october = [row for row in rows if row.kind == "run_requested" and "2026-09-30T15" < row.recorded_at < "2026-10-31T15"]
    lines = "".join(f"{row.seq}\t{row.event_id}\t{row.hash}\n" for row in october)
    assert (drawn.sample.population, drawn.sample.population_digest) == (len(october), hashlib.sha256(lines.encode()).hexdigest())
    order = sorted(october, key=lambda row: hashlib.sha256(f"s\n{row.event_id}".encode()).hexdigest())
    assert numbers(drawn) == [row.seq for row in order[:5]]


def test_a_larger_sample_begins_with_the_smaller_one_and_none_is_larger_than_the_population(opened):
    small, large = taken(opened, seed="s"), taken(opened, seed="s", size=1000)
    assert numbers(large)[:5] == numbers(small)
    assert len(numbers(large)) == large.sample.population == len(set(numbers(large)))


def test_a_seed_is_made_where_none_is_given_and_recorded(opened):
    first, second = taken(opened), taken(opened)
    assert first.sample.terms.seed != second.sample.terms.seed
    with opened.database.reading() as connection:
        record = opened.ledger.get(connection, first.seq)
    assert (record.draft.actor, record.draft.outcome) == ("alice", "audit-sample")
    assert record.draft.body["terms"]["seed"] == first.sample.terms.seed
    assert record.draft.body["items"] == [item.event_id for item in first.sample.items]


@pytest.mark.parametrize(
    ("narrowed", "fits"),
    [
        ({"person": "alice a"}, lambda item: item.actor == "Alice A"),
        ({"runbook": "report"}, lambda item: item.runbook == "report"),
        ({"privileged": True}, lambda item: (item.seq - 1) % 5 == 0),
        ({"emergency": True}, lambda item: item.seq == 11),
        ({"system": "none"}, lambda _: False),
        ({"kind": "decision"}, lambda _: False),
    ],
)
def test_the_population_can_be_narrowed(opened, narrowed, fits):
    drawn = taken(opened, size=1000, **narrowed)
    everything = taken(opened, size=1000)
    assert sorted(numbers(drawn)) == sorted(item.seq for item in everything.sample.items if fits(item) and "kind" not in narrowed)


def test_records_that_came_later_do_not_belong_to_it(opened):
    first = taken(opened, period="2026", seed="s")
    with opened.database.transaction() as connection:
        opened.ledger.append(connection, Draft(kind="run_requested", run="late", actor="bob"))
    assert draw_again(opened, first.seq).same
    assert taken(opened, period="2026", seed="s").sample.population == first.sample.population + 1


def test_a_population_that_was_changed_shows(opened):
    first = taken(opened, seed="s")
    with opened.database.transaction() as connection:
        connection.execute(text("DROP TRIGGER ledger_no_update"))
        connection.execute(text(f"UPDATE ledger SET event_id = 'x' WHERE seq = {numbers(first)[0]}"))
    assert not draw_again(opened, first.seq).same


@pytest.mark.parametrize("seq", [0, 1, 10_000, 2**40, -1])
def test_a_record_that_is_no_sample_is_refused(opened, seq):
    with pytest.raises(NoSample):
        draw_again(opened, seq)


def test_terms_that_make_no_sense_are_refused(opened):
    with pytest.raises(BadPeriod):
        taken(opened, period="soon")
    for wrong in ({"size": 0}, {"size": 1001}, {"seed": ""}, {"kind": "x"}, {"more": 1}):
        with pytest.raises(ValidationError):
            SampleTerms.model_validate({"period": "2026", "size": 1, "seed": "s", "up_to": 1} | wrong)
    with opened.database.reading() as connection:
        terms = SampleTerms(period="2026", size=1, seed="s", up_to=0)
        assert draw(connection, terms, zone=UTC_ZONE).population == 0
