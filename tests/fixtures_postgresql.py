"""A real PostgreSQL server on a free loopback port.

In a conftest: `from fixtures_postgresql import postgresql_server, postgresql_url`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from fixtures_up import free_port

__all__ = ["PASSWORD", "postgresql_server", "postgresql_url"]

PASSWORD = "only-for-tests"


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def _missing(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


class _Server:
    """A cluster in a temporary folder, owned by an ordinary user: PostgreSQL refuses to run as root."""

    def __init__(self, binaries: Path) -> None:
        self.binaries = binaries
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="tema-pg-"))
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.folder, self.user)

    def run(self, *words: str) -> None:
        argv = ["runuser", "-u", self.user, "--", *words] if self.user else list(words)
        # pg_ctl's server would keep a pipe open, so its output goes nowhere; the server's own goes to its log.
        done = subprocess.run(
            argv,
            check=False,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )
        if done.returncode:
            log = self.folder / "log"
            raise RuntimeError(f"{words[0]} ended with {done.returncode}: {log.read_text() if log.exists() else ''}")

    def start(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        data = str(self.folder / "data")
        self.run(
            str(self.binaries / "initdb"), "-D", data, "-U", "tema", f"--pwfile={secret}", "-A", "scram-sha-256", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off -c max_connections=60"
        self.run(str(self.binaries / "pg_ctl"), "-D", data, "-o", options, "-l", str(self.folder / "log"), "-w", "start")

    def stop(self) -> None:
        self.run(str(self.binaries / "pg_ctl"), "-D", str(self.folder / "data"), "-m", "immediate", "stop")

    def url(self, name: str) -> str:
        return f"postgresql://tema:{PASSWORD}@127.0.0.1:{self.port}/{name}"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[_Server]:
    binaries = _binaries()
    if find_spec("psycopg") is None:
        _missing("psycopg is not installed here")
    if binaries is None:
        _missing("PostgreSQL is not installed here")
    server = _Server(binaries)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql_server: _Server) -> Iterator[str]:
    """The URL of an empty database of this test's own, with the user `tema`, who owns it."""
    import psycopg

    name = f"t_{uuid.uuid4().hex}"
    with psycopg.connect(postgresql_server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgresql_server.url(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
