"""Form, page, schedule, command line and API judge the same bad inputs by the same sentence, and nothing runs."""

import html
import json
import os
import subprocess

import httpx
import pytest
from sqlalchemy import func, select

from fixtures_prefect import execute, gate_running, make_place, prefect_settings
from fixtures_terminal import COMMAND, SOURCE
from temanashi.clock import SystemClock
from temanashi.runbooks.inputs import BadInputs, validate_inputs
from temanashi.runbooks.kinds import step_kinds
from temanashi.runs.tables import RUNS
from temanashi.workspace.choosing import run_offers
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import current_version

pytestmark = pytest.mark.server

DEPTS = {"csv": "depts.csv", "where": {"system": "{{ params.system }}"}}
PARAMETERS = [
    {"name": "word", "pattern": "[a-z]+", "max_length": 20},
    {"name": "count", "type": "integer", "minimum": 1, "maximum": 9, "default": 3},
    {"name": "system", "type": "choice", "choices": ["shop", "books"], "default": "shop"},
    {"name": "host", "type": "choice", "choices_from": {"hosts": "web*"}, "default": "web1"},
    {
        "name": "dept",
        "type": "choice",
        "choices_from": {"csv": "depts.csv", "where": {"system": "{{ params.system }}"}},
        "required": False,
    },
    {"name": "who", "type": "choice", "choices_from": {"people": "group:ops"}, "required": False},
    {"name": "line", "type": "choice", "choices_from": {"command": ["printf", "a\\nb\\n"]}, "required": False},
    {"name": "names", "type": "list", "required": False, "max_items": 2},
    {"name": "sure", "type": "boolean"},
    {"name": "day", "type": "date", "required": False},
    {"name": "secret", "type": "secret", "required": False},
]

