"""Who sweeps the hosts, each in a process of its own: `contenders.py NAME PLACE` prints when it was done with what, as JSON."""

from __future__ import annotations

import functools
import getpass
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

# What morning checks ask, each a program of its own; what is printed anew each time is not compared.
CHANGING = [
    ["cat", "/proc/loadavg"],
    ["cat", "/proc/meminfo"],
    ["cat", "/proc/uptime"],
    ["df", "-P", "/"],
    ["date", "+%s"],
    ["ps", "-o", "pid="],
]
STEADY = [
    ["uname", "-n"],
    ["uname", "-r"],
    ["id", "-un"],
    ["ls", "-d", "/var/log"],
    ["ls", "/no/such/file"],
    ["stat", "-c", "%Y", "/etc/passwd"],
    ["grep", "-c", "root", "/etc/passwd"],
    ["grep", "nobody-has-this-name", "/etc/passwd"],
    ["sh", "-c", "exit 3"],
    ["sh", "-c", 'echo "$1"', "sh", "a b'c"],
    ["head", "-c", "11", "/etc/passwd"],
    ["head", "-n", "3", "/etc/passwd"],
    ["tail", "-n", "3", "/etc/passwd"],
    ["wc", "-l", "/etc/passwd"],
    ["cut", "-d:", "-f1", "/etc/passwd"],
    ["sort", "/etc/passwd"],
    ["cat", "/proc/version"],
    ["cat", "/etc/hostname"],
    ["basename", "/srv/check"],
]
COMMANDS: list[list[str]] = [*CHANGING, *STEADY]
Answers = list[list[tuple[int, str]]]
"""By host and command: the exit code and what was printed."""


@functools.cache
def wanted() -> list[tuple[int, str | None]]:
    """What is right: what this machine says, since it is all of the hosts."""
    found: list[tuple[int, str | None]] = [(0, None)] * len(CHANGING)
    for words in STEADY:
        done = subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
        found.append((done.returncode, done.stdout))
    return found


def right(host: int, answers: Sequence[tuple[int, str]]) -> int:
    """How many of a host's answers are what they must be."""
    good = 0
    for words, (code, text), (exit_code, printed) in zip(COMMANDS, wanted(), answers, strict=True):
        if exit_code == code and (printed == text if text is not None else printed):
            good += 1
        else:
            print(f"host {host}: {words} gave {exit_code} {printed[:60]!r}", file=sys.stderr)
    return good


def ours(place: dict[str, Any]) -> Iterator[Answers]:
    from temanashi.hosts import Command, Inventory, fan_out
    from temanashi.hosts.ssh.pool import Pool
    from temanashi.hosts.ssh.reaching import Reach
    from temanashi.hosts.ssh.sharding import Shards
    from temanashi.settings_sections import SshSettings

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


def channel_per_command(place: dict[str, Any]) -> Iterator[Answers]:
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
    with ThreadPoolExecutor(len(place["addresses"])) as pool:
        clients: list[paramiko.SSHClient] = []
        # Both in one go, as a person would write it: a host's checks begin when it is open.
        yield list(pool.map(lambda address: (clients.append(client := opened(address)), swept(client))[1], place["addresses"]))
        while True:
            yield list(pool.map(swept, clients))


def openssh(place: dict[str, Any]) -> Iterator[Answers]:
    """One ssh a host, all commands in one remote shell, as a good script does it. With `control`, connections are shared."""
    import shlex

    cut = "=-=-cut-=-="
    script = "".join(f"({shlex.join(words)}) </dev/null; echo '{cut}'$?\n" for words in COMMANDS)
    words = ["ssh", "-F", "none", "-i", place["key"], "-p", str(place["port"]), "-o", f"UserKnownHostsFile={place['known_hosts']}"]
    for option in ("IdentitiesOnly=yes", "StrictHostKeyChecking=yes", "BatchMode=yes", "KexAlgorithms=curve25519-sha256"):
        words += ["-o", option]
    if place["control"]:
        words += ["-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o", f"ControlPath={place['folder']}/%h"]

    def sweep() -> Answers:
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
            missing = [(-1, "")] * (len(COMMANDS) - len(codes))  # of a host that did not let it in
            answers.append([*zip(codes, texts, strict=False), *missing])
            file.close()
        return answers

    yield []
    try:
        while True:
            yield sweep()
    finally:
        for address in place["addresses"] if place["control"] else ():
            subprocess.run([*words, "-O", "exit", address], capture_output=True, check=False)


CONTENDERS: dict[str, Callable[[dict[str, Any]], Iterator[Answers]]] = {
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


if __name__ == "__main__":
    contend(sys.argv[1], json.loads(sys.argv[2]))
