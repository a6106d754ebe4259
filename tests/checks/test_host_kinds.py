"""The kinds that run commands, on real shells and userlands: here under dash, bash and BusyBox, and through a real SSH server."""

from __future__ import annotations

import ctypes
import fcntl
import getpass
import gzip
import hashlib
import os
import shutil
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fixtures_sshd import sshd, sshd_factory
from temanashi.changes import Verdict
from temanashi.checks import installed_kinds, judge_again, measure, parse_check
from temanashi.checks.means import Means
from temanashi.clock import SystemClock
from temanashi.hosts import connect
from temanashi.secrets import Redactor

__all__ = ["sshd", "sshd_factory"]

TOKYO = ZoneInfo("Asia/Tokyo")
MINE = getpass.getuser()
USERLANDS = ("dash", "bash", "busybox", "ssh")


@pytest.fixture(scope="session")
def japanese(tmp_path_factory) -> Path | None:
    """A folder with the locale ja_JP.UTF-8, where this machine can make one."""
    folder = tmp_path_factory.mktemp("locales")
    if shutil.which("localedef") is None:
        return None
    done = subprocess.run(
        ["localedef", "-i", "ja_JP", "-f", "UTF-8", str(folder / "ja_JP.UTF-8")], check=False, capture_output=True
    )
    return folder if done.returncode in {0, 1} and (folder / "ja_JP.UTF-8").exists() else None


def shell_folder(folder: Path, userland: str) -> Path:
    """A folder for the front of PATH, whose `sh` and, for BusyBox, every program is another one."""
    program = shutil.which(userland)
    if program is None:
        pytest.fail(f"no {userland}") if os.environ.get("CI") else pytest.skip(f"no {userland}")
    folder.mkdir()
    if userland == "busybox":
        subprocess.run([program, "--install", "-s", str(folder)], check=True)
    else:
        (folder / "sh").symlink_to(program)
    return folder


@pytest.fixture(params=USERLANDS)
def transport(request, tmp_path, localhost, monkeypatch):
    """A way to run commands. The SSH server speaks Japanese, and its login shell prints."""
    if request.param != "ssh":
        monkeypatch.setenv("PATH", f"{shell_folder(tmp_path / 'bin', request.param)}:{os.environ['PATH']}")
        yield connect(localhost)
        return
    home, locales = tmp_path / "home", request.getfixturevalue("japanese")
    home.mkdir()
    (home / ".bashrc").write_text("echo '*** ようこそ 1.00 2.00 3.00 1/2 3 ***'; echo warning >&2\n")
    words = "LANG=ja_JP.UTF-8 LC_ALL=ja_JP.UTF-8" + (f" LOCPATH={locales}" if locales else "")
    server = request.getfixturevalue("sshd_factory")(first=f"SetEnv PATH=/usr/local/bin:/usr/bin:/bin HOME={home} {words}\n")
    with server.reach() as reach:
        yield reach.transport(server.host())


@pytest.fixture
def look(transport, localhost):
    """Measures checks; what one look keeps is given to the next one."""
    remembered: dict[str, dict] = {}

    def looked(*data, clock=None):
        specs = [parse_check({"id": f"c{n}", "timeout": 60, **item}) for n, item in enumerate(data)]
        means = Means(zone=TOKYO, remembered=dict(remembered), here=transport)
        results = measure(specs, localhost, transport=transport, clock=clock or SystemClock(), redactor=Redactor(), means=means)
        for result, spec in zip(results, specs, strict=True):
            remembered.update(result.remember)
            again = judge_again(installed_kinds().find(spec.kind), spec, result.evidence[0])
            assert (again.verdict, again.reason.key) == (result.verdict, result.reason.key)
        return results

    return looked


def said(results) -> list[tuple[str, str]]:
    return [(result.verdict.value, result.reason.key) for result in results]


