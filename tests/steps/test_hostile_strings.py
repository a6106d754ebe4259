# ruff: noqa: PT017  (a refusal is one of two good answers here)
"""500 hostile strings in every text parameter of every kind: no effect in a shell, in a template, or in a log."""

import dataclasses
import json
import shlex
import subprocess
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures_hostile import hostile_strings
from fixtures_steps import World, serving_site
from temanashi.errors import TemanashiError
from temanashi.hosts.command import Command
from temanashi.redaction import one_line
from temanashi.runbooks.steps.calling import command_of
from temanashi.text import LANGUAGES

X = "{{ params.x }}"
PARAMETERS = [{"name": "x", "title": "X"}]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with serving_site() as site:
        made = World(tmp_path_factory.mktemp("hostile"), site)
        yield made
        made.engine.database.close()


@pytest.fixture
def canary(world):
    file = world.place / "canary"
    yield str(file)
    assert not file.exists()


@pytest.fixture
def strings(canary):
    found = hostile_strings(canary)
    assert len(found) == len(set(found)) == 500
    return found


def fields_of(world):
    """Every text parameter of every kind, holding the template alone and among other words."""
    url, file = world.site.url, str(world.place / "file")
    check = {"id": "c", "kind": "command", "run": ["true", X]}
    kinds = {
        "command": [
            {"run": ["true", X]}, {"run": [X]}, {"run": ["true"], "observe": ["true", X]}, {"run": ["true"], "undo": ["true", X]},
        ],
        "script": [
            {"run": ":", "args": [X]}, {"run": ":", "env": {"V": X}}, {"run": ":", "observe": ["true", X]},
            {"run": ":", "undo": ["true", X]},
        ],
        "http": [
            {"url": f"{url}/objects/{X}"}, {"url": f"{url}/?q={X}"}, {"url": X}, {"url": f"{X}/objects"},
            {"url": url, "headers": {"X-A": X}}, {"url": url, "method": "POST", "json": {"a": [X, f"b {X}"]}},
            {"url": url, "method": "POST", "form": {"a": X}}, {"url": url, "method": "POST", "body": X},
            {"url": url, "expect": {"json": {"a": X}}}, {"url": url, "method": "POST", "observe": {"url": f"{url}/{X}"}},
            {"url": url, "method": "POST", "undo": {"url": f"{url}/{X}", "body": X, "method": "POST"}},
        ],
        "notify": [{"text": X}, {"title": X, "text": "a"}, {"text": {"ja": X, "en": f"a {X}"}}],
        "template": [X, {"path": file, "content": X}, {"path": f"{file}-{X}", "content": "a"}, {"path": X, "content": "a"}],
        "python": [
            {"function": "many", "arguments": {"values": [X]}}, {"function": "append_mark", "arguments": {"file": file, "word": X}},
        ],
        "checks": [[check]],
        "wait_until": [{"check": check}],
        "manual": [X, {"text": {"ja": X, "en": X}}],
    }  # fmt: skip
    return [(kind, written) for kind, found in kinds.items() for written in found]


def planned(world, step, text):
    ready, [change] = world.planned(step, inputs={"x": text}, parameters=PARAMETERS)
    return ready, change


def test_a_plan_is_made_or_refused_and_its_sentence_stays_one_line(world, strings):
    # Inputs with control characters are refused before; here they come in all the same, as outputs of an earlier step may.
    refused = made = 0
    before = world.seen()
    for kind, written in fields_of(world):
        run = world.frozen({"id": "it", kind: written}, parameters=PARAMETERS)
        item = run.runbook.steps[0]
        for text in strings:
            asked = dataclasses.replace(run, inputs={"x": text})
            try:
                [change] = world.engine.step(item, asked).plan(asked.context(item, {}, hosts=asked.hosts(item)))
            except TemanashiError as error:
                refused += 1
                assert error.key
                continue
            made += 1
            for lang in LANGUAGES:
                sentence = change.summary.text(lang)
                assert sentence == one_line(sentence), (kind, text)
                assert len(sentence) < 1_000, (kind, text)
            assert "8641969" not in change.model_dump_json()
    assert world.seen() == before
    assert (made, refused) > (10_000, 100)


def test_a_command_gets_every_string_as_it_is(world, strings):
    step = {"command": {"run": ["printf", "%s|%s", X, f"a{X}b"]}}
    for text in strings:
        if "\x00" in text:
            with pytest.raises(TemanashiError):
                planned(world, step, text)
            continue
        ready, change = planned(world, step, text)
        outcome = ready.apply(change, "key")
        assert outcome.status == "changed"
        assert outcome.evidence[0].text == f"{text}|a{text}b"


def test_a_script_gets_every_string_as_it_is(world, strings):
    step = {"script": {"run": 'printf "%s|%s" "$1" "$V"', "args": [X], "env": {"V": X}}}
    for text in strings:
        if "\x00" in text:
            with pytest.raises(TemanashiError):
                planned(world, step, text)
            continue
        ready, change = planned(world, step, text)
        outcome = ready.apply(change, "key")
        assert outcome.evidence[0].text == f"{text}|{text}", outcome


