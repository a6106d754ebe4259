"""Somebody who is signed in, or holds a token, reaches for more: other people's runs, code, secrets, states, approvals."""

import json

import pytest
from sqlalchemy import select

from gate.guarded import SETUP
from temanashi.people import Actor
from temanashi.runs.advancing import advance
from temanashi.runs.approvals.faults import RunAltered
from temanashi.runs.approvals.reading import approval_of
from temanashi.runs.decisions import decide
from temanashi.runs.journal import draft_of, read_run
from temanashi.runs.reading import run_view
from temanashi.runs.results import Finished, Waiting
from temanashi.runs.signatures import CannotSign, NotVerified
from temanashi.runs.tables import RUNS

pytestmark = pytest.mark.server


def create(house, user, runbook, **body):
    path = f"/api/deployments/{house.deployments[runbook]}/create_flow_run"
    return house.client(user).post(path, json={"parameters": {}, "state": {"type": "SCHEDULED"}} | body)


# -- what may be started


@pytest.mark.parametrize(
    ("user", "runbook", "status"),
    [
        ("staff", "for-staff", 201),
        ("staff2", "for-staff", 201),
        ("staff", "for-all", 409),
        ("staff", "for-others", 409),
        ("operator", "for-all", 201),
        ("operator", "for-others", 201),
        ("operator", "for-staff", 409),
        ("admin", "for-all", 201),
        ("admin", "for-others", 409),
        ("roleless", "for-all", 403),
        ("viewer", "for-all", 403),
        ("auditor", "for-all", 403),
        ("approver", "for-all", 403),
        ("manager", "for-all", 403),
        ("publisher", "for-all", 403),
        ("staff", "temanashi-watch", 409),
        ("operator", "temanashi-watch", 409),
        ("admin", "temanashi-watch", 409),
    ],
)
def test_who_may_start_what(house, user, runbook, status):
    answer = create(house, user, runbook)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("user", "runbook", "status"),
    [
        ("staff", "for-staff", 200),
        ("staff", "for-all", 409),
        ("staff", "for-others", 409),
        ("viewer", "for-all", 403),
        ("auditor", "for-all", 403),
    ],
)
def test_our_own_form_keeps_to_the_same(house, user, runbook, status):
    answer = house.client(user).get(f"/tema/runbooks/{runbook}/run", headers={"accept": "text/html"})
    assert answer.status_code == status
    posted = house.client(user).post(f"/tema/runbooks/{runbook}/run", data={"action": "run", "p.word": "ok"})
    assert posted.status_code == (303 if status == 200 else status)


NOBODYS = "0190c2f4-7a3e-7c11-9d55-3b6f0a1e2d47"  # the same in every process: names of tests are made of it
FORBIDDEN = [
    {"job_variables": {"command": "touch /tmp/owned"}},
    {"job_variables": {"env": {"LD_PRELOAD": "/tmp/x.so"}}},
    {"enforce_parameter_schema": False},
    {"parent_task_run_id": NOBODYS},
    {"infrastructure_document_id": NOBODYS},
    {"work_queue_name": "elsewhere"},
    {"context": {"x": 1}},
    {"labels": {"x": "y"}},
    {"empirical_policy": {"retries": 99}},
    {"idempotency_key": "of-somebody-else"},
    {"state": {"type": "COMPLETED"}},
    {"state": {"type": "RUNNING"}},
    {"state": {"type": "PAUSED", "state_details": {"pause_reschedule": True}}},
    {"state": {"type": "SCHEDULED", "data": {"x": 1}}},
    {"state": {"type": "SCHEDULED", "state_details": {"flow_run_id": NOBODYS}}},
    {"state": {"type": "SCHEDULED", "state_details": {"child_flow_run_id": NOBODYS}}},
    {"state": {"type": "SCHEDULED", "state_details": {"scheduled_time": "tomorrow"}}},
    {"state": "SCHEDULED"},
    {"parameters": []},
    {"tags": "actor:admin"},
    {"tags": ["x" * 2000]},
]


@pytest.mark.parametrize("body", FORBIDDEN, ids=lambda body: json.dumps(body)[:50])
@pytest.mark.parametrize("user", ["staff", "operator"])
def test_who_asks_for_a_run_does_not_say_how_it_is_carried_out(house, user, body):
    answer = create(house, user, "for-staff" if user == "staff" else "for-all", **body)
    assert answer.status_code == 409, answer.text
    assert "/" in answer.json()["detail"]


