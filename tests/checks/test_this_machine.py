"""The checks on the machine that runs the tests."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time

import pytest

from temanashi.changes import Verdict
from temanashi.checks import measure, parse_check, worst
from temanashi.clock import SystemClock
from temanashi.hosts import connect
from temanashi.secrets import Redactor


@pytest.fixture
def look(localhost):
    def measured(*data):
        specs = [parse_check({"id": f"c{n}", **item}) for n, item in enumerate(data)]
        return measure(specs, localhost, transport=connect(localhost), clock=SystemClock(), redactor=Redactor())

    return measured


def test_disk_load_and_memory_have_figures_here(look) -> None:
    results = look(
        {"kind": "disk", "inodes": False, "warn": "100", "crit": "100"},
        {"kind": "load", "warn": "1000", "crit": "1000"},
        {"kind": "memory", "warn": "100", "crit": "100", "swap_warn": "100", "swap_crit": "100"},
    )
    assert worst(results) is Verdict.OK
    disk, load, memory = results
    room = os.statvfs("/")
    used = room.f_blocks - room.f_bfree
    assert disk.metrics[0].value == pytest.approx(100 * used / (used + room.f_bavail), abs=2)
    assert load.metrics[1].value * (os.cpu_count() or 1) == pytest.approx(os.getloadavg()[1], abs=2)
    assert 0 < memory.metrics[0].value < 100


def test_the_disk_check_agrees_with_df(look) -> None:
    (result,) = look({"kind": "disk", "inodes": False})
    shown = subprocess.run(["df", "-P", "-k", "/"], capture_output=True, text=True, check=True, timeout=10).stdout
    assert abs(result.metrics[0].value - int(re.search(r"(\d+)%", shown)[1])) <= 1.1  # df rounds up


def test_a_folder_that_is_not_mounted_is_a_finding(look, tmp_path) -> None:
    here, missing = look({"kind": "disk", "path": str(tmp_path)}, {"kind": "disk", "path": str(tmp_path / "none")})
    assert (here.verdict, here.reason.key) == (Verdict.CRITICAL, "checks.disk-not-mounted")
    assert (missing.verdict, missing.reason.key) == (Verdict.CRITICAL, "checks.disk-not-mounted")


def test_a_process_is_counted_and_we_are_not(look) -> None:
    # A shell in between: our own children are the commands of the checks, and are not counted.
    shell = subprocess.Popen(
        ["sh", "-c", "sleep 4321 & sleep 4321 & echo ready; wait"], stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert shell.stdout.readline() == b"ready\n"
        # The shell has forked, but the programs may not have started yet.
        again = {"kind": "process", "retries": 10, "retry_wait": 0.1}
        both, by_name, ours, _ = look(
            {**again, "pattern": "^sleep 4321$", "crit": "2:2"},
            {**again, "name": "sleep", "crit": "2:"},
            {"kind": "process", "pattern": "^sleep 0.3217$"},
            {"kind": "command", "run": ["sleep", "0.3217"]},
        )
        assert (both.verdict, both.metrics[0].value) == (Verdict.OK, 2)
        assert by_name.verdict is Verdict.OK
        assert (ours.verdict, ours.metrics[0].value) == (Verdict.CRITICAL, 0)
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
        shell.stdout.close()


def test_files_are_young_old_empty_or_missing(look, tmp_path) -> None:
    new, old, future, odd = tmp_path / "new", tmp_path / "old", tmp_path / "future", tmp_path / "; rm -rf $(x) 日本"
    for file in (new, old, future, odd):
        file.write_text("x" * 2048)
    now = time.time()
    os.utime(old, (now - 7200, now - 7200))
    os.utime(future, (now + 7200, now + 7200))
    rule = {"kind": "file_age", "warn": "3600"}
    results = look(
        *({**rule, "path": str(file)} for file in (new, old, future, odd, tmp_path / "none")),
        {"kind": "file_age", "path": str(new), "size_crit": "1000"},
    )
    assert [result.verdict.value for result in results] == ["OK", "WARNING", "WARNING", "OK", "CRITICAL", "CRITICAL"]
    assert results[1].reason.text("ja") == f"{old} は 2時間前に更新されました（大きさ 2 KiB、しきい値 60分）。"
    assert results[2].reason.key == "checks.file-future"


def test_commands_and_plugins_run_as_they_are_written(look, tmp_path) -> None:
    plugin = tmp_path / "check_x"
    plugin.write_text('#!/bin/sh\necho "X WARNING | x=$1;5;10"\nexit 1\n')
    plugin.chmod(0o755)
    value, hostile, missing, run = look(
        {"kind": "command", "run": ["printf", "depth=%s", "7"], "value": "depth=(\\d+)", "warn": "5", "crit": "10"},
        {"kind": "command", "run": ["printf", "%s", f"; touch {tmp_path}/made"], "stdout": "^; touch"},
        {"kind": "command", "run": ["no-such-program"]},
        {"kind": "nagios_plugin", "run": [str(plugin), "7"]},
    )
    assert (value.verdict, value.metrics[0].value) == (Verdict.WARNING, 7)
    assert hostile.verdict is Verdict.OK
    assert not (tmp_path / "made").exists()
    assert missing.verdict is Verdict.UNKNOWN
    assert (run.verdict, run.metrics[0].value, run.metrics[0].warn) == (Verdict.WARNING, 7, "5")


def test_a_command_that_hangs_is_unknown_and_delays_no_other(look) -> None:
    started = time.monotonic()
    hung, fine = look({"kind": "command", "run": ["sleep", "60"], "timeout": 0.3}, {"kind": "load", "warn": "1000", "crit": "1000"})
    assert (hung.verdict, hung.reason.key) == (Verdict.UNKNOWN, "hosts.timed-out")
    assert fine.verdict is Verdict.OK
    assert time.monotonic() - started < 40  # the command sleeps for 60


def test_a_service_that_nobody_has_is_never_green(look) -> None:
    must, may = look(
        {"kind": "service", "name": "no-such-service-x"}, {"kind": "service", "name": "no-such-service-x", "optional": True}
    )
    assert must.verdict in {Verdict.CRITICAL, Verdict.UNKNOWN}
    assert may.verdict is Verdict.SKIPPED


def test_the_clock_check_is_never_green_without_a_reason(look) -> None:
    (result,) = look({"kind": "clock"})
    assert result.reason.key.startswith("checks.clock-")
    assert (result.verdict is Verdict.UNKNOWN) == (result.reason.key == "checks.clock-nothing")


def test_ports_are_open_or_refused_and_names_may_not_resolve(look) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        opened, by_name, slow, refused, unknown = look(
            {"kind": "tcp", "port": server.getsockname()[1]},
            {"kind": "tcp", "host": "localhost", "port": server.getsockname()[1]},
            {"kind": "tcp", "port": server.getsockname()[1], "crit": "0"},
            {"kind": "tcp", "port": taken.getsockname()[1]},
            {"kind": "tcp", "host": "no-such-name.invalid", "port": 80},
        )
    assert [result.verdict.value for result in (opened, by_name, slow, refused, unknown)] == [
        "OK",
        "OK",
        "CRITICAL",
        "CRITICAL",
        "UNKNOWN",
    ]
    assert (refused.observed, refused.reason.key) == ("refused", "checks.tcp-failed")
    assert "接続を拒否されました" in refused.reason.text("ja")
    assert unknown.reason.key == "checks.name-not-found"


def test_a_port_that_does_not_answer_is_critical(look) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        waiting = []
        for _ in range(4):  # fill the queue of connections that nobody accepts
            link = socket.socket()
            link.setblocking(False)
            link.connect_ex(("127.0.0.1", port))
            waiting.append(link)
        (result,) = look({"kind": "tcp", "port": port, "timeout": 0.5})
        for link in waiting:
            link.close()
    assert (result.verdict, result.observed) == (Verdict.CRITICAL, "timeout")
    assert "0.5 秒以内に応答がありません" in result.reason.text("ja")
