"""Peers that are programs of their own, measured cold only: each run of theirs connects afresh."""

from __future__ import annotations

import getpass
import json
import os
import resource
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from contenders import COMMANDS, wanted

PEERS = ("pyinfra==3.*", "ansible-core")


def environment_of_peers(folder: Path, ready: str) -> Path:
    """The programs of an environment with pyinfra and Ansible: one that is there already, or a new one in the folder."""
    if ready:
        return Path(ready) / "bin"
    subprocess.run([sys.executable, "-m", "venv", str(folder / "peers")], check=True)
    subprocess.run([str(folder / "peers" / "bin" / "pip"), "install", "-q", *PEERS], check=True)
    return folder / "peers" / "bin"


def ansible_raw(place: dict[str, Any], programs: Path) -> list[str]:
    folder = Path(place["folder"])
    lines = [f"h{n} ansible_host={a} ansible_port={place['port']}" for n, a in enumerate(place["addresses"])]
    (folder / "hosts.ini").write_text("\n".join(lines) + "\n")
    tasks = [
        {"raw": shlex.join(words), "register": "answer", "failed_when": f"answer.rc != {code}"}
        for words, code in zip(COMMANDS, [code for code, _ in wanted()], strict=True)
    ]
    play = {"hosts": "all", "gather_facts": False, "remote_user": getpass.getuser(), "tasks": tasks}
    (folder / "play.yml").write_text(json.dumps([play]))
    (folder / "ansible.cfg").write_text(
        f"[defaults]\nforks = {len(place['addresses'])}\nprivate_key_file = {place['key']}\n[ssh_connection]\npipelining = true\n"
        f"ssh_args = -F none -o ControlMaster=auto -o ControlPersist=60 -o UserKnownHostsFile={place['known_hosts']}"
        f" -o IdentitiesOnly=yes -o KexAlgorithms=curve25519-sha256\ncontrol_path_dir = {folder}/cp\n"
    )
    return [str(programs / "ansible-playbook"), "-i", str(folder / "hosts.ini"), str(folder / "play.yml")]


def pyinfra_shell(place: dict[str, Any], programs: Path) -> list[str]:
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
    for words, code in zip(COMMANDS, [code for code, _ in wanted()], strict=True):
        text = shlex.join(words) if code == 0 else f"{shlex.join(words)}; test $? = {code}"
        lines.append(f"server.shell(commands=[{text!r}])")
    (folder / "deploy.py").write_text("\n".join(lines) + "\n")
    return [
        str(programs / "pyinfra"),
        "-y",
        "--parallel",
        str(len(place["addresses"])),
        str(folder / "inventory.py"),
        str(folder / "deploy.py"),
    ]


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
    return {"cold": seconds, "cpu": cpu, "right": 0 if done.returncode else len(place["addresses"]) * len(COMMANDS)}