def test_the_host_itself(look) -> None:
    up, load, memory, disk, everything, missing = look(
        {"kind": "up"},
        {"kind": "load", "warn": "1000", "crit": "1000"},
        {"kind": "memory", "warn": "100", "crit": "100", "swap_warn": "100", "swap_crit": "100"},
        {"kind": "disk", "warn": "100", "crit": "100"},
        {"kind": "disk", "path": "all", "warn": "100", "crit": "100", "inodes_warn": "100", "inodes_crit": "100"},
        {"kind": "disk", "path": ["/", "/no/such/place"], "warn": "100", "crit": "100"},
    )
    assert {result.verdict for result in (up, load, memory, disk, everything)} == {Verdict.OK}, said((up, load, memory, disk))
    assert up.metrics[0].value == pytest.approx(time.clock_gettime(time.CLOCK_BOOTTIME), abs=120)
    assert load.metrics[1].value * os.cpu_count() == pytest.approx(os.getloadavg()[1], abs=2)
    room = os.statvfs("/")
    used = room.f_blocks - room.f_bfree
    assert disk.metrics[0].value == pytest.approx(100 * used / (used + room.f_bavail), abs=1)
    assert "used_percent /" in {metric.name for metric in everything.metrics}
    assert (missing.verdict, missing.reason.key) == (Verdict.CRITICAL, "checks.disk-not-mounted")
    assert "used_percent /" in {metric.name for metric in missing.metrics}


def test_a_restart_is_told_by_the_boot_id(look) -> None:
    (first,) = look({"kind": "up"})
    (second,) = look({"kind": "up", "restarted": "CRITICAL"})
    assert said([first, second]) == [("OK", "checks.up")] * 2
    assert list(second.remember) == ["c0 "]


