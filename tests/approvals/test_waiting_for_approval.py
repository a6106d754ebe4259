"""A run with `approve:` waits before its first change; what was approved is what is done, or it is asked for again."""

import dataclasses
import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, update

from fixtures_approvals import ALICE, BOB, CAROL, DAVE, ERIN, guarded
from fixtures_runs import asking
from temanashi.people import Actor
from temanashi.runs.advancing import advance
from temanashi.runs.approvals.faults import (
    AlreadyVoted,
    ApprovalExpired,
    NotAnApproval,
    OwnRequest,
    PlanChanged,
    RefusalWithoutNote,
    RunAltered,
)
from temanashi.runs.approvals.store import APPROVALS, FIRST
from temanashi.runs.decisions import decide
from temanashi.runs.reading import run_view, runs_with_dead_lease
from temanashi.runs.requests import request_run
from temanashi.runs.results import NotWaiting, Waiting
from temanashi.runs.tables import JOURNAL, RUNS, WAITS


def asked_for(engine, file, **more):
    request = {name: more.pop(name) for name in ("beneficiary", "actor", "reason", "channel") if name in more}
    run = request_run(engine, asking(guarded(file, **more), **request))
    return run, advance(engine, run)


def say(engine, run, actor, verdict="approved", **more):
    note = {"note": "駄目です"} if verdict == "refused" else {}
    return decide(engine, run, actor=actor, channel="cli", verdict=verdict, **note | more)


def records(engine, run, kind):
    with engine.database.reading() as connection:
        return [record.draft for record in engine.ledger.records(connection, run=run, kinds=(kind,))]


def test_nothing_is_touched_before_somebody_else_approves(engine, file):
    run, waiting = asked_for(engine, file, reason="月次の作業")
    assert isinstance(waiting, Waiting)
    assert (waiting.step, waiting.kind, waiting.number) == (FIRST, "approval", 1)
    assert "月次の作業" in waiting.prompt.text("ja")
    assert "Alice A" in waiting.prompt.text("en")
    assert not file.exists()
    assert isinstance(advance(engine, run), Waiting)
    say(engine, run, BOB, note="計画を読みました")
    with engine.database.reading() as connection:
        assert [view.id for view in runs_with_dead_lease(connection, engine.clock.now())] == [run]
    assert advance(engine, run).outcome == "done"
    assert file.read_text() == "done;"
    (decision,) = records(engine, run, "decision")
    assert (decision.actor, decision.outcome, decision.approvers, decision.step) == ("Bob B", "approved", ("Bob B",), FIRST)
    assert decision.body["digest"] == waiting.digest
    assert (decision.body["on_behalf_of"], decision.body["note"]) == ("", "計画を読みました")


def test_the_plan_of_the_record_is_the_one_that_was_approved(engine, file):
    run, waiting = asked_for(engine, file)
    (noted,) = records(engine, run, "noted")
    assert (noted.outcome, noted.body["digest"], noted.body["request"]) == ("approval-asked", waiting.digest, 1)
    assert "append state" in noted.body["plan"][0]


@pytest.mark.parametrize("name", ["alice", "ＡＬＩＣＥ", "Alice A", "alice-adm"])
def test_the_requester_is_refused_and_nothing_is_recorded(engine, file, name):
    run, _ = asked_for(engine, file)
    with pytest.raises(OwnRequest):
        say(engine, run, Actor(name=name))
    with pytest.raises(OwnRequest):
        say(engine, run, Actor(name=name), "refused")
    assert records(engine, run, "decision") == []
    assert isinstance(advance(engine, run), Waiting)


def test_one_refusal_refuses(engine, file):
    run, _ = asked_for(engine, file, approve={"by": "group:leads", "count": 2})
    say(engine, run, BOB)
    say(engine, run, CAROL, "refused")
    result = advance(engine, run)
    assert (result.outcome, "駄目です" in result.reason.text("ja")) == ("refused", True)
    assert not file.exists()
    with pytest.raises(NotWaiting):
        say(engine, run, DAVE)


def test_a_refusal_says_why(engine, file):
    run, _ = asked_for(engine, file)
    with pytest.raises(RefusalWithoutNote):
        say(engine, run, BOB, "refused", note=" ")


