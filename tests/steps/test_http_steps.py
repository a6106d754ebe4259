# ruff: noqa: E501  (a table of cases)
"""`http`: what is sent, what is expected, and what is said when it is not so."""

import json
import socket
import threading

import pytest

from checks.certificates import issue, make_authority, write_server
from checks.servers import tls_context, web_server
from fixtures_runs import asking, runbook_of
from temanashi.redaction import one_line
from temanashi.runbooks.parsing import BadRunbook
from temanashi.runbooks.steps.values import BadValue
from temanashi.runs.advancing import advance
from temanashi.runs.reading import run_view
from temanashi.runs.requests import request_run
from temanashi.text import LANGUAGES, explain


def sent(world, page, **step):
    return world.applied({"http": {"url": f"{world.site.url}/{page}", **step}})


def told(phrase):
    found = [phrase.text(lang) for lang in LANGUAGES]
    assert all(text == one_line(text) and not text.startswith(("steps.", "checks.")) for text in found)
    return found


@pytest.mark.parametrize(
    ("page", "step", "status", "key"),
    [
        ("echo", {"method": "POST", "json": {"a": 1}, "expect": {"json": {"$.length": 8, "forms[0]": {"matches": "a"}}}}, "changed", None),
        ("echo", {"method": "POST", "form": {"a": "b c"}, "expect": {"json": {"forms[0]": "a=b+c"}}}, "changed", None),
        ("echo", {"method": "POST", "body": "x", "expect": {"body": "length.*1", "headers": {"x-told": "x"}}}, "changed", None),
        ("echo", {"method": "POST", "body": "xyz", "expect": {"json": {"length": {"at_least": 3, "at_most": 3}}}}, "changed", None),
        ("echo", {"method": "POST", "body": "x", "expect": {"json": {"length": {"one_of": [1, 2]}}}}, "changed", None),
        ("echo", {"method": "POST", "body": "x", "expect": {"json": {"['length']": {"exists": True}, "no": {"exists": False}}}}, "changed", None),
        ("echo", {"method": "PUT", "body": "x", "expect": {"json": {"length": 2}}}, "failed", "steps.http-json"),
        ("echo", {"method": "PUT", "body": "x", "expect": {"json": {"length": True}}}, "failed", "steps.http-json"),
        ("echo", {"method": "PUT", "body": "x", "expect": {"json": {"length": {"at_most": 0}}}}, "failed", "steps.http-json"),
        ("echo", {"method": "PUT", "body": "x", "expect": {"json": {"forms": {"at_least": 1}}}}, "failed", "steps.http-json"),
        ("echo", {"method": "PUT", "body": "x", "expect": {"json": {"length": {"exists": False}}}}, "failed", "steps.http-json"),
        ("echo", {"method": "PUT", "body": "x", "expect": {"json": {"forms[99]": 1}}}, "failed", "steps.http-json"),
        ("echo", {"method": "PUT", "body": "x", "expect": {"json": {"length.deeper": 1}}}, "failed", "steps.http-json"),
        ("echo", {"method": "PUT", "body": "x", "expect": {"json": {"[0]": 1}}}, "failed", "steps.http-json"),
        ("echo", {"method": "PUT", "body": "x", "expect": {"headers": {"X-Told": "y"}}}, "failed", "steps.http-header"),
        ("echo", {"method": "PUT", "body": "x", "expect": {"body": "nothing like it"}}, "failed", "steps.http-body"),
        ("raw/text", {"expect": {"json": {"a": 1}}}, "failed", "steps.http-not-json"),
        ("raw/long", {"expect": {"json": {"a": 1}}}, "failed", "steps.http-cut"),
        ("raw/long", {"expect": {"body": "y"}}, "failed", "steps.http-cut"),
        ("raw/null", {}, "already", None),
        ("status/404", {}, "failed", "steps.http-status"),
        ("status/404", {"expect": {"status": [404, 410]}}, "already", None),
        ("status/500", {}, "failed", "steps.http-status"),
        ("status/409", {"method": "POST"}, "failed", "steps.http-status"),
        ("status/503", {"method": "POST"}, "failed", "steps.http-status"),
        ("status/500", {"method": "POST"}, "unknown", "steps.http-unclear"),
        ("status/500", {"method": "POST", "idempotent": True}, "failed", "steps.http-status"),
        ("status/200", {"method": "POST", "expect": {"status": 201}}, "unknown", "steps.http-unclear"),
        ("status/500", {"method": "PUT"}, "failed", "steps.http-status"),
        ("objects/x", {"method": "HEAD", "expect": {"status": 404}}, "already", None),
        ("echo", {"method": "POST", "body": "x", "reads": True}, "already", None),
    ],
)  # fmt: skip
def test_an_answer_is_judged_as_it_deserves(world, page, step, status, key):
    outcome = sent(world, page, **step)
    assert (outcome.status, outcome.reason and outcome.reason.key) == (status, key)
    if outcome.reason is not None:
        told(outcome.reason)


