"""From a host of the inventory to a transport that reaches it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from temanashi.errors import TargetError
from temanashi.hosts.command import Command
from temanashi.hosts.inventory import Host
from temanashi.hosts.local import LocalTransport
from temanashi.hosts.transport import Answer, HostLost, Result, Transport
from temanashi.secrets import resolve
from temanashi.settings import Settings
from temanashi.settings_sections import SshSettings

if TYPE_CHECKING:
    from temanashi.hosts.ssh.pool import Pool
    from temanashi.hosts.ssh.reaching import Reach
    from temanashi.hosts.ssh.sharding import Shards

__all__ = ["Closed", "NoShell", "connect", "connecting"]


class NoShell(TargetError):
    """A host without a POSIX shell cannot run commands of ours."""

    key = "hosts.no-shell"

    def __init__(self, host: str) -> None:
        super().__init__(host=host)


class Closed:
    """The transport to a host that cannot be entered: every command has the same answer."""

    def __init__(self, error: TargetError) -> None:
        self._error = error

    def run(self, command: Command, *, timeout: float) -> Result:  # noqa: ARG002  (the protocol's names)
        """Raise the reason."""
        raise self._error

    def run_all(self, commands: Sequence[Command], *, timeout: float | Sequence[float]) -> list[Answer]:  # noqa: ARG002  (the protocol's names)
        """The reason, once a command."""
        return [self._error for _ in commands]


def connect(host: Host, stop: threading.Event | None = None, *, reach: Reach | None = None) -> Transport:
    """The transport to a host. Never raises: what cannot be entered answers each command with its reason.

    When `stop` is set, commands under way are killed. `reach` has the settings and connections for hosts that are reached by SSH;
    without it the usual settings hold, and no connection is kept.
    """
    if host.lost is not None:
        return Closed(HostLost(host.name, host.lost))
    if host.shell == "none":
        return Closed(NoShell(host.name))
    if host.transport == "local":
        return LocalTransport(host=host.name, stop=stop)
    if reach is None:
        from temanashi.hosts.ssh.reaching import Reach  # noqa: PLC0415  (paramiko takes long to import; most runs need none)

        reach = Reach(SshSettings(), root=Path.cwd())
    return reach.transport(host, stop)


def connecting(
    settings: Settings, connections: Pool, *, secret: Callable[[str], str] = resolve
) -> Callable[[Host, threading.Event | None], Transport]:
    """`connect` with the SSH settings of a workspace and connections that are kept in a pool. `secret` resolves references."""
    made: list[Reach | Shards] = []
    lock = threading.Lock()

    def reaching(host: Host, stop: threading.Event | None = None) -> Transport:
        if host.transport != "ssh" or host.shell == "none" or host.lost is not None:
            return connect(host, stop)
        with lock:
            if not made:
                made.append(_reach(settings, connections, secret))
        return made[0].transport(host, stop)

    return reaching


def _reach(settings: Settings, connections: Pool, secret: Callable[[str], str]) -> Reach | Shards:
    from temanashi.hosts.ssh.reaching import Reach  # noqa: PLC0415  (as above)
    from temanashi.hosts.ssh.sharding import Shards  # noqa: PLC0415

    if settings.ssh.processes == 1:
        return Reach(settings.ssh, root=settings.root, pool=connections, secret=secret)
    shards = Shards(settings.ssh, root=settings.root, secret=secret)
    connections.close_too(shards.close)
    return shards
