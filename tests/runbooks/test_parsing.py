"""Every mistake in a runbook is found at once, said in both languages, with the closest right word."""

import pytest

from fixtures_runs import runbook_of
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.parsing import BadRunbook, parse_runbook
from temanashi.text import LANGUAGES, explain

TITLE = {"ja": "題", "en": "Title"}
STEP = {"command": ["true"]}


def problems(steps=(STEP,), **more):
    with pytest.raises(BadRunbook) as caught:
        runbook_of(list(steps) if isinstance(steps, tuple) else steps, **more)
    for lang in LANGUAGES:
        told = explain(caught.value, lang)
        assert told.what
        assert told.next
        for problem in caught.value.problems:
            text = problem.message.text(lang)
            assert text
            assert "{" not in text.replace("{{", "").replace("{'", "")
            assert text != problem.message.key
    return caught.value.problems


def parameter(**fields):
    return {"parameters": [{"name": "p", "title": TITLE, **fields}]}


CASES = {
    "a key with a typo": ({"ownr": "x"}, "ownr", "problems.unknown-key", "owner"),
    "an id that is none": ({"id": "Not An Id"}, "id", "problems.pattern", ""),
    "a category that is none": ({"category": "daily"}, "category", "problems.not-one-of", ""),
    "a title that is no text": ({"title": 5}, "title", None, ""),
    "an empty title": ({"title": {}}, "title", None, ""),
    "a title in an unknown language": ({"title": {"jp": "題"}}, "title.jp", "problems.unknown-key", ""),
    "an owner of no letters": ({"owner": ""}, "owner", "problems.too-short", ""),
    "steps that are no list": ({"steps": {"command": ["true"]}}, "steps", "problems.not-list", ""),
    "no steps": ({"steps": []}, "steps", "problems.not-list", ""),
    "steps that say nothing": ({"steps": None}, "steps", "problems.missing", ""),
    "a step that is no mapping": ({"steps": ["true"]}, "steps.0", "problems.not-mapping", ""),
    "a step of no kind": ({"steps": [{"id": "a"}]}, "steps.0", "runbooks.step-kind", ""),
    "a step of two kinds": ({"steps": [{"command": ["true"], "manual": "x"}]}, "steps.0", "runbooks.step-kind", ""),
    "a kind with a typo": ({"steps": [{"comand": ["true"]}]}, "steps.0.comand", "problems.unknown-key", "command"),
    "a step key with a typo": ({"steps": [{"titel": "x", **STEP}]}, "steps.0.titel", "problems.unknown-key", "title"),
    "two steps of one id": ({"steps": [{"id": "a", **STEP}, {"id": "a", **STEP}]}, "steps.0.id", "runbooks.duplicate-step", ""),
    "a command key with a typo": (
        {"steps": [{"command": {"run": ["true"], "timout": 3}}]},
        "steps.0.command.timout",
        "problems.unknown-key",
        "timeout",
    ),
    "an empty command": ({"steps": [{"command": []}]}, "steps.0.command.run", "problems.too-few", ""),
    "a command as one string": ({"steps": [{"command": "rm -rf /"}]}, "steps.0.command", None, ""),
    "a timeout of nothing": ({"steps": [{"command": {"run": ["true"], "timeout": 0}}]}, "steps.0.command.timeout", None, ""),
    "a bad pattern of an output": (
        {"steps": [{"command": {"run": ["true"], "stdout": "("}}]},
        "steps.0.command.stdout",
        "checks.bad-pattern",
        "",
    ),
    "checks that are no list": ({"steps": [{"checks": {}}]}, "steps.0.checks", "runbooks.checks-not-a-list", ""),
    "a check that is no mapping": ({"steps": [{"checks": ["disk"]}]}, "steps.0.checks.0", "problems.not-mapping", ""),
    "two checks of one id": (
        {"steps": [{"checks": [{"id": "d", "kind": "disk"}, {"id": "d", "kind": "load"}]}]},
        "steps.0.checks.1.id",
        "runbooks.duplicate-check",
        "",
    ),
    "a manual step without a text": ({"steps": [{"manual": {"minutes": 3}}]}, "steps.0.manual.text", "problems.missing", ""),
    "a template that names an unknown parameter": (
        {"steps": [{"command": ["echo", "{{ params.servce }}"]}], **parameter(name="service")},
        "steps.0.command.run.1",
        "runbooks.template-undefined",
        "service",
    ),
    "a template that names an unknown root": (
        {"steps": [{"command": ["echo", "{{ param.x }}"]}]},
        "steps.0.command.run.1",
        "runbooks.template-undefined",
        "params",
    ),
    "a template that names a later step": (
        {"steps": [{"id": "one", "command": ["echo", "{{ steps.two.stdout }}"]}, {"id": "two", **STEP}]},
        "steps.0.command.run.1",
        "runbooks.template-undefined",
        "",
    ),
    "a template that names an unknown fact of a host": (
        {"steps": [{"command": ["echo", "{{ host['nam'] }}"]}]},
        "steps.0.command.run.1",
        "runbooks.template-undefined",
        "name",
    ),
    "a template that does not end": (
        {"steps": [{"command": ["echo", "{{ params.x"]}]},
        "steps.0.command.run.1",
        "runbooks.template-syntax",
        "",
    ),
    "a template in a manual text": (
        {"steps": [{"manual": {"ja": "{{ nobody }}", "en": "x"}}]},
        "steps.0.manual.text",
        "runbooks.template-undefined",
        "",
    ),
    "a template in a check": (
        {"steps": [{"checks": [{"id": "d", "kind": "disk", "crit": "{{ params.nothing }}"}]}]},
        "steps.0.checks.0.crit",
        "runbooks.template-undefined",
        "",
    ),
    "two parameters of one name": (
        {"parameters": [{"name": "a", "title": TITLE}, {"name": "a", "title": TITLE}]},
        "parameters.1.name",
        "runbooks.duplicate-parameter",
        "",
    ),
    "a parameter of an unknown type": (parameter(type="number"), "parameters.0.type", "problems.not-one-of", ""),
    "a parameter name that is none": (parameter(name="My-Name"), "parameters.0.name", "problems.pattern", ""),
    "a pattern that does not compile": (parameter(pattern="["), None, "checks.bad-pattern", ""),
    "bounds that are crossed": (parameter(type="integer", minimum=5, maximum=1), None, "runbooks.bounds-crossed", ""),
    "a default that is no choice": (
        parameter(type="choice", choices=["a"], default="b"),
        None,
        "runbooks.default-not-a-choice",
        "",
    ),
    "a choice of nothing": (parameter(type="choice", choices=[]), None, "runbooks.choices-none", ""),
    "a parameter key with a typo": (parameter(titel="x"), "parameters.0.titel", "problems.unknown-key", "title"),
    "a parameter without a title": ({"parameters": [{"name": "p"}]}, "parameters.0.title", "problems.missing", ""),
    "a bound that is no number": (parameter(type="integer", minimum="a"), "parameters.0.minimum", "problems.not-integer", ""),
    "a key of the minutes with a typo": ({"toil": {"minutes": {"setp": 3}}}, "toil.minutes.setp", "problems.unknown-key", "setup"),
    "a key of a schedule with a typo": ({"schedules": [{"corn": "x"}]}, "schedules.0.corn", "problems.unknown-key", "cron"),
    "a default out of its bounds": (
        parameter(type="integer", minimum=1, default=0),
        "parameters.0.default",
        "runbooks.input-bounds",
        "",
    ),
    "a default that its pattern refuses": (
        parameter(pattern="[a-z]+", default="A1"),
        "parameters.0.default",
        "runbooks.input-pattern",
        "",
    ),
    "a secret written into a step": (
        {"steps": [{"command": {"run": ["true"], "secrets": {"TOKEN": "hunter22"}}}]},
        "steps.0.command.secrets.TOKEN",
        "runbooks.secret-not-named",
        "",
    ),
    "a secret that is an ordinary parameter": (
        {"steps": [{"command": {"run": ["true"], "secrets": {"TOKEN": "p"}}}], **parameter(default="x")},
        "steps.0.command.secrets.TOKEN",
        "runbooks.secret-not-named",
        "",
    ),
    "a secret that is not a reference": (parameter(type="secret", default="hunter22"), None, None, ""),
}


