"""Canaries, batches and how many may fail."""

from __future__ import annotations

import pytest

from fixtures_runs import BOB, asking, make_engine, runbook_of
from temanashi.runs.advancing import advance
from temanashi.runs.decisions import decide
from temanashi.runs.reading import run_view
from temanashi.runs.requests import request_run


@pytest.fixture
def engine(tmp_path):
    made = make_engine(tmp_path, workers=4)
    yield made
    made.database.close()


def fanned(engine, tmp_path, fan_out, *, bad=(), hosts=6, then=()):
    """Statuses by host of a step that fails on the `bad` hosts, and the result; a log tells who was touched when."""
    touch = [
        "sh",
        "-c",
        'echo "$2" >> "$1"; case " $3 " in *" $2 "*) exit 1;; esac',
        "touch",
        str(tmp_path / "log"),
        "{{ host.name }}",
        " ".join(bad),
    ]
    steps = [{"id": "touch", "command": touch, "fan_out": fan_out}, *then]
    run = request_run(engine, asking(runbook_of(steps, targets="web*"), hosts=hosts))
    result = advance(engine, run)
    with engine.database.reading() as connection:
        view = run_view(connection, run)
    return result, [{row.target: row.status for row in step.rows} for step in view.steps], view


def log(tmp_path):
    return (tmp_path / "log").read_text().split()


def test_a_canary_that_fails_saves_the_others(engine, tmp_path):
    result, [rows], view = fanned(engine, tmp_path, {"canary": 1, "max_failed": "50%"}, bad=["web1"])
    assert result.outcome == "failed"
    assert log(tmp_path) == ["web1"]
    assert rows == {"web1": "failed", **dict.fromkeys(["web2", "web3", "web4", "web5", "web6"], "skipped")}
    assert "web1" in view.steps[0].rows[1].reason.text("ja")


def test_canaries_that_are_well_let_the_others_follow(engine, tmp_path):
    result, _, _ = fanned(engine, tmp_path, {"canary": 2, "batch": 2})
    assert result.outcome == "done"
    seen = log(tmp_path)
    assert [sorted(seen[n : n + 2]) for n in (0, 2, 4)] == [["web1", "web2"], ["web3", "web4"], ["web5", "web6"]]


def test_no_batch_begins_after_too_many_failures(engine, tmp_path):
    result, [rows], _ = fanned(engine, tmp_path, {"batch": 2, "max_failed": 1}, bad=["web1", "web2", "web3"])
    assert result.outcome == "failed"
    assert sorted(log(tmp_path)) == ["web1", "web2"]
    assert list(rows.values()).count("skipped") == 4


@pytest.mark.parametrize(("allowed", "goes_on"), [("1", True), ("20%", True), ("16%", False), ("0", False)])
def test_some_may_fail_and_get_no_later_step(engine, tmp_path, allowed, goes_on):
    then = [{"id": "later", "command": ["true"]}, {"id": "clean", "command": ["true"], "always": True}]
    result, [first, later, clean], _ = fanned(engine, tmp_path, {"max_failed": allowed}, bad=["web2"], then=then)
    assert result.outcome == "failed"
    assert first["web2"] == "failed"
    assert later["web2"] == "skipped"
    assert (later["web1"] == "changed") is goes_on
    assert clean["web2"] == "changed"


def test_a_run_that_goes_on_after_a_crash_remembers_who_failed(engine, tmp_path):
    """Everything is in the journal: the second half runs in a new advance."""
    then = [{"id": "ask", "manual": "Go on?"}, {"id": "later", "command": ["true"]}]
    result, _, view = fanned(engine, tmp_path, {"max_failed": 2}, bad=["web2"], then=then)

    decide(engine, view.id, actor=BOB, channel="cli", verdict="done", human_seconds=1)
    result = advance(engine, view.id)
    with engine.database.reading() as connection:
        rows = run_view(connection, view.id).steps[2].rows
    assert {row.target: row.status for row in rows}["web2"] == "skipped"
    assert {row.target: row.status for row in rows}["web1"] == "changed"
    assert result.outcome == "failed"
