"""Checks a second, and what they cost: HTTP beside a forked check_http, and 100 hosts x 20 checks by SSH beside check_by_ssh.

Everything is on this machine, so it does the work of both sides: an HTTP server in a process of its own, and real OpenSSH servers
on 100 loopback addresses. An HTTP check is whole: a fresh connection, the answer read, judged, and its evidence made. CPU is that
of both ends where the table says so. The limits are those that we hold ourselves to; on a busy machine trust CPU figures and
ratios. `--rounds N` repeats; medians are shown.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src"), str(ROOT / "benchmarks")]
PLUGINS = Path("/usr/lib/nagios/plugins")
HTTP_CHECKS, FORKED = 2000, 400
HOSTS, FEW_HOSTS = 100, 5
WORKERS = 16  # all hosts are this machine: with more at a time, each sees hundreds of processes of the others
HTTP_GOAL, SSH_GOAL, SWEEP_GOAL = 1000, 3.0, 60.0
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 11\r\nConnection: close\r\n\r\nstatus: UP\n"

# What a morning check looks at on every host.
CHECKS: list[dict[str, Any]] = [
    {"id": "up", "kind": "up"},
    {"id": "disk", "kind": "disk", "path": "/", "crit": "100"},
    {"id": "load", "kind": "load", "warn": "1000", "crit": "2000"},
    {"id": "memory", "kind": "memory", "crit": "100"},
    {"id": "sshd", "kind": "process", "name": "sshd"},
    {"id": "passwd", "kind": "file_age", "path": "/etc/passwd"},
    {"id": "reboot", "kind": "file_age", "path": "/run/reboot-required", "missing": "OK"},
    *[{"id": f"c{n}", "kind": "command", "run": ["grep", "-c", "root", "/etc/passwd"], "value": "([0-9]+)"} for n in range(4)],
    *[{"id": f"t{n}", "kind": "command", "run": ["test", "-e", "/etc/hostname"]} for n in range(4)],
    *[{"id": f"e{n}", "kind": "command", "run": ["echo", f"{n}"], "value": "([0-9]+)", "crit": "9"} for n in range(5)],
]


class _Page(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, _: bytes) -> None:
        self.transport.write(PAGE)  # type: ignore[attr-defined]
        self.transport.close()


def serve() -> None:
    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(_Page, "127.0.0.1", 0, backlog=1024)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.sleep(600)

    asyncio.run(forever())


@contextmanager
def web() -> Iterator[int]:
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield int(server.stdout.readline())
        finally:
            server.terminate()


def timed(work: Callable[[], Sequence[object]]) -> tuple[float, float]:
    """Seconds for each piece of work, and milliseconds of CPU of this process and its children."""
    cpu, started = own_cpu(), time.perf_counter()
    done = len(work())
    return (time.perf_counter() - started) / done, 1000 * (own_cpu() - cpu) / done


def own_cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def http_ours(port: int) -> Callable[[], Sequence[object]]:
    from temanashi.checks import measure, parse_check
    from temanashi.clock import SystemClock
    from temanashi.hosts import Inventory
    from temanashi.hosts.local import LocalTransport
    from temanashi.secrets import Redactor

    host = Inventory().select("localhost")[0]
    data = {"kind": "http", "url": f"http://127.0.0.1:{port}/", "contains": "status: UP", "warn": "5"}
    specs = [parse_check({"id": f"web-{n}", **data}) for n in range(HTTP_CHECKS)]

    def measured() -> Sequence[object]:
        results = measure(specs, host, transport=LocalTransport(), clock=SystemClock(), redactor=Redactor())
        assert {result.verdict.value for result in results} == {"OK"}
        return results

    return measured


def http_forked(port: int) -> Callable[[], Sequence[object]]:
    words = [str(PLUGINS / "check_http"), "-I", "127.0.0.1", "-p", str(port), "-s", "status: UP"]

    def once(_: int) -> int:
        return subprocess.run(words, stdout=subprocess.DEVNULL, check=False).returncode

    def forked() -> Sequence[object]:
        with ThreadPoolExecutor(4) as pool:
            codes = list(pool.map(once, range(FORKED)))
        assert set(codes) == {0}
        return codes

    return forked


def http(rounds: int) -> bool:
    with web() as port:
        http_ours(port)()  # imports
        ours = [timed(http_ours(port)) for _ in range(rounds)]
        theirs = [timed(http_forked(port)) for _ in range(rounds)] if (PLUGINS / "check_http").exists() else []
    rate = 1 / statistics.median(seconds for seconds, _ in ours)
    print(f"{'fresh HTTP checks':<42}{'a second':>10}{'ms CPU each':>13}")
    print(f"{'temanashi (client side)':<42}{rate:>10.0f}{statistics.median(cpu for _, cpu in ours):>13.2f}")
    if theirs:
        other = 1 / statistics.median(seconds for seconds, _ in theirs)
        print(f"{'check_http, forked, 4 at a time':<42}{other:>10.0f}{statistics.median(cpu for _, cpu in theirs):>13.2f}")
        print(f"{'':<42}{rate / other:>9.1f}x")
    good = rate >= HTTP_GOAL
    print(f"goal: at least {HTTP_GOAL} a second{'' if good else '  MISSED'}\n")
    return good


def ssh_ours(server: Any, reach: Any) -> Callable[[], Sequence[object]]:
    from temanashi.checks import measure, parse_check
    from temanashi.clock import SystemClock
    from temanashi.hosts import fan_out
    from temanashi.secrets import Redactor

    hosts = [server.host(f"h{n}", address) for n, address in enumerate(server.addresses)]
    specs = [parse_check(check) for check in CHECKS]

    def swept() -> Sequence[object]:
        clock = SystemClock()
        found = fan_out(
            hosts,
            lambda host: measure(specs, host, transport=reach.transport(host), clock=clock, redactor=Redactor()),
            workers=WORKERS,
        )
        results = [result for answers in found.values() for result in answers]  # type: ignore[union-attr]
        bad = [result for result in results if result.verdict != "OK"]
        assert not bad, (len(bad), bad[0].check, bad[0].reason.text("en"))
        return results

    return swept


def ssh_forked(server: Any) -> Callable[[], Sequence[object]]:
    """check_by_ssh as it is used: one check, one connection."""
    words = [str(PLUGINS / "check_by_ssh"), "-q", "-p", str(server.port), "-i", str(server.key), "-t", "30"]
    for option in (f"UserKnownHostsFile={server.known_hosts}", "IdentitiesOnly=yes", "StrictHostKeyChecking=yes"):
        words += ["-o", option]

    def once(address: str) -> int:
        command = "grep -c root /etc/passwd"
        return subprocess.run([*words, "-H", address, "-C", command], stdout=subprocess.DEVNULL, check=False).returncode

    def forked() -> Sequence[object]:
        with ThreadPoolExecutor(4) as pool:
            codes = list(pool.map(once, [address for address in server.addresses[:FEW_HOSTS] for _ in CHECKS]))
        assert set(codes) == {0}
        return codes

    return forked


def both_ends(server: Any, work: Callable[[], Sequence[object]], closing: Callable[[], None] = lambda: None) -> tuple[float, float]:
    """Seconds in all, and milliseconds of CPU a check: ours, our children's, and that of the servers once their work is over."""
    from ssh_sweep import host_cpu

    before, cpu, started = host_cpu(server), own_cpu(), time.perf_counter()
    done = len(work())
    took, used = time.perf_counter() - started, own_cpu() - cpu
    closing()
    time.sleep(1)  # the servers of its connections end, and are counted only then
    return took, 1000 * (used + host_cpu(server) - before) / done