AS_PREFECTS_FORM_SENDS_IT = {
    "name": "intelligent-beetle",
    "work_queue_name": "default",
    "empirical_policy": {"resuming": False, "max_retries": 0, "retry_delay_seconds": 0, "retries": 0, "retry_delay": 0},
    "state": {
        "type": "SCHEDULED",
        "message": "",
        "state_details": {"pause_reschedule": False, "deferred": False, "untrackable_result": False, "scheduled_time": None},
    },
    "tags": ["temanashi", "定常業務", "ops"],
    "job_variables": {},
    "enforce_parameter_schema": True,
    "parameters": {},
}


@pytest.mark.parametrize("user", ["staff", "operator"])
def test_what_prefects_own_form_fills_in_by_itself_is_passed_over(house, user):
    answer = create(house, user, "for-staff" if user == "staff" else "for-all", **AS_PREFECTS_FORM_SENDS_IT)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["job_variables"] == {}
    assert made["work_queue_name"] == "default"


def test_what_prefects_pages_ask_for_beside_a_runbook_of_ones_own_breaks_nothing(house):
    deployment = house.deployments["for-staff"]
    staff = house.client("staff")
    assert staff.get(f"/api/automations/related-to/prefect.deployment.{deployment}").json() == []
    assert staff.get("/api/work_pools/temanashi/queues/default").json()["name"] == "default"
    assert staff.get("/api/work_pools/temanashi").status_code == 403
    assert staff.post("/api/work_pools/filter", json={}).json() == []
    looks = {"server": {"ui": {"show_promotional_content": False, "v2_enabled": True, "enabled": True}}}
    assert staff.get("/api/admin/settings").json() == looks
    assert house.client("auditor").get("/api/admin/settings").json() == looks
    assert "database" in house.client("admin").get("/api/admin/settings").text


def test_numbers_of_runs_are_told_of_ones_own_only(house):
    mine, other = (house.begin(user, "for-all")["id"] for user in ("operator", "admin"))
    own = house.begin("staff", "for-staff")["id"]
    staff = house.client("staff")
    asked = {"flow_run_ids": [mine, other, own, "x"]}
    assert set(staff.post("/api/ui/flow_runs/count-task-runs", json=asked).json()) == {own}
    for body in ({}, {"flow_run_ids": "x"}, {"flow_run_ids": [own] * 201}):
        assert staff.post("/api/ui/flow_runs/count-task-runs", json=body).status_code == 422
    told = {run["id"] for run in staff.post("/api/ui/flow_runs/history", json={"limit": 1000}).json()}
    assert own in told
    assert not told & {mine, other}


def test_a_runbook_that_is_not_there_and_one_that_is_not_ones_own_are_told_alike(house):
    told = [house.client("staff").get(f"/tema/runbooks/{name}?lang=en").text for name in ("for-others", "for-otherz")]
    assert "your roles do not let you run it" in told[0]
    assert [text.count("for-others") for text in told] == [told[0].count("for-others"), 0]
    assert "for-staff" not in told[1]


HYDRATED = [
    {"__prefect_kind": "jinja", "template": "{{ 7 * 7 }}"},
    {"__prefect_kind": "workspace_variable", "variable_name": "secret"},
    {"__prefect_kind": "json", "value": '{"__prefect_kind": "jinja", "template": "x"}'},
    [{"__prefect_kind": "jinja", "template": "x"}],
    {"a": {"__prefect_kind": "jinja", "template": "x"}},
    {"__prefect_kind": "unheard-of"},
    {"__prefect_kind": None},
]


@pytest.mark.parametrize("value", HYDRATED, ids=lambda value: json.dumps(value)[:50])
@pytest.mark.parametrize("user", ["staff", "operator"])
def test_no_template_and_no_variable_stands_for_a_value(house, user, value):
    runbook = "for-staff" if user == "staff" else "for-all"
    assert create(house, user, runbook, parameters={"word": value}).status_code == 409


WRONG_INPUTS = [
    {"word": 5},
    {"word": None, "wrod": "x"},
    {"word": "-rf"},
    {"word": "a\nb"},
    {"word": "x" * 9000},
    {"word": {"a": 1}},
    {"word": ["a"]},
]


@pytest.mark.parametrize("inputs", WRONG_INPUTS, ids=lambda inputs: str(inputs)[:40])
def test_parameters_are_checked_by_our_own_rules(house, inputs):
    assert create(house, "staff", "for-staff", parameters=inputs).status_code == 409


def test_values_as_prefects_form_wraps_them_are_values(house):
    wrapped = {"word": {"__prefect_kind": "none", "value": "hello"}}
    assert create(house, "staff", "for-staff", parameters=wrapped).json()["parameters"] == {"word": "hello"}
    assert create(house, "staff", "for-staff", parameters={"word": {"__prefect_kind": "json", "value": '"hi"'}}).json()[
        "parameters"
    ] == {"word": "hi"}