def test_nobody_listening_means_that_nothing_happened(world):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        outcome = world.applied({"http": {"url": url, "method": "POST"}})
    assert outcome.status == "failed"
    assert url in told(outcome.reason)[0]
    nowhere = world.applied({"http": {"url": "http://no-such-name.invalid/", "method": "POST"}})
    assert (nowhere.status, nowhere.reason.key) == ("failed", "checks.name-not-found")


def test_certificates_are_verified(world, tmp_path):
    authority = make_authority()
    root = tmp_path / "root.pem"
    root.write_bytes(authority.root.pem)
    server = issue("127.0.0.1", authority.intermediate, names=("127.0.0.1",))
    file = write_server(tmp_path, server, authority.intermediate)
    with web_server(tls_context(file)) as (port, _):
        url = f"https://127.0.0.1:{port}/"
        trusted = world.applied({"http": {"url": url, "ca_file": str(root)}})
        unknown = world.applied({"http": {"url": url, "method": "POST"}})
        unreadable = world.applied({"http": {"url": url, "ca_file": "/no/such/file"}})
    assert trusted.status == "already"
    assert (unknown.status, unknown.reason.key) == ("failed", "steps.http-no-answer")
    assert (unreadable.status, unreadable.reason.key) == ("failed", "checks.ca-file")


def test_what_was_answered_is_an_output_and_evidence(world):
    steps = [
        {"id": "ask", "http": {"url": f"{world.site.url}/echo", "method": "PUT", "json": {"n": 5}}},
        {"id": "use", "http": {"url": f"{world.site.url}/objects/{{{{ steps.ask.json.length }}}}", "method": "PUT"}},
    ]
    run = request_run(world.engine, asking(runbook_of(steps)))
    assert advance(world.engine, run).outcome == "done"
    assert world.site.objects == {"8": 1}
    with world.engine.database.reading() as connection:
        [row] = run_view(connection, run).steps[0].rows
    assert json.loads(row.output)["length"] == 8
    outcome = sent(world, "echo", method="PUT", body="x")
    assert outcome.evidence[0].text.startswith("HTTP 200\ncontent-type: application/json\n\n")
    assert outcome.outputs["code"] == 200


def test_a_step_is_done_once_or_once_a_host_where_it_names_the_host(world):
    world.planned({"http": world.site.url, "targets": "web1,localhost"})
    run = world.frozen({"http": f"{world.site.url}/{{{{ host.name }}}}", "targets": "web1,localhost"})
    item = run.runbook.steps[0]
    changes = world.engine.step(item, run).plan(run.context(item, {}, hosts=run.hosts(item)))
    assert {(change.target, change.payload["request"]["url"].rpartition("/")[2]) for change in changes} == {
        ("web1", "web1"),
        ("localhost", "localhost"),
    }


@pytest.mark.parametrize(
    ("url", "inputs", "key"),
    [
        ("{{ params.x }}/a", {"x": "ftp://host"}, "steps.bad-value"),
        ("{{ params.x }}/a", {"x": "http://user:password@host"}, "steps.bad-value"),
        ("http://h/{{ params.x }}", {"x": ".."}, "runbooks.template-failed"),
    ],
)
def test_an_address_that_a_value_makes_wrong_is_refused_before_anything_is_touched(world, url, inputs, key):
    from temanashi.errors import InputError

    with pytest.raises(InputError) as caught:
        world.planned({"http": url}, inputs=inputs, parameters=[{"name": "x", "title": "X"}])
    assert caught.value.key == key
    for lang in LANGUAGES:
        assert explain(caught.value, lang).next


def test_a_value_at_the_beginning_is_the_base_address(world):
    step = {"http": "{{ params.base }}/objects/{{ params.x }}"}
    parameters = [{"name": "base", "title": "B"}, {"name": "x", "title": "X"}]
    _, [change] = world.planned(step, inputs={"base": world.site.url, "x": "a/b"}, parameters=parameters)
    assert change.payload["request"]["url"] == f"{world.site.url}/objects/a%2Fb"


