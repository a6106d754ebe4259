"""Changes of accounts on a Linux host: ours beside Ansible's `user` and `group` on a twin host, in the same run; states compared.

Both hosts are real ones (sshd, shadow tools) in namespaces of this machine. Each kind of change has an account of its own. Ansible
runs with pipelining, a shared connection and no facts, all changes in one playbook, so that what is compared is a change on a
connection that is open. `--environment DIR` names a ready one with ansible-core; else it is installed into a throw-away one.
Exits with 1 where a goal is missed: no difference, three times faster, 500 accounts planned in 2 s, 100 ms a change beside its
tools. Needs root.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PARTS = ROOT / "benchmarks" / "account_parts"
sys.path[:0] = [str(PARTS), str(ROOT / "tests"), str(ROOT / "src")]
PEERS = ("ansible-core==2.19.*",)
ACCOUNTS = 500


def environment_of_peers(folder: Path, ready: str) -> Path:
    if ready:
        return Path(ready) / "bin"
    subprocess.run([sys.executable, "-m", "venv", str(folder / "peers")], check=True)
    subprocess.run([str(folder / "peers/bin/pip"), "install", "-q", *PEERS], check=True)
    return folder / "peers/bin"


def prepare(host: Any, every: list[Any]) -> None:
    """The accounts as they are before, made with the host's own tools, in the same order on both."""
    from kinds import GROUPS

    lines = [f"getent group {group} >/dev/null || groupadd {group}" for group in GROUPS]
    for kind in every:
        if kind.before is not None:
            options = " ".join(f"'{word}'" for word in kind.before)
            shell = "" if "-s" in kind.before else "-s /bin/sh"
            lines.append(f"useradd -m {shell} {options} {kind.login}")
        if kind.keys:
            text = "\\n".join(kind.keys)
            lines.append(f"cd /home/{kind.login} && mkdir -m 700 .ssh && printf '{text}\\n' > .ssh/authorized_keys")
            lines.append(f"chmod 600 .ssh/authorized_keys && chown -R {kind.login}: .ssh")
    host.inside("sh", "-ec", "\n".join(lines))


def directory_of(host: Any, reach: Any) -> Any:
    from temanashi.accounts.directories.linux import KIND
    from temanashi.accounts.directory import Reached
    from temanashi.clock import SystemClock

    return KIND.open(Reached(where="ours", transport=reach.transport(host.host()), timeout=60, clock=SystemClock()))


def wish_of(kind: Any) -> Any:
    from temanashi.accounts.host_wishes import HostWish
    from temanashi.accounts.wishes import Wish

    on_host = HostWish(**kind.on_host).model_dump(mode="json") if kind.on_host else None
    return Wish(login=kind.login, **kind.ours, on_host=on_host)


def ours(directory: Any, every: list[Any]) -> dict[str, float]:
    """Seconds of each change: read, plan, apply and read again, as a run does it."""
    from kinds import SECRET

    from temanashi.accounts.model import Scope

    directory.read(Scope(logins=("nobody",)))  # it is connected
    took = {}
    for kind in every:
        wish = wish_of(kind)
        began = time.monotonic()
        seen = directory.read(Scope(logins=(kind.login,)))
        changes = directory.plan(wish, seen)
        if changes:
            directory.apply(wish, changes, seen, secret=SECRET if kind.secret else None)
        took[kind.name] = time.monotonic() - began
        if bool(changes) != (kind.name != "nothing"):
            print(f"{kind.name}: {changes}", file=sys.stderr)
    return took


