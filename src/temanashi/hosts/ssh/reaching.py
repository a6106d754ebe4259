"""Reaching hosts by SSH: the settings, keys and open connections of one workspace, and the transport to each of its hosts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from temanashi.errors import TargetError
from temanashi.hosts.command import Command
from temanashi.hosts.inventory import Host
from temanashi.hosts.ssh.client_config import ClientConfig, load_client_config
from temanashi.hosts.ssh.executing import Become
from temanashi.hosts.ssh.faults import SecretLacking, why
from temanashi.hosts.ssh.host_keys import offered_algorithms
from temanashi.hosts.ssh.identities import Identities
from temanashi.hosts.ssh.known_hosts import HostKey, KnownHosts, KnownKey, known_name, load_known_hosts
from temanashi.hosts.ssh.opening import Connection, open_connection, shown_key
from temanashi.hosts.ssh.pool import Pool
from temanashi.hosts.ssh.routes import Endpoint, Route, route_to
from temanashi.hosts.ssh.sweeping import Terms, sweep
from temanashi.hosts.transport import Answer, Result, timeouts_for
from temanashi.secrets import SecretMissing, resolve
from temanashi.settings_sections import SshSettings

__all__ = ["Reach", "SshTransport"]


class Reach:
    """The way to every host of a workspace. Files that the settings name are relative to `root`; `secret` resolves references.

    Connections are those of `pool`, whose owner closes it. Safe to use from several threads.
    """

    def __init__(
        self, settings: SshSettings, *, root: Path, pool: Pool | None = None, secret: Callable[[str], str] = resolve
    ) -> None:
        self.settings = settings
        self._root = root
        self._pool = Pool(idle_seconds=0) if pool is None else pool
        self._secret = secret
        self._identities = Identities(settings, root=root, secret=secret)
        self._lock = threading.Lock()
        self._known: tuple[object, KnownHosts] | None = None
        self._config: ClientConfig | None = None

    @property
    def known_hosts_files(self) -> tuple[Path, ...]:
        """The files of known host keys; keys are recorded in the first."""
        return tuple(self._root / Path(file).expanduser() for file in self.settings.known_hosts)

    def known_hosts(self) -> KnownHosts:
        """What the files say now; they are read again when they have changed."""
        stamp = tuple(_stamp(file) for file in self.known_hosts_files)
        with self._lock:
            if self._known is None or self._known[0] != stamp:
                self._known = (stamp, load_known_hosts(self.known_hosts_files))
            return self._known[1]

    def client_config(self) -> ClientConfig:
        """The OpenSSH configuration that the settings name; raises ConfigUnreadable."""
        with self._lock:
            if self._config is None:
                named = "config" in self.settings.model_fields_set
                file = self._root / Path(self.settings.config).expanduser()
                self._config = load_client_config(file, required=named) if self.settings.config else ClientConfig()
            return self._config

    def transport(self, host: Host, stop: threading.Event | None = None) -> SshTransport:
        """The transport to a host; nothing is connected yet."""
        return SshTransport(self, host, stop=stop)

    def route(self, host: Host) -> Route:
        """The machines on the way to a host, itself last; raises TargetError."""
        return route_to(host, self.client_config())

    def connection(self, route: Route, fresh: bool = False) -> AbstractContextManager[Connection]:  # noqa: FBT001, FBT002  (of a shape that sweeps ask for)
        """The open connection at the end of a route; raises TargetError."""
        return self._pool.connection(route, self._open, timeout=self.settings.connect_timeout, fresh=fresh)

    def shown_keys(self, host: Host) -> tuple[list[HostKey], list[str], list[KnownKey]]:
        """What a host shows, without signing in to it: its keys of each kind, the names to record them under, and what is known.

        Hosts on the way are verified and signed in to. Raises TargetError.
        """
        *before, last = self.route(host)
        name = known_name(last.alias or last.address, last.port)
        known = self.known_hosts().keys_for([name, known_name(last.name, last.port)])
        if not before:
            return self._shown(last, None), [name], known
        with self.connection(tuple(before)) as via:
            return self._shown(last, via), [name], known

    def _shown(self, endpoint: Endpoint, via: Connection | None) -> list[HostKey]:
        found: dict[HostKey, None] = {}
        plain = offered_algorithms([])
        rest = plain
        while rest:
            try:
                key = shown_key(endpoint, via=via, algorithms=rest, timeout=self.settings.connect_timeout)
            except TargetError:
                if found:  # the host has no other kind
                    break
                raise
            found[key] = None
            rest = tuple(a for a in rest if a != key.type and not (key.type == "ssh-rsa" and a.startswith("rsa-")))
        return list(found)

    def _open(self, endpoint: Endpoint, via: Connection | None) -> Connection:
        try:
            return open_connection(
                endpoint,
                via=via,
                known_hosts=self.known_hosts(),
                sign_in=self._identities.sign_in,
                timeout=self.settings.connect_timeout,
            )
        except SecretMissing as error:
            raise SecretLacking(endpoint.name, why(error)) from error

    def become(self, host: Host) -> Become | None:
        """The account that commands of a host run as, when it is not the one that signs in; raises SecretLacking."""
        if host.become is None:
            return None
        try:
            password = None if host.become_password is None else self._secret(host.become_password)
        except SecretMissing as error:
            raise SecretLacking(host.name, why(error)) from error
        return Become(host.become, password)


class SshTransport:
    """Runs commands on one host by SSH, as the account that the inventory says. When `stop` is set, running commands are killed."""

    def __init__(self, reach: Reach, host: Host, *, stop: threading.Event | None = None) -> None:
        self._reach = reach
        self._host = host
        self._stop = stop or threading.Event()

    def run(self, command: Command, *, timeout: float) -> Result:
        """Run one command; raises TargetError when it could not be run to its end. It is killed with its children then."""
        (answer,) = self._answers([command], (timeout,), total=float("inf"))
        if isinstance(answer, TargetError):
            raise answer
        return answer

    def run_all(self, commands: Sequence[Command], *, timeout: float | Sequence[float]) -> list[Answer]:
        """Run all, one after the other in one exec, for at most the `sweep_timeout` of the settings."""
        return self._answers(commands, timeouts_for(commands, timeout), total=self._reach.settings.sweep_timeout)

    def _answers(self, commands: Sequence[Command], seconds: Sequence[float], *, total: float) -> list[Answer]:
        try:
            route = self._reach.route(self._host)
            terms = Terms(
                host=self._host.name,
                stop=self._stop,
                patience=self._reach.settings.connect_timeout,
                total=total,
                become=self._reach.become(self._host),
            )
        except TargetError as error:
            return [error for _ in commands]
        return sweep(commands, seconds, partial(self._reach.connection, route), terms)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