def test_two_different_people_must_approve(engine, file):
    run, _ = asked_for(engine, file, approve={"by": "group:leads", "count": 2})
    say(engine, run, BOB)
    assert isinstance(advance(engine, run), Waiting)
    with pytest.raises(AlreadyVoted):
        say(engine, run, Actor(name="ＢＯＢ"))
    say(engine, run, DAVE)
    assert advance(engine, run).outcome == "done"
    bob, dave = records(engine, run, "decision")
    assert (dave.body["approver"], dave.body["on_behalf_of"]) == ("dave", "carol")
    assert (bob.approvers, dave.approvers) == (("Bob B",), ("Bob B", "Dave D"))


def test_what_changed_since_the_approval_is_asked_again_and_nothing_is_applied(engine, file):
    file.write_text("as it was;")
    run, first = asked_for(engine, file)
    say(engine, run, BOB)
    file.write_text("somebody was here;")
    second = advance(engine, run)
    assert isinstance(second, Waiting)
    assert (second.number, second.digest != first.digest) == (2, True)
    assert file.read_text() == "somebody was here;"
    (_, noted) = records(engine, run, "noted")
    (sentence,) = noted.body["differences"]
    assert "as it was; → somebody was here;" in sentence
    assert isinstance(advance(engine, run), Waiting)  # the vote for the old plan counts for nothing
    say(engine, run, BOB)
    assert advance(engine, run).outcome == "done"
    assert file.read_text() == "somebody was here;done;"


def test_a_vote_for_a_plan_that_is_no_longer_asked_for_is_not_taken(engine, file):
    run, first = asked_for(engine, file)
    say(engine, run, BOB)
    file.write_text("new")
    second = advance(engine, run)
    with pytest.raises(PlanChanged):
        say(engine, run, CAROL, digest=first.digest)
    say(engine, run, CAROL, digest=second.digest)
    assert advance(engine, run).outcome == "done"


@pytest.mark.parametrize(
    ("hours", "open_"),
    [(0, True), (24 * 3 + 5, True), (24 * 4 + 5.9, True), (24 * 4 + 6, False)],
    ids=["at once", "the holiday", "Tuesday 23:54", "Tuesday midnight"],
)
def test_friday_evening_before_a_holiday_lasts_until_the_end_of_tuesday(engine, clock, file, hours, open_):
    run, waiting = asked_for(engine, file)
    assert waiting.until == datetime(2026, 11, 24, 14, 59, 59, tzinfo=UTC)
    clock.later(hours=hours)
    if open_:
        say(engine, run, BOB)
        assert advance(engine, run).outcome == "done"
        return
    with pytest.raises(ApprovalExpired):
        say(engine, run, BOB)
    assert advance(engine, run).outcome == "refused"
    assert [d.outcome for d in records(engine, run, "decision")] == ["expired"]
    assert not file.exists()


def test_an_approval_in_time_counts_even_when_it_is_taken_up_late(engine, clock, file):
    run, _ = asked_for(engine, file, approve={"by": "bob", "expires": {"hours": 1}})
    say(engine, run, BOB)
    clock.later(days=3)
    assert advance(engine, run).outcome == "done"


def test_who_left_meanwhile_and_who_is_no_deputy_yet_may_not(engine, clock, file):
    clock.at = datetime(2026, 11, 18, tzinfo=UTC)
    run, _ = asked_for(engine, file, approve={"by": "group:leads", "expires": {"hours": 200}})
    clock.later(days=3)
    with pytest.raises(Exception, match="erin"):
        say(engine, run, ERIN)


def test_an_escalation_lets_others_approve_after_its_hours(engine, clock, file):
    rule = {"by": "bob", "escalate": {"after_hours": 2, "to": "group:board"}}
    run, _ = asked_for(engine, file, approve=rule)
    frank = Actor(name="frank")
    with pytest.raises(Exception, match="Bob B"):
        say(engine, run, frank)
    clock.later(hours=2)
    say(engine, run, frank)
    assert advance(engine, run).outcome == "done"