def ssh(rounds: int) -> bool:
    from fixtures_sshd import programs, running_sshd
    from temanashi.hosts.ssh.pool import Pool
    from temanashi.hosts.ssh.reaching import Reach

    if programs() is None:
        print("OpenSSH's server is not installed: no figures for SSH")
        return True
    cold: list[tuple[float, float]] = []
    warm: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    with running_sshd([f"127.0.1.{n}" for n in range(1, HOSTS + 1)]) as server:
        for _ in range(rounds):
            for sweeps, found in ((1, cold), (11, warm)):
                pool = Pool(idle_seconds=60)
                work = ssh_ours(server, Reach(server.settings(), root=server.folder, pool=pool))
                # Ten sweeps more over the same connections: what they cost beside the first one is the price of a warm check.
                took, cpu = both_ends(server, lambda: [r for _ in range(sweeps) for r in work()], pool.close)  # noqa: B023
                found.append((took, cpu * sweeps))
            if (PLUGINS / "check_by_ssh").exists():
                theirs.append(both_ends(server, ssh_forked(server)))
    seconds, first = (statistics.median(values) for values in zip(*cold, strict=True))
    again = (statistics.median(cpu for _, cpu in warm) - first) / 10
    print(f"{f'{HOSTS} hosts x {len(CHECKS)} checks by SSH':<42}{'seconds':>10}{'ms CPU each, both ends':>25}")
    print(f"{'temanashi, new connections':<42}{seconds:>10.1f}{first:>25.2f}")
    sweep = (statistics.median(took for took, _ in warm) - seconds) / 10
    print(f"{'temanashi, the same connections again':<42}{sweep:>10.1f}{again:>25.2f}")
    if theirs:
        other = statistics.median(cpu for _, cpu in theirs)
        print(f"{f'check_by_ssh ({FEW_HOSTS} of the hosts)':<42}{statistics.median(t for t, _ in theirs):>10.1f}{other:>25.2f}")
        print(f"{'':<42}{'':>10}{other / first:>24.1f}x")
    good = first <= SSH_GOAL and seconds <= SWEEP_GOAL
    print(f"goal: at most {SSH_GOAL:g} ms of CPU a check, and {SWEEP_GOAL:g} s for all{'' if good else '  MISSED'}")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("http", "ssh"))
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve()
    parts = {"http": http, "ssh": ssh}
    good = [part(given.rounds) for name, part in parts.items() if given.only in {None, name}]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
