"""A sweep over 40 hosts by SSH, 25 small checks each: ours beside what people use, in the same run, every result compared.

The hosts are one real OpenSSH on 40 loopback addresses, so the machine does their work as well as ours: trust the ratios. Cold is a
process from its start to the last result; warm is the same sweep again over connections that are still open. Host keys are verified
by everybody. `--rtt 50` puts 50 ms of round trip between both sides. `--peers` also installs pyinfra and Ansible into a throw-away
environment. `--rounds N` repeats; the table shows medians.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HOSTS = 40
PEERS = ("pyinfra==3.*", "ansible-core")
# Each prints something or ends with its own code; together they are what a morning check asks.
COMMANDS: list[list[str]] = [
    ["uname", "-n"],
    ["cat", "/proc/loadavg"],
    ["cat", "/proc/meminfo"],
    ["cat", "/proc/uptime"],
    ["df", "-P", "/"],
    ["df", "-Pi", "/"],
    ["ls", "-d", "/var/log"],
    ["stat", "-c", "%Y", "/etc/passwd"],
    ["test", "-e", "/no/such/file"],
    ["grep", "-c", "root", "/etc/passwd"],
    ["date", "+%s"],
    ["sh", "-c", "exit 3"],
    ["printf", "%s", "no line end"],
    ["printf", "a b'c\\n"],
    ["true"],
    ["false"],
    *[["echo", f"check {number}"] for number in range(9)],
]
EXITS = [1 if words in (["test", "-e", "/no/such/file"], ["false"]) else 3 if words[-1] == "exit 3" else 0 for words in COMMANDS]


def right(host: int, answers: Sequence[tuple[int, str]]) -> int:
    """How many of a host's 25 answers are what they must be; the address is no part of them, so `host` is for messages."""
    good = 0
    for words, code, (exit_code, text) in zip(COMMANDS, EXITS, answers, strict=True):
        wanted = {"echo": " ".join(words[1:]) + "\n", "printf": words[-1].replace("\\n", "\n")}.get(words[0])
        if exit_code == code and (wanted is None or text in {wanted, wanted.rstrip("\n")}) and (text or code or words[0] == "true"):
            good += 1
        else:
            print(f"host {host}: {words} gave {exit_code} {text[:60]!r}", file=sys.stderr)
    return good


# The contenders: each is run in a process of its own and says when its imports were done and when each sweep was.


def ours(place: dict[str, Any]) -> Iterator[list[list[tuple[int, str]]]]:
    from temanashi.hosts import Command, Inventory, fan_out
    from temanashi.hosts.ssh.pool import Pool
    from temanashi.hosts.ssh.reaching import Reach
    from temanashi.hosts.ssh.sharding import Shards
    from temanashi.settings import SshSettings

    fields = {"known_hosts": [place["known_hosts"]], "identity_files": [place["key"]], "config": "", "agent": False}
    settings = SshSettings.model_validate({**fields, "processes": place["processes"]})
    reach: Reach | Shards = Reach(settings, root=ROOT, pool=Pool(idle_seconds=60))
    if settings.processes > 1:
        reach = Shards(settings, root=ROOT, secret=str)
    fields = {f"h{n}": {"address": a, "port": place["port"], "user": getpass.getuser()} for n, a in enumerate(place["addresses"])}
    hosts = Inventory.model_validate({"hosts": fields}).select("h*")
    commands = [Command(*words) for words in COMMANDS]
    yield []
    while True:
        found = fan_out(hosts, lambda host: reach.transport(host).run_all(commands, timeout=30), workers=64)
        yield [[(getattr(a, "exit", -1), getattr(a, "text", str(a))) for a in answers] for answers in found.values()]  # type: ignore[union-attr]


def channel_per_command(place: dict[str, Any]) -> Iterator[list[list[tuple[int, str]]]]:
    import shlex
    from concurrent.futures import ThreadPoolExecutor

    import paramiko

    def opened(address: str) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        client.load_host_keys(place["known_hosts"])
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.connect(address, place["port"], getpass.getuser(), key_filename=place["key"], allow_agent=False, look_for_keys=False)
        return client

    def swept(client: paramiko.SSHClient) -> list[tuple[int, str]]:
        answers = []
        for words in COMMANDS:
            # Not client.exec_command: its file for input ends it late, and sshd then drops the connection now and then.
            transport = client.get_transport()
            assert transport
            channel = transport.open_session(timeout=30)
            channel.exec_command(shlex.join(words))
            text = channel.makefile("rb").read().decode()
            answers.append((channel.recv_exit_status(), text))
        return answers

    yield []
    with ThreadPoolExecutor(HOSTS) as pool:
        clients: list[paramiko.SSHClient] = []
        # Both in one go, as a person would write it: a host's checks begin when it is open.
        yield list(pool.map(lambda address: (clients.append(client := opened(address)), swept(client))[1], place["addresses"]))
        while True:
            yield list(pool.map(swept, clients))


