"""The one contract, over every kind of step: plan, apply, observe, undo."""

import json
import os
import time

import pytest
from jsonschema import Draft202012Validator

from fixtures_runs import asking, runbook_of
from fixtures_steps import ACTING, reading
from temanashi.changes import Change, Irreversible
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.schema import runbook_schema
from temanashi.runs.advancing import advance
from temanashi.runs.reading import run_view
from temanashi.runs.requests import dry_run, request_run
from temanashi.text import LANGUAGES

KINDS = sorted(ACTING)
INPUTS = {"x": "a value"}
PARAMETERS = [{"name": "x", "title": "X"}]
BEGUN = {"command": 1, "http": 1, "notify": 1, "python": 4, "script": 1}  # seconds until it has surely begun
READING = ["checks", "command", "http", "python", "script", "template", "wait_until"]


def step_of(name, written, **more):
    return {"id": "it", name: written, **more}


def plan_of(world, kind, written, **more):
    ready, [change] = world.planned(step_of(kind, written, **more), inputs=INPUTS, parameters=PARAMETERS)
    return ready, change, f"some-run/{change.step}/0/{change.target}"


def ran(world, steps, **more):
    run = request_run(world.engine, asking(runbook_of(steps, parameters=PARAMETERS), inputs=INPUTS, **more))
    result = advance(world.engine, run)
    with world.engine.database.reading() as connection:
        return result, run_view(connection, run)


def said(phrase):
    """A sentence in both languages: one line, no key left over."""
    found = [phrase.text(lang) for lang in LANGUAGES]
    for text in found:
        assert text
        assert all(c.isprintable() for c in text), text
        assert not text.startswith(("steps.", "runbooks.", "hosts.", "checks."))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_dry_run_touches_nothing(world, kind):
    before = world.seen()
    book = runbook_of([step_of(kind, ACTING[kind].good(world))], parameters=PARAMETERS)
    plan = dry_run(world.engine, asking(book, inputs=INPUTS))
    assert (world.seen(), world.connections) == (before, 0)
    [change] = plan.changes
    assert not change.reads_only
    japanese, english = said(change.summary)
    assert japanese != english


@pytest.mark.parametrize("kind", READING)
def test_a_dry_run_of_what_reads_does_not_even_read(world, kind):
    before = world.seen()
    plan = dry_run(world.engine, asking(runbook_of([step_of(kind, reading(world)[kind])])))
    assert (world.seen(), world.connections) == (before, 0)
    [change] = plan.changes
    assert change.reads_only
    said(change.summary)


@pytest.mark.parametrize("kind", READING)
def test_what_reads_changes_nothing_and_is_never_told_as_a_change(world, kind):
    files = world.seen()[0]
    result, view = ran(world, [step_of(kind, reading(world)[kind])])
    assert result.outcome == "done"
    assert [row.status for step in view.steps for row in step.rows] == ["already"]
    assert world.seen()[0] == files
    assert world.site.objects == {}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_done_once_and_a_second_time_under_the_same_key_does_nothing(world, kind):
    case = ACTING[kind]
    ready, change, key = plan_of(world, kind, case.good(world))
    assert case.count(world) == 0
    first = ready.apply(change, key)
    assert (first.status, case.count(world)) == ("changed", 1)
    assert first.started_at <= first.ended_at
    assert json.loads(first.model_dump_json())
    second = ready.apply(change, key)
    assert (second.status, case.count(world)) == ("already", 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_is_an_outcome_with_a_sentence(world, kind):
    world.failing = True
    ready, change, key = plan_of(world, kind, ACTING[kind].failing(world))
    outcome = ready.apply(change, key)
    assert outcome.status == "failed"
    said(outcome.reason)
    assert ACTING[kind].count(world) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_end_in_time_is_unknown(world, kind):
    if kind == "template":
        os.mkfifo(world.place / "pipe")
    ready, change, key = plan_of(world, kind, ACTING[kind].slow(world), timeout=0.3)
    assert change.payload["timeout"] == 0.3
    started = time.monotonic()
    outcome = ready.apply(change, key)
    assert time.monotonic() - started < 5
    said(outcome.reason)
    # A pipe is no file: the step says so without waiting for it.
    assert outcome.status == ("failed" if kind == "template" else "unknown")


@pytest.mark.parametrize("kind", ["command", "http", "notify", "python", "script"])
def test_what_may_have_happened_is_never_tried_again_blindly(world, kind):
    step = step_of(kind, ACTING[kind].blind(world), timeout=BEGUN[kind], retries={"times": 3, "delay": 0, "jitter": 0})
    result, view = ran(world, [step])
    assert result.outcome == "unknown"
    assert [row.status for row in view.steps[0].rows] == ["unknown"]
    assert ACTING[kind].count(world) == 1


@pytest.mark.parametrize("kind", ["command", "http", "python", "script"])
def test_what_can_be_looked_at_is_looked_at_before_it_is_tried_again(world, kind):
    step = step_of(kind, ACTING[kind].hanging(world), timeout=BEGUN[kind], retries={"times": 2, "delay": 0, "jitter": 0})
    result, view = ran(world, [step])
    assert result.outcome == "done"
    assert ACTING[kind].count(world) == 1
    assert view.steps[0].rows[0].status == "changed"


def test_a_refused_request_is_tried_again(world):
    step = {"method": "POST", "url": f"{world.site.url}/flaky"}
    result, _ = ran(world, [step_of("http", step, retries={"times": 1, "delay": 0, "jitter": 0})])
    assert (result.outcome, len(world.site.requests)) == ("done", 2)
    keys = {headers["Idempotency-Key"] for _, _, _, headers in world.site.requests}
    assert len(keys) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_request_that_may_be_sent_twice_is_tried_again_after_no_answer(world, method):
    step = {"method": method, "url": f"{world.site.url}/slow"}
    result, _ = ran(world, [step_of("http", step, timeout=0.3, retries={"times": 2, "delay": 0, "jitter": 0})])
    assert (result.outcome, len(world.site.requests)) == ("unknown", 3)


@pytest.mark.parametrize("kind", KINDS)
def test_it_can_be_taken_back_or_says_why_not(world, kind):
    case = ACTING[kind]
    ready, change, key = plan_of(world, kind, case.good(world))
    outcome = ready.apply(change, key)
    inverse = ready.undo(change, outcome.before or change.before)
    assert change.reversible is case.undone
    if not case.undone:
        assert isinstance(inverse, Irreversible)
        said(inverse.reason)
        return
    assert isinstance(inverse, Change)
    said(inverse.summary)
    assert case.count(world) == 1
    assert ready.apply(inverse, f"{key}/undo").status == "changed"
    assert case.count(world) == 0
    assert ready.apply(inverse, f"{key}/undo").good  # once more does no harm


@pytest.mark.parametrize("kind", READING)
def test_what_reads_has_nothing_to_take_back(world, kind):
    ready, [change] = world.planned(step_of(kind, reading(world)[kind]))
    found = ready.undo(change, None)
    assert isinstance(found, Irreversible)
    said(found.reason)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if ACTING[kind].undone])
