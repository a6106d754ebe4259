"""Alertmanager itself, as Debian ships it, tells our address of alerts: fired, grouped, cut short, over, and sent again."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from fixtures_prefect import make_place
from fixtures_runs import ALICE
from pages.conftest import Seen, Visitor
from temanashi.books import incidents_of, operations_figures, read_operations
from temanashi.calendars import Month, day_of
from temanashi.pages import Site, build_pages
from temanashi.signin.tokens import make_token
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.opening import open_installation

ZONE = ZoneInfo("Asia/Tokyo")
PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
RULES = "rules:\n  - {id: web, match: {service: web}, owner: web-team, system: trading}\n"
CONFIG = """
route:
  receiver: tema
  group_by: [service]
  group_wait: 100ms
  group_interval: 300ms
  repeat_interval: 1s
receivers:
  - name: tema
    webhook_configs:
      - url: {url}/tema/api/alerts
        send_resolved: true
        max_alerts: 2
        http_config: {{authorization: {{credentials: {token}}}}}
"""
PATIENCE = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(found, what):
    """Wait for what another process does; it is there in well under a second, and this is for a busy machine."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if (value := found()) is not None and value is not False:
            return value
        time.sleep(0.05)
    raise AssertionError(f"no {what} in {PATIENCE} s")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Our pages behind a real server, and Alertmanager with our token."""
    if PROGRAM is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("alertmanager is not installed here")
    root = tmp_path_factory.mktemp("alertmanager")
    place = make_place(root)
    (root / "runbooks/site").mkdir(parents=True)
    (root / "runbooks/site/alerts.yaml").write_text(RULES, encoding="utf-8")
    place.publish()
    with open_installation(root) as opened:
        visitor = Visitor(place, opened, Seen())
        with opened.database.transaction() as connection:
            about = {"user": "", "scopes": ["alerts"], "until": None, "actor": ALICE, "channel": "cli"}
            token = make_token(book_of(opened), connection, "alertmanager", **about)[1]
        app = Starlette(routes=[Mount("/tema", app=build_pages(Site(installation=opened, links=visitor.links)))])
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=free_port(), log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        until(lambda: server.started, "server")
        config = root / "alertmanager.yml"
        config.write_text(CONFIG.format(url=f"http://127.0.0.1:{server.config.port}", token=token), encoding="utf-8")
        port = free_port()
        words = [PROGRAM, f"--config.file={config}", f"--storage.path={root / 'am'}", f"--web.listen-address=127.0.0.1:{port}"]
        with (root / "alertmanager.log").open("wb") as log:
            process = subprocess.Popen([*words, "--cluster.listen-address="], stdout=log, stderr=log)
        try:
            visitor.alertmanager = f"http://127.0.0.1:{port}"
            until(lambda: _ready(visitor.alertmanager), "Alertmanager")
            yield visitor
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)
            server.should_exit = True
            thread.join(timeout=PATIENCE)


def _ready(address):
    try:
        return httpx.get(f"{address}/-/ready", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def records(house):
    with house.opened.database.reading() as connection:
        return read_operations(house.opened.ledger, connection, None, zone=ZONE)


def incident(house, title):
    return next((one for one in incidents_of(records(house), ZONE).values() if one.title == title), None)


def fire(house, *alerts):
    told = [
        {
            "labels": {"alertname": name, "service": service, "instance": instance, "severity": "critical"},
            "annotations": {"summary": f"{service} は遅い"},
            "startsAt": start.isoformat(),
            **({"endsAt": end.isoformat()} if end else {}),
        }
        for name, service, instance, start, end in alerts
    ]
    answer = httpx.post(
        f"{house.alertmanager}/api/v2/alerts", content=json.dumps(told), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 200, answer.text


def test_an_alert_of_alertmanager_is_an_incident_until_it_says_that_it_is_over(house):
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
    fire(house, ("Slow", "web", "web1", start, None))
    one = until(lambda: incident(house, "web は遅い"), "incident")
    assert (one.started, one.owner, one.system, one.severity, one.over, one.by) == (
        start, "web-team", "trading", "critical", False, "alertmanager",
    )  # fmt: skip
    end = start + timedelta(minutes=7)
    fire(house, ("Slow", "web", "web1", start, end))
    one = until(lambda: (found := incident(house, "web は遅い")) and found.over and found, "end")
    assert (one.resolve_seconds, one.flags) == (420, ())


def test_what_alertmanager_leaves_out_and_sends_again_is_counted_once(house):
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    fire(house, *(("Full", "disk", f"disk{number}", start, None) for number in range(5)))
    one = until(lambda: incident(house, "disk は遅い"), "incident")
    assert (one.unassigned, one.flags) == (True, ("truncated",))
    mine = [record for record in records(house) if record.draft.slot == one.key]
    before = _sent(house)
    until(lambda: _sent(house) >= before + 2, "repetition")
    again = [record for record in records(house) if record.draft.slot == one.key]
    assert [record.seq for record in again] == [record.seq for record in mine]
    told = operations_figures(mine, Month.of(day_of(start, ZONE)), zone=ZONE)
    assert (told.alerts, told.truncated) == (2, 3)


def _sent(house):
    """How often Alertmanager has sent something, as it says itself."""
    text = httpx.get(f"{house.alertmanager}/metrics", timeout=5).text
    lines = [line for line in text.splitlines() if line.startswith('alertmanager_notifications_total{integration="webhook"')]
    return sum(float(line.rpartition(" ")[2]) for line in lines)
