"""A run goes from its plan to its end, waits for people, and stops where it must."""

import threading
import time

import pytest

from fixtures_runs import ALICE, BOB, Heard, asking, make_engine, runbook_of
from temanashi.changes import Verdict
from temanashi.ledger.verification import verify
from temanashi.runs.advancing import advance
from temanashi.runs.decisions import decide
from temanashi.runs.events import RunFinished, StepDone, StepStarted, TargetDone
from temanashi.runs.reading import recent_runs, run_view, runs_with_dead_lease
from temanashi.runs.requests import dry_run, request_run
from temanashi.runs.results import AlreadyEnded, Finished, NoRun, NotWaiting, RunsStopped, Waiting
from temanashi.runs.stopping import cancel, lift_stop, stop_everything


def records(engine, **how):
    with engine.database.reading() as connection:
        return list(engine.ledger.records(connection, **how))


def kinds_of(engine, run):
    return [record.draft.kind for record in records(engine, run=run)]


def test_every_step_runs_on_every_target_and_the_ledger_has_one_intent_and_one_outcome_a_step(engine, tmp_path):
    runbook = runbook_of(
        [{"id": "mark", "command": ["sh", "-c", 'echo "$1" >> "$2"', "sh", "{{ host.name }}", str(tmp_path / "marks")]}],
        targets="web1,web2,web3",
    )
    run = request_run(engine, asking(runbook, hosts=3))
    result = advance(engine, run)
    assert isinstance(result, Finished)
    assert result.outcome == "done"
    assert sorted((tmp_path / "marks").read_text().split()) == ["web1", "web2", "web3"]
    assert [(t.target, t.outcome) for t in result.targets] == [("web1", "changed"), ("web2", "changed"), ("web3", "changed")]
    assert kinds_of(engine, run) == ["run_requested", "demand", "run_started", "step_intended", "step_done", "run_finished"]
    with engine.database.reading() as connection:
        assert verify(connection).exit_code == 0


def test_advancing_a_finished_run_again_changes_nothing(engine, tmp_path):
    run = request_run(engine, asking(runbook_of([{"command": ["sh", "-c", 'echo x >> "$1"', "sh", str(tmp_path / "marks")]}])))
    first, second = advance(engine, run), advance(engine, run)
    assert (first.outcome, first.targets) == (second.outcome, second.targets)
    assert (tmp_path / "marks").read_text() == "x\n"


def test_a_failed_step_ends_the_run_and_later_steps_are_skipped(engine, tmp_path):
    runbook = runbook_of(
        [
            {"id": "first", "command": ["sh", "-c", "echo broken >&2; exit 4"]},
            {"id": "second", "command": ["touch", str(tmp_path / "never")]},
        ]
    )
    run = request_run(engine, asking(runbook))
    result = advance(engine, run)
    assert result.outcome == "failed"
    assert "broken" in result.reason.text("ja")
    assert not (tmp_path / "never").exists()
    with engine.database.reading() as connection:
        view = run_view(connection, run)
    assert [[row.status for row in step.rows] for step in view.steps] == [["failed"], ["skipped"]]


def test_a_command_that_times_out_is_unknown_not_failed(engine):
    run = request_run(engine, asking(runbook_of([{"command": {"run": ["sleep", "5"], "timeout": 0.2}}])))
    assert advance(engine, run).outcome == "unknown"


def test_a_command_whose_observe_sees_the_wished_state_is_not_run(engine, tmp_path):
    marks = tmp_path / "marks"
    step = {"command": {"run": ["sh", "-c", 'echo x >> "$1"', "sh", str(marks)], "observe": ["test", "-s", str(marks)]}}
    for expected in ("changed", "already"):
        result = advance(engine, request_run(engine, asking(runbook_of([step]))))
        assert [t.outcome for t in result.targets] == [expected]
    assert marks.read_text() == "x\n"


