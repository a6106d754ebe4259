"""`when`, `for_each`, `outputs`, retries, `on_failure` and `always`, with real commands on this machine."""

from __future__ import annotations

import pytest

from fixtures_runs import BOB, Heard, asking, make_engine, runbook_of
from temanashi.ledger.verification import verify
from temanashi.runbooks.model import Retries
from temanashi.runbooks.parsing import BadRunbook
from temanashi.runbooks.templates import TemplateFailed
from temanashi.runs.advancing import advance
from temanashi.runs.decisions import decide
from temanashi.runs.events import TargetDone
from temanashi.runs.planning import NotAList
from temanashi.runs.reading import run_view
from temanashi.runs.requests import dry_run, request_run
from temanashi.runs.results import Waiting
from temanashi.runs.trying import pause_before


def say(word, **more):
    return {"id": word, "command": {"run": ["echo", word]}, **more}


def note(file, word, **more):
    """A step that adds a line to a file, and can tell whether the line is there."""
    run = ["sh", "-c", 'echo "$2" >> "$1"', "note", str(file), word]
    return {"id": word.replace("_", "-"), "command": {"run": run}, **more}


def ran(engine, steps, *, hosts=0, **more):
    """The result and the rows (step, iteration order, target, status) of a run."""
    run = request_run(engine, asking(runbook_of(steps, **more.pop("book", {})), hosts=hosts, **more))
    result = advance(engine, run)
    with engine.database.reading() as connection:
        assert verify(connection).exit_code == 0
        view = run_view(connection, run)
    return result, [(step.step, row.target, row.status) for step in view.steps for row in step.rows]


def lines(file):
    return file.read_text().split() if file.exists() else []


def test_a_step_whose_condition_is_false_is_left_out_and_said(engine):
    result, rows = ran(engine, [say("one", when="params.go"), say("two")], book=GO, inputs={"go": "no"})
    assert result.outcome == "done"
    assert rows == [("one", "-", "skipped"), ("two", "localhost", "changed")]


GO = {"parameters": [{"name": "go", "type": "boolean", "title": "Go"}]}


def test_a_plan_says_what_is_left_out_and_what_is_not_known_yet(engine):
    steps = [say("one", when="params.go"), say("two"), say("three", when="steps.two.stdout == 'two'")]
    plan = dry_run(engine, asking(runbook_of(steps, **GO), inputs={"go": "no"}))
    assert [(c.left_out is not None, c.condition) for c in plan.changes] == [
        (True, ""),
        (False, ""),
        (False, "steps.two.stdout == 'two'"),
    ]
    assert "params.go" in plan.changes[0].left_out.text("en")


@pytest.mark.parametrize(("wanted", "status"), [("two", "changed"), ("three", "skipped")])
def test_a_condition_on_an_output_is_judged_when_it_is_known(engine, wanted, status):
    _, rows = ran(engine, [say("two"), say("last", when=f"steps.two.stdout == '{wanted}'")])
    assert rows[-1] == ("last", "localhost", status)


def test_a_condition_on_the_host_is_judged_for_each(engine):
    result, rows = ran(engine, [say("one", when="host.name != 'web1'")], hosts=2, book={"targets": "all"})
    assert ("one", "web1", "skipped") in rows
    assert ("one", "web2", "changed") in rows
    assert result.outcome == "done"
    assert {t.target: t.outcome for t in result.targets}["web2"] == "changed"


@pytest.mark.parametrize(
    "when", ["().__class__", "params.go.__class__.__mro__", "nothing", "params.gone", "1 +", "{{ params.go }}"]
)
def test_a_condition_cannot_leave_its_box_and_is_checked_at_load(engine, when):
    with pytest.raises((BadRunbook, TemplateFailed)) as caught:
        request_run(engine, asking(runbook_of([say("one", when=when)], **GO), inputs={"go": "yes"}))
    assert caught.value.data


def test_a_step_is_done_once_for_each_item_in_order(engine, tmp_path):
    file = tmp_path / "file"
    steps = [{"id": "each", "for_each": ["b", "a", 3], "command": ["sh", "-c", 'echo "$2" >> "$1"', "x", str(file), "{{ item }}"]}]
    result, rows = ran(engine, steps)
    assert result.outcome == "done"
    assert lines(file) == ["b", "a", "3"]
    assert rows == [("each", "localhost", "changed")] * 3


