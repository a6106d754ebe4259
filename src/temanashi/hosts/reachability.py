"""Whether hosts let us in and run our commands, and where not, why: every host for itself, at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from temanashi.clock import Clock
from temanashi.errors import TemanashiError
from temanashi.hosts.command import Command
from temanashi.hosts.fanout import fan_out
from temanashi.hosts.inventory import Host
from temanashi.hosts.transport import Answer, Result, Transport
from temanashi.text.local import Phrase, phrase

__all__ = ["Connect", "Reachability", "try_host", "try_hosts"]

Connect = Callable[[Host, threading.Event | None], Transport]
WORKERS = 64
SECONDS = 10.0
"""For each of three commands that do next to nothing."""
CLOCK_LIMIT = 5.0
"""Seconds by which a clock may be wrong before logs of several hosts can no longer be laid side by side."""
COMMANDS = (Command("date", "-u", "+%s"), Command("id", "-un"), Command("uname", "-sr"))


@dataclass(frozen=True, kw_only=True)
class Reachability:
    """How one host answered. `outside`: it has no shell, nobody signs in. `error` says why an `unreachable` one is."""

    host: str
    state: Literal["good", "warning", "unreachable", "outside"]
    error: TemanashiError | None = None
    notes: tuple[Phrase, ...] = ()
    seconds: float = 0.0
    user: str = ""
    kernel: str = ""
    clock_offset: float | None = field(default=None)
    """Seconds that the host's clock is ahead, as little as the measurement allows; None where it was not measured."""


def try_hosts(
    hosts: Sequence[Host],
    *,
    connect: Connect,
    clock: Clock,
    stop: threading.Event | None = None,
    noticed: Callable[[Reachability], None] = lambda _: None,
    workers: int = WORKERS,
) -> dict[str, Reachability]:
    """Each host's answer by name, in the order given; `noticed` hears of each as it comes, one at a time."""
    turn = threading.Lock()

    def job(host: Host) -> Reachability:
        found = try_host(host, connect(host, stop), clock=clock)
        with turn:
            noticed(found)
        return found

    answers = fan_out(hosts, job, workers=workers)
    return {
        name: answer if isinstance(answer, Reachability) else Reachability(host=name, state="unreachable", error=answer)
        for name, answer in answers.items()
    }


def try_host(host: Host, transport: Transport, *, clock: Clock) -> Reachability:
    """Sign in, run three harmless commands, and look at the host's clock. Never raises what concerns the host."""
    if host.shell == "none":
        return Reachability(host=host.name, state="outside")
    before, start = clock.now().timestamp(), clock.monotonic()
    answers = transport.run_all(COMMANDS, timeout=SECONDS)
    after, end = clock.now().timestamp(), clock.monotonic()
    error = next((answer for answer in answers if isinstance(answer, TemanashiError)), None)
    if error is not None:
        return Reachability(host=host.name, state="unreachable", error=error, seconds=end - start)
    offset = _offset(answers[0], before, after)
    notes = tuple(_notes(answers, offset))
    return Reachability(
        host=host.name,
        state="warning" if notes else "good",
        notes=notes,
        seconds=end - start,
        user=_text(answers[1]),
        kernel=_text(answers[2]),
        clock_offset=offset,
    )


def _offset(answer: Answer, before: float, after: float) -> float | None:
    """The host said a whole second at some moment between ours: within that span its clock may be right."""
    said = _text(answer)
    if not said.isdigit():
        return None
    late, early = int(said) + 1 - before, int(said) - after
    return 0.0 if early <= 0 <= late else min(late, early, key=abs)


def _notes(answers: Sequence[Answer], offset: float | None) -> list[Phrase]:
    notes = []
    told = zip(COMMANDS, answers, strict=True)
    missing = [command.program for command, answer in told if not isinstance(answer, Result) or not answer.ok]
    if missing:
        notes.append(phrase("inventory.test-commands", programs=missing))
    if offset is None and "date" not in missing:
        notes.append(phrase("inventory.test-no-clock"))
    elif offset is not None and abs(offset) >= CLOCK_LIMIT:
        key = "inventory.test-clock-ahead" if offset > 0 else "inventory.test-clock-behind"
        notes.append(phrase(key, seconds=f"{abs(offset):.0f}"))
    return notes


def _text(answer: Answer) -> str:
    return answer.text.strip() if isinstance(answer, Result) and answer.ok else ""