def test_a_server_gets_every_string_as_it_is(world, strings):
    site = world.site
    step = {
        "method": "POST",
        "url": f"{site.url}/objects/{X}?q={X}",
        "json": {"lone": X, "among": f"a {X}"},
        "expect": {"status": 201},
    }
    taken = 0
    for text in strings:
        try:
            ready, change = planned(world, {"http": step}, text)
        except TemanashiError:
            assert text in {".", ".."} or len(text) > 400  # they lead elsewhere, or make too long an address
            continue
        site.requests.clear()
        assert ready.apply(change, "key").status == "changed", text
        [(method, path, body, _)] = site.requests
        parts = urlsplit(path)
        assert (method, unquote(parts.path)) == ("POST", f"/objects/{text}")
        assert parse_qs(parts.query, keep_blank_values=True)["q"] == [text]
        assert json.loads(body) == {"lone": text, "among": f"a {text}"}
        taken += 1
    assert taken > 480


def test_a_header_is_one_line_or_refused(world, strings):
    step = {"http": {"url": f"{world.site.url}/objects/x", "headers": {"X-A": f"a{X}b"}, "expect": {"status": [200, 404]}}}
    for text in strings:
        try:
            ready, change = planned(world, step, text)
        except TemanashiError as error:
            assert error.key == "steps.bad-value"
            assert not (text.isascii() and text.isprintable())
            continue
        world.site.requests.clear()
        assert ready.apply(change, "key").status == "already"
        headers = world.site.requests[0][3]
        assert headers["X-A"] == f"a{text}b"
        assert not {"Set-Cookie", "X-Injected"} & set(headers)


def test_people_get_every_string_without_what_steers_a_terminal(world, strings):
    told = world.folder / "told"
    for number, text in enumerate(strings):
        told.unlink(missing_ok=True)
        ready, change = planned(world, {"notify": {"title": f"t{X}", "text": f"b{X}"}}, text)
        assert ready.apply(change, f"key-{number}").status == "changed"
        [[title, body]] = world.told
        assert title == one_line(title)
        assert "\x1b" not in body
        assert "\u202e" not in body
        if text.isprintable() and len(text) < 150:
            assert (title, body) == (f"t{text}", f"b{text}")


def test_a_file_gets_every_string_as_it_is(world, strings):
    # Many values in one file: what the others are tested for one by one is here the whole content.
    for start in range(0, 500, 25):
        some = strings[start : start + 25]
        step = {
            "template": {"path": str(world.place / "content"), "content": "".join(f"{{{{ params.x{n} }}}}|" for n in range(25))}
        }
        inputs = {f"x{n}": text for n, text in enumerate(some)}
        parameters = [{"name": name, "title": name} for name in inputs]
        ready, [change] = world.planned(step, inputs=inputs, parameters=parameters)
        assert ready.apply(change, "key").good
        assert (world.place / "content").read_bytes().decode() == "".join(f"{text}|" for text in some)


def test_a_path_is_one_file_or_refused(world, strings):
    # The folder is the author's; a value with slashes or dots would lead out of it, so only names below it are tried.
    step = {"template": {"path": f"{world.place}/names/file-{X}", "content": "a"}}
    (world.place / "names").mkdir()
    expected = set()
    for text in [text for text in strings if "/" not in text and len(text.encode()) < 200]:
        try:
            ready, change = planned(world, step, text)
        except TemanashiError as error:
            assert error.key == "steps.bad-value"
            assert not text.isprintable()
            continue
        assert ready.apply(change, "key").status == "changed", text
        expected.add(f"file-{text}")
    assert {file.name for file in (world.place / "names").iterdir()} == expected


def test_a_function_gets_every_string_as_it_is(world, strings):
    for start in range(0, 500, 100):
        some = strings[start : start + 100]
        arguments = {"values": [f"{{{{ params.x{n} }}}}" for n in range(100)]}
        inputs = {f"x{n}": text for n, text in enumerate(some)}
        parameters = [{"name": name, "title": name} for name in inputs]
        ready, [change] = world.planned(
            {"python": {"function": "many", "arguments": arguments}}, inputs=inputs, parameters=parameters
        )
        assert ready.apply(change, "key").outputs == {"values": some}


def test_what_a_program_says_cannot_forge_a_line(world, strings):
    step = {"script": {"run": 'printf "%s" "$V" >&2; exit 1', "env": {"V": X}}}
    for text in strings[::5]:
        if "\x00" in text:
            continue
        ready, change = planned(world, step, text)
        outcome = ready.apply(change, "key")
        assert outcome.status == "failed"
        for lang in LANGUAGES:
            assert outcome.reason.text(lang) == one_line(outcome.reason.text(lang))


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(TEXT, min_size=1, max_size=4), script=st.booleans(), env=TEXT)
def test_no_value_reaches_a_shell_unquoted(world, values, script, env):
    """What would be sent to a shell of another machine is read back by a real one, argument for argument."""
    names = [f"{{{{ params.x{n} }}}}" for n in range(len(values))]
    inputs = {f"x{n}": value for n, value in enumerate(values)} | {"e": env}
    parameters = [{"name": name, "title": name} for name in inputs]
    show = 'printf "%s\\0" "$@" "$V"'
    if script:
        step = {"script": {"run": show, "args": names, "env": {"V": "{{ params.e }}"}}}
    else:
        step = {"command": ["sh", "-c", show, "sh", *names]}
    _, [change] = world.planned(step, inputs=inputs, parameters=parameters)
    command = command_of(change.payload["run"], {"V": env})
    shell = command.shell()
    told = subprocess.run(["sh", "-c", shell], input=command.stdin, capture_output=True, check=True).stdout
    assert told.decode().split("\0")[:-1] == [*values, env]
    assert shlex.split(shell)[1:] == [*command.argv] or "\n" in shell


def test_a_command_is_text_for_a_shell_only_through_quoting():
    assert Command("echo", "$(id)").shell() == "echo '$(id)'"
