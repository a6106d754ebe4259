"""`python`, `notify` and `wait_until`: what is particular to each, and what they say."""

import threading
import time

import pytest

from fixtures_runs import asking, runbook_of
from fixtures_steps import SECRET
from temanashi.ledger.database import open_database
from temanashi.notices import message_by_apprise
from temanashi.runbooks.parsing import BadRunbook
from temanashi.runbooks.steps.channels import Channels, NoChannel, no_channels
from temanashi.runbooks.steps.function_process import answer
from temanashi.runbooks.steps.functions import find_function, function_names
from temanashi.runbooks.steps.values import BadValue
from temanashi.runs.advancing import advance
from temanashi.runs.reading import run_view
from temanashi.runs.requests import request_run
from temanashi.settings import load_settings
from temanashi.text import LANGUAGES, explain
from temanashi.workspace.opening import open_installation

X = [{"name": "x", "title": "X"}]


def problems(step):
    with pytest.raises(BadRunbook) as caught:
        runbook_of([step], parameters=X)
    for problem in caught.value.problems:
        assert all(not problem.message.text(lang).startswith("steps.") for lang in LANGUAGES)
    return caught.value.problems


def test_functions_of_installed_packages_are_found():
    assert {"append_mark", "typed"} <= set(function_names())
    assert find_function("no-such-function") is None
    assert find_function("append_mark").given == ("key",)


def test_arguments_get_the_types_that_the_function_asks_for(world):
    arguments = {"count": "41", "ratio": "{{ params.x }}", "names": ["a"], "on": "yes"}
    outcome = world.applied({"python": {"function": "typed", "arguments": arguments}}, inputs={"x": "1.5"}, parameters=X)
    assert outcome.outputs == {"count": 42, "ratio": 3.0, "names": ["a"], "on": True}


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("aapend_mark", "function"),
        ("absent", "function"),
        ("positional", "function"),
        ({"function": "typed", "observe": "nope"}, "observe"),
        ({"function": "typed", "arguments": {"count": "many", "ratio": 1, "names": []}}, "arguments.count"),
        ({"function": "typed", "arguments": {"count": 1, "names": []}}, "arguments.ratio"),
        ({"function": "fail", "arguments": {"x": 1}}, "arguments.x"),
        ({"function": "typed", "argument": {}}, "argument"),
    ],
)
def test_a_mistake_in_a_call_is_found_when_it_is_loaded(written, field):
    found = problems({"python": written})
    assert found[0].field == f"steps.0.python.{field}"
    if written == "aapend_mark":
        assert found[0].close == "append_mark"


def test_a_value_of_the_wrong_type_is_refused_before_anything_is_touched(world):
    arguments = {"count": "{{ params.x }}", "ratio": 1, "names": []}
    with pytest.raises(BadValue) as caught:
        world.planned({"python": {"function": "typed", "arguments": arguments}}, inputs={"x": "many"}, parameters=X)
    for lang in LANGUAGES:
        assert "count" in explain(caught.value, lang).what


def test_a_function_that_disappeared_is_refused(world):
    from temanashi.runbooks.steps import functions

    run = world.frozen({"python": {"function": "fail"}})
    item = run.runbook.steps[0].model_copy(update={"spec": run.runbook.steps[0].spec.model_copy(update={"function": "gone"})})
    with pytest.raises(BadValue) as caught:
        world.engine.step(item, run).plan(run.context(item, {}, hosts=run.hosts(item)))
    assert all("gone" in explain(caught.value, lang).what for lang in LANGUAGES)
    assert functions.GROUP == "temanashi.functions"


@pytest.mark.parametrize(
    ("function", "status", "key"),
    [
        ("fail", "failed", "steps.python-raised"),
        ("odd", "failed", "steps.python-raised"),
        ("vanish", "unknown", "steps.python-no-answer"),
    ],
)
def test_a_function_that_fails_is_an_outcome(world, function, status, key):
    outcome = world.applied({"python": function})
    assert (outcome.status, outcome.reason.key) == (status, key)
    for lang in LANGUAGES:
        assert all(c.isprintable() for c in outcome.reason.text(lang))


def test_undo_gets_what_the_function_gave(world):
    arguments = {"file": str(world.marks), "word": "here"}
    step = {"python": {"function": "append_mark", "arguments": arguments, "undo": "remove_mark", "undone": "marked"}}
    ready, [change] = world.planned(step)
    outcome = ready.apply(change, "key")
    assert outcome.outputs == {"count": 1, "key": "key"}
    inverse = ready.undo(change, outcome.before)
    assert inverse.payload["observe"] == "marked"
    unasked = inverse.model_copy(update={"payload": {**inverse.payload, "observe": None}})
    assert ready.apply(unasked, "key/undo").outputs == {"before": {"count": 1, "key": "key"}}


