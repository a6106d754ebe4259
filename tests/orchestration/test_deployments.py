from dataclasses import replace
from datetime import UTC, datetime

import pytest

from temanashi.orchestration.deployments import (
    WITHDRAWN,
    ensure_pool,
    pool_template,
    sync_deployments,
    wanted_deployments,
)
from temanashi.orchestration.environment import POOL, WATCH
from temanashi.orchestration.python_flows import flow_functions, python_flows
from temanashi.runbooks.form_schema import input_schema
from temanashi.runbooks.kinds import step_kinds
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import current_version

NOW = datetime.now(UTC)


@pytest.fixture
def published(place):
    with open_installation(place.root) as opened, opened.database.reading() as connection:
        return current_version(connection, kinds=step_kinds())


def read(client, name):
    return client.read_deployment_by_name(f"{name}/{name}")


def test_before_anything_is_published_only_the_watch_is_wanted(place):
    assert [w.name for w in wanted_deployments(place.settings, None, now=NOW)] == [WATCH]


@pytest.mark.server
def test_every_runbook_flow_function_and_the_watch_have_a_deployment(client, deployed, published):
    names = {*published.runbooks, "close-day", WATCH}
    assert set(deployed.changed) == names
    for name in names:
        found = read(client, name)
        assert (found.work_pool_name, found.enforce_parameter_schema, found.paused) == (POOL, True, False)


@pytest.mark.server
def test_the_form_has_the_runbooks_own_titles(client, deployed, published, place):
    found = read(client, "count-cash")
    assert found.parameter_openapi_schema == input_schema(published.runbooks["count-cash"], place.settings.language)
    assert found.parameter_openapi_schema["properties"]["branch"]["title"] == "支店"
    assert found.description.startswith("# 見本 count-cash")
    assert found.version == published.runbooks["count-cash"].version
    assert {"temanashi", "ops"} <= set(found.tags)


@pytest.mark.server
def test_what_is_as_it_should_be_is_left_alone(client, deployed, published, place):
    assert sync_deployments(client, place.settings, published, now=NOW).changed == ()


@pytest.mark.server
def test_schedules_come_with_their_parameters_time_zone_and_switch(client, deployed, published, place):
    from temanashi.runbooks.schedule import Schedule

    runbook = published.runbooks["count-cash"]
    schedules = (
        Schedule(cron="0 8 * * 1-5", parameters={"branch": "osaka"}),
        Schedule(cron="0 9 1 * *", timezone="UTC"),
        Schedule(cron="0 10 1 * *", active=False),
    )
    changed = runbook.model_copy(update={"schedules": schedules, "data": {**runbook.data, "schedules": "changed"}})
    try:
        synced = sync_deployments(
            client, place.settings, replace(published, runbooks={**published.runbooks, "count-cash": changed}), now=NOW
        )
        assert synced.changed == ("count-cash",)
        found = sorted(read(client, "count-cash").schedules, key=lambda s: s.slug)
        assert [(s.slug, s.schedule.cron, s.schedule.timezone, s.active, s.parameters) for s in found] == [
            ("count-cash-1", "0 8 * * 1-5", "Asia/Tokyo", True, {"branch": "osaka"}),
            ("count-cash-2", "0 9 1 * *", "UTC", True, {}),
        ]
    finally:
        sync_deployments(client, place.settings, published, now=NOW)
    assert read(client, "count-cash").schedules == []


@pytest.mark.server
def test_prefect_schedules_what_a_deployment_says(client, deployed):
    """The scheduler is a background service of the server: it runs only when the gate runs Prefect's lifespan."""
    from fixtures_up import until

    watch = read(client, WATCH)
    due = until(lambda: client.get_scheduled_flow_runs_for_deployments([watch.id]), seconds=90, what="scheduled runs of the watch")
    assert all(run.auto_scheduled for run in due)


@pytest.mark.server
def test_a_runbook_that_is_no_longer_published_is_withdrawn_and_comes_back(client, deployed, published, place):
    without = {name: runbook for name, runbook in published.runbooks.items() if name != "warm-disk"}
    synced = sync_deployments(client, place.settings, replace(published, runbooks=without), now=NOW)
    assert synced.withdrawn == ("warm-disk",)
    found = read(client, "warm-disk")
    assert found.paused
    assert WITHDRAWN in found.tags
    assert "公開されていません" in found.description
    assert sync_deployments(client, place.settings, replace(published, runbooks=without), now=NOW).withdrawn == ()
    assert sync_deployments(client, place.settings, published, now=NOW).changed == ("warm-disk",)
    back = read(client, "warm-disk")
    assert not back.paused
    assert WITHDRAWN not in back.tags


@pytest.mark.server
def test_the_pool_offers_nothing_that_decides_how_a_process_starts(client, deployed):
    from prefect.client.schemas.actions import WorkPoolUpdate

    template = {"job_configuration": {"command": "{{ command }}"}, "variables": {"type": "object", "properties": {"command": {}}}}
    client.update_work_pool(POOL, WorkPoolUpdate(base_job_template=template))
    ensure_pool(client)
    pool = client.read_work_pool(POOL)
    assert (pool.type, pool.base_job_template) == (POOL, pool_template())


def test_a_python_flow_runs_the_published_text_and_not_the_draft(place, published):
    draft = place.root / "flows" / "close_day.py"
    before = draft.read_text(encoding="utf-8")
    try:
        draft.write_text("raise SystemExit", encoding="utf-8")
        (flow,) = python_flows(place.settings, published)
    finally:
        draft.write_text(before, encoding="utf-8")
    assert flow.path.read_text(encoding="utf-8") == before
    assert place.settings.state_dir in flow.path.parents
    assert (flow.name, flow.function, flow.description) == ("close-day", "close_day", "Look, then count.")
    assert flow.schema["properties"]["branch"]["default"] == "tokyo"


def test_a_flow_file_that_cannot_be_imported_still_has_a_deployment(place, published):
    text = "from prefect import flow\nimport no_such_module\n\n@flow\ndef other(x: int): ...\n"
    changed = replace(published, flows={"rotate_logs": "flows/rotate_logs.py"}, files={"flows/rotate_logs.py": text})
    (flow,) = python_flows(place.settings, changed)
    assert (flow.name, flow.schema["properties"]) == ("rotate-logs-other", {})


def test_only_decorated_functions_are_flows():
    text = (
        "import prefect\nfrom prefect import flow\n@flow\ndef a(): 'A.'\n@prefect.flow(name='x')\nasync def b(): ...\n"
        "@other\ndef c(): ...\ndef d(): ...\nclass E: ...\n"
    )
    assert list(flow_functions(text)) == [("a", "A."), ("b", "")]
    assert not list(flow_functions("x = 1\n"))
