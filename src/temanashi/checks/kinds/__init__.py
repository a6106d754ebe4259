"""One file a kind of check: its fields, what it asks, how it reads the answer, and how it judges."""

from __future__ import annotations

from typing import Any

from temanashi.checks.kinds import clock, command, disk, file_age, http, load, memory, nagios_plugin, process, service, tcp, tls
from temanashi.checks.model import CheckKind

__all__ = ["BUILT_IN"]

BUILT_IN: tuple[CheckKind[Any], ...] = (
    disk.KIND,
    load.KIND,
    memory.KIND,
    process.KIND,
    service.KIND,
    file_age.KIND,
    command.KIND,
    nagios_plugin.KIND,
    http.KIND,
    tcp.KIND,
    tls.KIND,
    clock.KIND,
)
"""The kinds that come with temanashi, in the order of the documentation."""