BAD = {
    "missing": {"word": ""},
    "pattern": {"word": "UPPER"},
    "shell": {"word": "x; rm -rf /"},
    "option": {"word": "-rf"},
    "newline": {"word": "a\nb"},
    "escape": {"word": "a\x1b[31m"},
    "long": {"word": "x" * 21},
    "template": {"word": "{{ 7 * 7 }}"},
    "no number": {"count": "many"},
    "out of bounds": {"count": "10"},
    "not a choice": {"system": "shp"},
    "no such host": {"host": "web9"},
    "of another system": {"dept": "200"},
    "not in the group": {"who": "jiro"},
    "not said by the command": {"line": "c"},
    "too many": {"names": "a,b,c"},
    "twice": {"names": "a,a"},
    "not yes or no": {"sure": "perhaps"},
    "no such day": {"day": "2026-02-30"},
    "a secret itself": {"secret": "hunter22"},
    "unknown name": {"wrod": "x"},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = make_place(tmp_path_factory.mktemp("validation"))
    site = place.root / "runbooks" / "site"
    site.mkdir(parents=True)
    (site / "hosts.yaml").write_text("hosts:\n  web1: {transport: local}\n  web2: {transport: local}\n")
    (site / "depts.csv").write_text("code,system\n100,shop\n200,books\n")
    (site / "people.yaml").write_text(
        "people:\n  hana: {name: 花}\n  jiro: {name: 次郎}\ngroups:\n  ops: [hana]\n", encoding="utf-8"
    )
    titled = [{"title": {"ja": f"項目 {p['name']}", "en": f"Item {p['name']}"}, **p} for p in PARAMETERS]
    place.data = {"steps": ({"id": "say", "command": ["true"]},), "parameters": titled}
    place.runbook("judge", *place.data["steps"], parameters=titled)
    place.publish()
    return place


@pytest.fixture(scope="module")
def server(place):
    from prefect.client.orchestration import get_client

    from temanashi.orchestration.deployments import ensure_pool, sync_deployments

    with gate_running(place.settings), prefect_settings(place.settings), get_client(sync_client=True) as client:
        with open_installation(place.root) as opened, opened.database.reading() as connection:
            published = current_version(connection, kinds=step_kinds())
        ensure_pool(client)
        sync_deployments(client, place.settings, published, now=SystemClock().now())
        place.published = published
        yield place


@pytest.fixture
def client(server):
    with httpx.Client(base_url=f"http://127.0.0.1:{server.settings.port}", trust_env=False, timeout=60) as client:
        yield client


def told(place, given):
    """What the one validation says, in Japanese."""
    runbook = place.published.runbooks["judge"]
    with pytest.raises(BadInputs) as caught:
        validate_inputs(runbook, {"word": "ok", **given}, offers=run_offers(place.published, clock=SystemClock()))
    return [problem.message.text("ja") for problem in caught.value.problems]


def flow_run(client, given, *, enforced):
    deployment = client.get("/api/deployments/name/judge/judge").json()
    body = {"parameters": {"word": "ok", **given}, "state": {"type": "PENDING"}, "enforce_parameter_schema": enforced}
    return client.post(f"/api/deployments/{deployment['id']}/create_flow_run", json=body)


def by_the_form(place, client, given):
    """Prefect's form with its own check switched off: the flow refuses."""
    made = flow_run(client, given, enforced=False)
    assert made.status_code == 201, made.text
    with prefect_settings(place.settings):
        execute(made.json()["id"])
    state = client.get(f"/api/flow_runs/{made.json()['id']}").json()["state"]
    assert state["type"] == "FAILED"
    assert "何も実行していません" in state["message"]
    return state["message"]


def by_the_api(place, client, given):
    """As a program would: Prefect refuses by the form's schema, or the flow does."""
    made = flow_run(client, given, enforced=True)
    if made.status_code == 409:
        return None
    with prefect_settings(place.settings):
        execute(made.json()["id"])
    return client.get(f"/api/flow_runs/{made.json()['id']}").json()["state"]["message"]


def by_the_page(place, client, given):
    origin = str(client.base_url).rstrip("/")
    form = {"name": "花子", "action": "run", "p.word": "ok", **{f"p.{name}": value for name, value in given.items()}}
    if "names" in given:
        form["p.names"] = given["names"].replace(",", "\n")
    answer = client.post("/tema/runbooks/judge/run?lang=ja", data=form, headers={"origin": origin})
    assert answer.status_code == 400, answer.text
    return html.unescape(answer.text)


def by_a_schedule(place, client, given):
    """At load, before it could ever start."""
    file = place.root / "runbooks" / "routine" / "planned.yaml"
    schedule = {"cron": "0 8 * * *", "parameters": {"word": "ok", **given}}
    place.runbook("planned", *place.data["steps"], parameters=place.data["parameters"], schedules=[schedule])
    try:
        faults = load_workspace(place.root, kinds=step_kinds()).faults
    finally:
        file.unlink()
    return "\n".join(fault.message.text("ja") for fault in faults)


def by_the_command_line(place, client, given):
    words = [word for name, value in {"word": "ok", **given}.items() for word in ("-p", f"{name}={value}")]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEMA_", "PREFECT_"))}
    env = kept | {"PYTHONPATH": str(SOURCE), "TEMA_LANG": "ja", "PYTHONUTF8": "1"}
    how = {"cwd": place.root, "env": env, "capture_output": True, "text": True, "timeout": 60}
    done = subprocess.run([*COMMAND, "run", "judge", *words], check=False, **how)
    assert done.returncode == 2, done.stderr
    return done.stderr


WAYS = [by_the_form, by_the_page, by_a_schedule, by_the_command_line, by_the_api]
LATER = {"not said by the command"}
"""What files alone cannot know: the command is asked when the run starts."""


@pytest.mark.parametrize("given", BAD.values(), ids=BAD.keys())
def test_every_way_in_refuses_it_by_the_same_sentence(server, client, given, request):
    sentences = told(server, given)
    assert sentences
    for way in WAYS:
        said = way(server, client, given)
        if said is None or (way is by_a_schedule and request.node.callspec.id in LATER):
            continue
        assert [sentence for sentence in sentences if sentence not in said] == [], way.__name__
    with open_installation(server.root) as opened, opened.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(RUNS)) == 0