def test_tags_do_not_say_who_asked(house):
    made = create(house, "staff", "for-staff", tags=["actor:admin", "channel:schedule", "for:佐藤", "ticket:INC-7", "other"]).json()
    assert made["created_by"]["display_value"] == "staff"
    assert {tag for tag in made["tags"] if ":" in tag} == {"channel:form", "for:佐藤", "ticket:INC-7"}
    assert "other" not in made["tags"]
    assert made["auto_scheduled"] is False


CODE = [
    ("POST", "/api/deployments/", {"name": "x", "flow_id": NOBODYS, "entrypoint": "os:system"}),
    ("PATCH", "/api/deployments/DEPLOYMENT", {"entrypoint": "evil.py:main", "path": "/tmp"}),
    ("PATCH", "/api/deployments/DEPLOYMENT", {"job_variables": {"command": "id"}}),
    ("DELETE", "/api/deployments/DEPLOYMENT", None),
    ("POST", "/api/deployments/DEPLOYMENT/schedules", [{"schedule": {"cron": "* * * * *"}}]),
    ("POST", "/api/deployments/DEPLOYMENT/schedule", {}),
    ("POST", "/api/deployments/DEPLOYMENT/create_flow_run/bulk", [{"job_variables": {"command": "id"}}]),
    ("POST", "/api/flow_runs/", {"flow_id": NOBODYS}),
    ("POST", "/api/flows/", {"name": "x"}),
    ("POST", "/api/task_runs/", {"flow_run_id": NOBODYS, "task_key": "x", "dynamic_key": "x"}),
    ("POST", "/api/logs/", [{"name": "x", "level": 20, "message": "forged", "timestamp": "2026-11-20T00:00:00Z"}]),
    ("POST", "/api/events", [{"event": "x", "resource": {"prefect.resource.id": "x"}}]),
    ("POST", "/api/artifacts/", {"key": "forged"}),
    ("POST", "/api/work_pools/temanashi/get_scheduled_flow_runs", {}),
    ("POST", "/api/work_pools/temanashi/workers/heartbeat", {"name": "x"}),
]


def again(house, user, earlier, runbook="for-staff"):
    path = f"/api/deployments/{house.deployments[runbook]}/create_flow_run"
    return house.client(user).post(path, json={"parameters": {}, "tags": [f"again:{earlier}"]})


def test_what_is_asked_for_again_is_a_run_of_this_runbook_that_one_may_see(house):
    mine, theirs = house.asked("staff", "for-staff"), house.asked("staff2", "for-staff")
    made = again(house, "staff", mine)
    assert made.status_code == 201, made.text
    assert f"again:{mine}" in made.json()["tags"]
    for earlier in (theirs, house.asked("staff", "to-approve"), "01a1fe90-0000-7000-8000-000000000000", "../runs", "*"):
        refused = again(house, "staff", earlier)
        assert refused.status_code == 409, earlier
        assert earlier not in refused.text
    assert again(house, "admin", house.asked("operator", "for-all"), "for-all").status_code == 201  # who sees all


def test_a_tag_that_keeps_or_hides_a_run_does_not_get_through(house):
    tags = ["retention:1d", "keep:never", "channel:schedule", "actor:admin", "reason:月末"]
    path = f"/api/deployments/{house.deployments['for-staff']}/create_flow_run"
    made = house.client("staff").post(path, json={"parameters": {}, "tags": tags})
    assert made.status_code == 201, made.text
    assert {tag for tag in made.json()["tags"] if ":" in tag} == {"reason:月末", "channel:form"}


def test_what_waits_for_a_worker_stands_among_ones_own_requests(house):
    mine = house.begin("staff", "for-staff")["id"]
    for user, there in (("staff", True), ("staff2", False), ("operator", False)):
        page = house.client(user).get("/tema/requests?lang=en")
        assert page.status_code == 200
        assert (f"/flow-run/{mine}" in page.text) is there, user
    assert "waits for the worker" in house.client("staff").get("/tema/requests?lang=en").text


@pytest.mark.parametrize(("method", "path", "body"), CODE, ids=lambda value: str(value)[:40])
def test_nobody_but_a_worker_brings_in_code_schedules_or_traces(house, method, path, body):
    path = path.replace("DEPLOYMENT", house.deployments["for-all"])
    for user in ("staff", "operator", "approver", "publisher", "auditor", "admin"):
        assert house.client(user).request(method, path, json=body).status_code == 403, user


