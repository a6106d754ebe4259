"""`approval` in the middle of a run is bound to what the later steps will do, planned anew; undo and calls ask for their own."""

import pytest

from fixtures_approvals import ALICE, BOB, KINDS, guarded
from fixtures_runs import asking, runbook_of
from temanashi.runbooks.parsing import BadRunbook
from temanashi.runs.advancing import advance
from temanashi.runs.again import request_undo
from temanashi.runs.approvals.faults import OwnRequest, RunAltered
from temanashi.runs.approvals.store import FIRST
from temanashi.runs.decisions import decide
from temanashi.runs.reading import run_view
from temanashi.runs.requests import dry_run, request_run
from temanashi.runs.results import Waiting
from temanashi.text import LANGUAGES


def steps(tmp_path, *, asked="group:leads"):
    return [
        {"id": "look", "command": {"run": ["echo", "disk2"], "reads": True}},
        {"id": "ask", "approval": asked},
        {"id": "use", "command": ["sh", "-c", 'echo "$1" >> "$2"', "sh", "{{ steps.look.stdout }}", str(tmp_path / "used")]},
        {"id": "write", "reading": str(tmp_path / "state")},
    ]


def begun(engine, tmp_path, **more):
    run = request_run(engine, asking(runbook_of(steps(tmp_path, **more), kinds=KINDS)))
    return run, advance(engine, run)


def approve(engine, run, actor=BOB, **more):
    decide(engine, run, actor=actor, channel="cli", verdict="approved", **more)


def asked_plans(engine, run):
    with engine.database.reading() as connection:
        return [record.draft.body for record in engine.ledger.records(connection, run=run, kinds=("noted",))]


def test_later_steps_are_planned_with_what_is_known_now_and_shown(engine, tmp_path):
    run, waiting = begun(engine, tmp_path)
    assert isinstance(waiting, Waiting)
    assert (waiting.step, waiting.kind) == ("ask", "approval")
    (asked,) = asked_plans(engine, run)
    assert len(asked["plan"]) == 2
    assert "disk2" in asked["plan"][0]
    with pytest.raises(OwnRequest):
        approve(engine, run, ALICE)
    approve(engine, run)
    assert advance(engine, run).outcome == "done"
    assert (tmp_path / "used").read_text() == "disk2\n"
    with engine.database.reading() as connection:
        view = run_view(connection, run)
    assert "Bob B" in view.steps[1].rows[0].reason.text("ja")


def test_what_changed_before_the_approval_was_taken_up_is_asked_again(engine, tmp_path):
    run, _ = begun(engine, tmp_path)
    approve(engine, run)
    (tmp_path / "state").write_text("changed;")
    again = advance(engine, run)
    assert isinstance(again, Waiting)
    assert again.number == 2
    assert not (tmp_path / "used").exists()
    assert "changed;" in asked_plans(engine, run)[1]["differences"][0]
    approve(engine, run, digest=again.digest)
    assert advance(engine, run).outcome == "done"


def test_a_refusal_in_the_middle_ends_the_run_and_silence_does_too(engine, clock, tmp_path):
    run, _ = begun(engine, tmp_path)
    decide(engine, run, actor=BOB, channel="page", verdict="refused", note="今日はやめます")
    result = advance(engine, run)
    assert (result.outcome, "今日はやめます" in result.reason.text("ja")) == ("refused", True)
    other, _ = begun(engine, tmp_path, asked={"by": "bob", "expires": {"hours": 1}})
    clock.later(hours=1)
    assert advance(engine, other).outcome == "refused"
    assert not (tmp_path / "used").exists()


def test_a_step_between_is_not_known_yet_and_is_planned_when_it_is_its_turn(engine, tmp_path):
    chain = [
        {"id": "ask", "approval": {"by": "bob", "text": {"ja": "{{ run.actor }} の作業", "en": "Work of {{ run.actor }}"}}},
        {"id": "look", "command": {"run": ["echo", "later"], "reads": True}},
        {"id": "use", "command": ["sh", "-c", 'echo "$1" > "$2"', "sh", "{{ steps.look.stdout }}", str(tmp_path / "used")]},
    ]
    run = request_run(engine, asking(runbook_of(chain, kinds=KINDS)))
    waiting = advance(engine, run)
    assert waiting.prompt.text("ja") == "Alice A の作業"
    assert "‹look.stdout›" in asked_plans(engine, run)[0]["plan"][1]
    approve(engine, run)
    assert advance(engine, run).outcome == "done"
    assert (tmp_path / "used").read_text() == "later\n"


