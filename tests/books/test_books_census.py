"""The census and frozen baselines: what people say, what is lacking, two persons for a version, and versions side by side."""

from datetime import date
from fractions import Fraction

import pytest
from pydantic import ValidationError

from books.bookkeeping import FRIDAY, SATO, TOKYO, Books, at, proposed
from temanashi.books import (
    ClosedMonth,
    Estimate,
    Sample,
    Seconds,
    baseline_versions,
    census_draft,
    census_lines,
    census_of,
    confirmed_baseline,
    freezable,
    prepared_baseline,
    refused_baseline,
    signed_versions,
)
from temanashi.books.freezing import NothingToFreeze, NoWaitingBaseline, OwnBaseline, RefusedWithoutReason
from temanashi.books.sealing import Hand, Proof
from temanashi.ledger.records import Draft
from temanashi.people import Actor, People
from temanashi.runbooks.model import Demand
from temanashi.text import LANGUAGES, LocalText, explain

TANAKA = Actor(name="田中")
DAILY = Demand(calendar="business_day")


def hand(actor=SATO, people=None):
    return Hand(actor=actor, channel="cli", people=people or People())


def estimate(minutes=10.0, **more):
    told = {
        "title": LocalText(plain="入出金の照合"),
        "category": "routine",
        "owner": "運用課",
        "demand": Demand(per_month=20),
        "minutes": minutes,
        "says": "鈴木",
        "day": date(2026, 11, 10),
    }
    return Estimate.model_validate(told | more)


def say(books, task="reconcile", minutes=10.0, *, on=FRIDAY, **more):
    return books.write(census_draft(task, estimate(minutes, **more), actor=SATO), at(on))


def often(task, demand):
    return Fraction(19) if demand.calendar else Fraction(str(demand.per_month)) if demand.per_month else None


def lines(books, tasks=(), *, samples=(), today=FRIDAY):
    return census_lines(tasks, census_of(books.records), signed_versions(books.records), samples, often, today=today)


def prepare(books, tasks=(), *, by=SATO, day=date(2026, 11, 1), on=FRIDAY, samples=(), note=""):
    draft = prepared_baseline(
        lines(books, tasks, samples=samples),
        baseline_versions(books.records),
        hand=hand(by),
        day=day,
        now=at(on),
        zone=TOKYO,
        note=note,
    )
    return books.write(draft, at(on))


def confirm(books, *, by=TANAKA, on=FRIDAY, number=0, people=None):
    versions = baseline_versions(books.records)
    waiting = next((v for v in versions if v.state == "waiting"), None)
    first = books.records[waiting.seq - 1] if waiting else None
    drafts = confirmed_baseline(versions, first, hand=hand(by, people), now=at(on), zone=TOKYO, number=number)
    return [books.write(draft, at(on)) for draft in drafts]


def refused(kind, action):
    with pytest.raises(kind) as caught:
        action()
    said = [explain(caught.value, lang) for lang in LANGUAGES]
    assert all(one.what and one.next and "{" not in one.what + one.next for one in said)
    return said


def test_an_estimate_is_a_proposal_of_grade_c_until_it_is_signed(books):
    say(books, minutes=12, persons=2, least=10, most=20)
    (line,) = lines(books)
    assert (line.grade, line.seconds.occasion, line.points, line.occasions) == ("C", 1440, (600, 1200), 20)
    assert (line.lacking, line.monthly_seconds) == (("signature",), 28_800)
    assert books.figures([]).sums.baseline_seconds == 0


def test_the_newest_estimate_counts_and_the_others_stay(books):
    say(books, minutes=10)
    say(books, minutes=15)
    entries = census_of(books.records)["reconcile"]
    assert [entry.estimate.minutes for entry in entries] == [10, 15]
    assert lines(books)[0].seconds == Seconds(setup=900)


