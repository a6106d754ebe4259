"""A runbook that calls another: two runs, one story."""

from __future__ import annotations

import pytest

from fixtures_runs import ALICE, BOB, asking, runbook_of
from temanashi.ledger.verification import verify
from temanashi.runbooks.calls import call_problems, called_by
from temanashi.runbooks.inputs import BadInputs
from temanashi.runs.advancing import advance
from temanashi.runs.again import request_undo
from temanashi.runs.decisions import decide
from temanashi.runs.reading import recent_runs, root_of, run_view
from temanashi.runs.requests import dry_run, request_run
from temanashi.runs.results import Finished, Waiting
from temanashi.runs.stopping import cancel


def book(name, steps, **more):
    return runbook_of(steps, id=name, title={"ja": name, "en": name}, **more)


def child(tmp_path, **more):
    add = ["sh", "-c", 'echo "$2" >> "$1"', "add", str(tmp_path / "file"), "{{ params.word }}"]
    take = ["sh", "-c", 'sed -i "/^$2\\$/d" "$1"', "take", str(tmp_path / "file"), "{{ params.word }}"]
    return book("child", [{"id": "add", "command": {"run": add, "undo": take}}], **{"parameters": WORD, **more})


def calling(word="{{ params.word }}", **more):
    return {"id": "call", "runbook": {"id": "child", "inputs": {"word": word}}, **more}


def asked(engine, parent, *called, **more):
    known = {one.id: one for one in (parent, *called)}
    return request_run(engine, asking(parent, called=called_by(parent, known), **more))


def lines(tmp_path):
    file = tmp_path / "file"
    return file.read_text().split() if file.exists() else []


WORD = [{"name": "word", "type": "string", "title": "Word"}]


def test_a_called_runbook_is_a_run_of_its_own_with_its_inputs(engine, tmp_path):
    parent = book("parent", [calling(), {"id": "tell", "command": ["echo", "{{ steps.call.outcome }}"]}], parameters=WORD)
    run = asked(engine, parent, child(tmp_path), inputs={"word": "ok"})
    assert advance(engine, run).outcome == "done"
    assert lines(tmp_path) == ["ok"]
    with engine.database.reading() as connection:
        assert verify(connection).exit_code == 0
        runs = {view.runbook: view for view in recent_runs(connection)}
        assert root_of(connection, runs["child"].id) == run
        assert run_view(connection, run).steps[1].rows[0].output == "done"
    assert runs["child"].inputs == {"word": "ok"}
    assert runs["child"].actor == ALICE
    assert runs["child"].slot == ""  # the caller serves the demand


def test_a_plan_shows_what_the_called_runbook_would_do_and_its_digest_covers_it(engine, tmp_path):
    parent = book("parent", [calling("x")])
    one = dry_run(engine, asking(parent, called=called_by(parent, {"child": child(tmp_path)})))
    other = dry_run(engine, asking(parent, called=called_by(parent, {"child": child(tmp_path, targets="all")}), hosts=1))
    told = one.changes[0].payload["plan"]["changes"]
    assert [change["target"] for change in told] == ["localhost"]
    assert one.digest != other.digest


def test_inputs_that_the_called_runbook_refuses_are_refused_before_anything_runs(engine, tmp_path):
    strict = child(tmp_path, parameters=[{"name": "word", "type": "string", "title": "Word", "pattern": "[a-z]+"}])
    parent = book("parent", [calling()], parameters=WORD)
    with pytest.raises(BadInputs):
        asked(engine, parent, strict, inputs={"word": "123"})
    assert recent_runs_of(engine) == []


def recent_runs_of(engine):
    with engine.database.reading() as connection:
        return recent_runs(connection)


def test_inputs_from_an_earlier_step_are_judged_when_they_are_known(engine, tmp_path):
    first = {"id": "ask", "command": ["echo", "from-step"]}
    parent = book("parent", [first, calling("{{ steps.ask.stdout }}")])
    run = asked(engine, parent, child(tmp_path))
    assert advance(engine, run).outcome == "done"
    assert lines(tmp_path) == ["from-step"]