def test_processes_and_ports(look) -> None:
    program = ["sh", "-c", "sleep 4329 & sleep 4329 & echo ready; wait"]
    shell = subprocess.Popen(program, stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert shell.stdout.readline() == b"ready\n"
        with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = server.getsockname()[1]
            again = {"kind": "process", "retries": 10, "retry_wait": 0.1, "pattern": "sleep 4329$"}
            results = look(
                {**again, "crit": "2:3", "owner": MINE},
                {**again, "crit": "0", "owner": "nobody-of-that-name", "retries": 0},
                {"kind": "process", "name": "no-such-program-x"},
                {"kind": "port", "port": port, "address": "127.0.0.1"},
                {"kind": "port", "port": port, "address": "10.255.255.1"},
                {"kind": "port", "port": closed.getsockname()[1]},
            )
    finally:
        os.killpg(shell.pid, 9)
        shell.wait()
        shell.stdout.close()
    assert said(results) == [
        ("OK", "checks.process"),
        ("OK", "checks.process"),
        ("CRITICAL", "checks.process"),
        ("OK", "checks.port-open"),
        ("CRITICAL", "checks.port-elsewhere"),
        ("CRITICAL", "checks.port-closed"),
    ]
    assert results[0].metrics[0].value in {2, 3}


def test_nothing_of_ours_is_counted(look) -> None:
    (mine, marked) = look(
        {"kind": "process", "pattern": "pid,ppid,user", "crit": "0"},
        {"kind": "process", "pattern": "no-such-marker-in-any-command", "crit": "0"},
    )
    assert said([mine, marked]) == [("OK", "checks.process")] * 2


def test_files_and_backups(look, tmp_path) -> None:
    folder = tmp_path / "backup of today"
    folder.mkdir()
    now = time.time()
    for name, age, size in (("db-1.dump", 90_000, 1000), ("db-2.dump", 3600, 400), ("db-3.dumpling", 1, 5), ("x.dump", 1, 5)):
        file = folder / name
        file.write_bytes(b"x" * size)
        os.utime(file, (now - age, now - age))
    right = hashlib.sha256((folder / "db-2.dump").read_bytes()).hexdigest()
    (folder / "db-2.dump.sha256").write_text(f"{right}  db-2.dump\n")
    (folder / "db-2.dump.md5").write_text("0" * 32 + "  db-2.dump\n")
    glob = f"{folder}/db-*.dump"
    results = look(
        {"kind": "backup", "path": glob},
        {"kind": "backup", "path": glob, "growth_warn": None, "checksum": ".sha256"},
        {"kind": "backup", "path": f"{folder}/db-2.dump", "growth_warn": None, "checksum": ".md5"},
        {"kind": "backup", "path": f"{folder}/none-*"},
        {"kind": "backup", "path": f"{folder}/db-1.dump", "crit": "3600"},
        {"kind": "file_age", "path": f"{folder}/db-2.dump", "crit": "7200", "size_crit": "1:"},
        {"kind": "file_age", "path": f"{folder}/none"},
    )
    assert said(results) == [
        ("WARNING", "checks.backup-growth"),
        ("OK", "checks.backup"),
        ("CRITICAL", "checks.backup-damaged"),
        ("CRITICAL", "checks.backup-none"),
        ("CRITICAL", "checks.backup"),
        ("OK", "checks.file-age"),
        ("CRITICAL", "checks.file-missing"),
    ]
    assert {metric.name: metric.value for metric in results[0].metrics}["growth"] == 40


def test_a_backup_that_overwrites_itself_is_compared_with_its_last_look(look, tmp_path) -> None:
    file = tmp_path / "db.dump"
    rule = {"kind": "backup", "path": str(file)}
    now = int(time.time())
    file.write_bytes(b"x" * 1000)
    os.utime(file, (now - 90, now - 90))
    assert said(look(rule)) == [("OK", "checks.backup")]
    assert said(look(rule)) == [("OK", "checks.backup")]
    file.write_bytes(b"x" * 100)
    os.utime(file, (now - 10, now - 10))
    for _ in range(2):  # looking again does not make it its own predecessor
        assert said(look(rule)) == [("WARNING", "checks.backup-growth")]


def test_a_log_from_look_to_look(look, tmp_path) -> None:
    log = tmp_path / "app.log"
    rule = {"kind": "log", "path": str(log), "alarm": ["ERROR", "異常"], "ignore": ["harmless"], "encoding": "shift_jis"}
    assert said(look(rule)) == [("CRITICAL", "checks.file-missing")]
    log.write_text("old\n", encoding="cp932")
    assert said(look(rule)) == [("OK", "checks.log-first")]
    with log.open("a", encoding="cp932") as file:
        file.write("12:00 表示処理 異常\n12:01 ERROR harmless\n")
    (result,) = look(rule)
    assert said([result]) == [("CRITICAL", "checks.log-lines")]
    assert "12:00 表示処理 異常" in result.reason.text("ja")
    assert said(look(rule)) == [("OK", "checks.log-quiet")]
    log.with_name("app.log.1.gz").write_bytes(gzip.compress(log.read_bytes() + "13:00 ERROR late\n".encode("cp932")))
    log.write_text("", encoding="cp932")
    (result,) = look(rule)
    assert said([result]) == [("CRITICAL", "checks.log-lines")]
    assert "13:00 ERROR late" in result.reason.text("en")


def test_a_retry_sees_the_same_lines_again_and_the_next_look_does_not(look, tmp_path) -> None:
    log = tmp_path / "app.log"
    log.touch()
    rule = {"kind": "log", "path": str(log), "alarm": ["\\bERR\\b"]}  # `\b` is no text: every line is sent
    look(rule)
    with log.open("a") as file:
        file.write("an ERR here\n")
    (result,) = look({**rule, "retries": 2, "retry_wait": 0})
    assert (result.verdict, result.attempts, result.metrics[0].value) == (Verdict.CRITICAL, 3, 1)
    assert said(look(rule)) == [("OK", "checks.log-quiet")]


class Moved(SystemClock):
    """The clock of this machine, moved."""

    def __init__(self, by: timedelta) -> None:
        self.by = by

    def now(self) -> datetime:
        return super().now() + self.by


def test_an_alarm_can_be_held(look, tmp_path) -> None:
    log = tmp_path / "app.log"
    log.touch()
    rule = {"kind": "log", "path": str(log), "alarm": ["ERROR"], "hold": 30}
    look(rule)
    log.write_text("ERROR one\n")
    look(rule)
    held = look(rule)
    assert said(held) == [("CRITICAL", "checks.log-held")]
    assert "ERROR one" in held[0].reason.text("en")
    assert said(look(rule, clock=Moved(timedelta(minutes=31)))) == [("OK", "checks.log-quiet")]


def test_a_job_by_its_log_and_by_its_record(look, tmp_path) -> None:
    today = datetime.now(TOKYO)
    log, record = tmp_path / f"eod_{today:%Y%m%d}.log", tmp_path / "eod.rc"
    log.write_text(f"{today:%Y-%m-%d} 00:00:01 起動\n{today:%Y-%m-%d} 00:00:02 精算 正常終了\n", encoding="euc_jp")
    record.write_text("4\n")
    common = {"kind": "job", "by": "23:59", "calendar": "every_day", "from": "00:00"}
    results = look(
        {**common, "log": f"{tmp_path}/eod_%Y%m%d.log", "done": "正常終了", "encoding": "euc_jp"},
        {**common, "log": f"{tmp_path}/eod_%Y%m%d.log", "done": "異常終了", "encoding": "euc_jp"},
        {**common, "record": str(record)},
        {**common, "record": str(record), "exit": [0, 4]},
        {**common, "record": str(tmp_path / "none.rc")},
    )
    assert said(results) == [
        ("OK", "checks.job-done"),
        ("PENDING", "checks.job-pending"),
        ("CRITICAL", "checks.job-failed"),
        ("OK", "checks.job-done"),
        ("PENDING", "checks.job-pending"),
    ]


def test_services_restarts_and_updates_are_never_green_without_a_reason(look) -> None:
    service, reboot, updates, clock = look(
        {"kind": "service", "name": "no-such-service-x"}, {"kind": "reboot"}, {"kind": "updates"}, {"kind": "clock"}
    )
    assert service.verdict in {Verdict.CRITICAL, Verdict.UNKNOWN}
    assert reboot.reason.key.startswith("checks.reboot-")
    assert (reboot.verdict is Verdict.UNKNOWN) == (reboot.reason.key == "checks.reboot-nothing")
    assert updates.reason.key.startswith("checks.updates")
    assert clock.reason.key.startswith("checks.clock-")
    assert clock.verdict is not Verdict.OK or clock.observed


def test_a_plugin_runs_there_or_here(look, tmp_path) -> None:
    plugin = tmp_path / "check_x"
    plugin.write_text('#!/bin/sh\necho "X WARNING | x=$1;5;10"\nexit "$2"\n')
    plugin.chmod(0o755)
    run = {"kind": "nagios_plugin", "run": [str(plugin), "7", "1"]}
    (told,) = look({"kind": "command", "run": ["echo", "here"], "stdout": "^here$", "where": "here"})
    assert told.verdict is Verdict.OK
    results = look(run, {**run, "where": "here"}, {**run, "run": [str(plugin), "7", "4"], "where": "here"})
    assert [result.verdict.value for result in results] == ["WARNING", "WARNING", "UNKNOWN"]
    assert results[0].metrics == results[1].metrics


@pytest.fixture
def hung(tmp_path, tmp_path_factory):
    """A file system whose server never answers, as a dead NFS server does not. One at a time: every process sees its mount."""
    with (tmp_path_factory.getbasetemp().parent / "hung.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield from _hung(tmp_path / "hung mount")


def _hung(place):
    place.mkdir()
    try:
        device = os.open("/dev/fuse", os.O_RDWR)
    except OSError:
        pytest.skip("no /dev/fuse")
    library = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}".encode()
    if library.mount(b"dead:/export", bytes(place), b"fuse.sshfs", 0, options) != 0:
        os.close(device)
        pytest.skip("nothing can be mounted here")
    yield place
    library.umount2(bytes(place), 2)
    os.close(device)


def test_a_hung_mount_is_unknown_and_delays_no_other(look, hung) -> None:
    rule = {"kind": "disk", "path": ["/", str(hung)], "hang_after": 0.5, "warn": "100", "crit": "100"}
    results = look(rule, {**rule, "path": "all"}, {**rule, "path": "all", "exclude": ["fuse.*"]}, {"kind": "up"})
    assert said(results[:2]) == [("UNKNOWN", "checks.disk-hung")] * 2
    assert str(hung) in results[0].reason.text("ja")
    assert "used_percent /" in {metric.name for metric in results[0].metrics}
    assert [result.verdict for result in results[2:]] == [Verdict.OK, Verdict.OK]


def test_the_day_of_a_job_is_the_workspaces(look, tmp_path) -> None:
    """At 23:30 UTC it is the next day in Tokyo."""
    late = datetime.now(UTC).replace(hour=23, minute=30)
    clock = Moved(late - datetime.now(UTC))
    (result,) = look({"kind": "job", "by": "08:00", "calendar": "every_day", "record": f"{tmp_path}/%Y%m%d.rc"}, clock=clock)
    assert f"{late.astimezone(TOKYO):%Y-%m-%d}" in result.reason.text("en")
    assert result.verdict is Verdict.CRITICAL
