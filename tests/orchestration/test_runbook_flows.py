import pytest
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import StateType

from fixtures_prefect import execute
from fixtures_up import until
from temanashi.orchestration import runbook_flows
from temanashi.orchestration.driving import record_cancellation
from temanashi.people import Actor
from temanashi.runs.decisions import decide
from temanashi.runs.reading import by_flow_run, run_view
from temanashi.workspace.opening import open_installation

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("deployed")]


@pytest.fixture
def start(client):
    from prefect.states import Pending

    def begin(name, parameters=None, **more):
        deployment = client.read_deployment_by_name(f"{name}/{name}")
        made = client.create_flow_run_from_deployment(deployment.id, parameters=parameters or {}, state=Pending(), **more)
        execute(made.id)
        return client.read_flow_run(made.id)

    return begin


def journal(place, flow_run, part=""):
    with open_installation(place.root) as opened, opened.database.reading() as connection:
        return run_view(connection, by_flow_run(connection, f"{flow_run.id}{part}"))


def artifacts(client, flow_run):
    found = client.read_artifacts(flow_run_filter=FlowRunFilter.model_validate({"id": {"any_": [str(flow_run.id)]}}))
    return {artifact.key: artifact for artifact in found}


def test_a_flow_is_found_by_its_module_path_and_reads_nothing():
    flow = runbook_flows.morning_checks
    assert flow.name == "morning_checks"
    assert runbook_flows.entrypoint("morning_checks").endswith("runbook_flows.morning_checks")
    for name in ("__wrapped__", "Upper", "two__scores", "_private", "9nine"):
        with pytest.raises(AttributeError):
            getattr(runbook_flows, name)


def test_a_run_completes_with_a_record_and_both_artifacts(start, client, server):
    flow_run = start("quick-look", tags=["actor:alice", "channel:cli", "ticket:INC-1"])
    assert (flow_run.state.type, flow_run.state.name) == (StateType.COMPLETED, "Completed")
    run = journal(server, flow_run)
    assert (run.state, run.actor.name, run.channel, run.ticket) == ("done", "alice", "cli", "INC-1")
    left = artifacts(client, flow_run)
    assert set(left) == {"quick-look-summary", "quick-look-targets"}
    assert f"/tema/runs/{run.id}" in left["quick-look-summary"].data
    assert left["quick-look-summary"].data.startswith("# 見本 quick-look: 完了")


def test_progress_is_one_task_run_a_step_and_the_run_gets_a_name(start, client):
    flow_run = start("quick-look")
    shown = until(
        lambda: client.read_task_runs(flow_run_filter=FlowRunFilter.model_validate({"id": {"any_": [str(flow_run.id)]}})),
        seconds=10,
        what="task runs",
    )
    assert [(task.name, task.state.name) for task in shown] == [("1/1 見る", "Completed")]
    assert client.read_flow_run(flow_run.id).name.startswith("見本 quick-look ")


@pytest.mark.parametrize(
    ("name", "kind", "state"),
    [
        ("warm-disk", StateType.COMPLETED, "Warning"),
        ("full-disk", StateType.FAILED, "Critical"),
        ("broken-command", StateType.FAILED, "Failed"),
    ],
)
def test_the_final_state_says_how_it_went(start, name, kind, state):
    flow_run = start(name)
    assert (flow_run.state.type, flow_run.state.name) == (kind, state)


def test_wrong_inputs_run_nothing_and_say_why(start, server):
    """A schedule of an older version may still name a parameter that is gone: Prefect's own check is switched off here."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("quick-look/quick-look")
        body = {"parameters": {"colour": "red"}, "enforce_parameter_schema": False, "state": {"type": "PENDING"}}
        made = client.request("POST", "/deployments/{id}/create_flow_run", path_params={"id": deployment.id}, json=body).json()
        execute(made["id"])
        ended = client.read_flow_run(made["id"])
    assert (ended.state.type, ended.state.name) == (StateType.FAILED, "Failed")
    assert "colour" in ended.state.message
    with open_installation(server.root) as opened, opened.database.reading() as connection:
        assert by_flow_run(connection, str(ended.id)) is None


def test_values_with_prefects_own_markers_are_data(start, client, server):
    """Whatever the server makes of `__prefect_kind`, the runbook's own check decides, and a choice stays a choice."""
    from prefect.exceptions import PrefectHTTPStatusError

    with pytest.raises(PrefectHTTPStatusError):
        start("count-cash", {"branch": {"__prefect_kind": "jinja", "template": "{{ 7 * 7 }}"}})


