import os
import subprocess
import sys

import pytest
from prefect.states import Cancelled, Crashed, Pending, Running

from fixtures_prefect import execute
from temanashi.orchestration.sweeping import sweep
from temanashi.people import Actor
from temanashi.runs.advancing import advance
from temanashi.runs.decisions import decide
from temanashi.runs.reading import by_flow_run, run_view
from temanashi.runs.requests import RunRequest, request_run
from temanashi.runs.results import Waiting
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import current_version

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("deployed")]
ALICE = Actor(name="alice")


@pytest.fixture
def engine(server):
    with open_installation(server.root) as opened:
        yield opened.engine()


@pytest.fixture
def made(client):
    def make(name, state=None):
        deployment = client.read_deployment_by_name(f"{name}/{name}")
        flow_run = client.create_flow_run_from_deployment(deployment.id, state=state or Pending())
        return flow_run.id

    return make


def request(engine, name, flow_run=""):
    with engine.database.reading() as connection:
        published = current_version(connection, kinds=engine.kinds)
    wanted = RunRequest(
        runbook=published.runbooks[name],
        workspace_version=published.digest,
        inventory=published.inventory,
        inputs={},
        actor=ALICE,
        channel="cli",
        flow_run=str(flow_run),
    )
    return request_run(engine, wanted)


def view(engine, run):
    with engine.database.reading() as connection:
        return run_view(connection, run)


def state(client, flow_run):
    return client.read_flow_run(flow_run).state.name


def dead_pid():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_run_whose_process_crashed_is_woken_and_ends(engine, client, made):
    flow_run = made("quick-look", Crashed())
    run = request(engine, "quick-look", flow_run)
    assert run in sweep(engine, client, settle=0).woken
    assert state(client, flow_run) == "Resuming"
    execute_after_pending(client, flow_run)
    assert view(engine, run).state == "done"
    assert state(client, flow_run) == "Completed"
    assert run not in sweep(engine, client, settle=0).woken


def execute_after_pending(client, flow_run):
    client.set_flow_run_state(flow_run, Pending(), force=True)
    execute(flow_run)


def test_a_run_that_has_only_just_started_is_left_alone(engine, client, made):
    flow_run = made("quick-look", Running())
    run = request(engine, "quick-look", flow_run)
    assert run not in sweep(engine, client, settle=600).woken
    assert run in sweep(engine, client, settle=0).woken


def test_a_run_that_is_on_its_way_is_left_alone(engine, client, made):
    from prefect.states import Scheduled

    run = request(engine, "quick-look", made("quick-look", Scheduled()))
    assert run not in sweep(engine, client, settle=0).woken


def test_a_wait_that_was_decided_elsewhere_wakes_its_flow_run(engine, client, made):
    flow_run = made("count-cash")
    execute(flow_run)
    with engine.database.reading() as connection:
        run = by_flow_run(connection, str(flow_run))
    assert run not in sweep(engine, client, settle=0).woken
    decide(engine, run, actor=ALICE, channel="page", verdict="done")
    assert run in sweep(engine, client, settle=0).woken
    assert state(client, flow_run) == "Resuming"


def test_a_waiting_run_that_was_cancelled_in_prefect_ends_on_the_record(engine, client, made):
    flow_run = made("count-cash")
    execute(flow_run)
    client.set_flow_run_state(flow_run, Cancelled(), force=True)
    with engine.database.reading() as connection:
        run = by_flow_run(connection, str(flow_run))
    assert run in sweep(engine, client).cancelled
    assert view(engine, run).state == "cancelled"


@pytest.mark.parametrize("name", ["count-cash", "quick-look"])
def test_a_run_whose_flow_run_was_deleted_ends_on_the_record(engine, client, made, name):
    flow_run = made(name)
    run = request(engine, name, flow_run)
    client.delete_flow_run(flow_run)
    assert run in sweep(engine, client, settle=0).cancelled
    assert view(engine, run).state == "cancelled"


def test_a_crashed_run_that_was_cancelled_in_prefect_is_not_repeated(engine, client, made):
    flow_run = made("quick-look", Cancelled())
    run = request(engine, "quick-look", flow_run)
    swept = sweep(engine, client, settle=0)
    assert run in swept.cancelled
    assert run not in swept.woken


def test_a_run_of_the_terminal_that_was_decided_on_a_page_goes_on(engine, client):
    run = request(engine, "count-cash")
    assert isinstance(advance(engine, run), Waiting)
    assert run not in sweep(engine, client, settle=0).advanced
    decide(engine, run, actor=ALICE, channel="page", verdict="done")
    assert run in sweep(engine, client, settle=0).advanced
    assert view(engine, run).state == "done"


def test_a_run_whose_process_died_before_the_journal_heard_of_it_starts_again(engine, client, made):
    flow_run = made("quick-look", Running())
    client.update_flow_run(flow_run, infrastructure_pid=str(dead_pid()))
    assert str(flow_run) not in sweep(engine, client, settle=600).woken
    assert str(flow_run) not in sweep(engine, client, settle=0, one_machine=False).woken
    assert str(flow_run) in sweep(engine, client, settle=0).woken


def test_a_live_process_is_left_alone(engine, client, made):
    flow_run = made("quick-look", Running())
    client.update_flow_run(flow_run, infrastructure_pid=str(os.getpid()))
    swept = sweep(engine, client, settle=0)
    assert str(flow_run) not in (*swept.woken, *swept.crashed)


def test_another_flow_whose_process_is_gone_is_marked_as_crashed(engine, client, made):
    flow_run = made("temanashi-watch", Running())
    assert str(flow_run) in sweep(engine, client, settle=0).crashed
    assert state(client, flow_run) == "Crashed"


def test_the_watch_does_all_of_it_and_tidies_up(client, made):
    flow_run = made("temanashi-watch")
    execute(flow_run)
    assert state(client, flow_run) == "Completed"