def test_items_may_come_from_an_output_of_each_host(engine, tmp_path):
    file = tmp_path / "file"
    each = ["sh", "-c", 'echo "$2" >> "$1"', "x", str(file), "{{ host.name }}-{{ item }}"]
    steps = [
        {"id": "list", "command": ["printf", "a\\nb\\n%s\\n", "{{ host.name }}"]},
        {"id": "each", "for_each": "steps.list.stdout.splitlines()", "command": each},
        {"id": "sum", "command": ["echo", "{{ steps.each.each | length }}", "{{ steps.each.status }}"], "targets": "web1"},
    ]
    run = request_run(engine, asking(runbook_of(steps, targets="web*"), hosts=2))
    assert advance(engine, run).outcome == "done"
    assert sorted(lines(file)) == ["web1-a", "web1-b", "web1-web1", "web2-a", "web2-b", "web2-web2"]
    with engine.database.reading() as connection:
        view = run_view(connection, run)
    assert view.steps[-1].rows[0].output == "3 changed"


def test_no_items_are_no_failure_and_said(engine):
    result, rows = ran(engine, [say("list"), say("each", for_each="[]"), say("last")])
    assert result.outcome == "done"
    assert rows[1] == ("each", "-", "skipped")


@pytest.mark.parametrize("expression", ["'text'", "5", "range(2000) | list"])
def test_items_that_are_no_list_are_refused_before_anything_runs(engine, tmp_path, expression):
    with pytest.raises(NotAList) as caught:
        ran(engine, [note(tmp_path / "never", "one"), say("each", for_each=expression)])
    assert caught.value.data["step"] == "each"
    assert not (tmp_path / "never").exists()


def test_a_list_that_turns_out_to_be_none_ends_the_run_on_the_record(engine):
    result, _ = ran(engine, [say("one"), say("each", for_each="steps.one.stdout"), say("last")])
    assert result.outcome == "failed"
    assert "for_each" in result.reason.text("en")


def test_outputs_have_names_for_later_steps(engine):
    steps = [
        {"id": "ask", "command": ["echo", "nginx 1.24"], "outputs": {"version": "{{ result.stdout.split()[1] }}"}},
        {"id": "tell", "command": ["echo", "{{ steps.ask.version }}", "{{ steps.ask.status }}"]},
    ]
    run = request_run(engine, asking(runbook_of(steps)))
    advance(engine, run)
    with engine.database.reading() as connection:
        assert run_view(connection, run).steps[1].rows[0].output == "1.24 changed"


def test_an_output_that_cannot_be_made_fails_its_step(engine):
    steps = [{"id": "ask", "command": ["echo", "x"], "outputs": {"version": "{{ result.stdout.split()[1] }}"}}, say("last")]
    result, rows = ran(engine, steps)
    assert result.outcome == "failed"
    assert "result.stdout.split" in result.reason.text("ja")
    assert rows[-1][2] == "skipped"


def flaky(file, times):
    """Fails until it was called so many times."""
    return ["sh", "-c", 'echo x >> "$1"; [ "$(wc -l < "$1")" -ge "$2" ]', "flaky", str(file), str(times)]


def test_what_failed_is_tried_again_as_often_as_the_step_says(engine, tmp_path):
    file = tmp_path / "file"
    retries = {"times": 3, "delay": 0.01}
    result, _ = ran(engine, [{"id": "flaky", "command": flaky(file, 3), "retries": retries}])
    assert result.outcome == "done"
    assert len(lines(file)) == 3


def test_tries_end_and_the_last_failure_counts(engine, tmp_path):
    file = tmp_path / "file"
    result, _ = ran(engine, [{"id": "flaky", "command": flaky(file, 9), "retries": {"times": 2, "delay": 0}}])
    assert result.outcome == "failed"
    assert len(lines(file)) == 3


def test_what_may_have_happened_is_not_tried_again_blindly(engine, tmp_path):
    file = tmp_path / "file"
    slow = ["sh", "-c", 'echo x >> "$1"; sleep 20', "slow", str(file)]
    steps = [{"id": "slow", "command": {"run": slow, "timeout": 0.3}, "retries": {"times": 3, "delay": 0}}]
    result, _ = ran(engine, steps)
    assert result.outcome == "unknown"
    assert lines(file) == ["x"]


