"""Who works on a run: a process, told apart from every other one of any machine and time."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime
from pathlib import Path

__all__ = ["free_to_end", "new_owner"]


def _started(pid: int) -> str:
    """When a process of this machine started (clock ticks since boot), so that a reused pid is not it; empty if gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def new_owner() -> str:
    """A name for this process's work on one run: machine, process id, its start, and something random."""
    return f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}/{secrets.token_hex(8)}"


def free_to_end(owner: str | None, until: str | None, now: datetime) -> bool:
    """Whether nobody alive works on a run: no lease, an expired one, or one of a process of this machine that is gone."""
    if not owner or not until or datetime.fromisoformat(until) <= now:
        return True
    machine, pid, started, _ = owner.split("/", 3)
    return machine == socket.gethostname() and _started(int(pid)) != started