SECRETS = [
    ("POST", "/api/block_documents/filter", {"include_secrets": True}),
    ("GET", "/api/block_documents/" + NOBODYS + "?include_secrets=true", None),
    ("GET", "/api/block_types/slug/secret/block_documents/name/x?include_secrets=true", None),
    ("POST", "/api/variables/filter", {}),
    ("GET", "/api/variables/name/x", None),
    ("GET", "/api/admin/storage", None),
    ("POST", "/api/block_documents/", {}),
    ("POST", "/api/variables/", {"name": "x", "value": "y"}),
    ("POST", "/api/automations/", {}),
    ("PATCH", "/api/work_pools/temanashi", {"is_paused": True}),
    ("POST", "/api/templates/validate", "x"),
    ("DELETE", "/api/flow_runs/" + NOBODYS, None),
]


@pytest.mark.parametrize(("method", "path", "body"), SECRETS, ids=lambda value: str(value)[:60])
def test_secrets_and_settings_are_not_for_who_does_not_manage(house, method, path, body):
    for user in ("roleless", "staff", "viewer", "operator", "approver", "auditor", "manager", "publisher", "emergency"):
        assert house.client(user).request(method, path, json=body).status_code == 403, user


# -- whose runs


LISTS = [
    "/api/flow_runs/filter",
    "/api/flow_runs/paginate",
    "/api/flow_runs/count",
    "/api/task_runs/filter",
    "/api/task_runs/paginate",
    "/api/task_runs/count",
    "/api/artifacts/filter",
    "/api/artifacts/count",
    "/api/artifacts/latest/filter",
    "/api/artifacts/latest/count",
    "/api/ui/task_runs/count",
    "/api/logs/filter",
]
TRICKS = [
    {},
    {"flow_runs": {}},
    {"flow_runs": None},
    {"flow_runs": {"operator": "or_", "id": {"any_": ["OTHER"]}}},
    {"flow_runs": {"created_by": {"id_": ["ADMIN"]}}},
    {"flow_runs": {"created_by": {"is_null_": True}}},
    {"flow_runs": {"created_by": None}},
    {"flow_runs": {"id": {"any_": ["OTHER"]}}},
    {"flow_runs": {"operator": "or_", "id": {"not_any_": []}}, "deployments": {"operator": "or_"}},
]


@pytest.fixture(scope="module")
def others(house):
    """A flow run of another person, with a task run, an artifact and a log line."""
    made = house.begin("operator", "for-all")
    worker = house.worker
    task = worker.post("/api/task_runs/", json={"flow_run_id": made["id"], "task_key": "secret-task", "dynamic_key": "1"}).json()
    artifact = worker.post("/api/artifacts/", json={"key": "secret-artifact", "flow_run_id": made["id"], "data": "secret"}).json()
    line = {"name": "x", "level": 20, "message": "secret-line", "timestamp": "2026-11-20T00:00:00Z", "flow_run_id": made["id"]}
    assert worker.post("/api/logs/", json=[line]).status_code == 201
    return {"flow_run": made["id"], "task": task["id"], "artifact": artifact["id"]}


def filled(body, others, house):
    from temanashi.signin.recognising import uuid_of

    return json.loads(json.dumps(body).replace("OTHER", others["flow_run"]).replace("ADMIN", str(uuid_of("operator"))))


@pytest.mark.parametrize("body", TRICKS, ids=lambda body: json.dumps(body)[:60])
@pytest.mark.parametrize("path", LISTS)
def test_lists_show_staff_only_their_own(house, others, path, body):
    mine = house.begin("staff2", "for-staff")["id"]
    body = filled(body, others, house)
    answer = house.client("staff2").post(path, json=body)
    if answer.status_code in {404, 422}:  # Prefect or we do not understand it
        return
    assert answer.status_code == 200, answer.text
    assert others["flow_run"] not in answer.text
    assert "secret" not in answer.text
    seen = answer.json()
    if path == "/api/flow_runs/filter" and body == {}:
        assert mine in [run["id"] for run in seen]
        assert {run["created_by"]["display_value"] for run in seen} == {"staff2"}
    whole = house.client("viewer").post(path, json={})
    if isinstance(seen, int):
        assert seen < whole.json() or whole.json() == 0


