"""From a host of the inventory to a transport that reaches it."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from temanashi.errors import TargetError
from temanashi.hosts.command import Command
from temanashi.hosts.inventory import Host
from temanashi.hosts.local import LocalTransport
from temanashi.hosts.transport import Answer, Result, Transport

__all__ = ["Closed", "NoShell", "SshNotBuilt", "connect"]


class SshNotBuilt(TargetError):
    """This version reaches only the machine it runs on."""

    key = "hosts.ssh-not-built"

    def __init__(self, host: str) -> None:
        super().__init__(host=host)


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


def connect(host: Host, stop: threading.Event | None = None) -> Transport:
    """The transport to a host. Never raises: what cannot be entered answers each command with its reason.

    When `stop` is set, commands under way are killed.
    """
    if host.shell == "none":
        return Closed(NoShell(host.name))
    if host.transport == "ssh":
        return Closed(SshNotBuilt(host.name))
    return LocalTransport(host=host.name, stop=stop)