def test_a_runbook_that_is_not_published_runs_nothing(client, server):
    from prefect.states import Pending

    entrypoint = runbook_flows.entrypoint("no_such_runbook")
    stray = client.create_deployment(
        client.create_flow_from_name("stray"), "stray", entrypoint=entrypoint, work_pool_name="temanashi"
    )
    made = client.create_flow_run_from_deployment(stray, state=Pending())
    execute(made.id)
    state = client.read_flow_run(made.id).state
    assert (state.type, state.name) == (StateType.FAILED, "Failed")
    assert "no_such_runbook" in state.message


def test_a_manual_step_suspends_until_somebody_answers_in_prefect(start, client, server):
    flow_run = start("count-cash", {"branch": "osaka"})
    assert (flow_run.state.type, flow_run.state.name) == (StateType.PAUSED, "Suspended")
    assert flow_run.state.state_details.pause_timeout is None
    answer = {"answer": "完了しました / Done", "name": "山田 花子", "note": "ok", "minutes": 4}
    assert client.resume_flow_run(flow_run.id, run_input=answer).status.value == "ACCEPT"
    execute(flow_run.id)
    ended = client.read_flow_run(flow_run.id)
    assert ended.state.name == "Completed"
    assert journal(server, flow_run).inputs == {"branch": "osaka"}
    with open_installation(server.root) as opened, opened.database.reading() as connection:
        decision = list(opened.ledger.records(connection, kinds=("decision",), run=journal(server, flow_run).id))[-1].draft
    assert (decision.actor, decision.channel, decision.outcome, decision.human_seconds) == ("山田 花子", "form", "done", 240)


def test_a_refusal_in_prefect_ends_the_run(start, client):
    flow_run = start("count-cash")
    client.resume_flow_run(flow_run.id, run_input={"answer": "実施しません / Not done", "name": "bob"})
    execute(flow_run.id)
    assert client.read_flow_run(flow_run.id).state.type is StateType.FAILED


def test_an_answer_that_is_incomplete_is_refused_by_the_form(start, client):
    flow_run = start("count-cash")
    assert client.resume_flow_run(flow_run.id, run_input={"answer": "maybe", "name": "bob"}).status.value == "REJECT"
    assert client.resume_flow_run(flow_run.id, run_input={"answer": "完了しました / Done", "name": ""}).status.value == "REJECT"
    assert client.read_flow_run(flow_run.id).state.name == "Suspended"


def test_a_wait_that_was_decided_elsewhere_just_goes_on(start, client, server):
    from temanashi.orchestration.sweeping import wake

    flow_run = start("count-cash")
    run = journal(server, flow_run)
    with open_installation(server.root) as opened:
        decide(opened.engine(), run.id, actor=Actor(name="carol"), channel="cli", verdict="done")
    wake(client, flow_run.id, why="test")
    execute(flow_run.id)
    assert client.read_flow_run(flow_run.id).state.name == "Completed"
    assert journal(server, flow_run).state == "done"


def test_a_run_that_was_set_going_by_hand_asks_again(start, client):
    from temanashi.orchestration.sweeping import wake

    flow_run = start("count-cash")
    wake(client, flow_run.id, why="somebody set the state by hand")
    execute(flow_run.id)
    again = client.read_flow_run(flow_run.id)
    assert again.state.name == "Suspended"
    assert again.state.state_details.pause_key.endswith("-2")
    client.resume_flow_run(flow_run.id, run_input={"answer": "完了しました / Done", "name": "bob"})
    execute(flow_run.id)
    assert client.read_flow_run(flow_run.id).state.name == "Completed"


def test_cancelling_after_the_process_died_is_on_the_record(start, server):
    flow_run = start("count-cash")
    record_cancellation(flow_run.id)
    record_cancellation(flow_run.id)
    run = journal(server, flow_run)
    assert run.state == "cancelled"
    assert "prefect-ui" in run.reason.text("en")


def test_a_python_flow_composes_runbooks_and_survives_a_wait(start, client, server):
    flow_run = start("close-day", {"branch": "osaka"})
    assert flow_run.state.name == "Suspended"
    client.resume_flow_run(flow_run.id, run_input={"answer": "完了しました / Done", "name": "bob"})
    execute(flow_run.id)
    assert client.read_flow_run(flow_run.id).state.name == "Completed"
    assert [journal(server, flow_run, part).runbook for part in (":1", ":2")] == ["quick-look", "count-cash"]
    assert journal(server, flow_run, ":1").state == "done"