@pytest.mark.parametrize(
    "path",
    [
        "/api/flow_runs/OTHER",
        "/api/flow_runs/OTHER/graph",
        "/api/flow_runs/OTHER/graph-v2",
        "/api/flow_runs/OTHER/logs/download",
        "/api/flow_runs/OTHER/input/x",
        "/api/task_runs/TASK",
        "/api/ui/task_runs/TASK",
        "/api/artifacts/ARTIFACT",
        "/api/flow_run_states/?flow_run_id=OTHER",
        "/api/deployments/name/for-others/for-others",
        "/api/flows/name/for-others",
    ],
)
def test_single_things_of_others_are_not_there_for_staff(house, others, path):
    for word, name in (("OTHER", "flow_run"), ("TASK", "task"), ("ARTIFACT", "artifact")):
        path = path.replace(word, others[name])
    answer = house.client("staff").get(path)
    assert answer.status_code == 404, answer.text
    assert "secret" not in answer.text


def test_the_query_cannot_name_two_runs(house, others):
    mine = house.begin("staff", "for-staff")["id"]
    query = f"flow_run_id={mine}&flow_run_id={others['flow_run']}"
    assert house.client("staff").get(f"/api/flow_run_states/?{query}").status_code == 404


def test_staff_see_their_own_run_whole(house):
    mine = house.begin("staff", "for-staff")["id"]
    client = house.client("staff")
    assert client.get(f"/api/flow_runs/{mine}").json()["id"] == mine
    assert client.get(f"/api/flow_run_states/?flow_run_id={mine}").status_code == 200
    assert client.post("/api/logs/filter", json={"logs": {"flow_run_id": {"any_": [mine]}}}).status_code == 200
    assert {d["name"] for d in client.post("/api/deployments/filter", json={}).json()} == {"for-staff", "to-approve", "by-hand"}
    assert client.get("/api/deployments/name/for-staff/for-staff").status_code == 200
    wanted = {
        "deployments": {
            "operator": "or_",
            "name": {"any_": ["for-others", "for-staff"]},
            "id": {"any_": [house.deployments["for-others"]]},
        }
    }
    assert client.post("/api/deployments/filter", json=wanted).json() == []


STATES = ["COMPLETED", "FAILED", "RUNNING", "SCHEDULED", "PAUSED", "PENDING", "CRASHED"]


@pytest.mark.parametrize("kind", STATES)
@pytest.mark.parametrize("user", ["staff", "operator", "admin"])
def test_nobody_sets_a_state_but_to_cancel_or_retry(house, user, kind):
    mine = house.begin("staff", "for-staff")["id"]
    body = {"state": {"type": kind}, "force": True}
    assert house.client(user).post(f"/api/flow_runs/{mine}/set_state", json=body).status_code == 409
    assert house.client("viewer").get(f"/api/flow_runs/{mine}").json()["state"]["type"] == "SCHEDULED"


@pytest.mark.parametrize("user", ["staff2", "viewer", "approver", "auditor"])
def test_nobody_cancels_what_is_not_theirs(house, user):
    mine = house.begin("staff", "for-staff")["id"]
    body = {"state": {"type": "CANCELLING"}}
    assert house.client(user).post(f"/api/flow_runs/{mine}/set_state", json=body).status_code in {403, 404}


@pytest.mark.parametrize("user", ["staff", "operator", "admin"])
def test_cancelling_carries_a_name(house, user):
    mine = house.begin("staff", "for-staff")["id"]
    body = {"state": {"type": "CANCELLED", "message": "by admin", "data": {"x": 1}}, "force": True}
    assert house.client(user).post(f"/api/flow_runs/{mine}/set_state", json=body).status_code in {200, 201}
    state = house.client("viewer").get(f"/api/flow_runs/{mine}").json()["state"]
    assert (state["type"], state["message"]) == ("CANCELLED", user)


def test_only_who_steers_retries(house):
    mine = house.begin("staff", "for-staff")["id"]
    body = {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}}
    assert house.client("staff").post(f"/api/flow_runs/{mine}/set_state", json=body).status_code == 403
    assert house.client("operator").post(f"/api/flow_runs/{mine}/set_state", json=body).status_code in {200, 201}


# -- pages


@pytest.mark.parametrize("path", ["report", "schedule", "audit", "checks", "problems", "hosts", "metrics"])
def test_staff_do_not_see_what_is_everybodys(house, path):
    assert house.client("staff").get(f"/tema/{path}").status_code == 403


@pytest.mark.parametrize("user", ["auditor", "manager", "admin"])
def test_the_record_is_for_who_audits(house, user):
    assert house.client(user).get("/tema/audit").status_code == 200
    for other in ("viewer", "operator", "approver", "staff"):
        assert house.client(other).get("/tema/audit").status_code == 403


