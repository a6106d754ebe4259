"""Signing in: key files with their certificates, keys of the agent, and a password by reference."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import paramiko
import paramiko.agent
from paramiko.pkey import PublicBlob
from paramiko.ssh_exception import BadAuthenticationType, SSHException

from temanashi.hosts.ssh.faults import AuthFailed
from temanashi.hosts.ssh.key_files import KeyFiles
from temanashi.hosts.ssh.routes import Endpoint
from temanashi.settings_sections import SshSettings

__all__ = ["Identities"]

AGENT_SECONDS = 10.0
CERTIFICATE = "-cert-"
USUAL = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")

Try = Callable[[paramiko.Transport], Sequence[str]]
"""One try; it returns the methods that the host wants besides, none when we are in."""


class Identities:
    """The keys and passwords that the settings and the inventory name. It may be used by several threads."""

    def __init__(self, settings: SshSettings, *, root: Path, secret: Callable[[str], str]) -> None:
        self._settings = settings
        self._root = root
        self._secret = secret
        self._files = KeyFiles(passphrase=lambda: None if settings.passphrase is None else secret(settings.passphrase))

    def sign_in(self, transport: paramiko.Transport, endpoint: Endpoint) -> None:
        """Authenticate; raises AuthFailed, KeyUnusable and SecretMissing, and SSHException or EOFError when the connection ends."""
        tried: list[str] = []
        allowed: list[str] = []
        with closing(_Agent(enabled=self._settings.agent and not endpoint.identities_only)) as agent:
            for name, attempt in self._tries(endpoint, agent):
                wanted = _outcome(transport, attempt)
                if wanted == []:
                    return
                tried.append(name)
                allowed = wanted or allowed
                if not transport.is_active():  # it has had enough of us: MaxAuthTries
                    raise AuthFailed(endpoint.name, endpoint.user, tried=tried, allowed=allowed)
        wanted = _outcome(transport, lambda transport: transport.auth_none(endpoint.user))
        if wanted != []:  # else the host wants no proof at all
            raise AuthFailed(endpoint.name, endpoint.user, tried=tried, allowed=wanted or allowed)

    def _tries(self, endpoint: Endpoint, agent: _Agent) -> Iterator[tuple[str, Try]]:
        """What to try, in order: keys that somebody named, those of the agent, the usual files when none is named, the password."""
        user = endpoint.user
        certificates = [self._place(name) for name in endpoint.certificate_files]
        named = self._named(endpoint)
        for name, key in self._files.keys(endpoint.name, named, certificates):
            yield name, _signing(user, key)
        for held in agent.held():
            yield f"agent: {held.comment or held.get_name()}", _signing(user, held)
        usual = [] if named else [file for name in USUAL if (file := Path(name).expanduser()).exists()]
        for name, key in self._files.keys(endpoint.name, usual, certificates):
            yield name, _signing(user, key)
        if endpoint.password is not None:
            password = self._secret(endpoint.password)
            yield f"password: {endpoint.password}", lambda transport: transport.auth_password(user, password)

    def _named(self, endpoint: Endpoint) -> list[Path]:
        """Key files that somebody named. Those of the settings must exist; ssh_config may name some that only others have."""
        ours = [self._place(file) for file in self._settings.identity_files]
        return list(dict.fromkeys([*ours, *(f for name in endpoint.identity_files if (f := self._place(name)).exists())]))

    def _place(self, file: str) -> Path:
        return self._root / Path(file).expanduser()


def _signing(user: str, key: paramiko.PKey) -> Try:
    return lambda transport: transport.auth_publickey(user, key)


def _outcome(transport: paramiko.Transport, attempt: Try) -> list[str] | None:
    """The methods that are wanted besides or instead, none when we are in, None when that is not known; raises TimeoutError."""
    try:
        return list(attempt(transport))
    except BadAuthenticationType as error:
        return list(error.allowed_types) or None
    except paramiko.AuthenticationException as error:
        if "timeout" in str(error):
            raise TimeoutError from error
        return None


def _whole(key: paramiko.AgentKey) -> paramiko.AgentKey:
    """The key with the certificate that it is: of RSA ones paramiko would offer the bare key under the certificate's name."""
    if CERTIFICATE in key.get_name():
        key.public_blob = PublicBlob.from_message(paramiko.Message(key.blob))  # type: ignore[assignment]
    return key


class _Agent(paramiko.agent.AgentSSH):
    """The agent of SSH_AUTH_SOCK, asked only when its keys are wanted. One that is not there or talks nonsense has no keys."""

    def __init__(self, *, enabled: bool) -> None:
        super().__init__()
        self._enabled = enabled
        self._socket: socket.socket | None = None

    def held(self) -> tuple[paramiko.AgentKey, ...]:
        """Its keys, certificates among them."""
        path = os.environ.get("SSH_AUTH_SOCK")
        if not self._enabled or not path:
            return ()
        # paramiko's own way waits for ever on an agent that hangs, and leaves the socket of a dead one open.
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(AGENT_SECONDS)
        with suppress(SSHException, OSError):
            self._socket.connect(path)
            self._connect(self._socket)  # type: ignore[attr-defined]
            return tuple(_whole(key) for key in self.get_keys())
        return ()

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