def test_the_process_of_a_function_answers_in_json():
    request = {"function": "typed", "arguments": {"count": 1, "ratio": 2, "names": []}, "given": {"key": "k"}}
    assert answer(request)["value"]["count"] == 2
    assert answer({**request, "function": "no-such-function"})["error"] == "LookupError"
    assert answer({**request, "arguments": {}})["error"] == "ValidationError"
    assert answer({"function": "append_mark", "arguments": {}, "given": {}})["error"] == "ValidationError"


def test_observing_needs_an_answer_of_yes_or_no(world, monkeypatch):
    arguments = {"count": 1, "ratio": 1, "names": []}
    ready, [change] = world.planned({"python": {"function": "typed", "arguments": arguments, "observe": "typed"}})
    assert ready.observe(change).happened == "unknown"
    monkeypatch.delenv("TEMA_TEST_PASSWORD", raising=False)
    step = {"function": "show", "observe": "show", "secrets": {"secret": "env:TEMA_TEST_PASSWORD"}}
    ready, [change] = world.planned({"python": step})
    assert ready.observe(change).happened == "unknown"


def test_a_message_reaches_every_address_of_its_channel(world):
    outcome = world.applied({"notify": {"to": "ops", "title": "t", "text": {"ja": "本文\nつづき", "en": "text"}}})
    assert (outcome.status, world.told) == ("changed", [["t", "本文\nつづき"]] * 2)
    assert outcome.outputs == {"title": "t", "text": "本文\nつづき"}


def test_a_channel_that_nobody_named_is_refused_before_anything_is_touched(world):
    with pytest.raises(NoChannel) as caught:
        world.planned({"notify": {"to": "opps", "text": "x"}})
    for lang in LANGUAGES:
        told = explain(caught.value, lang)
        assert "opps" in told.what
        assert "ops" in told.next
    with pytest.raises(NoChannel, match="notify"):
        no_channels("")


def engine_with(world, deliver):
    engine = world.engine
    channel = Channels(
        {"": ("env:A", "env:B")}, database=engine.database, clock=engine.clock, lang="en", secret=lambda ref: ref, deliver=deliver
    )
    world.engine = type(engine)(**{**vars(engine), "channel": channel})


def test_an_address_that_fails_is_told_beside_those_that_got_it(world):
    engine_with(world, lambda url, **_: url == "env:A")
    outcome = world.applied({"notify": "x"})
    assert (outcome.status, outcome.reason.key) == ("changed", "steps.notify-partly")
    assert "env:B" in outcome.reason.text("ja")


def test_what_reached_nobody_may_be_tried_again(world):
    answers = [False, False, True, True]
    engine_with(world, lambda *_, **__: answers.pop(0))
    step = {"id": "it", "notify": "x", "retries": {"times": 1, "delay": 0, "jitter": 0}}
    assert advance(world.engine, request_run(world.engine, asking(runbook_of([step])))).outcome == "done"
    assert answers == []


def test_a_telling_that_was_interrupted_is_not_repeated(world):
    begun, go = threading.Event(), threading.Event()

    def deliver(url, **_):
        begun.set()
        return go.wait(10)

    engine_with(world, deliver)
    ready, [change] = world.planned({"notify": "x", "timeout": 0.2})
    assert ready.apply(change, "some-run/step-1/0/-").reason.key == "steps.late"
    assert begun.is_set()
    assert ready.observe(change).happened == "unknown"
    world.engine.database  # noqa: B018  (kept open until the thread that was left behind ends)
    other = world.engine.channel("")
    assert other.told("step:some-run/step-1/0/-") == "unknown"
    again, [same] = world.planned({"notify": "x", "timeout": 5})
    outcome = again.apply(same, "some-run/step-1/0/-")
    assert (outcome.status, outcome.reason.key) == ("unknown", "steps.notify-under-way")
    go.set()
    for _ in range(200):
        if other.told("step:some-run/step-1/0/-") == "yes":
            break
        time.sleep(0.02)
    assert ready.observe(change).happened == "yes"


def test_whether_something_was_told_is_unknown_without_a_database(world, tmp_path):
    engine = world.engine
    broken = open_database(f"sqlite:///{tmp_path / 'other.db'}", clock=engine.clock)
    notifier = Channels({"": ("env:A",)}, database=broken, clock=engine.clock, lang="ja")("")
    broken.close()
    (tmp_path / "other.db").write_bytes(b"not a database" * 100)
    for more in ("-wal", "-shm"):
        (tmp_path / f"other.db{more}").unlink(missing_ok=True)
    assert notifier.told("x") == "unknown"