def test_a_run_of_somebody_else_is_not_there_for_staff(house):
    run = house.asked("operator", "for-all")
    assert house.client("staff").get(f"/tema/runs/{run}").status_code == 404
    assert house.client("viewer").get(f"/tema/runs/{run}").status_code == 200
    for form in ("", "/approval", "/checklist"):
        assert (
            house.client("staff")
            .post(f"/tema/runs/{run}{form}", data={"verb": "approve", "verdict": "done", "step": "go"})
            .status_code
            == 404
        )
    home = house.client("staff2").get("/tema/").text
    assert run not in home


# -- self-approval, by any road


@pytest.fixture
def waiting(house):
    """A run that staff asked for and that waits for approval; with it, the flow run that stands for it."""
    return house.asked("staff", "to-approve")


def still_waits(house, run):
    result = advance(house.opened.engine(), run)
    assert isinstance(result, Waiting), result
    return result


def test_the_requester_does_not_approve_on_the_page(house, waiting):
    digest = still_waits(house, waiting).digest
    answer = house.client("staff").post(
        f"/tema/runs/{waiting}/approval", data={"verb": "approve", "digest": digest, "name": "approver"}
    )
    assert answer.status_code == 409
    still_waits(house, waiting)


def test_the_name_in_a_form_means_nothing(house, waiting):
    digest = still_waits(house, waiting).digest
    answer = house.client("approver").post(
        f"/tema/runs/{waiting}/approval", data={"verb": "approve", "digest": digest, "name": "admin"}
    )
    assert answer.status_code == 303
    assert isinstance(advance(house.opened.engine(), waiting), Finished)
    told = [entry for entry in house.noted() if entry["outcome"] == "approved"][-1]
    assert (told["actor"], told["assurance"]) == ("approver", "verified")
    assert len(told["signature"]) == 128


@pytest.mark.parametrize("user", ["viewer", "auditor", "manager", "publisher", "roleless"])
def test_who_may_not_decide_is_refused_at_the_door(house, waiting, user):
    digest = still_waits(house, waiting).digest
    assert house.client(user).post(f"/tema/runs/{waiting}/approval", data={"verb": "approve", "digest": digest}).status_code == 403
    still_waits(house, waiting)


@pytest.mark.parametrize("path", ["set_state", "resume", "input", "bulk_set_state"])
def test_prefects_own_ways_approve_nothing(house, waiting, path):
    with house.opened.database.reading() as connection:
        flow_run = run_view(connection, waiting).flow_run
    target = "/api/flow_runs/bulk_set_state" if path == "bulk_set_state" else f"/api/flow_runs/{flow_run}/{path}"
    bodies = {
        "set_state": {"state": {"type": "SCHEDULED", "name": "Resuming"}, "force": True},
        "resume": {"run_input": {"answer": "承認します / Approve", "name": "approver", "note": ""}},
        "input": {
            "key": f"{waiting}-0-approval-1r1-response",
            "value": json.dumps({"answer": "承認します / Approve", "name": "approver"}),
        },
        "bulk_set_state": {"flow_runs": {}, "state": {"type": "COMPLETED"}, "force": True},
    }
    for user in ("staff", "operator", "admin"):
        assert house.client(user).post(target, json=bodies[path]).status_code in {403, 404, 409}, user
    still_waits(house, waiting)


def test_a_worker_decides_nothing(house, waiting):
    engine = house.opened.engine()  # as a worker has it: the public half of the key only
    verified = Actor(name="approver", assurance="verified", account="approver")
    with pytest.raises(CannotSign):
        decide(engine, waiting, actor=verified, channel="form", verdict="approved")
    with pytest.raises(NotVerified):
        decide(house.opened.engine(sign=True), waiting, actor=Actor(name="approver"), channel="cli", verdict="approved")
    still_waits(house, waiting)


def forged(house, run, **changed):
    """A decision written straight into the ledger, well chained, as whoever can write the database could."""
    engine = house.opened.engine()
    with house.opened.database.transaction() as connection:
        row = read_run(connection, run)
        view = approval_of(engine, connection, run)
        body = {
            "wait": "approval",
            "after_the_fact": False,
            "request": view.number,
            "digest": view.digest,
            "approver": "approver",
            "on_behalf_of": "",
            "identities": ["person:approver"],
            "account": "approver",
            "requester": "staff",
            "beneficiary": "",
            "note": "",
        } | changed
        actor = Actor(name="approver", assurance="verified")
        draft = draft_of(row, "decision", actor=actor, channel="page", step=view.step, outcome="approved", body=body)
        house.opened.ledger.append(connection, draft)


@pytest.mark.parametrize("signature", [None, "", "00" * 64, "zz", "ab" * 63, 5])
def test_a_row_without_the_gates_signature_does_not_count(house, waiting, signature):
    forged(house, waiting, **({} if signature is None else {"signature": signature}))
    still_waits(house, waiting)