def test_a_rollback_takes_every_kind_back(world, kind):
    steps = [{**step_of(kind, ACTING[kind].good(world))}, {"id": "bad", "command": ["false"], "on_failure": "rollback"}]
    result, _ = ran(world, steps)
    assert result.outcome == "failed"
    assert ACTING[kind].count(world) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_after_an_interruption_it_tells_whether_it_happened(world, kind):
    case = ACTING[kind]
    ready, change, key = plan_of(world, kind, case.good(world))
    assert ready.observe(change).happened == "no"
    ready.apply(change, key)
    assert ready.observe(change).happened == "yes"


@pytest.mark.parametrize("kind", ["command", "http", "python", "script"])
def test_what_nothing_can_tell_is_unknown(world, kind):
    ready, change, _ = plan_of(world, kind, ACTING[kind].blind(world))
    assert ready.observe(change).happened == "unknown"


@pytest.mark.parametrize("kind", ["command", "script", "template"])
def test_a_host_that_cannot_be_entered_is_unknown_and_so_is_what_happened_there(world, kind):
    ready, change, key = plan_of(world, kind, ACTING[kind].good(world), targets="dead")
    outcome = ready.apply(change, key)
    assert outcome.status == "unknown"
    said(outcome.reason)
    assert ready.observe(change).happened == "unknown"


def test_a_person_does_a_manual_step(world):
    ready, [change] = world.planned(step_of("manual", "見る {{ run.date }}"))
    assert change.wait is not None
    said(change.summary)
    assert ready.apply(change, "key").status == "unknown"
    assert ready.observe(change).happened == "unknown"
    said(ready.undo(change, None).reason)


@pytest.mark.parametrize("kind", KINDS)
def test_the_title_of_a_step_leads_its_sentence(world, kind):
    _, change, _ = plan_of(world, kind, ACTING[kind].good(world), title={"ja": "止めます", "en": "Stop it"})
    japanese, english = said(change.summary)
    assert "止めます" in japanese or kind == "notify"
    assert "Stop it" in english or kind == "notify"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["systemctl", "restart", "nginx"], ("web1 で nginx を再起動します。", "Restart nginx on web1.")),
        (["sudo", "/usr/bin/systemctl", "stop", "cron"], ("web1 で cron を停止します。", "Stop cron on web1.")),
        (["service", "ssh", "start"], ("web1 で ssh を起動します。", "Start ssh on web1.")),
        (["systemctl", "mask", "x"], ("web1 で `systemctl mask x` を実行します。", "Run `systemctl mask x` on web1.")),
    ],
)
def test_commands_for_services_are_told_in_plain_words(world, argv, words):
    _, [change] = world.planned({"command": argv, "targets": "web1"})
    assert tuple(change.summary.text(lang) for lang in LANGUAGES) == words


def test_editors_know_every_kind(world):
    validator = Draft202012Validator(runbook_schema(step_kinds()))
    base = {"id": "a", "title": "t", "description": "d", "category": "routine", "owner": "ops"}
    written = [{kind: ACTING[kind].good(world)} for kind in KINDS] + [{kind: reading(world)[kind]} for kind in READING]
    written += [{kind: {**ACTING[kind].hanging(world), "undone": ["true"]}} for kind in ("command", "script")]
    for step in written:
        assert [error.message for error in validator.iter_errors({**base, "steps": [step]})] == []
    for step in written:
        [(kind, inner)] = step.items()
        if isinstance(inner, dict):
            assert not validator.is_valid({**base, "steps": [{kind: {**inner, "no_such_key": 1}}]}), kind


def test_a_command_that_only_reads_does_not_sound_like_a_change(world):
    _, [change] = world.planned({"command": {"run": ["systemctl", "restart", "nginx"], "reads": True}})
    assert "何も変更しません" in change.summary.text("ja")
    assert "Nothing is changed" in change.summary.text("en")
