"""`script`, and what `command`, `script` and checks share: values, refusals at load and in the plan."""

import threading
import time
from pathlib import Path

import pytest

from fixtures_runs import asking, runbook_of
from temanashi.hosts.transport import Interrupted
from temanashi.runbooks.parsing import BadRunbook
from temanashi.runbooks.steps.interrupting import Halted, unless_halted
from temanashi.runbooks.steps.values import BadValue, at, is_later
from temanashi.runbooks.templates import TemplateFailed
from temanashi.runs.advancing import advance
from temanashi.runs.reading import run_view
from temanashi.runs.requests import request_run
from temanashi.text import LANGUAGES, explain

X = [{"name": "x", "title": "X"}]


def problems(step, **more):
    with pytest.raises(BadRunbook) as caught:
        runbook_of([step], **more)
    return [(p.field, *(p.message.text(lang) for lang in LANGUAGES)) for p in caught.value.problems]


@pytest.mark.parametrize(
    ("run", "program"),
    [
        ("echo", ["sh"]),
        ("#!/bin/bash -eu\necho", ["/bin/bash", "-eu"]),
        ("#!/usr/bin/env python3\nprint()", ["/usr/bin/env", "python3"]),
        ("#!\necho", ["sh"]),
    ],
)
def test_the_first_line_of_a_script_names_its_interpreter(run, program):
    assert runbook_of([{"script": run}]).steps[0].spec.program == program


@pytest.mark.parametrize(
    ("interpreter", "text", "said"),
    [
        ("python3", "import sys; print(sys.argv[1])", "a b"),
        (["bash", "-eu"], 'echo "${1^^}"', "A B"),
        ("perl", "print $ARGV[0]", "a b"),
    ],
)
def test_a_script_runs_under_its_interpreter(world, interpreter, text, said):
    outcome = world.applied({"script": {"run": text, "interpreter": interpreter, "args": ["a b"]}})
    assert (outcome.status, outcome.outputs["stdout"]) == ("changed", said)


def test_a_script_cannot_be_eaten_by_its_own_commands_and_leaves_no_file(world):
    outcome = world.applied({"script": "cat\nreadlink /proc/$$/fd/3\necho still here\n"})
    file, rest = outcome.outputs["stdout"].split("\n")
    assert (file.endswith("(deleted)"), rest) == (True, "still here")
    assert not Path(file.removesuffix(" (deleted)")).exists()


def test_a_script_of_which_only_a_part_arrived_is_not_run(world):
    from temanashi.hosts.command import Script
    from temanashi.hosts.local import LocalTransport
    from temanashi.runbooks.steps.calling import PRIVATE, TEXT

    half = Script(PRIVATE, "100", "sh", TEXT, stdin="touch made\n", cwd=str(world.place))
    assert LocalTransport().run(half, timeout=10).exit == 125
    assert list(world.place.iterdir()) == []


def test_an_interpreter_that_is_missing_fails_the_step(world):
    outcome = world.applied({"script": {"run": "x", "interpreter": "no-such-interpreter"}})
    assert outcome.status == "failed"
    assert "127" in outcome.reason.text("ja")


def test_a_script_with_our_own_template_in_it_is_refused_and_that_of_others_is_not():
    [(field, japanese, english)] = problems({"script": "rm -r /srv/{{ params.dir }}"}, parameters=[{"name": "dir", "title": "D"}])
    assert field.startswith("steps.0.script")
    assert "{{ params.dir" in japanese
    assert "args" in english
    assert runbook_of([{"script": "docker ps --format '{{.Names}}'"}])
    assert runbook_of([{"script": "awk '{ print item }'"}])


@pytest.mark.parametrize(
    "script",
    [{"run": ""}, {"run": "x", "env": {"A B": "x"}}, {"run": "x", "interpreter": []}, {"run": "x", "arg": ["a"]}, {}, ["a"]],
)
def test_a_script_with_a_mistake_is_refused_with_its_place(script):
    for field, japanese, english in problems({"script": script}):
        assert field.startswith("steps.0")
        assert japanese != english