def test_a_signature_of_another_run_does_not_count(house, waiting):
    other = house.asked("staff", "to-approve")
    decide(
        house.opened.engine(sign=True),
        other,
        actor=Actor(name="approver", assurance="verified"),
        channel="page",
        verdict="approved",
    )
    taken = [entry for entry in house.noted() if entry["outcome"] == "approved"][-1]
    forged(house, waiting, signature=taken["signature"], digest=still_waits(house, waiting).digest)
    still_waits(house, waiting)


def test_a_refusal_does_not_become_an_approval(house, waiting):
    """The signature covers what was decided, so that a copied row with another outcome is none."""
    other = house.asked("staff", "to-approve")
    decide(
        house.opened.engine(sign=True),
        other,
        actor=Actor(name="approver", assurance="verified"),
        channel="page",
        verdict="refused",
        note="no",
    )
    taken = [entry for entry in house.noted() if entry["outcome"] == "refused"][-1]
    forged(house, waiting, signature=taken["signature"])
    still_waits(house, waiting)


def test_another_requester_in_the_row_stops_the_run(house, waiting):
    with house.opened.database.transaction() as connection:
        before = connection.execute(select(RUNS.c.actor).where(RUNS.c.id == waiting)).scalar_one()
        other = Actor(name="operator", assurance="verified").model_dump_json()
        connection.execute(RUNS.update().where(RUNS.c.id == waiting).values(actor=other))
    me = Actor(name="staff", assurance="verified")
    decide(house.opened.engine(sign=True), waiting, actor=me, channel="page", verdict="approved")
    with pytest.raises(RunAltered):
        advance(house.opened.engine(), waiting)
    with house.opened.database.transaction() as connection:
        connection.execute(RUNS.update().where(RUNS.c.id == waiting).values(actor=before))
    still_waits(house, waiting)


def test_who_only_says_a_name_asks_for_nothing_that_others_approve(house):
    with pytest.raises(NotVerified):
        house.asked("staff", "to-approve", actor=Actor(name="operator"))


def test_a_checklist_row_that_nobody_decided_is_open_again(house):
    from temanashi.runs.tables import WAITS

    run = house.asked("staff", "by-hand")
    decision = {"verdict": "done", "note": "", "actor": "staff", "human_seconds": 0, "lines": []}
    with house.opened.database.transaction() as connection:
        connection.execute(WAITS.update().where(WAITS.c.run == run).values(state="done", decision=json.dumps(decision)))
    still_waits(house, run)
    answer = house.client("staff").post(f"/tema/runs/{run}/checklist", data={"verb": "begin", "step": "hand"})
    assert answer.status_code == 303
    assert (
        house.client("staff").post(f"/tema/runs/{run}/checklist", data={"verb": "tick", "line": "1", "step": "hand"}).status_code
        == 303
    )
    assert house.client("staff").post(f"/tema/runs/{run}/checklist", data={"verb": "done", "step": "hand"}).status_code == 303
    assert isinstance(advance(house.opened.engine(), run), Finished)


# -- tokens


