import os
import signal
import threading
from pathlib import Path

import httpx
import pytest

from fixtures_prefect import SOURCE, make_place
from fixtures_up import free_port, until
from temanashi.errors import WorkspaceError
from temanashi.orchestration.environment import api_url
from temanashi.orchestration.holding import AlreadyUp, PortTaken
from temanashi.orchestration.submitting import follow, submit
from temanashi.orchestration.supervisor import DiedTooOften, NotStarted, Supervisor
from temanashi.people import Actor
from temanashi.settings import Settings

ALICE = Actor(name="alice")


class Running:
    """A supervisor in a thread of the test."""

    def __init__(self, settings, **more):
        self.said, self.error = [], None
        self.supervisor = Supervisor(settings, tell=self.said.append, actor=ALICE, **more)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            self.supervisor.run()
        except Exception as error:  # noqa: BLE001  (whatever it is, the test looks at it)
            self.error = error

    @property
    def keys(self):
        return [phrase.key.removeprefix("orchestration.") for phrase in self.said]

    @property
    def alive(self):
        return self._thread.is_alive()

    def __enter__(self):
        self._thread.start()
        until(lambda: "ready" in self.keys or not self.alive, seconds=150, what="readiness")
        return self

    def __exit__(self, *_):
        self.supervisor.stop()
        self._thread.join(90)
        assert not self.alive


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    place = make_place(tmp_path_factory.mktemp("up"))
    place.runbook("quick-look", {"id": "look", "command": {"run": ["echo", "ok"], "reads": True}})
    place.runbook("long-sleep", {"id": "sleep", "command": {"run": ["sleep", "60"]}})
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = f"{SOURCE}{os.pathsep}{before or ''}"
    try:
        with Running(place.settings, publish=place.publish, run_now=("quick-look", "no-such")) as running:
            assert running.error is None, running.error
            running.place, running.settings = place, place.settings
            yield running
    finally:
        os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before)


def api(settings, method, path, **more):
    return httpx.request(method, f"{api_url(settings)}{path}", trust_env=False, timeout=20, **more).json()


def flow_run(settings, which):
    return api(settings, "GET", f"/flow_runs/{which}")


def pages(settings, path="/"):
    return httpx.get(f"http://127.0.0.1:{settings.port}/tema{path}", trust_env=False, timeout=20, headers={"accept-language": "en"})


@pytest.mark.server
def test_all_parts_come_up_and_say_so(up):
    assert up.keys[:3] == ["starting", "did-changed", "ready"]
    until(lambda: {"submitted", "not-submitted"} <= set(up.keys), seconds=30, what="what was asked to run now")
    assert pages(up.settings, "/healthz").json()["status"] == "ok"


@pytest.mark.server
def test_a_run_goes_from_the_request_to_its_page(up):
    made = submit(up.settings, "quick-look", {}, actor=ALICE)
    assert [h for h in follow(up.settings, made) if h.what == "state"][-1].name == "Completed"
    assert "Sample quick-look" in pages(up.settings).text


@pytest.mark.server
def test_cancel_ends_the_process_and_the_record_says_so(up):
    made = submit(up.settings, "long-sleep", {}, actor=ALICE)
    until(lambda: "In progress" in pages(up.settings, f"/runs/{_run(up, made)}").text, seconds=30, what="the sleep")
    api(up.settings, "POST", f"/flow_runs/{made}/set_state", json={"state": {"type": "CANCELLING"}, "force": False})
    until(lambda: flow_run(up.settings, made)["state"]["type"] == "CANCELLED", seconds=40, what="the cancellation")
    assert "Cancelled" in pages(up.settings, f"/runs/{_run(up, made)}").text
    pid = int(flow_run(up.settings, made)["infrastructure_pid"])
    until(lambda: not Path(f"/proc/{pid}").exists(), seconds=20, what="the end of its process")


def _run(up, made):
    from temanashi.runs.reading import by_flow_run
    from temanashi.workspace.opening import open_installation

    def look():
        with open_installation(up.place.root) as opened, opened.database.reading() as connection:
            return by_flow_run(connection, made)

    return until(look, seconds=30, what="the journal")


@pytest.mark.server
def test_job_variables_that_name_commands_have_no_effect(up, tmp_path):
    deployment = api(up.settings, "GET", "/deployments/name/quick-look/quick-look")["id"]
    mark = tmp_path / "owned"
    wish = {"job_variables": {"command": f"touch {mark}", "env": {"PYTHONSTARTUP": "/x"}}, "state": {"type": "SCHEDULED"}}
    made = api(up.settings, "POST", f"/deployments/{deployment}/create_flow_run", json=wish)
    if "id" in made:
        until(lambda: flow_run(up.settings, made["id"])["state"]["type"] in {"COMPLETED", "FAILED"}, seconds=40, what="the run")
    assert not mark.exists()


