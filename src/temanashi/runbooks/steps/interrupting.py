"""Work that cannot be interrupted, in a thread that is left behind when the run must stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Halted", "unless_halted"]

T = TypeVar("T")
TICK = 0.05


class Halted(Exception):
    """The run was told to stop while something was under way."""


class _Work(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self.done = threading.Event()
        self.answer: list[T] = []
        self.error: BaseException | None = None

    def __call__(self) -> None:
        try:
            self.answer.append(self._work())
        except BaseException as error:  # noqa: BLE001  (raised again where it is waited for)
            self.error = error
        finally:
            self.done.set()


def unless_halted(work: Callable[[], T], halt: threading.Event, *, seconds: float | None = None) -> T:
    """What the work gives or raises; raises Halted as soon as `halt` is set, and TimeoutError after so many seconds.

    The work must have an end of its own: nobody waits for it any more.
    """
    under_way = _Work(work)
    until = None if seconds is None else time.monotonic() + seconds
    threading.Thread(target=under_way, name="step-work", daemon=True).start()
    while not under_way.done.wait(TICK):
        if halt.is_set():
            raise Halted
        if until is not None and time.monotonic() >= until:
            raise TimeoutError
    if under_way.error is not None:
        raise under_way.error
    return under_way.answer[0]
