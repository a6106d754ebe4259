import pytest

from fixtures_prefect import execute
from fixtures_up import free_port
from temanashi.orchestration.submitting import FlowRunGone, NotDeployed, NotReachable, ServerRefused, ask_watch, follow, submit
from temanashi.people import Actor

ALICE = Actor(name="alice")


def test_a_server_that_is_not_there_is_said_so(tmp_path):
    from temanashi.settings import Settings

    nobody = Settings(root=tmp_path, port=free_port())
    for call in (lambda: submit(nobody, "x", {}, actor=ALICE), lambda: ask_watch(nobody), lambda: next(follow(nobody, "x"))):
        with pytest.raises(NotReachable):
            call()


@pytest.mark.server
@pytest.mark.usefixtures("deployed")
class TestWithAServer:
    def test_a_run_is_handed_over_with_who_asked(self, server, client):
        made = submit(server.settings, "count-cash", {"branch": "osaka"}, actor=ALICE, ticket="INC-1")
        found = client.read_flow_run(made)
        assert found.parameters == {"branch": "osaka"}
        assert {"actor:alice", "channel:cli", "ticket:INC-1"} <= set(found.tags)
        assert found.state.name == "Scheduled"

    def test_an_unknown_runbook_is_said_so(self, server):
        with pytest.raises(NotDeployed) as caught:
            submit(server.settings, "no-such", {}, actor=ALICE)
        assert caught.value.data["runbook"] == "no-such"

    def test_wrong_inputs_are_refused_with_the_reason(self, server):
        with pytest.raises(ServerRefused) as caught:
            submit(server.settings, "count-cash", {"branch": "nagoya"}, actor=ALICE)
        assert "nagoya" in caught.value.data["reason"]

    def test_states_and_log_lines_come_once_and_end_with_the_run(self, server, client):
        from prefect.states import Pending

        made = submit(server.settings, "quick-look", {}, actor=ALICE)
        client.set_flow_run_state(made, Pending(), force=True)
        execute(made)
        heard = list(follow(server.settings, made))
        states = [h for h in heard if h.what == "state"]
        assert (states[-1].name, states[-1].final, states[-1].waiting) == ("Completed", True, False)
        lines = [h.text for h in heard if h.what == "log"]
        assert any("localhost" in line for line in lines)
        assert len(lines) == len(set(lines))

    def test_following_stops_where_a_person_has_to_answer(self, server, client):
        from prefect.states import Pending

        made = submit(server.settings, "count-cash", {}, actor=ALICE)
        client.set_flow_run_state(made, Pending(), force=True)
        execute(made)
        assert [h for h in follow(server.settings, made) if h.what == "state"][-1].waiting

    def test_a_flow_run_that_is_gone_is_said_so(self, server):
        with pytest.raises(FlowRunGone):
            list(follow(server.settings, "00000000-0000-0000-0000-000000000000"))

    def test_the_watch_can_be_asked_to_run_now(self, server, client):
        ask_watch(server.settings)
        watch = client.read_deployment_by_name("temanashi-watch/temanashi-watch")
        from prefect.client.schemas.filters import FlowRunFilter

        wanted = FlowRunFilter.model_validate({"deployment_id": {"any_": [str(watch.id)]}})
        assert any(not run.auto_scheduled for run in client.read_flow_runs(flow_run_filter=wanted))