def test_the_output_of_a_script_is_judged_like_that_of_a_command(world):
    outcome = world.applied({"script": {"run": "echo no", "stdout": "^yes"}})
    assert outcome.status == "failed"
    assert "^yes" in outcome.reason.text("en")
    assert world.applied({"script": {"run": "exit 4", "exit_codes": [0, 4]}}).status == "changed"


def test_a_halt_ends_what_is_under_way(world):
    run = world.frozen({"script": "sleep 20"})
    halt = threading.Event()
    item = run.runbook.steps[0]
    ready = world.engine.step(item, run, halt=halt)
    [change] = ready.plan(run.context(item, {}, hosts=run.hosts(item)))
    threading.Timer(0.3, halt.set).start()
    started = time.monotonic()
    outcome = ready.apply(change, "key")
    assert (outcome.status, outcome.reason.key) == ("unknown", Interrupted.key)
    assert time.monotonic() - started < 18  # the script sleeps for 20


def test_work_that_cannot_be_ended_is_left_behind():
    halt = threading.Event()
    assert unless_halted(lambda: 5, halt) == 5
    with pytest.raises(KeyError):
        unless_halted(lambda: {}["x"], halt)
    with pytest.raises(TimeoutError):
        unless_halted(lambda: time.sleep(1), halt, seconds=0.1)
    halt.set()
    with pytest.raises(Halted):
        unless_halted(lambda: time.sleep(1), halt)


def test_a_lone_expression_keeps_its_type(world):
    arguments = {"count": "{{ params.n }}", "ratio": "{{ params.n / 2 }}", "names": "{{ params.l }}", "on": "{{ params.n > 1 }}"}
    parameters = [{"name": "n", "type": "integer", "title": "N"}, {"name": "l", "title": "L"}]
    _, [change] = world.planned(
        {"python": {"function": "typed", "arguments": arguments}}, inputs={"n": 3, "l": ["a", "b"]}, parameters=parameters
    )
    assert change.payload["arguments"] == {"count": 3, "ratio": 1.5, "names": ["a", "b"], "on": True}
    with pytest.raises(TemplateFailed):
        world.planned({"python": {"function": "many", "arguments": {"values": "{{ params }}"}}})


def test_a_value_made_from_an_output_is_made_again_when_the_output_is_known(world):
    words = ["{{ steps.a.stdout | int + 1 }}", "{{ 'yes' if steps.a.stdout == '42' else 'no' }}"]
    steps = [{"id": "a", "command": ["echo", "42"]}, {"id": "b", "command": ["echo", *words]}]
    run = request_run(world.engine, asking(runbook_of(steps)))
    assert advance(world.engine, run).outcome == "done"
    with world.engine.database.reading() as connection:
        assert run_view(connection, run).steps[1].rows[0].output == "43 yes"


def test_places_of_trees():
    tree = {"a": [1, {"b": "‹x.y›"}]}
    assert (at(tree, ("a", 1, "b")), at(tree, ("a", 9))) == ("‹x.y›", None)
    assert (is_later(tree), is_later({"‹": 1}), is_later(["a", 1])) == (True, True, False)


@pytest.mark.parametrize(
    "step",
    [
        {"checks": [{"id": "d", "kind": "disk", "crit": "{{ params.x }}"}]},
        {"wait_until": {"check": {"kind": "disk", "crit": "{{ params.x }}"}}},
    ],
)
def test_a_check_whose_filled_in_values_are_wrong_is_refused_before_anything_is_touched(world, step):
    with pytest.raises(BadValue) as caught:
        world.planned(step, inputs={"x": "a lot"}, parameters=X)
    assert world.connections == 0
    for lang in LANGUAGES:
        told = explain(caught.value, lang)
        assert "crit" in told.what
        assert told.next
