"""One gate for the whole package, on a free port with its own Prefect home."""

import json

import pytest

from fixtures_prefect import gate_running, make_place, prefect_settings

LOOK = {"id": "look", "command": {"run": ["echo", "ok"], "reads": True}}
HAND = {"id": "hand", "manual": {"text": {"ja": "数えてください。", "en": "Count."}, "minutes": 1}}


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    place = make_place(tmp_path_factory.mktemp("prefect"))
    place.runbook(
        "quick-look", {"id": "look", "title": {"ja": "見る", "en": "Look"}, "command": {"run": ["echo", "ok"], "reads": True}}
    )
    place.runbook(
        "count-cash",
        {"id": "count", "manual": {"text": {"ja": "数えてください。", "en": "Count."}, "minutes": 10}},
        {"id": "after", "command": {"run": ["echo", "ok"]}},
        parameters=[
            {
                "name": "branch",
                "type": "choice",
                "title": {"ja": "支店", "en": "Branch"},
                "choices": ["tokyo", "osaka"],
                "default": "tokyo",
            }
        ],
    )
    place.runbook(
        "not-measured", {"id": "ask", "checks": [{"id": "gone", "kind": "file_age", "path": "/nowhere/at/all", "crit": "10"}]}
    )
    place.runbook("full-disk", {"id": "disk", "checks": [{"id": "root", "kind": "disk", "path": "/", "crit": "0"}]})
    place.runbook("warm-disk", {"id": "disk", "checks": [{"id": "root", "kind": "disk", "path": "/", "warn": "0"}]})
    place.runbook("broken-command", {"id": "fail", "command": {"run": ["false"]}})
    place.runbook("every-hour", LOOK, schedules=[{"id": "hourly", "cron": "0 * * * *", "missed": "last"}], overlap="skip")
    place.runbook("held-hour", LOOK, schedules=[{"id": "hourly", "cron": "0 * * * *"}])
    place.runbook("one-by-one", HAND, overlap="queue")
    place.runbook("only-one", HAND, overlap="skip", schedules=[{"id": "hourly", "cron": "0 * * * *"}])
    people = {
        "people": {
            name: {"name": title} for name, title in (("sato", "佐藤 次郎"), ("suzuki", "鈴木 一郎"), ("yamada", "山田 花子"))
        },
        "groups": {"leads": ["sato", "suzuki", "yamada"]},
    }
    (place.root / "runbooks" / "site").mkdir()
    (place.root / "runbooks" / "site" / "people.yaml").write_text(json.dumps(people), encoding="utf-8")
    twice = {"by": "group:leads", "count": 2}
    place.runbook("two-keys", {"id": "go", "command": {"run": ["echo", "turned"]}}, approve=twice, overlap="parallel")
    place.runbook("keep-out", {"id": "go", "command": {"run": ["true"]}}, allow=["sato"])
    flow = '"""Compose."""\nfrom prefect import flow\nfrom temanashi.orchestration.composing import conclude, run_runbook\n\n\n'
    flow += '@flow(name="close-day")\ndef close_day(branch: str = "tokyo"):\n    """Look, then count."""\n'
    flow += '    first = run_runbook("quick-look")\n    return conclude(first, run_runbook("count-cash", branch=branch))\n'
    (place.root / "flows").mkdir()
    (place.root / "flows" / "close_day.py").write_text(flow, encoding="utf-8")
    place.publish()
    return place


@pytest.fixture(scope="session")
def server(place):
    with gate_running(place.settings):
        yield place


@pytest.fixture(autouse=True)
def inside(request):
    """Tests with a server talk to it; the environment of the others stays as it is."""
    if "server" not in request.fixturenames:
        yield
        return
    with prefect_settings(request.getfixturevalue("place").settings):
        yield


@pytest.fixture
def client(server, inside):
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture(scope="session")
def deployed(server):
    """The workspace's deployments, on a pool that nobody serves."""
    from prefect.client.orchestration import get_client

    from temanashi.orchestration.deployments import ensure_pool, sync_deployments
    from temanashi.runbooks.kinds import step_kinds
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.publishing import current_version

    with prefect_settings(server.settings), get_client(sync_client=True) as client, open_installation(server.root) as opened:
        with opened.database.reading() as connection:
            published = current_version(connection, kinds=step_kinds())
        ensure_pool(client)
        return sync_deployments(client, server.settings, published, now=opened.clock.now())
