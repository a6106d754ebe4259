"""Templates: values are data, undefined names fail, and the sandbox holds."""

import string
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures_runs import asking, runbook_of
from temanashi.runbooks.steps.contract import PlanContext
from temanashi.runbooks.templates import Names, Templated, TemplateFailed, check_template, render
from temanashi.runs.advancing import advance
from temanashi.runs.reading import run_view
from temanashi.runs.requests import dry_run, request_run
from temanashi.text import LANGUAGES, explain

PARAMETER = {"name": "x", "title": {"ja": "値", "en": "Value"}, "max_length": 1000, "leading_dash": True}

HOSTILE = [
    *(
        "; rm -rf /",
        "$(touch owned)",
        "`touch owned`",
        "| touch owned",
        "&& touch owned",
        "|| touch owned",
        "& touch owned",
        "> owned",
    ),
    *(">> owned", "< /etc/passwd", "<(touch owned)", "2>&1", "#", "x # y", "'", "''", '"', '""', "'\"'", "'; touch owned; '"),
    *('"; touch owned; "', "\\", "\\\\", "\\n", "\\x00", "a\\'b", "$HOME", "${HOME}", "$((1+1))", "$'a'", "~", "~root", "*", "?"),
    *("[a-z]*", "{a,b}", "!!", "!1", "^a^b", "%s", "%d%n", "%%", "-n", "--", "-e x", "{{ params.x }}", "{{ 7*7 }}", "{% raw %}"),
    *("{% endraw %}", "{# c #}", "{{ ''.__class__ }}", "‹a.b›", "   ", " a  b ", "あ; い", "\u202ebidi", "\u200b", "é\u0301", "😀"),
    *("a=b", "PATH=/x", "<script>", "&amp;", "file:///etc/passwd", "../../etc", "\uffff"),
]


def test_there_are_at_least_sixty_hostile_strings():
    assert len(set(HOSTILE)) >= 60


def test_hostile_values_are_printed_exactly_and_have_no_other_effect(engine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    parameters = [{**PARAMETER, "name": f"x{n}"} for n in range(len(HOSTILE))]
    steps = [
        {"id": f"s{n}", "command": {"run": ["printf", "[%s]", f"{{{{ params.x{n} }}}}"], "reads": True}}
        for n in range(len(HOSTILE))
    ]
    book = runbook_of(steps, parameters=parameters)
    run = request_run(engine, asking(book, inputs={f"x{n}": value for n, value in enumerate(HOSTILE)}))
    assert advance(engine, run).outcome == "done"
    with engine.database.reading() as connection:
        view = run_view(connection, run)
    assert [step.rows[0].output for step in view.steps] == [f"[{value}]" for value in HOSTILE]
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("temanashi.db-")) == [
        name for name in before if not name.startswith("temanashi.db-")
    ]


@given(value=st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_any_value_is_rendered_as_itself(value):
    assert render("<{{ params.x }}>", {"params": Names({"x": value})}) == f"<{value}>"


@pytest.mark.parametrize("name", ["values", "get", "items", "keys", "pop", "update", "copy", "format", "count"])
def test_a_parameter_may_have_the_name_of_a_method(name, engine):
    book = runbook_of([{"command": ["echo", f"{{{{ params.{name} }}}}"]}], parameters=[{**PARAMETER, "name": name}])
    plan = dry_run(engine, asking(book, inputs={name: "mine"}))
    assert plan.changes[0].payload["run"] == ["echo", "mine"]


ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ params.__class__ }}",
    "{{ params['__class__'] }}",
    "{{ params._values }}",
    "{{ params.__init__.__globals__ }}",
    "{{ host.tags.__class__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ ''|attr('__class__') }}",
    "{{ params.x.format.__self__ }}",
    "{{ '{0.__class__}'.format(params.x) }}",
    "{{ host.tags.append('x') }}",
    "{{ lipsum.__globals__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{{ range(1000000000)|list }}",
    "{{ 'x' * 1000000 }}",
    "{{ 1/0 }}",
    "{{ params.x + 1 }}",
    "{{ params.nothing }}",
    "{{ nothing }}",
    "{{ params.x[0][0][0].y }}",
]


@pytest.mark.parametrize("template", ESCAPES)
def test_the_sandbox_refuses_this_with_a_message(template):
    values = {"params": Names({"x": "v"}), "host": Names({"tags": ("a",)})}
    with pytest.raises(TemplateFailed) as caught:
        render(template, values)
    for lang in LANGUAGES:
        told = explain(caught.value, lang)
        assert "{problem}" not in told.what
        assert told.next


