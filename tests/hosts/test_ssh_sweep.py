"""The morning check as it is run: 40 hosts by SSH, 25 checks each, and six of the hosts in a state of their own."""

from __future__ import annotations

import getpass
import shutil
from contextlib import ExitStack

import pytest

from fixtures_runs import asking, make_engine, runbook_of
from fixtures_sshd import ADDRESSES, running_sshd, silent_server
from temanashi.hosts.connecting import connecting
from temanashi.hosts.inventory import Inventory
from temanashi.hosts.ssh.pool import Pool
from temanashi.runs.advancing import advance
from temanashi.runs.journal import read_rows
from temanashi.runs.reading import run_view
from temanashi.runs.requests import request_run
from temanashi.settings import Settings

pytestmark = pytest.mark.server

REFUSING, SILENT, CHANGED, GREETING, DYING, FAR, GATE1, GATE2 = "h01", "h02", "h03", "h04", "h05", "h06", "h07", "h08"
KILLED_AT = 12
KILL = 'if [ "$1" = "$2" ]; then kill -9 "$(ps -o ppid= -p "$PPID")"; fi; echo "$3"'


def check(number: int) -> dict:
    """Prints the number and the host; on one host the tenth and more kill the connection half-way."""
    if number == KILLED_AT:
        run = ["sh", "-c", KILL, "sh", "{{ host.name }}", DYING, "done 12"]
    else:
        run = ["sh", "-c", 'echo "$1 $2"; exit "$3"', "sh", "{{ host.name }}", str(number), "2" if number == 7 else "0"]
    return {"id": f"c{number:02}", "kind": "command", "run": run, "timeout": 20}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """How one real run ended, its results by host and check, the evidence by host, and what a reader sees."""
    folder = tmp_path_factory.mktemp("fleet")
    with ExitStack() as stack:
        greeting = 'echo "Welcome"; echo "to this host" >&2; eval "$SSH_ORIGINAL_COMMAND"'
        server = stack.enter_context(running_sshd(ADDRESSES, more=f"Match LocalAddress 127.0.1.4\n ForceCommand {greeting}\n"))
        silent = stack.enter_context(silent_server("127.0.1.198"))
        hosts = {f"h{n:02}": {"address": a, "port": server.port, "user": getpass.getuser()} for n, a in enumerate(ADDRESSES, 1)}
        hosts[REFUSING]["address"] = "127.0.1.199"
        hosts[SILENT] |= {"address": "127.0.1.198", "port": silent}
        hosts[FAR]["jump"] = [GATE1, GATE2]
        hosts[GATE2]["jump"] = [GATE1]
        wrong = (server.folder / "id_ed25519.pub").read_text().split()[1]
        lines = server.known_hosts.read_text().splitlines()
        lines = [f"[127.0.1.3]:{server.port} ssh-ed25519 {wrong}" if "127.0.1.3]" in line else line for line in lines]
        server.known_hosts.write_text("\n".join(lines) + "\n")
        settings = Settings(root=folder, ssh=server.settings(connect_timeout=3))
        pool = Pool(idle_seconds=30)
        stack.callback(pool.close)
        engine = make_engine(folder, connect=connecting(settings, pool), workers=40)
        stack.callback(engine.database.close)
        book = runbook_of([{"id": "look", "checks": [check(n) for n in range(25)]}], targets="h*")
        request = asking(book, inventory=Inventory.model_validate({"hosts": hosts}))
        run = request_run(engine, request)
        ended = advance(engine, run)
        with engine.database.reading() as connection:
            view = run_view(connection, run)
            kept = {row.change.target: row.outcome.evidence for row in read_rows(connection, run)}
    shutil.rmtree(folder, ignore_errors=True)
    rows = {row.target: {detail["check"]: detail for detail in row.details} for row in view.steps[0].rows}
    return ended, rows, kept, view


def texts(fleet, host, found):
    """What was seen for one check of a host, as JSON."""
    return [evidence.text for evidence in fleet[2][host] if evidence.sha256 in found["evidence"]]


def test_every_result_of_the_hosts_that_are_well_is_exact(fleet):
    _, rows, _, _ = fleet
    assert len(rows) == 40
    for host, checks in rows.items():
        if host in {REFUSING, SILENT, CHANGED, DYING}:
            continue
        for number in range(25):
            found = checks[f"c{number:02}"]
            assert found["verdict"] == ("CRITICAL" if number == 7 else "OK"), (host, found)
            text = "done 12\\n" if number == KILLED_AT else f"{host} {number}\\n"
            assert any(text in evidence for evidence in texts(fleet, host, found)), (host, found)


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        (REFUSING, "hosts.ssh-refused"),
        (SILENT, "hosts.ssh-timeout"),
        (CHANGED, "hosts.host-key-changed"),
    ],
)
def test_a_host_that_cannot_be_entered_is_unknown_with_its_reason(fleet, host, reason):
    _, rows, _, view = fleet
    assert {(found["verdict"], found["reason"]["key"]) for found in rows[host].values()} == {("UNKNOWN", reason)}
    [row] = [row for row in view.steps[0].rows if row.target == host]
    assert row.verdict == "UNKNOWN"
    assert host in row.reason.text("ja")


def test_a_host_that_dies_half_way_keeps_what_it_answered_and_the_rest_is_unknown(fleet):
    checks = fleet[1][DYING]
    assert [checks[f"c{n:02}"]["verdict"] for n in range(25)] == ["CRITICAL" if n == 7 else "OK" for n in range(12)] + [
        "UNKNOWN"
    ] * 13
    assert {checks[f"c{n:02}"]["reason"]["key"] for n in range(12, 25)} == {"hosts.died"}


def test_the_run_tells_the_truth_as_a_whole(fleet):
    ended, rows, _, _ = fleet
    assert (ended.outcome, ended.verdict.value) == ("unknown", "CRITICAL")
    verdicts = [found["verdict"] for checks in rows.values() for found in checks.values()]
    assert (len(verdicts), verdicts.count("UNKNOWN"), verdicts.count("CRITICAL")) == (1000, 3 * 25 + 13, 37)