def openssh(place: dict[str, Any]) -> Iterator[list[list[tuple[int, str]]]]:
    """One ssh a host, all commands in one remote shell, as a good script does it. With `control`, connections are shared."""
    import shlex

    cut = "=-=-cut-=-="
    script = "".join(f"({shlex.join(words)}) </dev/null; echo '{cut}'$?\n" for words in COMMANDS)
    words = ["ssh", "-F", "none", "-i", place["key"], "-p", str(place["port"]), "-o", f"UserKnownHostsFile={place['known_hosts']}"]
    for option in ("IdentitiesOnly=yes", "StrictHostKeyChecking=yes", "BatchMode=yes", "KexAlgorithms=curve25519-sha256"):
        words += ["-o", option]
    if place["control"]:
        words += ["-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o", f"ControlPath={place['folder']}/%h"]

    def sweep() -> list[list[tuple[int, str]]]:
        running = []
        for address in place["addresses"]:
            file = tempfile.TemporaryFile()  # noqa: SIM115  (a master keeps a pipe open)
            process = subprocess.Popen([*words, address, "sh"], stdin=subprocess.PIPE, stdout=file, stderr=subprocess.DEVNULL)
            assert process.stdin
            process.stdin.write(script.encode())
            process.stdin.close()
            running.append((process, file))
        answers = []
        for process, file in running:
            process.wait()
            file.seek(0)
            pieces = file.read().decode().split(cut)
            codes = [int(piece.split("\n", 1)[0]) for piece in pieces[1:]]
            texts = [pieces[0], *(piece.split("\n", 1)[1] for piece in pieces[1:-1])]
            answers.append(list(zip(codes, texts, strict=True)))
            file.close()
        return answers

    yield []
    try:
        while True:
            yield sweep()
    finally:
        for address in place["addresses"] if place["control"] else ():
            subprocess.run([*words, "-O", "exit", address], capture_output=True, check=False)


CONTENDERS: dict[str, Callable[[dict[str, Any]], Iterator[list[list[tuple[int, str]]]]]] = {
    "temanashi": ours,
    "channel per command": channel_per_command,
    "OpenSSH, one script": openssh,
    "OpenSSH, one script, ControlMaster": openssh,
}


def contend(name: str, place: dict[str, Any]) -> None:
    """In a process of its own: all sweeps of one contender; times as seconds since the process was started."""
    place["control"] = name.endswith("ControlMaster")
    sweeps = CONTENDERS[name](place)
    next(sweeps)
    if name == "temanashi":
        import paramiko  # noqa: F401

        from temanashi.hosts.ssh import reaching  # noqa: F401
    told: dict[str, Any] = {"imported": time.time() - place["started"], "ends": [], "right": [], "cpus": [time.process_time()]}
    for _ in range(place["sweeps"]):
        found = next(sweeps)
        told["ends"].append(time.time() - place["started"])
        told["cpus"].append(time.process_time())
        told["right"].append(sum(right(number, answers) for number, answers in enumerate(found)))
    sweeps.close()  # type: ignore[attr-defined]
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    told["cpu"] = sum(u.ru_utime + u.ru_stime for u in used)
    # Not ru_maxrss, which counts the process that we were forked from.
    told["peak"] = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps(told), flush=True)
    os._exit(0)


# The harness.


@contextmanager
def hosts() -> Iterator[Any]:
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]
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
    command = [sys.executable, str(ROOT / "benchmarks" / "slow_relay.py"), str(milliseconds / 2000), *pairs]
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


def measured(name: str, place: dict[str, Any], server: Any, *, sweeps: int = 2, python: str = sys.executable) -> dict[str, Any]:
    before = host_cpu(server)
    place = {**place, "sweeps": sweeps, "started": time.time()}
    done = subprocess.run(
        [python, __file__, "--contend", name, json.dumps(place)],
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


def rows_of(place: dict[str, Any], server: Any, rounds: int) -> dict[str, dict[str, float]]:
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTENDERS}
    floors = []
    for _ in range(rounds):
        for name in CONTENDERS:
            found[name].append(measured(name, place, server))
        floors.append(measured("temanashi", place, server, sweeps=1))
    medians = {}
    for name, runs in found.items():
        medians[name] = {
            key: statistics.median(run[key] for run in runs) for key in ("cold", "warm", "cpu", "peak", "imported", "host cpu")
        }
        medians[name]["right"] = min(min(run["right"]) for run in runs)
    medians["temanashi"]["floor"] = statistics.median(
        (run["cold"] - run["imported"]) / (run["host cpu"] / (os.cpu_count() or 1)) for run in floors
    )
    return medians