def test_a_later_step_sees_the_output_of_its_own_host(engine, tmp_path):
    runbook = runbook_of(
        [
            {"id": "ask", "command": {"run": ["echo", "on-{{ host.name }}"], "reads": True}},
            {
                "id": "use",
                "command": ["sh", "-c", 'echo "$1" > "$2"', "sh", "{{ steps.ask.stdout }}", str(tmp_path) + "/{{ host.name }}"],
            },
        ],
        targets="web1,web2",
    )
    plan = dry_run(engine, asking(runbook, hosts=2))
    assert "‹ask.stdout›" in str(plan.changes[-1].payload)
    assert advance(engine, request_run(engine, asking(runbook, hosts=2))).outcome == "done"
    assert (tmp_path / "web1").read_text() == "on-web1\n"
    assert (tmp_path / "web2").read_text() == "on-web2\n"


def test_a_manual_step_waits_until_a_person_says_it_is_done(engine):
    runbook = runbook_of(
        [{"id": "look", "manual": {"ja": "ランプを確認する", "en": "Look at the lamp"}}, {"id": "after", "command": ["true"]}]
    )
    run = request_run(engine, asking(runbook))
    waiting = advance(engine, run)
    assert isinstance(waiting, Waiting)
    assert waiting.prompt.text("ja") == "ランプを確認する"
    assert isinstance(advance(engine, run), Waiting)
    with engine.database.reading() as connection:
        assert not runs_with_dead_lease(connection, engine.clock.now())
        assert recent_runs(connection)[0].wait.step == "look"
    decide(engine, run, actor=BOB, channel="cli", verdict="done", note="点灯", human_seconds=120)
    with engine.database.reading() as connection:
        assert [view.id for view in runs_with_dead_lease(connection, engine.clock.now())] == [run]
    assert advance(engine, run).outcome == "done"
    decision = next(record for record in records(engine, run=run) if record.draft.kind == "decision")
    assert (decision.draft.actor, decision.draft.human_seconds, decision.draft.human_source) == ("bob", 120, "entered")
    assert decision.draft.body["note"] == "点灯"


def test_minutes_that_nobody_entered_are_marked_as_a_default(engine):
    run = request_run(engine, asking(runbook_of([{"manual": {"text": {"ja": "見る", "en": "Look"}, "minutes": 3}}])))
    advance(engine, run)
    decide(engine, run, actor=ALICE, channel="cli", verdict="done")
    decision = next(record for record in records(engine, run=run) if record.draft.kind == "decision")
    assert (decision.draft.human_seconds, decision.draft.human_source) == (180, "default")


def test_a_refused_manual_step_ends_the_run_as_refused(engine, tmp_path):
    runbook = runbook_of([{"manual": {"ja": "見る", "en": "Look"}}, {"command": ["touch", str(tmp_path / "never")]}])
    run = request_run(engine, asking(runbook))
    advance(engine, run)
    decide(engine, run, actor=BOB, channel="cli", verdict="refused", note="煙が出ている")
    result = advance(engine, run)
    assert result.outcome == "refused"
    assert "煙が出ている" in result.reason.text("ja")
    assert not (tmp_path / "never").exists()


def test_a_wait_that_expired_refuses(tmp_path):
    from datetime import timedelta

    from temanashi.clock import SystemClock

    class Later(SystemClock):
        shift = timedelta()

        def now(self):
            return super().now() + self.shift

    engine = make_engine(tmp_path, clock=Later())
    run = request_run(engine, asking(runbook_of([{"manual": {"text": {"ja": "見る", "en": "Look"}, "expires_hours": 1}}])))
    waiting = advance(engine, run)
    assert waiting.until is not None
    Later.shift = timedelta(hours=2)
    result = advance(engine, run)
    assert result.outcome == "refused"
    assert "decision" in kinds_of(engine, run)
    engine.database.close()


def test_deciding_about_a_run_that_does_not_wait_is_refused_with_its_state(engine):
    run = request_run(engine, asking(runbook_of([{"command": ["true"]}])))
    advance(engine, run)
    with pytest.raises(NotWaiting, match="done"):
        decide(engine, run, actor=BOB, channel="cli", verdict="done")
    with pytest.raises(NoRun, match="nothing-like-this"):
        decide(engine, "nothing-like-this", actor=BOB, channel="cli", verdict="done")


