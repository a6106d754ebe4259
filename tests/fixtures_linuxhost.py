"""A throw-away Linux host for account tests: a real sshd with PAM, and the real shadow tools on its own account files.

It lives in mount and process namespaces of its own: /etc, /home, /root, /run, /usr/local/sbin and /var/lib, log, mail and spool
are folders of the test, and its processes see no others. Root of this machine signs in as root of it, with a key.

In a conftest: `from fixtures_linuxhost import linuxhost`. It starts with the accounts of the system and nobody else; a test uses
logins of its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import paramiko
import pytest

from fixtures_sshd import make_key, programs
from temanashi.hosts.inventory import Host, Inventory
from temanashi.hosts.ssh.pool import Pool
from temanashi.hosts.ssh.reaching import Reach
from temanashi.settings_sections import SshSettings

ACCOUNT_FILES = ("passwd", "shadow", "group", "gshadow", "subuid", "subgid")
FOLDERS = ("etc", "home", "root", "run", "usr/local/sbin", "var/lib", "var/log", "var/mail", "var/spool")
NEEDED = (
    "unshare",
    "useradd",
    "usermod",
    "chage",
    "gpasswd",
    "chpasswd",
    "faillock",
    "lastlog",
    "setpriv",
    "pkill",
    "sudo",
    "visudo",
)

SSHD = """Port {port}
ListenAddress {address}
HostKey /etc/ssh/host_key
PidFile none
UsePAM yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PermitUserEnvironment no
PrintMotd no
UseDNS no
MaxStartups 300
MaxSessions 100
MaxAuthTries 20
KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org
LogLevel VERBOSE
"""
# Three wrong passwords lock an account. `nodelay`: a wrong one is told at once, where people would wait two seconds.
PAM_SSHD = """auth required pam_faillock.so preauth nodelay
auth [success=1 default=ignore] pam_unix.so nodelay
auth [default=die] pam_faillock.so authfail nodelay
auth required pam_permit.so
account required pam_faillock.so
account required pam_unix.so
password required pam_unix.so sha512 rounds=1000
session required pam_permit.so
"""
ENTER = """set -e
for d in {folders}; do mount --bind "$1/$d" "/$d"; done
mkdir -p /run/sshd /run/faillock /var/spool/cron/crontabs
exec "$2" -D -e -f /etc/ssh/sshd_of_test
"""


class LinuxHost:
    """`etc` holds the account files; `key` opens root."""

    def __init__(self, folder: Path, address: str, program: str) -> None:
        self.folder, self.address, self._program = folder, address, program
        self.etc = folder / "etc"
        with socket.socket() as probe:
            probe.bind((address, 0))
            self.port = int(probe.getsockname()[1])
        shutil.copytree("/etc", self.etc, symlinks=True, ignore_dangling_symlinks=True)
        for name in FOLDERS[1:]:
            (folder / name).mkdir(parents=True, mode=0o755)
        self._account_files()
        self._server_files()

    def _account_files(self) -> None:
        system = [
            line for line in (self.etc / "passwd").read_text().splitlines() if _number(line) < 1000 or line.startswith("nobody:")
        ]
        groups = [
            line for line in (self.etc / "group").read_text().splitlines() if _number(line) < 1000 or line.startswith("nogroup:")
        ]
        first = [line.split(":")[0] for line in system]
        self._write("passwd", system)
        self._write("shadow", [f"{name}:*:19000:0:99999:7:::" for name in first], mode=0o640)
        self._write("group", [f"{line.rpartition(':')[0]}:" for line in groups])
        self._write("gshadow", [f"{line.split(':')[0]}:*::" for line in groups], mode=0o640)
        for name in ("subuid", "subgid"):
            self._write(name, [])
        for left in [*self.etc.glob("*.lock"), self.etc / ".pwd.lock", *(self.etc / f"{name}-" for name in ACCOUNT_FILES)]:
            left.unlink(missing_ok=True)

    def _write(self, name: str, lines: list[str], *, mode: int = 0o644) -> None:
        file = self.etc / name
        file.write_text("".join(f"{line}\n" for line in lines))
        file.chmod(mode)

    def _server_files(self) -> None:
        self.key = make_key(self.folder / "id_ed25519")
        ssh = self.folder / "root/.ssh"
        ssh.mkdir(mode=0o700)
        (ssh / "authorized_keys").write_text(self.key.with_suffix(".pub").read_text())
        (self.folder / "root").chmod(0o700)
        make_key(self.etc / "ssh/host_key")
        self._write("ssh/sshd_of_test", SSHD.format(port=self.port, address=self.address).splitlines())
        self._write("pam.d/sshd", PAM_SSHD.splitlines())
        self._write("pam.d/common-password", ["password required pam_unix.so sha512 rounds=1000"])
        self._write("security/faillock.conf", ["dir = /run/faillock", "deny = 3", "unlock_time = 0", "silent"])
        (self.folder / "var/log/lastlog").touch()
        (self.folder / "var/log/wtmp").touch()
        self.known_hosts = self.folder / "known_hosts"
        public = " ".join((self.etc / "ssh/host_key.pub").read_text().split()[:2])
        self.known_hosts.write_text(f"[{self.address}]:{self.port} {public}\n")

    def start(self) -> None:
        text = ENTER.format(folders=" ".join(FOLDERS))
        command = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "sh", "-c", text, "enter", str(self.folder), self._program],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + 10
        while not self._answers():
            if time.monotonic() > until or self._process.poll() is not None:
                raise RuntimeError(f"the host did not start: {self.log}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((self.address, self.port)) == 0

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def stop(self) -> None:
        with suppress(ProcessLookupError, FileNotFoundError, IndexError):  # it may have ended already
            os.kill(self.init, signal.SIGKILL)  # with it everything in its namespace ends
        self._process.wait(10)

    @property
    def init(self) -> int:
        """The first process of the host, as this machine counts."""
        pid = self._process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

    def host(self, name: str = "linux1", **more: Any) -> Host:
        fields = {"address": self.address, "port": self.port, "user": "root"}
        return Inventory.model_validate({"hosts": {name: fields | more}}).select(name)[0]

    @contextmanager
    def reach(self, *, key: Path | None = None) -> Iterator[Reach]:
        pool = Pool(idle_seconds=30)
        settings = SshSettings.model_validate(
            {
                "known_hosts": (str(self.known_hosts),),
                "config": "",
                "identity_files": (str(key or self.key),),
                "agent": False,
                "connect_timeout": 10,
            }
        )
        try:
            yield Reach(settings, root=self.folder, pool=pool)
        finally:
            pool.close()

    def files(self) -> dict[str, bytes]:
        """The account files, byte by byte."""
        return {name: (self.etc / name).read_bytes() for name in ACCOUNT_FILES}

    def line(self, file: str, login: str) -> list[str]:
        """The fields of a line of an account file; empty where there is none."""
        lines = (self.etc / file).read_text().splitlines()
        return next((line.split(":") for line in lines if line.startswith(f"{login}:")), [])

    def inside(self, *command: str, text: str = "") -> str:
        """What a command of root of that host prints."""
        words = ["nsenter", "--mount", "--pid", "--target", str(self.init), "--", *command]
        done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def person(self, login: str, password: str = "", *, groups: str = "") -> Path:
        """An account made with the host's own tools; the key that opens it."""
        self.inside("useradd", "-m", "-s", "/bin/sh", *(["-G", groups] if groups else []), login)
        if password:
            self.inside("chpasswd", text=f"{login}:{password}\n")
        key = make_key(self.folder / f"key-{login}")
        put = 'mkdir -p -m 700 ".ssh" && cat > .ssh/authorized_keys && chown -R "$1:" .ssh'
        self.inside("sh", "-c", f'cd "/home/$1" && {put}', "sh", login, text=key.with_suffix(".pub").read_text())
        return key

    def login(self, login: str, *, password: str | None = None, key: Path | None = None) -> str:
        """What a person sees who signs in and asks `id -un`: the login, `refused`, or what the host said instead."""
        with socket.create_connection((self.address, self.port), timeout=10) as link:
            transport = paramiko.Transport(link)
            try:
                transport.start_client(timeout=10)
                if key is not None:
                    transport.auth_publickey(login, paramiko.Ed25519Key.from_private_key_file(str(key)))
                else:
                    transport.auth_password(login, password or "", fallback=False)
                channel = transport.open_session(timeout=10)
                channel.set_combine_stderr(True)
                channel.exec_command("id -un")
                said = b"".join(iter(lambda: channel.recv(4096), b"")).decode().strip()
                channel.close()
            except paramiko.AuthenticationException:
                return "refused"
            except (EOFError, paramiko.SSHException):
                return "refused"
            finally:
                transport.close()
            return said


def _number(line: str) -> int:
    return int(line.split(":")[2])


def _lacking() -> str:
    """Why there can be no such host here; empty where there can."""
    if os.geteuid() != 0:
        return "only root can make a host of its own here (unshare)"
    if programs() is None:
        return "OpenSSH's server is not installed (tests/system-packages.sh)"
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    if missing := [name for name in NEEDED if not shutil.which(name, path=path)]:
        return f"not installed (tests/system-packages.sh): {', '.join(missing)}"
    done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--mount-proc", "true"], capture_output=True, check=False)
    return "" if done.returncode == 0 else f"unshare is not allowed here: {done.stderr.decode().strip()}"


@contextmanager
def running_linuxhost(address: str = "127.0.9.1") -> Iterator[LinuxHost]:
    reason = _lacking()
    if reason:
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    program = programs()
    assert program
    with tempfile.TemporaryDirectory(prefix="tema-linuxhost-", ignore_cleanup_errors=True) as folder:
        made = LinuxHost(Path(folder), address, program)
        made.start()
        try:
            yield made
        finally:
            made.stop()


@pytest.fixture(scope="session")
def linuxhost() -> Iterator[LinuxHost]:
    with running_linuxhost() as made:
        yield made
