"""The undo register: rollback of a failed run, and `undo` of one that is over."""

from __future__ import annotations

import pytest

from fixtures_runs import ALICE, BOB, asking, runbook_of
from temanashi.ledger.verification import verify
from temanashi.people import Actor
from temanashi.runs.advancing import advance
from temanashi.runs.again import failed_targets, request_undo
from temanashi.runs.decisions import decide
from temanashi.runs.reading import run_view
from temanashi.runs.requests import request_run
from temanashi.runs.results import NothingToRetry, NothingToUndo, NotOver


def step(file, word, **more):
    """Adds a line; its undo removes it and notes in another file that it did."""
    add = ["sh", "-c", 'echo "$2" >> "$1"', "add", str(file), word]
    take = ["sh", "-c", 'sed -i "/^$2\\$/d" "$1"; echo "$2" >> "$1.undone"', "take", str(file), word]
    return {"id": word.replace("_", "-"), "command": {"run": add, "undo": take}, **more}


BAD = {"id": "bad", "command": ["false"], "on_failure": "rollback"}


def run_of(engine, steps, *, hosts=0, **more):
    run = request_run(engine, asking(runbook_of(steps, **more), hosts=hosts))
    return run, advance(engine, run)


def lines(file):
    return file.read_text().split() if file.exists() else []


def view_of(engine, run):
    with engine.database.reading() as connection:
        assert verify(connection).exit_code == 0
        return run_view(connection, run)


def test_a_failure_takes_back_what_was_done_the_last_first(engine, tmp_path):
    file = tmp_path / "file"
    run, result = run_of(engine, [step(file, "one"), step(file, "two"), BAD, step(file, "three")])
    assert result.outcome == "failed"
    assert lines(file) == []
    assert lines(tmp_path / "file.undone") == ["two", "one"]
    assert "2" in result.reason.text("en")
    assert [(s.step, s.rows[0].state) for s in view_of(engine, run).steps] == [
        ("one", "done"),
        ("two", "done"),
        ("bad", "failed"),
        ("three", "skipped"),
        ("two/undo", "done"),
        ("one/undo", "done"),
    ]


def test_each_undo_stands_in_the_ledger(engine, tmp_path):
    run, _ = run_of(engine, [step(tmp_path / "file", "one"), BAD])
    with engine.database.reading() as connection:
        kinds = [(r.draft.kind, r.draft.step) for r in engine.ledger.records(connection, run=run)]
    assert ("step_intended", "one/undo") in kinds
    assert ("step_done", "one/undo") in kinds


def test_what_cannot_be_taken_back_is_said(engine, tmp_path):
    file = tmp_path / "file"
    plain = {"id": "plain", "command": ["touch", str(tmp_path / "stays")]}
    run, result = run_of(engine, [step(file, "one"), plain, BAD])
    assert lines(file) == []
    assert (tmp_path / "stays").exists()
    assert "could not be undone" in result.reason.text("en")
    undo = next(s for s in view_of(engine, run).steps if s.step == "plain/undo")
    assert undo.rows[0].state == "skipped"
    assert undo.rows[0].reason.text("ja")


def test_an_undo_that_fails_does_not_keep_the_others_from_being_tried(engine, tmp_path):
    file = tmp_path / "file"
    stuck = {"id": "stuck", "command": {"run": ["true"], "undo": ["false"]}}
    _, result = run_of(engine, [step(file, "one"), stuck, BAD])
    assert lines(file) == []
    assert result.reason.key == "runs.rolled-back-partly"


def test_a_step_that_failed_half_way_is_taken_back_too(engine, tmp_path):
    file = tmp_path / "file"
    half = ["sh", "-c", 'echo half >> "$1"; false', "half", str(file)]
    undo = ["sh", "-c", 'sed -i /half/d "$1"', "undo", str(file)]
    _, result = run_of(engine, [{"id": "half", "command": {"run": half, "undo": undo}, "on_failure": "rollback"}])
    assert result.outcome == "failed"
    assert lines(file) == []


def test_iterations_and_hosts_are_taken_back_in_reverse(engine, tmp_path):
    file = tmp_path / "file"
    add = ["sh", "-c", 'echo "$2" >> "$1"', "add", str(file), "{{ item }}"]
    take = ["sh", "-c", 'echo "$2" >> "$1.undone"', "take", str(file), "{{ item }}"]
    each = {"id": "each", "for_each": ["a", "b", "c"], "command": {"run": add, "undo": take}}
    run_of(engine, [each, BAD])
    assert lines(tmp_path / "file.undone") == ["c", "b", "a"]