@pytest.mark.parametrize(
    ("user", "scopes", "method", "path", "status"),
    [
        ("admin", ["read"], "GET", "/api/admin/storage", 403),
        ("admin", ["run"], "POST", "/api/variables/filter", 403),
        ("operator", ["read"], "POST", "/api/deployments/FOR-ALL/create_flow_run", 403),
        ("operator", ["approve"], "POST", "/api/deployments/FOR-ALL/create_flow_run", 403),
        ("operator", ["run"], "POST", "/api/deployments/FOR-ALL/create_flow_run", 201),
        ("staff", ["run"], "POST", "/api/deployments/FOR-ALL/create_flow_run", 409),
        ("viewer", ["run", "approve", "read"], "POST", "/api/deployments/FOR-ALL/create_flow_run", 403),
        ("operator", ["run"], "POST", "/api/flow_runs/", 403),
        ("operator", ["run"], "PATCH", "/api/deployments/FOR-ALL", 403),
        ("operator", ["run"], "POST", "/tema/runs/x/approval", 403),
        ("operator", ["read"], "POST", "/tema/runs/x/approval", 403),
        ("operator", ["read"], "POST", "/api/flow_runs/filter", 200),
        ("staff", ["read"], "GET", "/tema/report", 403),
        ("viewer", ["read"], "GET", "/tema/report", 200),
        ("viewer", ["read"], "GET", "/tema/metrics", 200),
        ("operator", ["run", "read", "approve"], "POST", "/tema/password", 403),
        ("operator", ["demand"], "POST", "/tema/api/demand", 422),
        ("staff", ["ask"], "POST", "/tema/api/ask", 422),
        ("staff", ["ask"], "GET", "/tema/requests", 403),
        ("staff", ["run"], "POST", "/tema/api/ask", 403),
        ("viewer", ["read"], "POST", "/tema/api/ask", 403),
        ("operator", ["demand"], "POST", "/tema/api/ask/vote", 403),
        ("operator", ["run", "read", "approve"], "POST", "/tema/api/demand", 403),
        ("viewer", ["demand"], "POST", "/tema/api/demand", 403),
        ("operator", ["alerts"], "POST", "/tema/api/alerts", 422),
        ("operator", ["alerts"], "POST", "/tema/api/incidents", 422),
        ("operator", ["alerts"], "POST", "/tema/api/demand", 403),
        ("operator", ["alerts"], "GET", "/tema/incidents", 403),
        ("operator", ["alerts"], "POST", "/tema/incidents", 403),
        ("operator", ["demand"], "POST", "/tema/api/alerts", 403),
        ("operator", ["run", "read", "approve"], "POST", "/tema/api/incidents", 403),
        ("viewer", ["alerts"], "POST", "/tema/api/alerts", 403),
        ("operator", ["demand"], "GET", "/tema/tally", 403),
        ("operator", ["demand"], "POST", "/api/flow_runs/filter", 403),
    ],
)
def test_a_token_reaches_no_further_than_its_scopes_and_its_person(house, user, scopes, method, path, status):
    client = house.bearer(house.token(user, *scopes))
    body = {} if method in {"POST", "PATCH"} else None
    answer = client.request(method, path.replace("FOR-ALL", house.deployments["for-all"]), json=body)
    assert answer.status_code == status, answer.text[:200]


def test_a_token_is_over_soon_after_it_was_revoked(house):
    import time

    from temanashi.signin.tokens import list_tokens, revoke_token
    from temanashi.workspace.first_admin import book_of

    client = house.bearer(house.token("viewer", "read"))
    assert client.post("/api/flow_runs/filter", json={}).status_code == 200
    with house.opened.database.transaction() as connection:
        newest = list_tokens(connection, user="viewer")[0]
        revoke_token(book_of(house.opened), connection, newest.id, actor=SETUP, channel="cli")
    time.sleep(1.2)  # what was just looked up is kept for a second
    assert client.post("/api/flow_runs/filter", json={}).status_code == 401


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer x", "bearer tema_x", "Basic YWRtaW46YWRtaW4=", "Token x", "Bearer " + "x" * 10_000]
)
def test_a_made_up_token_is_nobodys(house, header):
    assert house.fresh().post("/api/flow_runs/filter", json={}, headers={"authorization": header}).status_code == 401


def test_the_workers_token_is_no_person(house):
    worker = house.worker
    assert worker.get("/tema/audit").status_code == 403
    assert worker.post(f"/api/deployments/{house.deployments['for-all']}/create_flow_run", json={}).json()["created_by"] is None
    assert worker.post("/tema/runs/x/approval", data={"verb": "approve"}).status_code == 403
    assert worker.post("/tema/runbooks/for-all/run", data={"action": "run"}).status_code == 403


def test_the_token_of_a_ticket_system_records_demand_and_nothing_else(house):
    system = house.bearer(house.token("", "demand"))
    answer = system.post("/tema/api/demand", json={"task": "for-all", "key": "INC-1"})
    assert (answer.status_code, answer.json()["counted"]) == (201, True)
    for method, path in (("GET", "/tema/"), ("GET", "/tema/report"), ("GET", "/tema/tally"), ("GET", "/tema/audit")):
        assert system.request(method, path).status_code == 403
    assert system.post("/api/flow_runs/filter", json={}).status_code == 403
    assert house.client("operator").post("/tema/api/demand", json={"task": "for-all", "key": "INC-2"}).status_code == 403
    assert house.client().post("/tema/api/demand", json={"task": "for-all", "key": "INC-2"}).status_code == 401


def test_who_may_count_calls(house):
    for user, status in {"operator": 200, "admin": 200, "viewer": 403, "staff": 403, "auditor": 403}.items():
        assert house.client(user).get("/tema/tally").status_code == status


def test_what_was_refused_is_on_the_record(house):
    house.client("manager").delete(f"/api/deployments/{house.deployments['for-all']}")
    told = [entry for entry in house.noted() if entry["outcome"] == "access-refused" and entry["actor"] == "manager"]
    assert told[-1]["assurance"] == "verified"
    assert any(entry["method"] == "DELETE" and entry["path"].startswith("/api/deployments/") for entry in told)
