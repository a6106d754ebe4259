"""Prefect's Resume dialog approves by the same rules as every other way in."""

import pytest
from prefect.client.schemas.objects import StateType
from prefect.states import Pending

from fixtures_prefect import execute
from temanashi.orchestration.approving import _form, _verb
from temanashi.orchestration.sweeping import sweep
from temanashi.people import Actor
from temanashi.runs.approvals.reading import approval_of
from temanashi.runs.decisions import decide
from temanashi.runs.reading import by_flow_run, run_view
from temanashi.workspace.opening import open_installation

YES, NO = "承認します / Approve", "却下します / Refuse"
ACTOR = ("actor:yamada", "channel:form")


@pytest.fixture
def start(client, deployed):
    def begin(name, *tags):
        deployment = client.read_deployment_by_name(f"{name}/{name}")
        made = client.create_flow_run_from_deployment(deployment.id, parameters={}, state=Pending(), tags=[*ACTOR, *tags])
        execute(made.id)
        return client.read_flow_run(made.id)

    return begin


@pytest.fixture
def answer(client):
    def give(flow_run, name, said=YES, note=""):
        assert client.resume_flow_run(flow_run.id, run_input={"answer": said, "name": name, "note": note}).status.value == "ACCEPT"
        execute(flow_run.id)
        return client.read_flow_run(flow_run.id)

    return give


def view_of(place, flow_run):
    with open_installation(place.root) as opened, opened.database.reading() as connection:
        return run_view(connection, by_flow_run(connection, str(flow_run.id)))


def decisions(place, run):
    with open_installation(place.root) as opened, opened.database.reading() as connection:
        found = [record.draft for record in opened.ledger.records(connection, kinds=("decision",), run=run)]
    return [(draft.actor, draft.outcome, draft.channel) for draft in found]


def description(client, flow_run):
    key = client.read_flow_run(flow_run.id).state.state_details.run_input_keyset["description"]
    return client._client.get(f"/flow_runs/{flow_run.id}/input/{key}").text


@pytest.mark.server
def test_two_people_approve_in_the_dialog_and_the_requester_cannot(start, answer, client, server):
    flow_run = start("two-keys")
    assert flow_run.state.name == "Suspended"
    own = answer(flow_run, "ＹＡＭＡＤＡ")
    assert own.state.name == "Suspended"
    assert own.state.state_details.pause_key.endswith("-1r2")
    assert answer(flow_run, "sato").state.name == "Suspended"
    assert answer(flow_run, "佐藤次郎").state.name == "Suspended"  # the same person once more
    run = view_of(server, flow_run)
    assert decisions(server, run.id) == [("佐藤 次郎", "approved", "form")]
    assert answer(flow_run, "suzuki").state.name == "Completed"
    assert decisions(server, run.id)[1:] == [("鈴木 一郎", "approved", "form")]


@pytest.mark.server
def test_a_refusal_in_the_dialog_needs_a_reason(start, answer, server):
    flow_run = start("two-keys")
    assert answer(flow_run, "sato", NO).state.name == "Suspended"
    ended = answer(flow_run, "sato", NO, "日程が合いません")
    assert (ended.state.type, ended.state.name) == (StateType.FAILED, "Refused")
    assert "日程が合いません" in ended.state.message


@pytest.mark.server
def test_what_was_decided_elsewhere_wakes_the_flow_run(start, client, server):
    flow_run = start("two-keys")
    run = view_of(server, flow_run).id
    with open_installation(server.root) as opened:
        engine = opened.engine()
        for name in ("sato", "suzuki"):
            decide(engine, run, actor=Actor(name=name), channel="page", verdict="approved")
        swept = sweep(engine, client, settle=0)
    assert run in swept.woken
    execute(flow_run.id)
    assert client.read_flow_run(flow_run.id).state.name == "Completed"


@pytest.mark.server
def test_the_dialog_shows_the_plan_in_both_languages(start, client, server):
    flow_run = start("two-keys")
    run = view_of(server, flow_run).id
    with open_installation(server.root) as opened, opened.database.reading() as connection:
        digest = approval_of(opened.engine(), connection, run).digest[7:19]
    text = description(client, flow_run)
    for word in ("echo turned", digest, "承認できる人", "Who may", "佐藤 次郎"):
        assert word in text
    assert "山田" not in text.split("承認できる人")[1].split("\\n")[0]


@pytest.mark.server
def test_a_runbook_that_somebody_may_not_run_is_refused_whatever_the_form_says(start, server):
    refused = start("keep-out")
    assert refused.state.type is StateType.FAILED
    assert "佐藤 次郎" in refused.state.message


def test_an_answer_is_read_in_whatever_language_it_was_shown():
    assert [_verb(text) for text in (YES, "承認します", "Approve", NO, "Refuse")] == ["approved"] * 3 + ["refused"] * 2
    assert "default" not in _form(("ja", "en")).model_json_schema()["properties"]["answer"]
