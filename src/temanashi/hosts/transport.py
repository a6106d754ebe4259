"""What carries commands to a host and brings back what they printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias

from temanashi.errors import TargetError
from temanashi.hosts.command import Command
from temanashi.text.local import LocalText

__all__ = [
    "OUTPUT_LIMIT",
    "Answer",
    "CannotStart",
    "HostLost",
    "Interrupted",
    "Result",
    "TimedOut",
    "Transport",
    "Unreachable",
    "timeouts_for",
]

OUTPUT_LIMIT = 1024 * 1024
"""Bytes of each output stream that are kept; the rest is read and dropped."""


class Unreachable(TargetError):
    """A host did not let us in."""

    key = "hosts.unreachable"

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(host=host, reason=reason)


class HostLost(TargetError):
    """The list that a host stands in cannot be read now: how it is reached is not known any more, so nothing is asked of it."""

    key = "hosts.lost"

    def __init__(self, host: str, reason: LocalText) -> None:
        super().__init__(host=host, reason=reason.model_dump())


class TimedOut(TargetError):
    """A command did not end in time. It was killed; what it did until then is not known."""

    key = "hosts.timed-out"

    def __init__(self, host: str, program: str, seconds: float) -> None:
        super().__init__(host=host, program=program, seconds=f"{seconds:g}")


class Interrupted(TargetError):
    """A command was killed because somebody stopped the run; what it did until then is not known."""

    key = "hosts.interrupted"

    def __init__(self, host: str, program: str) -> None:
        super().__init__(host=host, program=program)


class CannotStart(TargetError):
    """The operating system refused to start a command, for a reason other than a missing program."""

    key = "hosts.cannot-start"

    def __init__(self, host: str, program: str, reason: str) -> None:
        super().__init__(host=host, program=program, reason=reason)


@dataclass(frozen=True)
class Result:
    """How a command ended: an exit code, or the signal that killed it. `truncated`: some output was dropped.

    A program that does not exist is exit code 127, one that may not be run 126, as in a POSIX shell.
    """

    exit: int | None
    signal: int | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    seconds: float = 0.0
    truncated: bool = False

    NOT_FOUND: ClassVar[int] = 127
    NOT_EXECUTABLE: ClassVar[int] = 126

    @property
    def ok(self) -> bool:
        """It ended by itself with code 0."""
        return self.exit == 0

    @property
    def text(self) -> str:
        """Standard output as text; what is not UTF-8 is replaced."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def error_text(self) -> str:
        """Standard error as text; what is not UTF-8 is replaced."""
        return self.stderr.decode("utf-8", "replace")


Answer: TypeAlias = Result | TargetError
"""One value a command: how it ended, or why that is not known."""


class Transport(Protocol):
    """A way to run commands on one host."""

    def run(self, command: Command, *, timeout: float) -> Result:
        """Run one command for at most `timeout` seconds; raises TargetError when it could not be run to its end."""
        ...

    def run_all(self, commands: Sequence[Command], *, timeout: float | Sequence[float]) -> list[Answer]:
        """Run several independent commands, in no promised order; one answer each, in the order asked. `timeout`: seconds for each.

        The failure of one command never hides the answer of another. Raises nothing that concerns the host.
        """
        ...


def timeouts_for(commands: Sequence[Command], timeout: float | Sequence[float]) -> tuple[float, ...]:
    """The seconds of each command; one number serves them all."""
    seconds = (float(timeout),) * len(commands) if isinstance(timeout, (int, float)) else tuple(timeout)
    if len(seconds) != len(commands):
        raise ValueError(f"{len(commands)} commands but {len(seconds)} timeouts")
    return seconds
