"""Hosts: the inventory, commands, and the ways to reach a host."""

from __future__ import annotations

from temanashi.hosts.command import BadCommand, Command, Script
from temanashi.hosts.connecting import Closed, NoShell, connect
from temanashi.hosts.fanout import JobFailed, fan_out
from temanashi.hosts.inventory import (
    LOCALHOST,
    Host,
    HostError,
    HostName,
    Inventory,
    JumpCycle,
    NothingSelected,
    UnknownGroup,
    UnknownHost,
)
from temanashi.hosts.local import LocalTransport
from temanashi.hosts.transport import OUTPUT_LIMIT, Answer, CannotStart, Interrupted, Result, TimedOut, Transport, Unreachable

__all__ = [
    "LOCALHOST",
    "OUTPUT_LIMIT",
    "Answer",
    "BadCommand",
    "CannotStart",
    "Closed",
    "Command",
    "Host",
    "HostError",
    "HostName",
    "Interrupted",
    "Inventory",
    "JobFailed",
    "JumpCycle",
    "LocalTransport",
    "NoShell",
    "NothingSelected",
    "Result",
    "Script",
    "TimedOut",
    "Transport",
    "UnknownGroup",
    "UnknownHost",
    "Unreachable",
    "connect",
    "fan_out",
]