def theirs(host: Any, every: list[Any], programs: Path, folder: Path) -> dict[str, float]:
    """Seconds of each change by the times that Ansible itself notes, the tasks of one kind added up."""
    tasks = [{"name": f"{kind.name} {number}", **task} for kind in every for number, task in enumerate(kind.tasks)]
    first = {"name": "connect", "ansible.builtin.raw": "true"}
    play = {"hosts": "all", "gather_facts": False, "tasks": [first, *tasks]}
    (folder / "play.yml").write_text(json.dumps([play]))
    interpreter = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
    (folder / "hosts.ini").write_text(
        f"theirs ansible_host={host.address} ansible_port={host.port} ansible_user=root ansible_python_interpreter={interpreter}\n"
    )
    (folder / "ansible.cfg").write_text(
        f"[defaults]\nprivate_key_file = {host.key}\nremote_tmp = ~/.ansible\ninterpreter_python = {interpreter}\n"
        f"[ssh_connection]\npipelining = true\nssh_args = -F none -o ControlMaster=auto -o ControlPersist=60"
        f" -o UserKnownHostsFile={host.known_hosts} -o IdentitiesOnly=yes\ncontrol_path_dir = {folder}/cp\n"
    )
    shutil.rmtree(folder / "junit", ignore_errors=True)
    noted = {"ANSIBLE_CALLBACKS_ENABLED": "junit", "JUNIT_OUTPUT_DIR": str(folder / "junit")}
    done = subprocess.run(
        [str(programs / "ansible-playbook"), "-i", str(folder / "hosts.ini"), str(folder / "play.yml")],
        env={**os.environ, **noted, "ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode:
        raise SystemExit(done.stdout[-3000:] + done.stderr[-2000:])
    took = dict.fromkeys((kind.name for kind in every), 0.0)
    for file in (folder / "junit").glob("*.xml"):
        for case in ET.parse(file).iter("testcase"):
            # "[theirs] all: exact groups 0 name=..., ...": the task's own name comes first.
            name = (case.get("name") or "").partition(": ")[2]
            for kind in every:
                if re.match(rf"{kind.name} \d( |$)", name):
                    took[kind.name] += float(case.get("time") or 0)
    for file in (folder / "cp").glob("*"):
        subprocess.run(["ssh", "-o", f"ControlPath={file}", "-O", "exit", "x"], capture_output=True, check=False)
    return took


def beside_tools(directory: Any, host: Any) -> tuple[float, float]:
    """Medians in seconds: a change of one field, and the tool of the host that it takes; the quietest of three rows of ten."""
    host.inside("useradd", "-m", "besides")
    rows = [_row_beside(directory, host, number) for number in range(3)]
    return min(rows, key=lambda row: row[0] - row[1])


def _row_beside(directory: Any, host: Any, row: int) -> tuple[float, float]:
    from temanashi.accounts.model import Scope
    from temanashi.accounts.wishes import Wish

    whole, tool = [], []
    for number in range(10):
        wish = Wish(do="set", login="besides", name=f"Name {row} {number}")
        began = time.monotonic()
        seen = directory.read(Scope(logins=("besides",)))
        directory.apply(wish, directory.plan(wish, seen), seen, secret=None)
        whole.append(time.monotonic() - began)
        text = 'a=$(date +%s%N); usermod -c "$1" besides; echo $(($(date +%s%N) - a))'
        tool.append(int(host.inside("sh", "-c", text, "sh", f"Other {row} {number}")) / 1e9)
    return statistics.median(whole), statistics.median(tool)


def plan_of_many(directory: Any, host: Any) -> float:
    """Seconds until 500 accounts of one host were read and the difference of each is known; half of them need a change."""
    from temanashi.accounts.model import Scope
    from temanashi.accounts.wishes import Wish

    logins = [f"many{number:03}" for number in range(ACCOUNTS)]
    text = 'i=40000; while read -r l; do i=$((i + 1)); echo "$l:x:$i:100:Name:/home/$l:/bin/sh" >> /etc/passwd\n'
    text += 'echo "$l:!:20000:0:99999:7:::" >> /etc/shadow; mkdir -p "/home/$l/.ssh"; cp ~/.ssh/authorized_keys "/home/$l/.ssh/"\n'
    text += "done"
    host.inside("sh", "-c", text, text="\n".join(logins) + "\n")
    took = []
    for _ in range(5):
        began = time.monotonic()
        seen = directory.read(Scope(logins=tuple(logins)))
        names = ["Name", "Another"] * (ACCOUNTS // 2)
        plans = [directory.plan(Wish(do="set", login=login, name=name), seen) for login, name in zip(logins, names, strict=True)]
        took.append(time.monotonic() - began)
        assert sum(map(bool, plans)) == ACCOUNTS // 2
    return statistics.median(took)


def main() -> None:
    from kinds import kinds
    from states import COMPARED, differing

    from fixtures_linuxhost import running_linuxhost
    from temanashi.accounts.names import fingerprint_of

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--environment", default="", help="an environment that has ansible-core already")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="accounts")))
        programs = environment_of_peers(folder, given.environment)
        one, other = (stack.enter_context(running_linuxhost(address)) for address in ("127.0.9.31", "127.0.9.32"))
        directory = directory_of(one, stack.enter_context(one.reach()))
        mine: dict[str, list[float]] = {}
        peer: dict[str, list[float]] = {}
        differences: list[str] = []
        logins: dict[str, bool] = {}
        for number in range(1, given.rounds + 1):
            every = list(kinds(str(number), fingerprint_of))
            for host in (one, other):
                prepare(host, every)
            for name, seconds in ours(directory, every).items():
                mine.setdefault(name, []).append(seconds)
            for name, seconds in theirs(other, every, programs, folder).items():
                peer.setdefault(name, []).append(seconds)
            logins.update({kind.login: kind.secret for kind in every})
            differences = list(differing(one.folder, other.folder, logins))
        whole, tool = beside_tools(directory, one)
        many = plan_of_many(directory, one)
    report(every, mine, peer, differences, COMPARED)
    beside = whole - tool
    print(f"a change of one field {whole * 1000:.0f} ms, of that its tool {tool * 1000:.0f} ms: {beside * 1000:.0f} ms beside it")
    print(f"{ACCOUNTS} accounts of one host read and planned: {many:.2f} s")
    plain = [statistics.median(peer[kind.name]) / statistics.median(mine[kind.name]) for kind in every if kind.plain]
    goals = {"no difference": not differences, "three times faster": statistics.median(plain) >= 3}
    goals |= {"planned in 2 s": many <= 2, "100 ms beside the tool": beside <= 0.1}
    for goal, met in goals.items():
        print(f"{'met' if met else 'MISSED'}: {goal}")
    raise SystemExit(0 if all(goals.values()) else 1)


def report(
    every: list[Any], mine: dict[str, list[float]], peer: dict[str, list[float]], differences: list[str], compared: str
) -> None:
    print(f"\n{'kind of change':18}{'ours ms':>10}{'Ansible ms':>12}{'x':>7}")
    for kind in every:
        a, b = statistics.median(mine[kind.name]), statistics.median(peer[kind.name])
        print(f"{kind.name:18}{a * 1000:10.0f}{b * 1000:12.0f}{b / a:7.1f}{'' if kind.plain else '   (several modules)'}")
    plain = [kind.name for kind in every if kind.plain]
    a, b = (statistics.median(statistics.median(times[name]) for name in plain) for times in (mine, peer))
    print(f"{'median, one module':18}{a * 1000:10.0f}{b * 1000:12.0f}{b / a:7.1f}")
    print(f"\n{len(differences)} differences over {len(every)} kinds of change. Compared: {compared}")
    for line in differences[:20]:
        print(f"  {line}")


if __name__ == "__main__":
    main()