def test_a_notice_without_a_run_cannot_be_looked_up(world):
    run = world.frozen({"notify": "x"})
    item = run.runbook.steps[0]
    ready = world.engine.step(item, run)
    [change] = ready.plan(run.context(item, {}, hosts=run.hosts(item)))
    nameless = type(ready)(item, type(ready.effects)(**{**vars(ready.effects), "run": ""}))
    assert nameless.observe(change).happened == "unknown"


def test_channels_are_settings(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.temanashi]\nnotify = ["env:A"]\n[tool.temanashi.channels]\nops = ["env:OPS"]\n', encoding="utf-8"
    )
    assert load_settings(tmp_path).channels == {"ops": ("env:OPS",)}
    with open_installation(tmp_path) as installation:
        engine = installation.engine()
        assert engine.channel("ops").lang == "ja"
        assert engine.channel("") is not None
        with pytest.raises(NoChannel):
            engine.channel("nobody")


def test_a_message_goes_out_through_apprise(world):
    url = world.site.url.replace("http://", "json://")
    assert message_by_apprise(f"{url}/echo", title="題", body="本文", recovery=False)
    [(_, _, body, _)] = world.site.requests
    assert '"type": "info"' in body


def waiting(world, **more):
    check = {"kind": "file_age", "path": str(world.marks), "warn": "3600"}
    return {"id": "it", "wait_until": {"check": check, "every": 0.05, "timeout": 5, **more}}


def test_it_waits_until_it_is_so(world):
    threading.Timer(0.4, world.marks.touch).start()
    outcome = world.applied(waiting(world))
    assert (outcome.status, outcome.outputs["last"]) == ("already", "OK")
    assert outcome.outputs["looks"] > 2
    assert outcome.verdict is None


def test_it_must_stay_so(world):
    world.marks.touch()
    started = time.monotonic()
    assert world.applied(waiting(world, **{"for": 0.4})).status == "already"
    assert time.monotonic() - started >= 0.4


def test_too_late_is_a_failure_and_not_measured_is_unknown(world):
    late = world.applied(waiting(world, timeout=0.2))
    assert (late.status, late.details[0]["last"]) == ("failed", "CRITICAL")
    assert "CRITICAL" in late.reason.text("ja")
    check = {"id": "c", "kind": "command", "run": ["no-such-program-here"]}
    lost = world.applied({"wait_until": {"check": check, "every": 0.05, "timeout": 0.2}})
    assert lost.status == "unknown"


def test_a_wait_that_fails_stops_the_run(world):
    steps = [waiting(world, timeout=0.1), {"id": "never", "command": ["touch", str(world.place / "never")]}]
    run = request_run(world.engine, asking(runbook_of(steps)))
    assert advance(world.engine, run).outcome == "failed"
    assert not (world.place / "never").exists()
    with world.engine.database.reading() as connection:
        assert run_view(connection, run).steps[0].rows[0].status == "failed"


def test_it_can_wait_for_something_to_be_gone(world):
    world.marks.touch()
    threading.Timer(0.2, world.marks.unlink).start()
    assert world.applied(waiting(world, verdict=["CRITICAL", "UNKNOWN"])).outputs["last"] == "CRITICAL"


def test_a_halt_ends_the_waiting(world):
    run = world.frozen(waiting(world))
    halt = threading.Event()
    item = run.runbook.steps[0]
    ready = world.engine.step(item, run, halt=halt)
    [change] = ready.plan(run.context(item, {}, hosts=run.hosts(item)))
    threading.Timer(0.2, halt.set).start()
    outcome = ready.apply(change, "key")
    assert (outcome.status, outcome.reason.key) == ("unknown", "steps.halted")
    assert ready.observe(change).happened == "no"


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ({}, "check"),
        ({"check": {"kind": "dsk"}}, "check.kind"),
        ({"check": {"kind": "{{ params.x }}"}}, "check.kind"),
        ({"check": {"kind": "disk", "crti": "1"}}, "check.crti"),
        ({"check": {"kind": "disk"}, "for": 10, "timeout": 5}, ""),
        ({"check": {"kind": "disk"}, "verdict": "FINE"}, "verdict"),
    ],
)
def test_a_wait_with_a_mistake_is_refused_when_it_is_loaded(written, field):
    found = problems({"wait_until": written})
    assert found[0].field.startswith(f"steps.0.wait_until{'.' if field else ''}{field}")


def test_the_secret_of_these_tests_has_every_sort_of_character():
    assert not SECRET.isalnum()
    assert not SECRET.isascii()