@pytest.mark.parametrize("case", CASES)
def test_this_mistake_is_found_with_its_place_and_a_suggestion(case):
    changed, field, key, close = CASES[case]
    found = problems(**changed)
    assert found, case
    places = [problem.field for problem in found]
    match = [p for p in found if (field is None or p.field == field) and (key is None or p.message.key == key)]
    assert match, (places, [p.message.key for p in found])
    assert match[0].close == close


def test_every_mistake_of_a_file_is_reported_at_once():
    found = problems(
        [{"command": {"run": ["echo", "{{ params.x }}"], "timout": 1}}, {"comand": ["true"]}, {"checks": [{"kind": "disc"}]}],
        ownr="x",
        category="daily",
    )
    fields = {problem.field for problem in found}
    assert {"ownr", "category", "steps.0.command.timout", "steps.1.comand"} <= fields
    assert any(field.startswith("steps.2.checks.0") for field in fields)


def test_an_id_of_letters_only_names_its_flow_function():
    assert runbook_of([STEP], id="morning-checks").function == "morning_checks"
    assert runbook_of([STEP], id="morning-checks").task == "morning-checks"
    assert runbook_of([STEP], toil={"task": "patrol"}).task == "patrol"


def test_parsing_what_a_runbook_keeps_gives_the_same_runbook():
    book = runbook_of([STEP, {"manual": "見る"}], toil={"demand": {"calendar": "day"}, "minutes": 5}, **parameter(type="boolean"))
    assert parse_runbook(book.data, kinds=step_kinds()) == book


def test_a_demand_that_is_neither_a_calendar_nor_request_says_what_it_may_be():
    (problem,) = problems(toil={"demand": "requests"})
    assert problem.loc == ("toil", "demand")
    assert "request, calendar: business_day" in problem.message.text("ja")
