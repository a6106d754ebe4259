from concurrent.futures import ThreadPoolExecutor

import pytest

from fixtures_up import until

pytestmark = pytest.mark.server


def test_prefects_api_its_ui_and_our_pages_share_one_port(http):
    assert http.get("/api/health").json() is True
    page = http.get("/", headers={"accept": "text/html"}, follow_redirects=True)
    assert page.url.path.startswith("/v2")
    assert "<div id=" in page.text
    assert http.get("/ui-settings").json()["api_url"] == "/api"
    assert "てま証券" in http.get("/tema/").text
    assert http.get("/tema", follow_redirects=True).status_code == 200


def test_telemetry_is_off(http):
    settings = http.get("/api/admin/settings").json()
    assert settings["server"]["analytics_enabled"] is False


def test_the_browser_may_load_nothing_from_elsewhere(http):
    for path in ("/v2/", "/api/health", "/"):
        policy = http.get(path).headers["content-security-policy"]
        assert "connect-src 'self'" in policy
        assert "http:" not in policy
    assert http.get("/tema/").headers["content-security-policy"].startswith("default-src 'none'")


def test_prefects_background_services_run(http):
    """Without the lifespan of the mounted application nothing is ever scheduled."""
    pool = {"name": "idle", "type": "process"}
    assert http.post("/api/work_pools/", json=pool).status_code == 201
    flow = http.post("/api/flows/", json={"name": "tick"}).json()["id"]
    schedule = {"schedule": {"cron": "* * * * *", "timezone": "UTC"}, "active": True}
    deployment = {"name": "tick", "flow_id": flow, "work_pool_name": "idle", "schedules": [schedule]}
    made = http.post("/api/deployments/", json=deployment).json()["id"]

    def scheduled():
        wanted = {"flow_runs": {"deployment_id": {"any_": [made]}}}
        return http.post("/api/flow_runs/filter", json=wanted).json()

    assert until(scheduled, seconds=90, what="scheduled runs")[0]["auto_scheduled"]


def test_many_requests_at_once_neither_fail_nor_stall(http):
    """Prefect's own locking of SQLite answers 500 and 503 here, and then nothing at all for a minute."""
    flow = http.post("/api/flows/", json={"name": "many"}).json()["id"]
    http.post("/api/work_pools/", json={"name": "busy", "type": "process"})
    made = http.post("/api/deployments/", json={"name": "many", "flow_id": flow, "work_pool_name": "busy"}).json()["id"]

    def ask(number):
        body = {"state": {"type": "SCHEDULED"}, "name": f"run-{number}"}
        created = http.post(f"/api/deployments/{made}/create_flow_run", json=body)
        state = {"state": {"type": "PENDING"}, "force": True}
        return created.status_code, http.post(f"/api/flow_runs/{created.json()['id']}/set_state", json=state).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(32))) == {(201, 201)}
