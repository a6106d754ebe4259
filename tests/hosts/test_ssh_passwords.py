"""Signing in with a password, where a host wants one: with a small SSH server, since OpenSSH asks the system's accounts."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress

import paramiko
import pytest

from fixtures_sshd import make_key, programs
from temanashi.hosts import Inventory
from temanashi.hosts.ssh.faults import AuthFailed, ConnectTimedOut
from temanashi.hosts.ssh.pool import Pool
from temanashi.hosts.ssh.reaching import Reach
from temanashi.settings_sections import SshSettings
from temanashi.text import explain

pytestmark = [pytest.mark.server, pytest.mark.skipif(programs() is None, reason="OpenSSH is not installed here")]
PASSWORD = "pa ss'wörd"


class Rules(paramiko.ServerInterface):
    """Lets `ops` in with the password, after the methods in `wanted`."""

    def __init__(self, wanted):
        self.wanted = list(wanted)

    def get_allowed_auths(self, username):
        return ",".join(self.wanted)

    def passed(self, method, right):
        if method not in self.wanted or not right:
            return paramiko.AUTH_FAILED
        if method == "publickey" and "password" in self.wanted:
            self.wanted = ["password"]
            return paramiko.AUTH_PARTIALLY_SUCCESSFUL
        return paramiko.AUTH_SUCCESSFUL

    def check_auth_none(self, username):
        return self.passed("none", right=True)

    def check_auth_password(self, username, password):
        if self.wanted == ["patience"]:
            time.sleep(1.5)
        return self.passed("password", username == "ops" and password == PASSWORD and self.wanted == ["password"])

    def check_auth_publickey(self, username, key):
        return self.passed("publickey", right=True)

    def check_auth_interactive(self, username, submethods):
        if "keyboard-interactive" not in self.wanted:
            return paramiko.AUTH_FAILED
        return paramiko.InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses):
        return self.passed("keyboard-interactive", list(responses) == [PASSWORD])


@contextmanager
def serving(folder, wanted):
    make_key(folder / "host")
    key = paramiko.Ed25519Key.from_private_key_file(str(folder / "host"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        open_ones = []

        def accept():
            with suppress(OSError):
                while True:
                    transport = paramiko.Transport(server.accept()[0])
                    transport.add_server_key(key)
                    transport.start_server(server=Rules(wanted), event=threading.Event())
                    open_ones.append(transport)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1], " ".join((folder / "host.pub").read_text().split()[:2])
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for transport in open_ones:
                transport.close()
                transport.join(5)


def signed_in(tmp_path, wanted, *, password="env:RIGHT", keys=(), seconds=5):
    """Signs in; raises why not."""
    with serving(tmp_path, wanted) as (port, host_key):
        (tmp_path / "known").write_text(f"[127.0.0.1]:{port} {host_key}\n")
        settings = SshSettings(
            known_hosts=(str(tmp_path / "known"),), config="", identity_files=keys, agent=False, connect_timeout=seconds
        )
        secrets = {"env:RIGHT": PASSWORD, "env:WRONG": "guessed"}
        pool = Pool(idle_seconds=0)
        reach = Reach(settings, root=tmp_path, pool=pool, secret=secrets.__getitem__)
        fields = {"address": "127.0.0.1", "port": port, "user": "ops"} | ({"password": password} if password else {})
        host = Inventory.model_validate({"hosts": {"web1": fields}}).select("web1")[0]
        with reach.connection(reach.route(host)) as connection:
            assert connection.session.is_authenticated()


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("wanted", [["password"], ["keyboard-interactive"], ["none"]])
def test_a_password_is_given_in_the_way_that_the_host_wants(tmp_path, wanted):
    signed_in(tmp_path, wanted, password=None if wanted == ["none"] else "env:RIGHT")


def test_a_host_may_want_a_key_and_a_password(tmp_path):
    key = make_key(tmp_path / "mine")
    signed_in(tmp_path, ["publickey", "password"], keys=(str(key),))


def test_a_host_that_thinks_too_long_about_a_password_is_given_up(tmp_path):
    with pytest.raises(ConnectTimedOut):
        signed_in(tmp_path, ["patience"], seconds=0.7)


@pytest.mark.parametrize("wanted", [["password"], ["keyboard-interactive"], ["publickey"]])
def test_a_wrong_password_is_told_by_its_reference_and_never_by_itself(tmp_path, wanted):
    with pytest.raises(AuthFailed) as caught:
        signed_in(tmp_path, wanted, password="env:WRONG")
    for lang in ("ja", "en"):
        what = explain(caught.value, lang).what
        assert "env:WRONG" in what
        assert wanted[0] in what
        assert "guessed" not in what + repr(caught.value)
