"""One `tema up` per workspace, and a port that is free."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from temanashi.errors import ServerError
from temanashi.orchestration.certificate import Certificate
from temanashi.settings import Settings

__all__ = ["AlreadyUp", "OpenToEverybody", "PortTaken", "check_listening", "check_port", "hold_workspace", "holder"]


class AlreadyUp(ServerError):
    """Another `tema up` serves this workspace."""

    key = "orchestration.already-up"

    def __init__(self, *, pid: Any, user: str, url: str, since: str) -> None:
        super().__init__(pid=pid, user=user, url=url, since=since)


class PortTaken(ServerError):
    """Another program listens where the server should."""

    key = "orchestration.port-taken"

    def __init__(self, host: str, port: int, holder: str) -> None:
        super().__init__(host=host, port=port, holder=holder)


class OpenToEverybody(ServerError):
    """Others would reach the server without signing in. Data: host."""

    key = "orchestration.open-to-everybody"

    def __init__(self, host: str) -> None:
        super().__init__(host=host)


@contextmanager
def hold_workspace(settings: Settings, *, url: str, now: datetime) -> Iterator[None]:
    """Hold the workspace's lock; raises AlreadyUp. The kernel frees it with the process, however that ends."""
    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (settings.state_dir / "up.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyUp(**_told(file.read())) from None
        file.seek(0)
        file.truncate()
        said = {
            "pid": os.getpid(),
            "user": getpass.getuser(),
            "url": url,
            "since": f"{now.astimezone(settings.zone):%Y-%m-%d %H:%M}",
        }
        file.write(json.dumps(said))
        file.flush()
        yield


def _told(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:  # the other one has the lock and has not written yet
        said = {}
    return {name: said.get(name, "?") for name in ("pid", "user", "url", "since")}


def check_listening(settings: Settings) -> None:
    """Raise OpenToEverybody for an address that others reach, where nobody has to sign in, and CertificateUnreadable."""
    tls = settings.gate.tls
    if not settings.gate.sign_in and (tls is not None or not settings.loopback):
        raise OpenToEverybody(tls.host if tls is not None else settings.host)
    if tls is not None:
        Certificate(settings, tls)


def check_port(host: str, port: int) -> None:
    """Raise PortTaken, with the program that holds it where this user may see it, unless somebody can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            raise PortTaken(host, port, holder(port) or os.strerror(error.errno or 0)) from error


def holder(port: int) -> str:
    """The process that listens on a TCP port of this machine, `1234 (nginx)`; empty where that cannot be seen."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listening(Path("/proc/net") / table, port)}
    if not inodes:
        return ""
    for process in Path("/proc").glob("[0-9]*"):
        if inodes & set(_sockets(process)):
            with contextlib.suppress(OSError):  # gone meanwhile
                return f"{process.name} ({(process / 'comm').read_text(encoding='utf-8').strip()})"
    return ""


def _sockets(process: Path) -> Iterator[str]:
    """Inodes of the sockets that a process has open, as far as this user may see."""
    try:
        links = list((process / "fd").iterdir())
    except OSError:
        return
    for link in links:
        with contextlib.suppress(OSError):  # closed meanwhile
            target = str(link.readlink())
            if target.startswith("socket:["):
                yield target[8:-1]


def _listening(table: Path, port: int) -> Iterator[str]:
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return
    for line in lines:
        fields = line.split()
        if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:  # 0A: LISTEN (linux/include/net/tcp_states.h)
            yield fields[9]