@pytest.mark.server
def test_a_second_tema_up_is_refused(up):
    with pytest.raises(AlreadyUp) as caught:
        Supervisor(up.settings, tell=print).run()
    assert caught.value.data["pid"] == os.getpid()


@pytest.mark.server
def test_a_worker_that_is_killed_comes_back_and_its_run_goes_on(up):
    made = submit(up.settings, "long-sleep", {}, actor=ALICE)
    until(lambda: flow_run(up.settings, made)["state"]["type"] == "RUNNING", seconds=30, what="the run")
    before = up.supervisor._worker.pid
    os.kill(before, signal.SIGKILL)
    until(lambda: "restarting" in up.keys and up.supervisor._worker.pid != before, seconds=30, what="another worker")
    assert flow_run(up.settings, made)["state"]["type"] == "RUNNING"
    again = submit(up.settings, "quick-look", {}, actor=ALICE)
    until(lambda: flow_run(up.settings, again)["state"]["type"] == "COMPLETED", seconds=60, what="the next run")
    os.kill(int(flow_run(up.settings, made)["infrastructure_pid"]), signal.SIGKILL)


@pytest.mark.server
def test_stopping_ends_everything_and_a_run_in_the_middle_is_cancelled_on_the_record(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(SOURCE), prepend=os.pathsep)
    place = make_place(tmp_path)
    place.runbook("long-sleep", {"id": "sleep", "command": {"run": ["sleep", "60"]}})
    with Running(place.settings, publish=place.publish, run_now=("long-sleep",)) as running:
        assert running.error is None, running.error
        running.place, running.settings = place, place.settings
        until(lambda: "In progress" in _newest(place.settings), seconds=40, what="the sleep")
        pids = [running.supervisor._gate.pid, running.supervisor._worker.pid]
    assert running.keys[-2:] == ["stopping", "stopped"]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    from temanashi.runs.reading import recent_runs
    from temanashi.workspace.opening import open_installation

    with open_installation(place.root) as opened, opened.database.reading() as connection:
        assert [run.state for run in recent_runs(connection)] == ["cancelled"]


def _newest(settings):
    import re

    found = re.search(r"/tema/runs/([0-9a-f-]{36})", pages(settings).text)
    return pages(settings, f"/runs/{found[1]}").text if found else ""


def test_a_taken_port_stops_before_anything_is_started(tmp_path):
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        settings = Settings(root=tmp_path, port=listening.getsockname()[1])
        said = []
        with pytest.raises(PortTaken):
            Supervisor(settings, tell=said.append).run()
    assert said == []


def test_what_publishing_raises_stops_before_anything_is_started(tmp_path):
    class Broken(WorkspaceError):
        key = "settings.bad"

    def publish():
        raise Broken

    with pytest.raises(Broken):
        Supervisor(Settings(root=tmp_path, port=free_port()), tell=print, publish=publish).run()


def fragile(tmp_path, code, **more):
    running = Running(Settings(root=tmp_path, port=free_port()), **more)
    running.supervisor._gate._argv = (running.supervisor._gate._argv[0], "-c", code)
    return running


def test_a_part_that_dies_at_once_is_shown_with_its_last_words(tmp_path):
    with fragile(tmp_path, "raise SystemExit('no room left')") as running:
        pass
    assert isinstance(running.error, NotStarted)
    assert "no room left" in running.error.data["tail"]
    assert running.error.data["log"] == ".tema/logs/gate.log"
    assert running.keys == ["starting", "stopping", "stopped"]


def test_a_part_that_dies_too_often_is_given_up(tmp_path):
    supervisor = Supervisor(Settings(root=tmp_path, port=free_port()), tell=print)
    child = supervisor._worker
    child._most = 0
    child._starts.append(child._clock.monotonic())
    with pytest.raises(DiedTooOften) as caught:
        supervisor._again(child, child.start)
    assert caught.value.data["name"] == "worker"


def test_stopping_while_something_starts_stops_at_once(tmp_path):
    running = fragile(tmp_path, "import time; time.sleep(60)")
    running._thread.start()
    until(lambda: running.supervisor._gate.pid, seconds=20, what="the gate")
    running.supervisor.stop()
    until(lambda: not running.alive, seconds=30, what="the end")
    assert running.error is None
    assert running.keys == ["starting", "stopping", "stopped"]