def test_a_run_that_our_form_sends_is_on_the_record_as_asked_there(server, client):
    origin = {"origin": str(client.base_url).rstrip("/")}
    about = {"name": "花子", "beneficiary": "次郎", "identity": "in-person", "ticket": "OPS-7", "reason": "依頼"}
    form = {"action": "run", "p.word": "ok", "p.sure": "true", **about}
    sent = client.post("/tema/runbooks/judge/run?lang=ja", data=form, headers=origin)
    assert sent.status_code == 303, sent.text
    where = sent.headers["location"]
    waiting = client.get(where)
    assert "まもなく始まります" in waiting.text
    with prefect_settings(server.settings):
        execute(where.split("/started/")[1][:36])
    story = client.get(where, follow_redirects=True)
    assert "/tema/runs/" in str(story.url)
    assert all(word in story.text for word in ("花子", "次郎", "OPS-7"))
    with open_installation(server.root) as opened, opened.database.reading() as connection:
        [asked] = [r.draft for r in opened.ledger.records(connection, kinds=("run_requested",)) if r.draft.mode == "live"]
    assert (asked.actor, asked.channel, asked.beneficiary, asked.ticket, asked.reason) == ("花子", "page", "次郎", "OPS-7", "依頼")
    assert asked.identity_check == "in-person"


def test_a_request_that_ended_without_a_run_says_why(server, client):
    made = flow_run(client, {"word": "UPPER"}, enforced=False).json()["id"]
    with prefect_settings(server.settings):
        execute(made)
    assert "形が違います" in client.get(f"/tema/runbooks/judge/started/{made}?lang=ja").text
    gone = client.get("/tema/runbooks/judge/started/00000000-0000-0000-0000-000000000009?lang=ja").text
    assert "サーバーにありません" in gone


HYDRATED = [
    {"__prefect_kind": "jinja", "template": "{{ 'o' ~ 'k' }}"},
    {"__prefect_kind": "workspace_variable", "variable_name": "tema_test"},
    {"__prefect_kind": "none", "value": {"__prefect_kind": "jinja", "template": "ok"}},
    {"__prefect_kind": "json", "value": {"__prefect_kind": "jinja", "template": '"ok"'}},
    {"__prefect_kind": None, "value": "ok"},
    [{"__prefect_kind": "jinja", "template": "ok"}],
]


@pytest.mark.parametrize("value", HYDRATED, ids=json.dumps)
@pytest.mark.parametrize("enforced", [True, False])
def test_templates_and_variables_of_prefect_have_no_effect(server, client, value, enforced):
    client.post("/api/variables/", json={"name": "tema_test", "value": "ok"})
    before = client.post("/api/flow_runs/count", json={}).json()
    made = flow_run(client, {"word": value}, enforced=enforced)
    assert made.status_code == 409
    assert "値そのものを入力してください" in made.text
    assert client.post("/api/flow_runs/count", json={}).json() == before


def test_a_mark_that_is_written_with_escapes_is_seen_too(server, client):
    deployment = client.get("/api/deployments/name/judge/judge").json()
    body = '{"parameters": {"word": {"__prefect\\u005fkind": "jinja", "template": "ok"}}}'
    headers = {"content-type": "application/json"}
    for path in (f"/api/deployments/{deployment['id']}/create_flow_run", "/api/flow_runs/"):
        assert client.post(path, content=body, headers=headers).status_code == 409


def test_text_that_looks_like_a_template_is_text(server, client):
    made = flow_run(client, {"word": "{{ 7 * 7 }}"}, enforced=False)
    assert made.json()["parameters"]["word"] == "{{ 7 * 7 }}"


def test_what_the_form_of_prefect_wraps_plainly_passes(server, client):
    made = flow_run(client, {"word": {"__prefect_kind": "none", "value": "plain"}}, enforced=True)
    assert made.status_code == 201, made.text
    assert made.json()["parameters"]["word"] == "plain"


def test_a_body_without_end_or_without_json_is_not_ours(server, client):
    path = "/api/deployments/00000000-0000-0000-0000-000000000000/create_flow_run"
    assert client.post(path, content=b"x" * 1_100_000).status_code == 413
    assert client.post(path, content=b"{not json").status_code in {404, 409, 422}