def test_what_always_runs_does_so_after_the_rollback(engine, tmp_path):
    file = tmp_path / "file"
    clean = {"id": "clean", "command": ["sh", "-c", 'echo clean >> "$1.undone"', "x", str(file)], "always": True}
    run_of(engine, [step(file, "one"), BAD, clean])
    assert lines(tmp_path / "file.undone") == ["one", "clean"]


def test_what_only_read_or_was_there_already_is_not_taken_back(engine, tmp_path):
    file = tmp_path / "file"
    there = {"id": "there", "command": {"run": ["true"], "observe": ["true"], "undo": ["touch", str(tmp_path / "never")]}}
    read = {"id": "read", "command": {"run": ["true"], "reads": True, "undo": ["touch", str(tmp_path / "never")]}}
    _, result = run_of(engine, [step(file, "one"), there, read, BAD])
    assert result.reason.key == "runs.rolled-back"
    assert not (tmp_path / "never").exists()


def test_a_run_that_is_over_can_be_undone_once_by_somebody_who_is_named(engine, tmp_path):
    file = tmp_path / "file"
    run, _ = run_of(engine, [step(file, "one"), step(file, "two")])
    assert lines(file) == ["one", "two"]
    undo = request_undo(engine, run, actor=BOB, channel="cli", reason="wrong day")
    assert advance(engine, undo).outcome == "done"
    assert lines(file) == []
    assert lines(tmp_path / "file.undone") == ["two", "one"]
    view = view_of(engine, undo)
    assert view.actor == BOB
    assert view.slot == ""
    with pytest.raises(NothingToUndo) as caught:
        request_undo(engine, run, actor=BOB, channel="cli")
    assert caught.value.data["run"] == run


def test_a_run_that_changed_nothing_or_is_not_over_cannot_be_undone(engine):
    run, _ = run_of(engine, [{"id": "read", "command": {"run": ["true"], "reads": True}}])
    with pytest.raises(NothingToUndo):
        request_undo(engine, run, actor=ALICE, channel="cli")
    waiting, _ = run_of(engine, [{"id": "ask", "manual": "Look"}])
    with pytest.raises(NotOver):
        request_undo(engine, waiting, actor=ALICE, channel="cli")


def test_only_the_targets_that_failed_are_named_for_a_retry(engine, tmp_path):
    ok = ["sh", "-c", '[ "$2" != web2 ] || [ -e "$1" ]', "ok", str(tmp_path / "fixed"), "{{ host.name }}"]
    book = {"targets": "web*"}
    steps = [{"id": "probe", "command": ok}, {"id": "act", "command": ["true"]}]
    run, result = run_of(engine, steps, hosts=3, **book)
    assert result.outcome == "failed"
    assert failed_targets(engine, run) == ("web1", "web2", "web3")  # the others never came to their second step
    steps[0]["fan_out"] = {"max_failed": 1}
    run, result = run_of(engine, steps, hosts=3, **book)
    assert failed_targets(engine, run) == ("web2",)
    (tmp_path / "fixed").touch()
    again = request_run(engine, asking(runbook_of(steps, **book), hosts=3, limit=("web2",), origin=f"retry:{run}"))
    result = advance(engine, again)
    assert [(t.target, t.outcome) for t in result.targets] == [("web2", "changed")]
    with pytest.raises(NothingToRetry):
        failed_targets(engine, again)


def test_a_step_with_nothing_on_the_named_targets_is_left_out(engine):
    steps = [{"id": "one", "command": ["true"], "targets": "web1"}, {"id": "two", "command": ["true"], "targets": "web2"}]
    run = request_run(engine, asking(runbook_of(steps), hosts=2, limit=("web2",)))
    assert advance(engine, run).outcome == "done"
    assert [(s.step, s.rows[0].status) for s in view_of(engine, run).steps] == [("one", "skipped"), ("two", "changed")]


def test_a_refusal_takes_back_what_came_before_it_where_the_step_says_so(engine, tmp_path):
    file = tmp_path / "file"
    run, _ = run_of(engine, [step(file, "one"), {"id": "ask", "manual": "Well?", "on_failure": "rollback"}])
    decide(engine, run, actor=Actor(name="carol"), channel="cli", verdict="refused", note="no")
    assert advance(engine, run).outcome == "refused"
    assert lines(file) == []


def test_undoing_says_what_stays(engine, tmp_path):
    file = tmp_path / "file"
    run, _ = run_of(engine, [step(file, "one"), {"id": "plain", "command": ["touch", str(tmp_path / "stays")]}])
    result = advance(engine, request_undo(engine, run, actor=BOB, channel="cli"))
    assert result.outcome == "done"
    assert result.reason.text("en").startswith("1 change")
    assert (tmp_path / "stays").exists()
