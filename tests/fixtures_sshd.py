"""A real OpenSSH server on loopback addresses, run by the current user: it lets only that user in, with a key made for it.

In a conftest: `from fixtures_sshd import sshd, sshd_factory`. `sshd` listens on 127.0.1.1 to .40 for the whole session;
`sshd_factory(...)` starts one of a test's own, with other addresses and lines of configuration.
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from fixtures_up import free_port
from temanashi.hosts.inventory import Host, Inventory
from temanashi.hosts.ssh.pool import Pool
from temanashi.hosts.ssh.reaching import Reach
from temanashi.settings_sections import SshSettings

ADDRESSES = tuple(f"127.0.1.{n}" for n in range(1, 41))
MOST_ADDRESSES = 16
"""One sshd listens on no more (MAX_LISTEN_SOCKS)."""

# With SHLVL=2 bash leaves out ~/.bashrc, which is nobody's business here and takes long on a developer's machine.
CONFIGURATION = """Port {port}
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
PrintLastLog no
UseDNS no
MaxStartups 300
MaxSessions 100
LoginGraceTime 20
LogLevel VERBOSE
KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org
SetEnv PATH=/usr/local/bin:/usr/bin:/bin SHLVL=2
"""


def programs() -> str | None:
    """The absolute path of sshd, which insists on it; None without it."""
    found = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    return found if shutil.which("ssh-keygen") else None


def make_key(file: Path, *words: str, kind: str = "ed25519") -> Path:
    """A new key pair without a passphrase, unless `words` say otherwise."""
    passphrase = () if "-N" in words else ("-N", "")
    subprocess.run(
        ["ssh-keygen", "-q", "-t", kind, *passphrase, "-C", "", *words, "-f", str(file)], check=True, stdin=subprocess.DEVNULL
    )
    return file


class Sshd:
    """One server. `key` opens it; `known_hosts` has its key under every address.

    `prepare` is called when the keys in its folder are made, and returns lines of configuration. Of two values sshd takes the
    first one: `first` are lines that change ours, `more` come last (Match).
    """

    def __init__(
        self,
        folder: Path,
        addresses: Sequence[str],
        *,
        first: str = "",
        more: str = "",
        prepare: Callable[[Path], str] = lambda _: "",
    ) -> None:
        self.folder, self.addresses = folder, tuple(addresses)
        self.port = free_port(*addresses)
        self.key = make_key(folder / "id_ed25519")
        self.host_key = make_key(folder / "host_key")
        shutil.copy(folder / "id_ed25519.pub", folder / "authorized_keys")
        self.text = first + CONFIGURATION.format(folder=folder, port=self.port) + prepare(folder) + more
        self.processes: list[subprocess.Popen[bytes]] = []
        self.known_hosts = folder / "known_hosts"
        self.known_hosts.write_text("".join(f"[{a}]:{self.port} {self.public_key}\n" for a in addresses))

    @property
    def public_key(self) -> str:
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        program = programs()
        assert program
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # where it locks itself in before anybody is signed in
        for first in range(0, len(self.addresses), MOST_ADDRESSES):
            listening = "".join(f"ListenAddress {address}\n" for address in self.addresses[first : first + MOST_ADDRESSES])
            file = self.folder / f"sshd_config{first}"
            file.write_text(listening + self.text)
            with (self.folder / "log").open("ab") as log:
                command = [program, "-D", "-e", "-f", str(file)]
                self.processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        until = time.monotonic() + 10
        for address in self.addresses:
            self._wait_for(address, until)

    def _wait_for(self, address: str, until: float) -> None:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex((address, self.port)) == 0:
                    return
            if time.monotonic() > until or any(process.poll() is not None for process in self.processes):
                raise RuntimeError(f"sshd did not start: {self.log}")
            time.sleep(0.02)

    def stop(self) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
        for process in self.processes:
            process.wait(10)

    def host(self, name: str = "web1", address: str = "", **more: Any) -> Host:
        fields = {"address": address or self.addresses[0], "port": self.port, "user": getpass.getuser()}
        return Inventory.model_validate({"hosts": {name: fields | more}}).select(name)[0]

    def settings(self, **more: Any) -> SshSettings:
        """Settings that know this server and nothing of who runs the tests."""
        fields = {"known_hosts": (str(self.known_hosts),), "config": "", "identity_files": (str(self.key),), "agent": False}
        return SshSettings.model_validate({**fields, "connect_timeout": 5, **more})

    @contextmanager
    def reach(self, *, idle_seconds: float = 30, secret: Callable[[str], str] | None = None, **more: Any) -> Iterator[Reach]:
        """Ways to it that are closed at the end."""
        pool = Pool(idle_seconds=idle_seconds)
        resolving = {} if secret is None else {"secret": secret}
        try:
            yield Reach(self.settings(**more), root=self.folder, pool=pool, **resolving)
        finally:
            pool.close()


@contextmanager
def running_sshd(addresses: Sequence[str] = ADDRESSES[:1], **more: Any) -> Iterator[Sshd]:
    if programs() is None:
        reason = "OpenSSH's server is not installed here"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="tema-sshd-"))
    server = Sshd(folder, addresses, **more)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sshd() -> Iterator[Sshd]:
    with running_sshd(ADDRESSES) as server:
        yield server


@pytest.fixture
def sshd_factory() -> Iterator[Callable[..., Sshd]]:
    with ExitStack() as stack:
        yield lambda *arguments, **more: stack.enter_context(running_sshd(*arguments, **more))


@contextmanager
def silent_server(address: str, port: int = 0) -> Iterator[int]:
    """A socket that accepts and says nothing; its port."""
    with socket.create_server((address, port)) as server:
        server.settimeout(0.1)
        over, held = threading.Event(), list[socket.socket]()

        def accept() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    held.append(server.accept()[0])

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            over.set()
            thread.join(5)
            for one in held:
                one.close()