def test_a_dry_run_says_that_it_would_wait(engine, tmp_path):
    plan = dry_run(engine, asking(runbook_of(steps(tmp_path), kinds=KINDS)))
    told = [change.summary.text(lang) for change in plan.changes for lang in LANGUAGES if change.kind == "approval"]
    assert "承認を待ちます" in told[0]
    assert "Wait for approval" in told[1]


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ({"bye": "bob"}, "bye"),
        ({"by": "bob", "expires": {}}, "expires"),
        ({}, "by"),
        ({"by": "bob", "text": "{{ nothing }}"}, "text"),
    ],
)
def test_mistakes_in_an_approval_step_are_told_with_their_place(written, field):
    with pytest.raises(BadRunbook) as caught:
        runbook_of([{"approval": written}])
    assert field in " ".join(problem.field for problem in caught.value.problems)


def commanded(tmp_path):
    """A change that can be taken back."""
    file = str(tmp_path / "mark")
    return [{"id": "go", "command": {"run": ["touch", file], "undo": ["rm", file]}}]


def test_undoing_an_approved_run_needs_approval_of_its_own(engine, tmp_path):
    run = request_run(engine, asking(guarded(tmp_path, steps=commanded(tmp_path))))
    advance(engine, run)
    approve(engine, run)
    assert advance(engine, run).outcome == "done"
    undo = request_undo(engine, run, actor=BOB, channel="cli")
    waiting = advance(engine, undo)
    assert isinstance(waiting, Waiting)
    assert (waiting.step, (tmp_path / "mark").exists()) == (FIRST, True)
    assert "rm" in asked_plans(engine, undo)[0]["plan"][0]
    with pytest.raises(OwnRequest):
        approve(engine, undo, BOB)
    approve(engine, undo, ALICE)
    assert advance(engine, undo).outcome == "done"
    assert not (tmp_path / "mark").exists()


def test_an_undo_whose_rows_were_changed_by_hand_is_not_run(engine, tmp_path):
    from sqlalchemy import update

    from temanashi.runs.tables import JOURNAL

    run = request_run(engine, asking(guarded(tmp_path, steps=commanded(tmp_path))))
    advance(engine, run)
    approve(engine, run)
    advance(engine, run)
    undo = request_undo(engine, run, actor=BOB, channel="cli")
    with engine.database.transaction() as connection:
        row = connection.execute(JOURNAL.select().where(JOURNAL.c.run == undo)).one()
        connection.execute(update(JOURNAL).where(JOURNAL.c.run == undo).values(change=row.change.replace("mark", "other")))
    with pytest.raises(RunAltered):
        advance(engine, undo)


def calling(tmp_path, called, **more):
    parent = runbook_of([{"id": "sub", "runbook": "called"}], kinds=KINDS, **more)
    return asking(parent, called={"called": called})


def test_a_called_runbook_asks_for_its_own_approval(engine, tmp_path):
    called = guarded(tmp_path, steps=commanded(tmp_path), id="called")
    run = request_run(engine, calling(tmp_path, called))
    waiting = advance(engine, run)
    assert isinstance(waiting, Waiting)
    assert (waiting.run != run, waiting.kind) == (True, "approval")
    assert not (tmp_path / "mark").exists()
    with pytest.raises(OwnRequest):
        approve(engine, waiting.run, ALICE)
    approve(engine, waiting.run)
    assert advance(engine, run).outcome == "done"
    assert (tmp_path / "mark").exists()


def test_a_called_runbook_that_the_requester_may_not_run_fails_the_step(engine, tmp_path):
    called = runbook_of(commanded(tmp_path), id="called", allow="bob")
    result = advance(engine, request_run(engine, calling(tmp_path, called)))
    assert result.outcome == "failed"
    assert "Bob B" in result.reason.text("en")
    assert not (tmp_path / "mark").exists()


def test_an_emergency_covers_the_called_runbook_where_the_person_may(engine, tmp_path):
    called = guarded(tmp_path, steps=commanded(tmp_path), id="called")
    parent = guarded(tmp_path, steps=[{"id": "sub", "runbook": "called"}])
    run = request_run(engine, asking(parent, called={"called": called}, emergency=True, reason="停止"))
    assert advance(engine, run).outcome == "done"
    other = guarded(tmp_path, steps=commanded(tmp_path), id="called", approve={"by": "group:leads", "emergency": "group:board"})
    run = request_run(engine, asking(parent, called={"called": other}, emergency=True, reason="停止"))
    assert advance(engine, run).outcome == "failed"


def test_an_approval_is_no_manual_work_and_its_approvers_stand_in_the_last_record(engine, tmp_path):
    run, _ = begun(engine, tmp_path)
    approve(engine, run)
    advance(engine, run)
    with engine.database.reading() as connection:
        last = list(engine.ledger.records(connection, run=run))[-1].draft
    assert (last.kind, last.approvers) == ("run_finished", ("Bob B",))
    assert (last.body["manual_changes"], last.body["human_time_known"]) == (0, True)