def test_what_is_missing_is_told(books):
    say(books, "no-frequency", demand=Demand())
    say(books, "no-minutes", minutes=0)
    told = {line.task: line.lacking for line in lines(books, [proposed("check", minutes=15), proposed("nothing", minutes=None)])}
    assert told == {
        "check": ("says", "signature"),
        "no-frequency": ("frequency", "signature"),
        "no-minutes": ("minutes", "signature"),
        "nothing": ("minutes", "signature"),
    }
    tasks, lacking = freezable(lines(books))
    assert (tasks, lacking) == ((), ("no-frequency", "no-minutes"))


def test_measured_samples_go_before_what_people_say(books):
    say(books, persons=2)
    samples = [
        Sample(run=f"r{n}", seq=n, day=FRIDAY, runbook="r", version="v", task="reconcile", seconds=seconds)
        for n, seconds in enumerate([600, 660, 540, 600, 630, 570], 1)
    ]
    (line,) = lines(books, samples=samples)
    assert (line.grade, line.seconds.occasion, len(line.samples)) == ("A", 600, 6)
    prepare(books, samples=samples)
    confirm(books)
    (version,) = signed_versions(books.records)["reconcile"]
    assert (version.evidence_on(FRIDAY).grade, version.seconds.occasion, version.seconds.persons) == ("A", 600, 1)


def test_freezing_takes_two_persons_and_signs_every_ready_task(books):
    say(books, minutes=10)
    say(books, "batch", minutes=30, demand=DAILY, shares={"night": 1.0}, kind="attend", persons=2)
    say(books, "unknown", demand=Demand())
    prepare(books, note="初回")
    (waiting,) = baseline_versions(books.records)
    assert (waiting.state, waiting.number, waiting.lacking, signed_versions(books.records)) == ("waiting", 1, ("unknown",), {})
    assert waiting.monthly_seconds == 20 * 600 + 19 * 3600
    ja, _ = refused(OwnBaseline, lambda: confirm(books, by=SATO))
    assert "佐藤" in ja.what
    records = confirm(books)
    (version,) = baseline_versions(books.records)
    assert (version.state, version.preparer, version.confirmer, version.note) == ("confirmed", "佐藤", "田中", "初回")
    signed = {task: own[0] for task, own in signed_versions(books.records).items()}
    assert sorted(signed) == ["batch", "reconcile"]
    batch = signed["batch"]
    assert (batch.signed_by, batch.valid_from, batch.kind, batch.shares.night) == ("佐藤", date(2026, 11, 1), "attend", 1.0)
    assert (records[1].draft.actor, records[1].draft.approvers) == ("田中", ("田中",))
    assert books.figures([]).sums.baseline_seconds == 20 * 600 + 19 * 3600
    assert [line.lacking for line in lines(books)] == [(), (), ("frequency", "signature")]


def test_one_person_under_two_names_is_one_person(books):
    say(books)
    prepare(books)
    people = People.model_validate({"people": {"sato": {"name": "佐藤", "os": "sato1"}}})
    refused(OwnBaseline, lambda: confirm(books, by=Actor(name="ＳＡＴＯ1"), people=people))
    refused(OwnBaseline, lambda: confirm(books, by=Actor(name="山田", account="sato1"), people=people))


def test_a_task_missed_at_first_goes_into_version_2_and_both_stay(books):
    say(books, minutes=10)
    prepare(books)
    confirm(books)
    refused(NothingToFreeze, lambda: prepare(books))
    say(books, "forgotten", minutes=6)
    prepare(books, by=TANAKA)
    confirm(books, by=SATO, number=2)
    first, second = baseline_versions(books.records)
    assert [(task.task, task.change) for task in first.tasks] == [("reconcile", "new")]
    assert [(task.task, task.change) for task in second.tasks] == [("forgotten", "new"), ("reconcile", "carried")]
    assert [len(own) for own in signed_versions(books.records).values()] == [1, 1]
    assert (first.monthly_seconds, second.monthly_seconds) == (12_000, 12_000 + 7200)
    assert second.tasks[1].says == "佐藤"


