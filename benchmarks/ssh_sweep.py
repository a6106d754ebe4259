"""A sweep over 40 hosts by SSH, 25 small checks each: ours beside what people use, in the same run, every result compared.

The hosts are one real OpenSSH on 40 loopback addresses, so the machine does their work as well as ours: trust the ratios. Cold is a
process from its start to the last result; warm is the same sweep again over connections that are still open. Host keys are verified
by everybody. `--rtt 50` puts 50 ms of round trip between both sides. `--peers` also installs pyinfra and Ansible into a throw-away
environment. `--rounds N` repeats; the table shows medians.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PARTS = ROOT / "benchmarks" / "ssh_parts"
sys.path[:0] = [str(PARTS), str(ROOT / "tests"), str(ROOT / "src")]
HOSTS = 40


@contextmanager
def hosts() -> Iterator[Any]:
    from fixtures_sshd import ADDRESSES, running_sshd

    with running_sshd(ADDRESSES[:HOSTS]) as server:
        yield server


@contextmanager
def far_away(server: Any, milliseconds: float) -> Iterator[list[str]]:
    """The same hosts, that many milliseconds of round trip away: a relay in a process of its own, on addresses of its own."""
    addresses = [address.replace("127.0.1.", "127.0.2.") for address in server.addresses]
    server.known_hosts.write_text(
        server.known_hosts.read_text() + "".join(f"[{a}]:{server.port} {server.public_key}\n" for a in addresses)
    )
    pairs = [f"{far}:{server.port}={near}:{server.port}" for far, near in zip(addresses, server.addresses, strict=True)]
    command = [sys.executable, str(PARTS / "slow_relay.py"), str(milliseconds / 2000), *pairs]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as relay:
        assert relay.stdout
        relay.stdout.readline()  # it listens
        try:
            yield addresses
        finally:
            relay.terminate()


def host_cpu(server: Any) -> float:
    """Seconds of CPU that the servers and their ended children have used."""
    total = 0
    for process in server.processes:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, fields[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


def measured(name: str, place: dict[str, Any], server: Any, *, sweeps: int = 3, python: str = sys.executable) -> dict[str, Any]:
    before = host_cpu(server)
    place = {**place, "sweeps": sweeps, "started": time.time()}
    done = subprocess.run(
        [python, str(PARTS / "contenders.py"), name, json.dumps(place)],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"},
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    time.sleep(0.5)  # the servers of its connections end
    told["host cpu"] = host_cpu(server) - before
    told["cold"] = told["ends"][0]
    told["warm"] = told["ends"][-1] - told["ends"][-2] if sweeps > 1 else None
    return told


def rows_of(place: dict[str, Any], server: Any, rounds: int, programs: dict[str, list[str]]) -> dict[str, dict[str, float]]:
    """The medians of everybody. `programs`: peers that are programs of their own, and how they are called."""
    from contenders import CONTENDERS
    from programs import measured_program

    found: dict[str, list[dict[str, Any]]] = {name: [] for name in (*CONTENDERS, *programs)}
    floors = []
    for _ in range(rounds):
        for name in CONTENDERS:
            found[name].append(measured(name, place, server))
        floors.append(measured("temanashi", place, server, sweeps=1))
        for name, command in programs.items():
            found[name].append(measured_program(command, place))
    medians = {}
    for name, runs in found.items():
        keys = [key for key, value in runs[0].items() if isinstance(value, (int, float)) and key != "right"]
        medians[name] = {key: statistics.median(run[key] for run in runs) for key in keys}
        medians[name]["right"] = min(min(run["right"]) if isinstance(run["right"], list) else run["right"] for run in runs)
    medians["temanashi"]["floor"] = statistics.median(
        (run["cold"] - run["imported"]) / (run["host cpu"] / (os.cpu_count() or 1)) for run in floors
    )
    return medians


def table(title: str, rows: dict[str, dict[str, float]]) -> None:
    print(f"\n{title}\n{'':38}{'cold s':>8}{'x':>7}{'warm s':>8}{'x':>7}{'our CPU s':>11}{'peak MiB':>10}{'right':>8}")
    mine = rows["temanashi"]
    for name, row in rows.items():
        warm = row.get("warm")
        cells = [f"{row['cold']:8.2f}", f"{row['cold'] / mine['cold']:7.2f}"]
        cells += [f"{warm:8.2f}", f"{warm / mine['warm']:7.2f}"] if warm else [f"{'-':>8}", f"{'-':>7}"]
        cells += [
            f"{row['cpu']:11.2f}" if "cpu" in row else f"{'-':>11}",
            f"{row['peak']:10.0f}" if "peak" in row else f"{'-':>10}",
        ]
        print(f"{name:38}{''.join(cells)}{row['right']:8.0f}")


def main() -> None:
    from contenders import COMMANDS
    from programs import ansible_raw, environment_of_peers, pyinfra_shell

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rtt", type=float, default=0, help="milliseconds of round trip")
    parser.add_argument("--peers", action="store_true", help="install and measure pyinfra and Ansible too")
    parser.add_argument("--environment", default="", help="an environment that has them already")
    parser.add_argument("--processes", type=int, default=1, help="processes that share our sweep")
    given = parser.parse_args()
    with ExitStack() as stack:
        server = stack.enter_context(hosts())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="sweep"))
        place = {
            "port": server.port,
            "key": str(server.key),
            "known_hosts": str(server.known_hosts),
            "folder": folder,
            "processes": given.processes,
        }
        place["addresses"] = stack.enter_context(far_away(server, given.rtt)) if given.rtt else list(server.addresses)
        programs = {}
        if given.peers:
            found = environment_of_peers(Path(folder), given.environment)
            programs["pyinfra, 25 operations"] = pyinfra_shell(place, found)
            programs["Ansible, 25 raw tasks"] = ansible_raw(place, found)
        rows = rows_of(place, server, given.rounds, programs)
        table(f"{HOSTS} hosts x {len(COMMANDS)} checks, {given.rtt:g} ms round trip, {os.cpu_count()} cores for both sides", rows)
        print(f"before our first connection: {rows['temanashi']['imported']:.2f} s")
        print(f"cold without imports / (CPU of the hosts / cores): {rows['temanashi']['floor']:.2f}")


if __name__ == "__main__":
    main()