# Peers that are programs of their own, measured cold only: each run of theirs connects afresh.


def environment_of_peers(folder: Path, ready: str) -> Path:
    """The programs of an environment with pyinfra and Ansible: one that is there already, or a new one in the folder."""
    if ready:
        return Path(ready) / "bin"
    subprocess.run([sys.executable, "-m", "venv", str(folder / "peers")], check=True)
    subprocess.run([str(folder / "peers" / "bin" / "pip"), "install", "-q", *PEERS], check=True)
    return folder / "peers" / "bin"


def ansible_raw(place: dict[str, Any], programs: Path) -> list[str]:
    import shlex

    folder = Path(place["folder"])
    lines = [f"h{n} ansible_host={a} ansible_port={place['port']}" for n, a in enumerate(place["addresses"])]
    (folder / "hosts.ini").write_text("\n".join(lines) + "\n")
    tasks = [
        {"raw": shlex.join(words), "register": "answer", "failed_when": f"answer.rc != {code}"}
        for words, code in zip(COMMANDS, EXITS, strict=True)
    ]
    play = {"hosts": "all", "gather_facts": False, "remote_user": getpass.getuser(), "tasks": tasks}
    (folder / "play.yml").write_text(json.dumps([play]))
    (folder / "ansible.cfg").write_text(
        f"[defaults]\nforks = {HOSTS}\nprivate_key_file = {place['key']}\n[ssh_connection]\npipelining = true\n"
        f"ssh_args = -F none -o ControlMaster=auto -o ControlPersist=60 -o UserKnownHostsFile={place['known_hosts']}"
        f" -o IdentitiesOnly=yes -o KexAlgorithms=curve25519-sha256\ncontrol_path_dir = {folder}/cp\n"
    )
    return [str(programs / "ansible-playbook"), "-i", str(folder / "hosts.ini"), str(folder / "play.yml")]


def pyinfra_shell(place: dict[str, Any], programs: Path) -> list[str]:
    import shlex

    folder = Path(place["folder"])
    shared = {
        "ssh_port": place["port"],
        "ssh_user": getpass.getuser(),
        "ssh_key": place["key"],
        "ssh_known_hosts_file": place["known_hosts"],
        "ssh_strict_host_key_checking": "yes",
    }
    (folder / "inventory.py").write_text(f"hosts = [(a, {shared!r}) for a in {place['addresses']!r}]\n")
    lines = ["from pyinfra.operations import server"]
    for words, code in zip(COMMANDS, EXITS, strict=True):
        text = shlex.join(words) if code == 0 else f"{shlex.join(words)}; test $? = {code}"
        lines.append(f"server.shell(commands=[{text!r}])")
    (folder / "deploy.py").write_text("\n".join(lines) + "\n")
    return [str(programs / "pyinfra"), "-y", "--parallel", str(HOSTS), str(folder / "inventory.py"), str(folder / "deploy.py")]


def measured_program(command: list[str], place: dict[str, Any]) -> dict[str, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=place["folder"],
        env={**os.environ, "ANSIBLE_CONFIG": f"{place['folder']}/ansible.cfg"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        print(done.stdout[-1500:], done.stderr[-1500:], file=sys.stderr)
    for file in Path(place["folder"]).glob("cp/*"):
        subprocess.run(["ssh", "-o", f"ControlPath={file}", "-O", "exit", "x"], capture_output=True, check=False)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # Each command's exit code was compared by the program itself.
    return {"cold": seconds, "cpu": cpu, "right": 0 if done.returncode else HOSTS * len(COMMANDS)}


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rtt", type=float, default=0, help="milliseconds of round trip")
    parser.add_argument("--peers", action="store_true", help="install and measure pyinfra and Ansible too")
    parser.add_argument("--environment", default="", help="an environment that has them already")
    parser.add_argument("--processes", type=int, default=1, help="processes that share our sweep")
    parser.add_argument("--contend", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.contend:
        contend(given.contend[0], json.loads(given.contend[1]))
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
        rows = rows_of(place, server, given.rounds)
        if given.peers:
            programs = environment_of_peers(Path(folder), given.environment)
            rows["pyinfra, 25 operations"] = measured_program(pyinfra_shell(place, programs), place)
            rows["Ansible, 25 raw tasks"] = measured_program(ansible_raw(place, programs), place)
        table(f"{HOSTS} hosts x {len(COMMANDS)} checks, {given.rtt:g} ms round trip, {os.cpu_count()} cores for both sides", rows)
        print(f"cold without imports / (CPU of the hosts / cores): {rows['temanashi']['floor']:.2f}")


if __name__ == "__main__":
    main()