def test_what_can_tell_that_it_did_not_happen_is_tried_again(engine, tmp_path):
    file = tmp_path / "file"
    slow = ["sh", "-c", 'echo x >> "$1"; sleep 20', "slow", str(file)]
    observe = ["sh", "-c", '[ "$(wc -l < "$1")" -ge 3 ]', "enough", str(file)]
    steps = [{"id": "slow", "command": {"run": slow, "observe": observe, "timeout": 0.3}, "retries": {"times": 5, "delay": 0}}]
    result, _ = ran(engine, steps)
    assert result.outcome == "done"
    assert lines(file) == ["x"] * 3


def test_pauses_grow_to_a_limit_and_are_spread():
    retries = Retries(times=9, delay=10, backoff=2, max_delay=60, jitter=0.5)
    assert [pause_before(n, retries, chance=lambda: 0.5) for n in (2, 3, 4, 5, 9)] == [10, 20, 40, 60, 60]
    assert pause_before(2, retries, chance=lambda: 0) == 5
    assert pause_before(2, retries, chance=lambda: 1) == 15


def test_a_failure_stops_the_run_unless_its_step_says_otherwise(engine, tmp_path):
    file = tmp_path / "file"
    bad = {"id": "bad", "command": ["false"]}
    result, rows = ran(engine, [bad, note(file, "later")])
    assert (result.outcome, rows[-1][2]) == ("failed", "skipped")
    result, rows = ran(engine, [bad | {"on_failure": "continue"}, note(file, "later")])
    assert (result.outcome, rows[-1][2]) == ("failed", "changed")
    assert lines(file) == ["later"]


def test_a_later_step_may_ask_how_an_earlier_one_ended(engine):
    steps = [{"id": "bad", "command": ["false"], "on_failure": "continue"}, say("help", when="steps.bad.status == 'failed'")]
    _, rows = ran(engine, steps)
    assert rows[-1][2] == "changed"


def test_what_always_runs_does_so_after_a_failure_and_what_follows_does_not(engine, tmp_path):
    file = tmp_path / "file"
    steps = [{"id": "bad", "command": ["false"]}, note(file, "between"), note(file, "clean", always=True), note(file, "after")]
    result, rows = ran(engine, steps)
    assert result.outcome == "failed"
    assert lines(file) == ["clean"]
    assert [row[2] for row in rows] == ["failed", "skipped", "changed", "skipped"]


def test_what_always_runs_does_so_after_a_refusal(engine, tmp_path):
    file = tmp_path / "file"
    steps = [{"id": "ask", "manual": "Look"}, note(file, "between"), note(file, "clean", always=True)]
    run = request_run(engine, asking(runbook_of(steps)))
    assert isinstance(advance(engine, run), Waiting)
    decide(engine, run, actor=BOB, channel="cli", verdict="refused", note="smoke")
    result = advance(engine, run)
    assert result.outcome == "refused"
    assert "smoke" in result.reason.text("en")
    assert lines(file) == ["clean"]


def test_adjacent_manual_steps_are_one_wait(engine):
    steps = [{"id": "a", "manual": "A"}, {"id": "b", "manual": "B"}, say("two")]
    run = request_run(engine, asking(runbook_of(steps)))
    assert advance(engine, run).step == "a"
    decide(engine, run, actor=BOB, channel="cli", verdict="done", human_seconds=60)
    assert advance(engine, run).outcome == "done"


def test_a_manual_step_that_names_one_before_it_waits_for_its_own_turn(engine):
    steps = [{"id": "a", "manual": "A"}, {"id": "b", "manual": "{{ steps.a.by }} did A; now B"}]
    run = request_run(engine, asking(runbook_of(steps)))
    assert advance(engine, run).step == "a"
    decide(engine, run, actor=BOB, channel="cli", verdict="done", human_seconds=60)
    waiting = advance(engine, run)
    assert waiting.step == "b"
    assert waiting.prompt.text("en") == "bob did A; now B"


def test_observers_hear_each_target_once_with_a_count_that_grows(tmp_path):
    heard = Heard()
    engine = make_engine(tmp_path, observers=(heard,), workers=3)
    try:
        ran(engine, [say("one")], hosts=7, book={"targets": "web*"})
    finally:
        engine.database.close()
    told = heard.of(TargetDone)
    assert sorted(event.target for event in told) == [f"web{n}" for n in range(1, 8)]
    assert [event.done for event in told] == list(range(1, 8))
