"""A child process that ends when its parent is gone, even one that was killed."""

from __future__ import annotations

import os
import signal
import sys
import threading

__all__ = ["TETHERED", "end_with_parent"]

TETHERED = "TEMA_TETHERED"
"""Set for a child whose standard input is a pipe that its parent keeps open."""


def end_with_parent() -> None:
    """Stop this process, in order, as soon as the parent's end of the pipe is closed. Nothing to do without a tether."""
    if os.environ.pop(TETHERED, ""):
        threading.Thread(target=_wait, name="tether", daemon=True).start()


def _wait() -> None:
    while os.read(sys.stdin.fileno(), 1):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
