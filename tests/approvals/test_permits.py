"""Who may run, whether anybody could approve, and emergencies: asked at every way in, before anything is planned."""

import pytest

from fixtures_approvals import ALICE, BOB, CAROL, DAVE, ERIN, FRANK, guarded
from fixtures_runs import asking, runbook_of
from temanashi.people import Actor
from temanashi.runs.advancing import advance
from temanashi.runs.approvals.faults import (
    EmergencyNotAllowed,
    EmergencyNotNeeded,
    EmergencyWithoutReason,
    NobodyCouldApprove,
    NotAllowed,
    OwnRequest,
)
from temanashi.runs.decisions import decide
from temanashi.runs.requests import dry_run, request_run
from temanashi.runs.results import NotWaiting, Waiting
from temanashi.text import explain

SCHEDULE = Actor(name="schedule", kind="system")
CHANNELS = ["form", "page", "cli", "phone", "api"]


def only(who, **more):
    return runbook_of([{"command": ["true"]}], allow=who, **more)


@pytest.mark.parametrize("channel", CHANNELS)
def test_only_who_is_named_may_run_whatever_the_way_in(engine, channel):
    run = request_run(engine, asking(only(["group:board", "bob"]), actor=Actor(name="ＢＯＢ"), channel=channel))
    assert advance(engine, run).outcome == "done"
    for actor in (ALICE, Actor(name="prefect-ui"), Actor(name="bob", kind="system")):
        with pytest.raises(NotAllowed) as caught:
            request_run(engine, asking(only(["group:board", "bob"]), actor=actor, channel=channel))
    assert "Bob B, Frank F" in explain(caught.value, "en").what
    assert "何も実行していません" in explain(caught.value, "ja").what


def test_nothing_is_planned_or_recorded_for_who_may_not_run(engine):
    with pytest.raises(NotAllowed):
        request_run(engine, asking(only("bob")))
    with pytest.raises(NotAllowed):
        dry_run(engine, asking(only("bob")))
    with engine.database.reading() as connection:
        assert list(engine.ledger.records(connection)) == []


def test_who_left_may_not_run_any_more(engine):
    with pytest.raises(NotAllowed):
        request_run(engine, asking(only("group:leads"), actor=ERIN))


@pytest.mark.parametrize(("allow", "may"), [(["bob"], False), (["bob", "schedule"], True), (["alert"], False)])
def test_a_schedule_runs_what_says_that_schedules_may(engine, allow, may):
    request = asking(only(allow), actor=SCHEDULE, channel="schedule")
    if may:
        assert advance(engine, request_run(engine, request)).outcome == "done"
    else:
        with pytest.raises(NotAllowed):
            request_run(engine, request)


def test_a_person_who_calls_themselves_schedule_is_no_schedule(engine):
    with pytest.raises(NotAllowed):
        request_run(engine, asking(only("schedule"), actor=Actor(name="schedule"), channel="schedule"))


def test_a_request_that_nobody_could_approve_is_refused_at_once(engine, file):
    for beneficiary, count in (("Bob B, Carol C", 1), ("Bob B", 2)):
        with pytest.raises(NobodyCouldApprove) as caught:
            request_run(engine, asking(guarded(file, approve={"by": "group:leads", "count": count}), beneficiary=beneficiary))
    assert "1" in explain(caught.value, "ja").what
    assert "Carol C" in explain(caught.value, "en").what


def test_an_emergency_runs_at_once_and_is_approved_afterwards(engine, clock, file):
    request = asking(guarded(file), emergency=True, reason="全停止中")
    run = request_run(engine, request)
    assert advance(engine, run).outcome == "done"
    assert file.read_text() == "done;"
    with engine.database.reading() as connection:
        drafts = [record.draft for record in engine.ledger.records(connection, run=run)]
    assert all(draft.emergency for draft in drafts)
    assert drafts[0].reason == "全停止中"
    with pytest.raises(OwnRequest):
        decide(engine, run, actor=ALICE, channel="cli", verdict="approved")
    clock.later(days=10)  # overdue is late, not too late
    decide(engine, run, actor=BOB, channel="cli", verdict="approved", note="確認しました")
    with pytest.raises(NotWaiting):
        decide(engine, run, actor=CAROL, channel="cli", verdict="approved")
    with engine.database.reading() as connection:
        decision = list(engine.ledger.records(connection, run=run))[-1].draft
    assert (decision.kind, decision.actor, decision.emergency) == ("decision", "Bob B", True)
    assert decision.body["after_the_fact"]


def test_an_emergency_passes_approval_steps_too_and_says_so(engine, file):
    steps = [{"id": "ask", "approval": "group:leads"}, {"id": "write", "reading": str(file)}]
    run = request_run(engine, asking(guarded(file, approve=None, steps=steps), emergency=True, reason="停止"))
    assert advance(engine, run).outcome == "done"


def test_an_emergency_needs_a_reason_and_a_person_who_may(engine, file):
    with pytest.raises(EmergencyWithoutReason):
        request_run(engine, asking(guarded(file), emergency=True, reason=" "))
    for actor in (BOB, Actor(name="nobody"), Actor(name="alice", kind="system")):
        with pytest.raises(EmergencyNotAllowed, match="Alice A"):
            request_run(engine, asking(guarded(file), actor=actor, emergency=True, reason="x"))
    rule = {"by": "group:leads", "emergency": "group:board"}
    assert request_run(engine, asking(guarded(file, approve=rule), actor=FRANK, emergency=True, reason="x"))
    with pytest.raises(EmergencyNotAllowed):
        request_run(engine, asking(guarded(file, approve=rule), emergency=True, reason="x"))


def test_what_needs_no_approval_needs_no_emergency(engine):
    with pytest.raises(EmergencyNotNeeded):
        request_run(engine, asking(runbook_of([{"command": ["true"]}]), emergency=True, reason="x"))


def test_a_dry_run_asks_for_no_approval(engine, file):
    assert dry_run(engine, asking(guarded(file))).changes
    assert not file.exists()


def test_a_request_made_again_tells_what_changed_since_the_refused_one(engine, file):
    run = request_run(engine, asking(guarded(file)))
    advance(engine, run)
    decide(engine, run, actor=BOB, channel="cli", verdict="refused", note="まだ早い")
    advance(engine, run)
    file.write_text("since then;")
    again = request_run(engine, asking(guarded(file), actor=DAVE, again=run))
    assert isinstance(advance(engine, again), Waiting)
    with engine.database.reading() as connection:
        (noted,) = (record.draft for record in engine.ledger.records(connection, run=again, kinds=("noted",)))
    assert "since then;" in noted.body["differences"][0]
