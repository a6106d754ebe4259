"""A secret reaches every kind of step that needs it, and nothing that is kept or shown, in no form."""

import base64
import json
import shlex
from urllib.parse import quote

import pytest

from fixtures_runs import asking, runbook_of
from fixtures_steps import ACTING, SECRET
from temanashi.runs.advancing import advance
from temanashi.runs.reading import run_view
from temanashi.runs.requests import request_run

FORMS = {
    "raw": SECRET,
    "shell-quoted": shlex.quote(SECRET),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "url": quote(SECRET),
    "url, slashes too": quote(SECRET, safe=""),
    "json": json.dumps(SECRET)[1:-1],
}
SHOWING = sorted(name for name, case in ACTING.items() if case.showing is not None)


def leaks(text):
    return [name for name, form in FORMS.items() if form in text or json.dumps(form)[1:-1] in text]


@pytest.mark.parametrize("fails", [False, True], ids=["good", "failing"])
@pytest.mark.parametrize("kind", SHOWING)
def test_a_secret_is_used_and_kept_nowhere(world, monkeypatch, kind, fails):
    monkeypatch.setenv("TEMA_TEST_PASSWORD", SECRET)
    if kind == "http":
        monkeypatch.setenv("TEMA_TEST_PASSWORD", SECRET.replace("ö", "o"))  # a header carries ASCII
    secret = SECRET.replace("ö", "o") if kind == "http" else SECRET
    steps = [{"id": "use", kind: ACTING[kind].showing(world, not fails)}]
    run = request_run(world.engine, asking(runbook_of(steps)))
    result = advance(world.engine, run)
    assert result.outcome == ("failed" if fails else "done")
    with world.engine.database.reading() as connection:
        view = run_view(connection, run)
        rows = connection.exec_driver_sql("SELECT outcome FROM journal").scalars().all()
    if not fails:
        assert f"{len(secret)}" in rows[0]  # the step had it
    assert "●●●●" in rows[0]
    shown = view.model_dump_json() + repr(result) + "".join(rows)
    world.engine.database.close()
    kept = b"".join(path.read_bytes() for path in world.folder.glob("temanashi.db*")).decode("utf-8", "replace")
    assert leaks(shown + kept) == []
    assert secret not in shown + kept


@pytest.mark.parametrize("kind", SHOWING)
def test_a_secret_that_is_missing_fails_the_step_and_names_the_reference(world, monkeypatch, kind):
    monkeypatch.delenv("TEMA_TEST_PASSWORD", raising=False)
    outcome = world.applied({kind: ACTING[kind].showing(world, True)})
    assert outcome.status == "failed"
    assert all("TEMA_TEST_PASSWORD" in outcome.reason.text(lang) for lang in ("ja", "en"))
    assert world.site.requests == []


@pytest.mark.parametrize("kind", SHOWING)
def test_a_secret_is_in_no_plan(world, monkeypatch, kind):
    monkeypatch.setenv("TEMA_TEST_PASSWORD", SECRET)
    _, [change] = world.planned({kind: ACTING[kind].showing(world, True)})
    assert leaks(change.model_dump_json()) == []
    assert "env:TEMA_TEST_PASSWORD" in change.model_dump_json()


def test_a_secret_in_a_body_reaches_the_server_and_no_log(world, monkeypatch):
    monkeypatch.setenv("TEMA_TEST_PASSWORD", SECRET)
    step = {
        "method": "POST",
        "url": f"{world.site.url}/objects/login",
        "json": {"user": "a"},
        "secrets": {"json.password": "env:TEMA_TEST_PASSWORD"},
    }
    assert world.applied({"http": step}).status == "changed"
    assert json.loads(world.site.requests[0][2]) == {"user": "a", "password": SECRET}
    form = {"method": "POST", "url": f"{world.site.url}/objects/login", "secrets": {"form.password": "env:TEMA_TEST_PASSWORD"}}
    world.applied({"http": form})
    assert world.site.requests[1][2].startswith("password=pa55")