def test_a_call_may_be_made_for_each_item(engine, tmp_path):
    parent = book("parent", [calling("{{ item }}", for_each=["a", "b"])])
    assert advance(engine, asked(engine, parent, child(tmp_path))).outcome == "done"
    assert lines(tmp_path) == ["a", "b"]


def test_a_called_run_that_fails_fails_its_caller_with_its_reason(engine, tmp_path):
    bad = book("child", [{"id": "bad", "command": ["sh", "-c", "echo broken >&2; exit 3"]}], parameters=WORD)
    parent = book("parent", [calling("x"), {"id": "later", "command": ["true"]}])
    result = advance(engine, asked(engine, parent, bad))
    assert result.outcome == "failed"
    assert "broken" in result.reason.text("en")


def test_a_called_run_that_waits_makes_its_caller_wait_for_the_same_answer(engine, tmp_path):
    asks = book("child", [{"id": "ask", "manual": "Look"}], parameters=WORD)
    parent = book("parent", [calling("x"), {"id": "later", "command": ["touch", str(tmp_path / "later")]}])
    run = asked(engine, parent, asks)
    waiting = advance(engine, run)
    assert isinstance(waiting, Waiting)
    assert waiting.run != run
    assert advance(engine, run) == waiting
    decide(engine, waiting.run, actor=BOB, channel="cli", verdict="done", human_seconds=5)
    assert advance(engine, run).outcome == "done"
    assert (tmp_path / "later").exists()
    assert len(recent_runs_of(engine)) == 2


def test_cancelling_a_caller_cancels_what_it_called(engine):
    asks = book("child", [{"id": "ask", "manual": "Look"}], parameters=WORD)
    run = asked(engine, book("parent", [calling("x")]), asks)
    advance(engine, run)
    assert cancel(engine, run, actor=BOB, channel="cli", reason="enough")
    assert {view.state for view in recent_runs_of(engine)} == {"cancelled"}


def test_a_rollback_undoes_the_called_run(engine, tmp_path):
    parent = book("parent", [calling("x"), {"id": "bad", "command": ["false"], "on_failure": "rollback"}])
    result = advance(engine, asked(engine, parent, child(tmp_path)))
    assert (result.outcome, result.reason.key) == ("failed", "runs.rolled-back")
    assert lines(tmp_path) == []


def test_undoing_a_caller_undoes_what_it_called(engine, tmp_path):
    run = asked(engine, book("parent", [calling("x")]), child(tmp_path))
    assert isinstance(advance(engine, run), Finished)
    assert lines(tmp_path) == ["x"]
    assert advance(engine, request_undo(engine, run, actor=BOB, channel="cli")).outcome == "done"
    assert lines(tmp_path) == []


def test_calls_are_checked_when_they_are_loaded(tmp_path):
    one = book("one", [{"runbook": "two"}, {"runbook": "three"}, {"runbook": {"id": "child", "inputs": {"wrod": "{{ run.id }}"}}}])
    two = book("two", [{"runbook": "one"}])
    known = {"one": one, "two": two, "child": child(tmp_path)}
    told = [(problem.loc, problem.message.text("en"), problem.close) for problem in call_problems(one, known)]
    assert told[0][0] == ("steps", 0, "runbook")
    assert "one → two → one" in told[0][1]
    assert "'three'" in told[1][1]
    assert ("steps", 2, "runbook", "inputs", "wrod") in [loc for loc, _, _ in told]
    assert "word" in [close for _, _, close in told]


def test_a_runbook_that_calls_itself_is_refused():
    one = book("one", [{"runbook": "one"}])
    assert "one → one" in next(call_problems(one, {"one": one})).message.text("ja")


def test_a_called_run_that_changed_nothing_needs_no_undoing(engine, tmp_path):
    look = book("child", [{"id": "look", "command": {"run": ["true"], "reads": True}}])
    write = {"id": "write", "command": {"run": ["touch", str(tmp_path / "it")], "undo": ["rm", str(tmp_path / "it")]}}
    run = asked(engine, book("parent", [{"runbook": "child"}, write]), look)
    advance(engine, run)
    assert advance(engine, request_undo(engine, run, actor=BOB, channel="cli")).outcome == "done"
    assert not (tmp_path / "it").exists()
