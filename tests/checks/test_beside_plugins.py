"""Side by side with Debian's monitoring plugins: the same verdict, or a difference that docs/monitoring-plugins.md explains."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import zlib
from pathlib import Path

import pytest

from temanashi.checks import measure, parse_check
from temanashi.clock import SystemClock
from temanashi.hosts import connect
from temanashi.secrets import Redactor

PLUGINS = Path("/usr/lib/nagios/plugins")
WORDS = {0: "OK", 1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN"}


@pytest.fixture
def plugin():
    if not (PLUGINS / "check_disk").exists():
        reason = "monitoring-plugins-basic is not installed here"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)

    def run(name: str, *words: str) -> tuple[str, str]:
        done = subprocess.run([PLUGINS / name, *words], capture_output=True, text=True, timeout=30, check=False)
        return WORDS[done.returncode], done.stdout

    return run


@pytest.fixture
def ours(localhost):
    def run(**fields):
        spec = parse_check({"id": "c", **fields})
        (result,) = measure([spec], localhost, transport=connect(localhost), clock=SystemClock(), redactor=Redactor())
        return result

    return run


@pytest.mark.parametrize(("warn", "crit"), [(20, 30), (-10, 20), (-20, -10)])
def test_disk_space(plugin, ours, warn, crit) -> None:
    """Thresholds around what is used now: far above, between, and far below."""
    used = ours(kind="disk", inodes=False).metrics[0].value
    warn, crit = (min(99, max(1, round(used + by))) for by in (warn, crit))
    theirs, text = plugin("check_disk", "-w", f"{100 - warn}%", "-c", f"{100 - crit}%", "-p", "/")
    result = ours(kind="disk", inodes=False, warn=warn, crit=crit)
    assert result.verdict.value == theirs, (result.metrics, text)
    assert 100 - int(re.search(r"\((\d+)%", text)[1]) == pytest.approx(result.metrics[0].value, abs=1.1)


def test_inodes(plugin, ours) -> None:
    theirs, _ = plugin("check_disk", "-w", "1%", "-c", "1%", "-W", "100%", "-K", "99.99%", "-p", "/")
    assert ours(kind="disk", warn="100", crit="100", inodes_warn="0", inodes_crit="0.01").verdict.value == theirs == "CRITICAL"


def test_a_place_that_is_not_there_or_not_mounted(plugin, ours, tmp_path) -> None:
    for place in (str(tmp_path), str(tmp_path / "none")):
        theirs, _ = plugin("check_disk", "-w", "1%", "-c", "1%", "-E", "-p", place)
        assert ours(kind="disk", path=place).verdict.value == theirs == "CRITICAL"


@pytest.mark.parametrize(
    ("warn", "crit", "verdict"), [("1000", "2000", "OK"), ("0.000001", "2000", "WARNING"), ("0", "0.000001", "CRITICAL")]
)
@pytest.mark.parametrize("per_cpu", [True, False])
def test_load(plugin, ours, warn, crit, verdict, per_cpu) -> None:
    words = ["-r"] if per_cpu else []
    theirs, text = plugin("check_load", *words, "-w", ",".join([warn] * 3), "-c", ",".join([crit] * 3))
    result = ours(kind="load", metric="load15", per_cpu=per_cpu, warn=warn, crit=crit)
    assert result.verdict.value == theirs == verdict
    shown = re.search(r"scaled_load15=([\d.]+)" if per_cpu else r"load15=([\d.]+)", text)[1]
    assert result.metrics[2].value == pytest.approx(float(shown), abs=0.2)


@pytest.fixture
def processes(tmp_path):
    """Two processes of a name of our own and a zombie, none of them our children."""
    name = f"tema-{zlib.crc32(bytes(tmp_path)):08x}"  # those of another test may be zombies by now, and a plugin counts them
    program = tmp_path / name
    shutil.copy(shutil.which("sleep"), program)
    zombie = tmp_path / f"z{name}"[:15]
    shutil.copy(shutil.which("sleep"), zombie)
    # The shell becomes a program that waits for nobody: its child stays when it ends, which must not be before that.
    script = f'"{program}" 300 & "{program}" 301 & "{zombie}" 2 & echo ready; exec sleep 302'
    shell = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True)
    assert shell.stdout.readline() == b"ready\n"
    yield name, zombie.name
    os.killpg(shell.pid, 9)
    shell.wait()
    shell.stdout.close()


@pytest.mark.parametrize(
    ("crit", "verdict"), [("2:2", "OK"), ("1:", "OK"), ("3:", "CRITICAL"), ("0", "CRITICAL"), ("@1:5", "CRITICAL")]
)
def test_processes(plugin, ours, processes, crit, verdict) -> None:
    name, _ = processes
    until = time.monotonic() + 10  # the shell has forked, but the programs may not have started yet
    while ours(kind="process", name=name, crit="2:2").verdict.value != "OK" and time.monotonic() < until:
        time.sleep(0.05)
    theirs, text = plugin("check_procs", "-C", name, "-c", crit)
    result = ours(kind="process", name=name, crit=crit, retries=0)
    assert result.verdict.value == theirs == verdict, text


def test_zombies(plugin, ours, processes) -> None:
    _, name = processes
    until = time.monotonic() + 20
    while (zombies := ours(kind="process", name=name, state="Z", crit="0")).verdict.value == "OK" and time.monotonic() < until:
        time.sleep(0.1)
    theirs, _ = plugin("check_procs", "-C", name, "-s", "Z", "-c", "0")
    assert zombies.verdict.value == theirs == "CRITICAL"
    # A zombie runs no more: neither counts it as the program.
    assert ours(kind="process", name=name, crit="0").verdict.value == "OK"


@pytest.mark.parametrize(
    ("age", "size", "verdict"),
    [(10, 500, "OK"), (400, 500, "WARNING"), (4000, 500, "CRITICAL"), (10, 5, "WARNING"), (10, 0, "CRITICAL")],
)
def test_file_age_and_size(plugin, ours, tmp_path, age, size, verdict) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"x" * size)
    then = time.time() - age
    os.utime(file, (then, then))
    theirs, text = plugin("check_file_age", "-w", "240", "-c", "600", "-W", "100", "-C", "1", "-f", str(file))
    result = ours(kind="file_age", path=str(file), warn="240", crit="600", size_warn="100:", size_crit="1:")
    assert result.verdict.value == theirs == verdict, text


def test_a_missing_file(plugin, ours, tmp_path) -> None:
    theirs, _ = plugin("check_file_age", "-f", str(tmp_path / "none"))
    assert ours(kind="file_age", path=str(tmp_path / "none")).verdict.value == theirs == "CRITICAL"


# The differences that docs/monitoring-plugins.md explains.


def test_a_zombie_is_no_running_program(plugin, ours, processes) -> None:
    _, name = processes
    until = time.monotonic() + 20
    while ours(kind="process", name=name, state="Z", crit="1:").verdict.value != "OK" and time.monotonic() < until:
        time.sleep(0.1)
    assert plugin("check_procs", "-C", name, "-c", "1:")[0] == "OK"
    assert ours(kind="process", name=name).verdict.value == "CRITICAL"


def test_a_file_from_the_future_is_no_young_file(plugin, ours, tmp_path) -> None:
    file = tmp_path / "x"
    file.write_text("x")
    then = time.time() + 7200
    os.utime(file, (then, then))
    assert plugin("check_file_age", "-w", "240", "-c", "600", "-W", "0", "-C", "0", "-f", str(file))[0] == "OK"
    assert ours(kind="file_age", path=str(file), warn="240", crit="600").reason.key == "checks.file-future"


def test_the_root_file_system_does_not_answer_for_a_folder(plugin, ours, tmp_path) -> None:
    assert plugin("check_disk", "-w", "1%", "-c", "0.1%", "-p", str(tmp_path))[0] == "OK"
    assert ours(kind="disk", path=str(tmp_path), warn="99", crit="99.9").verdict.value == "CRITICAL"
    assert ours(kind="disk", path=str(tmp_path), warn="99", crit="99.9", mount_point=False).verdict.value == "OK"


def test_a_plugin_exit_code_that_is_no_verdict_is_unknown(ours, tmp_path) -> None:
    plugin = tmp_path / "check_odd"
    for code, verdict in (
        (0, "OK"),
        (1, "WARNING"),
        (2, "CRITICAL"),
        (3, "UNKNOWN"),
        (4, "UNKNOWN"),
        (127, "UNKNOWN"),
        (255, "UNKNOWN"),
    ):
        plugin.write_text(f"#!/bin/sh\nprintf \"ODD | 'it''s'=1,5;2 u=U x=3\\351\\n\"\nexit {code}\n")
        plugin.chmod(0o755)
        assert ours(kind="nagios_plugin", run=[str(plugin)]).verdict.value == verdict
    plugin.write_text("#!/bin/sh\nkill -9 $$\n")
    assert ours(kind="nagios_plugin", run=[str(plugin)]).reason.key == "checks.killed"
