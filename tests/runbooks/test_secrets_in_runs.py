"""A secret reaches the command that needs it, and nothing that is kept or shown."""

import base64
import dataclasses
import json
import shlex
import sys
from urllib.parse import quote

import pytest

from fixtures_runs import Heard, asking, make_engine, runbook_of
from temanashi.runs.advancing import advance
from temanashi.runs.reading import run_view
from temanashi.runs.requests import request_run

SECRET = "pa55 wörd/'+\"$x"
FORMS = {
    "raw": SECRET,
    "shell-quoted": shlex.quote(SECRET),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "url": quote(SECRET),
    "url, slashes too": quote(SECRET, safe=""),
    "json": json.dumps(SECRET),
}

PRINTING = """
import base64, os, shlex, sys, urllib.parse
s = os.environ["PASSWORD"]
forms = [s, shlex.quote(s), base64.b64encode(s.encode()).decode(), urllib.parse.quote(s), urllib.parse.quote(s, safe="")]
print(len(s), *forms, sep="\\n")
print(*forms, sep="\\n", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def engine(tmp_path, monkeypatch, heard):
    monkeypatch.setenv("TEMA_TEST_PASSWORD", SECRET)
    made = make_engine(tmp_path, observers=(heard,))
    yield made
    made.database.close()


def leaks(folder):
    """In which form the secret lies in any file of the folder."""
    data = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    text = data.decode("utf-8", "replace")
    return [name for name, form in FORMS.items() if form in text or json.dumps(form)[1:-1] in text]


def secret_book(code, **more):
    step = {"run": [sys.executable, "-c", PRINTING, str(code)], "secrets": {"PASSWORD": "password"}, **more}
    parameter = {"name": "password", "type": "secret", "title": {"ja": "パスワード", "en": "Password"}}
    after = {"command": {"run": ["echo", "{{ steps.use.stdout }}"], "reads": True}}
    return runbook_of([{"id": "use", "command": step}, {"id": "after", **after}], parameters=[parameter])


@pytest.mark.parametrize("code", [0, 3])
def test_a_secret_reaches_the_command_and_is_in_nothing_that_is_kept(engine, tmp_path, heard, code):
    run = request_run(engine, asking(secret_book(code), inputs={"password": "env:TEMA_TEST_PASSWORD"}))
    result = advance(engine, run)
    assert result.outcome == ("done" if code == 0 else "failed")
    with engine.database.reading() as connection:
        view = run_view(connection, run)
        bodies = "".join(record.model_dump_json() for record in engine.ledger.records(connection))
    output = view.steps[0].rows[0].output
    if code == 0:
        assert output.splitlines()[0] == str(len(SECRET))  # the command had it
        assert "●●●●" in output
    assert "env:TEMA_TEST_PASSWORD" in bodies
    shown = view.model_dump_json() + bodies + repr(heard.events) + repr(result)
    assert not [name for name, form in FORMS.items() if form in shown or json.dumps(form)[1:-1] in shown]
    engine.database.close()
    assert leaks(tmp_path) == []


def test_a_secret_may_be_a_reference_in_the_runbook_itself(engine, tmp_path):
    step = {"run": ["sh", "-c", 'test -n "$TOKEN" && echo "$TOKEN"'], "secrets": {"TOKEN": "env:TEMA_TEST_PASSWORD"}}
    run = request_run(engine, asking(runbook_of([{"command": step}])))
    assert advance(engine, run).outcome == "done"
    engine.database.close()
    assert leaks(tmp_path) == []


def test_a_secret_that_is_missing_fails_the_step_and_names_the_reference(engine):
    step = {"run": ["true"], "secrets": {"TOKEN": "env:TEMA_TEST_NOTHING"}}
    result = advance(engine, request_run(engine, asking(runbook_of([{"command": step}]))))
    assert result.outcome == "failed"
    assert all("TEMA_TEST_NOTHING" in result.reason.text(lang) for lang in ("ja", "en"))


def test_a_secret_in_a_file_is_read_at_the_last_moment(engine, tmp_path):
    file = tmp_path / "secret"
    step = {"run": ["sh", "-c", 'test "$TOKEN" = later'], "secrets": {"TOKEN": f"file:{file}"}}
    run = request_run(engine, asking(runbook_of([{"command": step}])))
    file.write_text("later\n")
    assert advance(engine, run).outcome == "done"


def test_the_environment_of_commands_holds_no_secret_that_they_were_not_given(engine):
    run = request_run(engine, asking(runbook_of([{"id": "look", "command": {"run": ["env"], "reads": True}}])))
    advance(engine, run)
    with engine.database.reading() as connection:
        output = run_view(connection, run).steps[0].rows[0].output
    assert "TEMA_TEST_PASSWORD" not in output
    assert f"TEMA_KEY={run}/look/0/localhost" in output


def test_another_engine_that_reads_the_run_does_not_need_the_secret(engine, monkeypatch):
    run = request_run(engine, asking(secret_book(0), inputs={"password": "env:TEMA_TEST_PASSWORD"}))
    advance(engine, run)
    monkeypatch.delenv("TEMA_TEST_PASSWORD")
    assert advance(dataclasses.replace(engine, observers=()), run).outcome == "done"


def test_an_optional_secret_that_was_left_out_is_no_variable_of_the_command(engine):
    parameter = {"name": "token", "type": "secret", "required": False, "title": {"ja": "鍵", "en": "Token"}}
    step = {"run": ["sh", "-c", 'echo "${TOKEN-nothing}"'], "secrets": {"TOKEN": "token"}}
    run = request_run(engine, asking(runbook_of([{"command": step}], parameters=[parameter])))
    assert advance(engine, run).outcome == "done"
    with engine.database.reading() as connection:
        assert run_view(connection, run).steps[0].rows[0].output == "nothing"