def test_names_of_methods_are_undefined_unless_they_are_parameters():
    for name in ("values", "get", "items"):
        with pytest.raises(TemplateFailed):
            render(f"{{{{ params.{name} }}}}", {"params": Names({"x": 1})})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ params.x }}", []),
        ("{{ params['x'] }} {{ host.name }} {{ run.date }}", []),
        ("{{ params.y }}", ["params.y"]),
        ("{{ params['y'] }}", ["params.y"]),
        ("{{ steps.first.stdout }} {{ steps.second.stdout }}", ["steps.second"]),
        ("{{ run.owner }}", ["run.owner"]),
        ("{{ os.environ }}", ["os"]),
        ("{% for t in host.tags %}{{ t }}{% endfor %}", []),
        ("{% set a = params.x %}{{ a }}", []),
        ("no template at all", []),
    ],
)
def test_undefined_names_are_found_without_rendering(text, found):
    problems = check_template(Templated(("run", 1), text), parameters=["x"], steps=["first"])
    assert [p.message.data["name"] for p in problems] == found


def test_a_template_sees_the_host_and_the_run(engine):
    text = "{{ host.name }} {{ host.address }} {{ host.tags|length }} {{ run.date }} {{ run.actor }}"
    plan = dry_run(engine, asking(runbook_of([{"command": ["echo", text]}], targets="web1"), hosts=1))
    words = plan.changes[0].payload["run"][1].split()
    assert words[0] == "web1"
    assert date.fromisoformat(words[-2])
    assert words[-1] == "alice"


def test_a_context_without_a_host_has_empty_facts():
    context = PlanContext(item=None, inputs={}, hosts=(), run="r", today=date(2026, 1, 2), actor="alice")
    assert context.render("[{{ host.name }}|{{ host.system }}|{{ run.id }}]") == "[||r]"


NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(string.ascii_letters, max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def shuffled(value, order):
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: hash((order, key)))
        return {key: shuffled(value[key], order) for key in keys}
    return [shuffled(item, order) for item in value] if isinstance(value, list) else value


@settings(max_examples=60, deadline=None)
@given(parameters=st.dictionaries(NAMES, JSON, max_size=3), order=st.integers())
def test_the_version_of_a_runbook_does_not_depend_on_the_order_of_keys(parameters, order):
    book = runbook_of(
        [{"id": "a", "command": {"run": ["true"], "timeout": 5}}], schedules=[{"cron": "0 8 * * *", "parameters": parameters}]
    )
    again = shuffled(book.data, order)
    data = {k: v for k, v in again.items() if k != "steps"}
    assert runbook_of(again["steps"], **data).version == book.version


CHANGES = [
    lambda d: d["steps"][0]["command"]["run"].append("x"),
    lambda d: d["steps"][0]["command"].update(timeout=6),
    lambda d: d["steps"][0]["command"].update(exit_codes=[0, 1]),
    lambda d: d["steps"][0]["command"].update(observe=["false"]),
    lambda d: d["steps"][0]["command"].update(reads=True),
    lambda d: d["steps"][0].update(targets="web1"),
    lambda d: d["steps"].reverse(),
    lambda d: d["steps"].append({"command": ["true"]}),
    lambda d: d.update(targets="web2"),
    lambda d: d["parameters"][0].update(default="other"),
]


@pytest.mark.parametrize("change", range(len(CHANGES)))
def test_a_plans_digest_changes_with_anything_that_matters(engine, change):
    import json

    data = {
        "steps": [{"id": "a", "command": {"run": ["true", "{{ params.x }}"], "timeout": 5}}, {"id": "b", "command": ["false"]}],
        "parameters": [{**PARAMETER, "default": "one"}],
    }

    def digest(d):
        return dry_run(engine, asking(runbook_of(**d), hosts=2)).digest

    changed = json.loads(json.dumps(data))
    CHANGES[change](changed)
    assert digest(data) == digest(shuffled(data, 7)) == digest(json.loads(json.dumps(data)))
    assert digest(changed) != digest(data)


def test_a_plans_digest_changes_with_the_inputs(engine):
    book = runbook_of([{"command": ["echo", "{{ params.x }}"]}], parameters=[PARAMETER])
    one, two = (dry_run(engine, asking(book, inputs={"x": value})).digest for value in ("a", "b"))
    assert one != two