def test_rows_without_a_record_in_the_ledger_approve_nothing(engine, file):
    run, _ = asked_for(engine, file)
    decision = json.dumps({"verdict": "approved", "note": "", "actor": "bob", "human_seconds": 0})
    with engine.database.transaction() as connection:
        connection.execute(update(WAITS).values(state="approved", decision=decision))
        connection.execute(update(APPROVALS).values(state="approved"))
        connection.execute(update(RUNS).values(state="running"))
    assert isinstance(advance(engine, run), Waiting)
    with engine.database.transaction() as connection:
        connection.execute(update(JOURNAL).values(state="done", outcome='{"status": "changed"}'))
    assert isinstance(advance(engine, run), Waiting)
    assert not file.exists()


def test_a_record_that_does_not_stand_in_the_chain_approves_nothing(engine, file):
    run, waiting = asked_for(engine, file)
    from temanashi.ledger.tables import bodies, ledger

    body = {"request": 1, "digest": waiting.digest, "approver": "bob", "on_behalf_of": "", "identities": ["person:bob"], "note": ""}
    with engine.database.transaction() as connection:
        head = engine.ledger.head(connection)
        row = connection.execute(ledger.select().where(ledger.c.seq == head.seq)).one()._asdict()
        envelope = json.loads(row["envelope"]) | {"kind": "decision", "outcome": "approved", "step": FIRST, "actor": "Bob B"}
        forged = row | {"seq": head.seq + 1, "kind": "decision", "outcome": "approved", "actor": "Bob B", "event_id": "x"}
        forged |= {"prev_hash": head.hash, "envelope": json.dumps(envelope)}
        connection.execute(insert(ledger).values(**forged))
        connection.execute(insert(bodies).values(chain="main", seq=head.seq + 1, salt=b"", text=json.dumps(body)))
    assert isinstance(advance(engine, run), Waiting)
    assert not file.exists()


@pytest.mark.parametrize("what", ["approve", "emergency"])
def test_a_row_that_no_longer_says_what_was_requested_is_not_run(engine, file, what):
    run, _ = asked_for(engine, file)
    with engine.database.transaction() as connection:
        row = connection.execute(RUNS.select()).one()
        frozen = json.loads(row.frozen)
        frozen["runbook"].pop("approve")
        changed = {"frozen": json.dumps(frozen)} if what == "approve" else {"emergency": 1}
        connection.execute(update(RUNS).values(**changed))
    with pytest.raises(RunAltered):
        advance(engine, run)
    assert not file.exists()


def test_changes_that_were_put_into_the_journal_by_hand_are_not_the_ones_that_are_applied(engine, file, tmp_path):
    run, _ = asked_for(engine, file)
    with engine.database.transaction() as connection:
        change = json.loads(connection.execute(JOURNAL.select()).one().change)
        change["payload"]["file"] = str(tmp_path / "elsewhere")
        connection.execute(update(JOURNAL).values(change=json.dumps(change)))
    say(engine, run, BOB)
    assert advance(engine, run).outcome == "done"
    assert file.read_text() == "done;"
    assert not (tmp_path / "elsewhere").exists()


def test_an_approval_and_a_manual_step_take_only_their_own_answers(engine, file):
    run, _ = asked_for(engine, file, steps=[{"id": "look", "manual": "見る"}])
    with pytest.raises(NotAnApproval):
        say(engine, run, BOB, "done")
    say(engine, run, BOB)
    assert advance(engine, run).step == "look"
    with pytest.raises(NotAnApproval):
        say(engine, run, BOB)
    say(engine, run, ALICE, "done")
    assert advance(engine, run).outcome == "done"


def test_the_page_knows_what_the_run_waits_for(engine, file):
    run, waiting = asked_for(engine, file)
    with engine.database.reading() as connection:
        view = run_view(connection, run)
    assert (view.wait.kind, view.wait.step, view.wait.until) == ("approval", FIRST, waiting.until)


def test_a_run_on_nobodys_behalf_by_the_schedule_still_asks(engine, file):
    actor = Actor(name="schedule", kind="system")
    run, waiting = asked_for(engine, file, actor=actor, channel="schedule")
    assert isinstance(waiting, Waiting)
    say(engine, run, ALICE)
    assert advance(engine, run).outcome == "done"


def test_an_engine_that_knows_nobody_lets_nobody_ask(engine, file):
    from temanashi.runs.approvals.faults import NobodyCouldApprove
    from temanashi.runs.directory import nobody

    with pytest.raises(NobodyCouldApprove):
        asked_for(dataclasses.replace(engine, directory=nobody), file)