def test_checks_are_measured_and_their_verdict_is_the_runs(engine, tmp_path):
    runbook = runbook_of(
        [
            {
                "checks": [
                    {"id": "file", "kind": "file_age", "path": str(tmp_path / "missing")},
                    {"id": "disk", "kind": "disk", "path": "/", "warn": "101", "crit": "102"},
                ]
            },
            {"id": "after", "command": ["true"]},
        ]
    )
    run = request_run(engine, asking(runbook))
    result = advance(engine, run)
    assert (result.outcome, result.verdict) == ("done", Verdict.CRITICAL)
    with engine.database.reading() as connection:
        view = run_view(connection, run)
    assert [row["verdict"] for row in view.steps[0].rows[0].details] == ["CRITICAL", "OK"]
    assert view.steps[1].rows[0].status == "changed"


def test_observers_hear_of_progress_in_order(tmp_path):
    heard = Heard()
    engine = make_engine(tmp_path, observers=(heard,))
    advance(engine, request_run(engine, asking(runbook_of([{"command": ["true"]}], targets="web1,web2"), hosts=2)))
    assert [type(event) for event in heard.events] == [StepStarted, TargetDone, TargetDone, StepDone, RunFinished]
    assert [event.done for event in heard.of(TargetDone)] == [1, 2]
    engine.database.close()


def test_a_dry_run_touches_nothing_and_is_recorded_as_one(engine, tmp_path):
    plan = dry_run(engine, asking(runbook_of([{"command": ["touch", str(tmp_path / "never")]}])))
    assert plan.digest.startswith("sha256:")
    assert not (tmp_path / "never").exists()
    assert [(r.draft.kind, r.draft.mode) for r in records(engine)] == [("run_finished", "dry_run")]


def test_the_same_flow_run_asks_only_once(engine):
    request = asking(runbook_of([{"command": ["true"]}]), flow_run="flow-1")
    assert request_run(engine, request) == request_run(engine, request)


def test_a_waiting_run_is_cancelled_at_once_and_the_record_says_by_whom(engine):
    run = request_run(engine, asking(runbook_of([{"manual": {"ja": "見る", "en": "Look"}}])))
    advance(engine, run)
    assert cancel(engine, run, actor=BOB, channel="cli", reason="日程変更")
    assert advance(engine, run).outcome == "cancelled"
    last = records(engine, run=run)[-1].draft
    assert (last.kind, last.outcome, last.actor) == ("run_finished", "cancelled", "bob")
    assert "日程変更" in last.reason
    with pytest.raises(AlreadyEnded, match="cancelled"):
        cancel(engine, run, actor=BOB, channel="cli", reason="もう一度")


def test_a_running_run_stops_soon_after_somebody_cancels_it(engine, tmp_path):
    run = request_run(engine, asking(runbook_of([{"command": ["sleep", "30"]}, {"command": ["touch", str(tmp_path / "never")]}])))
    results = []
    worker = threading.Thread(target=lambda: results.append(advance(engine, run)))
    worker.start()
    for _ in range(100):
        with engine.database.reading() as connection:
            if run_view(connection, run).state == "running":
                break
        time.sleep(0.05)
    started = time.monotonic()
    assert not cancel(engine, run, actor=BOB, channel="page", reason="やめます")
    worker.join(timeout=20)
    assert time.monotonic() - started < 10
    assert results[0].outcome == "cancelled"
    assert not (tmp_path / "never").exists()


def test_the_emergency_stop_cancels_live_runs_and_refuses_new_ones_until_lifted(engine):
    runbook = runbook_of([{"manual": {"ja": "見る", "en": "Look"}}])
    run = request_run(engine, asking(runbook))
    advance(engine, run)
    assert stop_everything(engine, actor=BOB, channel="cli", reason="誤動作の疑い") == [run]
    assert advance(engine, run).outcome == "cancelled"
    with pytest.raises(RunsStopped, match="誤動作の疑い"):
        request_run(engine, asking(runbook))
    assert lift_stop(engine, actor=BOB, channel="cli", reason="確認済み")
    assert not lift_stop(engine, actor=BOB, channel="cli", reason="確認済み")
    request_run(engine, asking(runbook))
    assert [r.draft.outcome for r in records(engine, kinds=("emergency_stop",))] == ["on", "lifted"]
