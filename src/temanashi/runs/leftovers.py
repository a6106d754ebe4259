"""Commands that outlived the process that started them: killed with -9, it could not end them, and they go on working."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from temanashi.clock import Clock

__all__ = ["wait_until_gone", "working"]

LOOK_EVERY = 0.1


def working(key: str) -> bool:
    """Whether a process of this machine still works under this key: `TEMA_KEY` in the environment that it was started with."""
    wanted = f"TEMA_KEY={key}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:  # gone meanwhile, or another user's
            continue
        if wanted in environment.split(b"\0") and folder.name != str(os.getpid()):
            return True
    return False


def wait_until_gone(key: str, *, clock: Clock, seconds: float, halt: threading.Event) -> bool:
    """Wait for what an interrupted change left working; False when it still works after these seconds, or on halt."""
    give_up = clock.monotonic() + seconds
    while working(key):
        if clock.monotonic() >= give_up or halt.wait(LOOK_EVERY):
            return False
    return True
