"""One login on twenty hosts: one is dead, one dies in mid-step; runs that are killed go on; replays leave every file as it is."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from fixtures_killing import deadly, in_another_process
from fixtures_linuxhost import running_linuxhost
from fixtures_runs import asking, make_engine, runbook_of
from fixtures_terminal import SETTINGS, Terminal
from temanashi.hosts.inventory import Inventory
from temanashi.runs.advancing import advance
from temanashi.runs.reading import recent_runs, run_view
from temanashi.runs.requests import request_run

LIVE = 18
DEAD = {"address": "127.0.9.250", "port": 1, "user": "root"}
EVERYWHERE = {"targets": "h*,dying,dead", "on_failure": "continue", "fan_out": {"max_failed": "100%"}}
JOIN = {"do": "join", "login": "batch1", "name": "一括 太郎", "last_day": "2031-03-31"}


@pytest.fixture(scope="module")
def hosts():
    """Eighteen hosts by name, and `dying`, which ends while something is changed on it. One key opens root of all."""
    names = [f"h{number:02}" for number in range(1, LIVE + 1)] + ["dying"]
    stacks = [ExitStack() for _ in names]
    with ThreadPoolExecutor(4) as pool:
        starting = [running_linuxhost(f"127.0.9.{60 + number}") for number in range(len(names))]
        try:
            started = list(pool.map(lambda stack, host: stack.enter_context(host), stacks, starting))
            for one in started:
                one.key = started[0].key
                (one.folder / "root/.ssh/authorized_keys").write_text(one.key.with_suffix(".pub").read_text())
            yield dict(zip(names, started, strict=True))
        finally:
            list(pool.map(ExitStack.close, stacks))


@pytest.fixture
def terminal(tmp_path, hosts):
    """The command line in a workspace that knows all twenty."""
    known = tmp_path / "known_hosts"
    known.write_text("".join(one.known_hosts.read_text() for one in hosts.values()))
    files = f'known_hosts = ["{known}"]\nidentity_files = ["{hosts["h01"].key}"]\n'
    ssh = f'\n[tool.temanashi.ssh]\nconfig = ""\nagent = false\nconnect_timeout = 5\n{files}'
    made = Terminal(tmp_path, settings=SETTINGS + ssh)
    fields = {name: one.host().model_dump(include={"address", "port", "user"}) for name, one in hosts.items()}
    made.write("runbooks/site/hosts.yaml", json.dumps({"hosts": {**fields, "dead": DEAD}}))
    return made


def ends_when_asked_to_change(host):
    """The host dies while the program on it waits for its turn, which the test has taken: in mid-step, for sure."""
    held = "mkdir -p /var/lib/temanashi/accounts && cd /var/lib/temanashi/accounts"
    host.inside("sh", "-c", f"{held}; (flock 9; exec sleep 60) 9> lock >/dev/null 2>&1 & sleep 0.2")

    def watch():
        until = time.monotonic() + 30
        while time.monotonic() < until and "flock -w 20" not in host.inside("ps", "-e", "-o", "args="):
            time.sleep(0.05)
        host.stop()

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    return watching


def test_one_dead_and_one_dying_in_mid_step_do_not_stop_the_eighteen_others(terminal, hosts):
    terminal.runbook("batch-join", steps=[{"id": "it", "accounts": JOIN, **EVERYWHERE}])
    watching = ends_when_asked_to_change(hosts["dying"])
    done = terminal.run("run", "batch-join", "--json")
    watching.join(60)
    assert done.returncode == 3, done.stderr + done.stdout
    told = json.loads(done.stdout)
    text = json.dumps(told, ensure_ascii=False)
    [step] = told["steps"]
    found = {row["target"]: row["status"] for row in step["rows"]}
    assert found == {**dict.fromkeys(hosts, "changed"), "dying": "unknown", "dead": "unknown"}, text
    for name, one in hosts.items():
        if name != "dying":
            assert one.line("passwd", "batch1")[4] == "一括 太郎"
            assert one.line("shadow", "batch1")[7] == "22370"
    files = {name: one.files() for name, one in hosts.items() if name != "dying"}
    for _ in range(3):
        again = json.loads(terminal.run("run", "batch-join", "--json").stdout)
        found = {row["target"]: row["status"] for row in again["steps"][0]["rows"]}
        assert {status for name, status in found.items() if name not in {"dying", "dead"}} == {"already"}
        assert {name: one.files() for name, one in hosts.items() if name != "dying"} == files


WHO = "{{ params.login }}"
STEPS = [
    {"id": "join", "accounts": {"do": "join", "login": WHO, "groups": ["crew"], "on_host": {"create_groups": True}}},
    {"id": "more", "accounts": {"do": "join", "login": WHO + "-b", "name": "二段 花子", "last_day": "2031-03-31"}},
]
LOGIN = {"name": "login", "type": "string", "title": {"ja": "ログイン名", "en": "Login"}}


def site(folder, hosts):
    """An engine that reaches some of the hosts, and the request for both steps there."""
    stack = ExitStack()
    reaches = {name: stack.enter_context(one.reach()) for name, one in hosts.items()}
    engine = make_engine(folder, connect=lambda host, _=None: reaches[host.name].transport(host))
    stack.callback(engine.database.close)
    fields = {name: one.host().model_dump(include={"address", "port", "user"}) for name, one in hosts.items()}
    book = runbook_of(STEPS, targets="h*", parameters=[LOGIN])

    def request(login):
        return asking(book, inventory=Inventory.model_validate({"hosts": fields}), inputs={"login": login})

    return stack, engine, request


def ended(folder, hosts, login, at, when):
    """What the process does that will be killed."""
    stack, engine, request = site(folder, hosts)
    with stack:
        advance(deadly(engine, at=at, when=when), request_run(engine, request(login)))


def test_killed_at_every_boundary_of_two_steps_on_two_hosts_a_run_comes_to_the_same_end(tmp_path, hosts):
    chosen = {name: hosts[name] for name in ("h01", "h02")}
    killed, at, code = 0, 0, -9
    while code == -9:
        at += 1
        login, folder = f"boundary{at}", tmp_path / str(at)
        folder.mkdir()
        when = ("before", "after")[at % 2]
        code = in_another_process(ended, folder, chosen, login, at, when)
        killed += code == -9
        stack, engine, _ = site(folder, chosen)
        with stack:
            with engine.database.reading() as connection:
                [head] = recent_runs(connection)
            assert advance(engine, head.id).outcome == "done", (at, when)
            with engine.database.reading() as connection:
                view = run_view(connection, head.id)
        rows = [(step.step, row.target, row.status) for step in view.steps for row in step.rows]
        assert [row[:2] for row in rows] == [("join", "h01"), ("join", "h02"), ("more", "h01"), ("more", "h02")]
        assert {row[2] for row in rows} <= {"changed", "already"}
        for one in chosen.values():
            logins = [line.split(":")[0] for line in (one.etc / "passwd").read_text().splitlines()]
            assert [logins.count(login), logins.count(f"{login}-b")] == [1, 1]
            assert one.line("passwd", f"{login}-b")[4] == "二段 花子"
            assert one.line("shadow", f"{login}-b")[7] == "22370"
            assert one.line("group", "crew")[3].split(",").count(login) == 1
    assert code == 0
    assert killed >= 6
