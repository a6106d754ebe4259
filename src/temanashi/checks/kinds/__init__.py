"""One file a kind of check: its fields, what it asks, how it reads the answer, and how it judges."""

from __future__ import annotations

from typing import Any

from temanashi.checks.kinds import (
    backup,
    clock,
    command,
    disk,
    dns,
    file_age,
    heartbeat,
    http,
    job,
    load,
    log,
    memory,
    nagios_plugin,
    port,
    process,
    prometheus,
    reboot,
    service,
    sql,
    tcp,
    tls,
    up,
    updates,
)
from temanashi.checks.model import CheckKind

__all__ = ["BUILT_IN"]

BUILT_IN: tuple[CheckKind[Any], ...] = (
    up.KIND,
    disk.KIND,
    load.KIND,
    memory.KIND,
    process.KIND,
    service.KIND,
    port.KIND,
    job.KIND,
    log.KIND,
    file_age.KIND,
    backup.KIND,
    command.KIND,
    nagios_plugin.KIND,
    clock.KIND,
    reboot.KIND,
    updates.KIND,
    http.KIND,
    tcp.KIND,
    tls.KIND,
    heartbeat.KIND,
    prometheus.KIND,
    sql.KIND,
    dns.KIND,
)
"""The kinds that come with temanashi, in the order of the documentation."""