def test_new_minutes_of_a_signed_task_need_a_new_version(books):
    say(books, minutes=10)
    prepare(books)
    confirm(books)
    say(books, minutes=25)
    assert lines(books)[0].lacking == ("signature",)
    prepare(books)
    confirm(books)
    assert [task.change for task in baseline_versions(books.records)[1].tasks] == ["changed"]
    assert [version.seconds.setup for version in signed_versions(books.records)["reconcile"]] == [600, 1500]


def test_a_baseline_does_not_move_with_new_samples(books):
    say(books)
    prepare(books)
    confirm(books)
    sample = Sample(run="r", seq=1, day=FRIDAY, runbook="r", version="v", task="reconcile", seconds=60)
    (line,) = lines(books, samples=[sample])
    assert (line.seconds.setup, line.samples, line.lacking) == (600, (), ())


def test_a_version_prepared_later_takes_the_place_of_the_one_that_waits(books):
    say(books)
    first = prepare(books)
    say(books, "more")
    prepare(books)
    states = [(version.number, version.state, len(version.tasks)) for version in baseline_versions(books.records)]
    assert states == [(1, "replaced", 1), (1, "waiting", 2)]
    drafts = [first.draft.model_copy(update={"outcome": "confirmed", "actor": "田中", "body": {"prepared": first.seq}})]
    books.write(drafts[0], at(FRIDAY))
    assert baseline_versions(books.records)[0].state == "replaced"
    refused(NoWaitingBaseline, lambda: confirm(books, number=7))


def test_a_refusal_needs_a_reason_and_signs_nothing(books):
    say(books)
    prepare(books)
    versions = baseline_versions(books.records)
    refused(RefusedWithoutReason, lambda: refused_baseline(versions, hand=hand(), reason=" "))
    books.write(refused_baseline(versions, hand=hand(), reason="件数が違う"), at(FRIDAY))
    (version,) = baseline_versions(books.records)
    assert (version.state, version.reason, signed_versions(books.records)) == ("refused", "件数が違う", {})
    refused(NoWaitingBaseline, lambda: confirm(books))
    refused(NoWaitingBaseline, lambda: refused_baseline(baseline_versions(books.records), hand=hand(), reason="x"))


def test_a_month_that_is_over_is_not_rewritten(books):
    say(books)
    refused(ClosedMonth, lambda: prepare(books, day=date(2026, 10, 31)))
    prepare(books)
    refused(ClosedMonth, lambda: confirm(books, on=date(2026, 12, 1)))


def forged(record, **change):
    return record.model_copy(update={"draft": record.draft.model_copy(update=change)})


def test_what_was_forged_counts_nothing(books):
    say(books)
    prepared = prepare(books)
    body = {**prepared.draft.body, "day": "2020-01-01"}
    assert baseline_versions([forged(prepared, body=body)]) == ()
    assert baseline_versions([forged(prepared, body={})]) == ()
    assert baseline_versions([forged(prepared, actor_kind="system")]) == ()
    alone = forged(prepared, outcome="confirmed", body={"prepared": prepared.seq}).model_copy(update={"seq": 99})
    assert baseline_versions([prepared, alone])[0].state == "waiting"
    nowhere = forged(alone, actor="田中", body={"prepared": "1"})
    assert baseline_versions([prepared, nowhere])[0].state == "waiting"
    robot = forged(alone, actor="田中", actor_kind="system")
    assert baseline_versions([prepared, robot])[0].state == "waiting"
    good = forged(alone, actor="田中")
    assert baseline_versions([prepared, good], Proof())[0].state == "confirmed"


def test_an_estimate_that_cannot_be_read_is_passed_over():
    books = Books()
    books.write(Draft(kind="census", task="x", actor="佐藤", body={"minutes": 1}), at(FRIDAY))
    assert census_of(books.records) == {}
    with pytest.raises(ValidationError):
        estimate(says="")