def test_a_text_that_utf8_cannot_write_is_refused(world):
    with pytest.raises(BadValue) as caught:
        world.planned(
            {"http": {"url": world.site.url, "method": "POST", "body": "{{ params.x }}"}},
            inputs={"x": "\ud800"},
            parameters=[{"name": "x", "title": "X"}],
        )
    assert all(explain(caught.value, lang).what for lang in LANGUAGES)


@pytest.mark.parametrize(
    "step",
    [
        {"url": "ftp://x/"},
        {"url": "http://user:secret@x/"},
        {"url": "http://x/", "json": 1, "body": "a"},
        {"url": "http://x/", "undo": {"url": "http://x/", "method": "DELETE"}},
        {"url": "http://x/", "expect": {"json": {"a..[": 1}}},
        {"url": "http://x/", "expect": {"json": {"a": {}}}},
        {"url": "http://x/", "expect": {"body": "("}},
        {"url": "http://x/", "headers": {"a b": "c"}},
        {"url": "http://x/", "verify": False},
        {"url": "http://x/", "method": "BREW"},
        {},
        [],
    ],
)
def test_a_request_with_a_mistake_is_refused_when_it_is_loaded(step):
    with pytest.raises(BadRunbook) as caught:
        runbook_of([{"http": step}])
    for problem in caught.value.problems:
        assert problem.field.startswith("steps.0")
        told(problem.message)


def test_undefined_names_of_every_part_are_found_when_it_is_loaded():
    wrong = "{{ params.nope }}"
    step = {
        "url": f"http://x/{wrong}",
        "method": "POST",
        "headers": {"A": wrong},
        "json": {"a": [wrong]},
        "expect": {"json": {"a": {"is": wrong}}},
        "observe": {"url": f"http://x/{wrong}", "expect": {"json": {"b": wrong}}},
        "undo": {"url": f"http://x/{wrong}", "method": "POST", "form": {"c": wrong}},
        "undone": {"url": f"http://x/{wrong}"},
    }
    with pytest.raises(BadRunbook) as caught:
        runbook_of([{"http": step}])
    assert len(caught.value.problems) == 9


def test_an_undo_can_be_asked_whether_it_happened(world):
    url = f"{world.site.url}/objects/one"
    gone = {"url": url, "expect": {"status": 404}}
    step = {"http": {"url": url, "method": "POST", "undo": {"url": url, "method": "DELETE"}, "undone": gone}}
    ready, [change] = world.planned(step)
    outcome = ready.apply(change, "key")
    inverse = ready.undo(change, outcome.before)
    assert ready.observe(inverse).happened == "no"
    assert ready.apply(inverse, "key/undo").status == "changed"
    assert (ready.observe(inverse).happened, ready.apply(inverse, "key/undo").status) == ("yes", "already")


def test_a_server_that_fails_says_nothing_about_the_state(world):
    step = {"http": {"url": world.site.url, "method": "POST", "observe": {"url": f"{world.site.url}/status/500"}}}
    ready, [change] = world.planned(step)
    assert ready.observe(change).happened == "unknown"
    other = {"http": {"url": world.site.url, "method": "POST", "observe": {"url": "http://no-such-name.invalid/"}}}
    ready, [change] = world.planned(other)
    assert ready.observe(change).happened == "unknown"


def test_a_halt_leaves_a_request_behind(world):
    run = world.frozen({"http": {"url": f"{world.site.url}/slow", "method": "POST", "secrets": {}}})
    halt = threading.Event()
    item = run.runbook.steps[0]
    ready = world.engine.step(item, run, halt=halt)
    [change] = ready.plan(run.context(item, {}, hosts=run.hosts(item)))
    threading.Timer(0.2, halt.set).start()
    outcome = ready.apply(change, "key")
    assert (outcome.status, outcome.reason.key) == ("unknown", "steps.halted")


def test_a_secret_can_be_a_part_of_its_header(world, monkeypatch):
    monkeypatch.setenv("TEMA_TEST_TOKEN", "t0ken-value")
    sent(world, "echo", headers={"X-Secret": "Bearer {secret}"}, secrets={"X-Secret": "env:TEMA_TEST_TOKEN"})
    assert world.site.requests[0][3]["X-Secret"] == "Bearer t0ken-value"
    sent(world, "echo", method="POST", body="x", headers={"Content-Type": "text/plain", "Idempotency-Key": "mine"})
    headers = world.site.requests[1][3]
    assert (headers["Content-Type"], headers["Idempotency-Key"]) == ("text/plain", "mine")
