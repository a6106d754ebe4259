"""All commands of a sweep over one connection, and one answer for each of them, whatever happens on the way.

They run one after the other in one exec. When one passes its time it is killed, and those after it, which have not begun, go on in
another exec. Nothing is run twice: when the connection or the shell ends half-way, the rest is not known.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from temanashi.errors import TargetError
from temanashi.hosts.command import Command
from temanashi.hosts.ssh.executing import Become, Shell
from temanashi.hosts.ssh.faults import Died, ShellSilent, StillRunning, SweepTimedOut
from temanashi.hosts.ssh.framing import Garbled, Section
from temanashi.hosts.ssh.opening import Connection, NotOpened
from temanashi.hosts.transport import OUTPUT_LIMIT, Answer, CannotStart, Interrupted, Result, TimedOut

__all__ = ["Connect", "Terms", "sweep"]

Connect = Callable[[bool], AbstractContextManager[Connection]]
"""The connection to use; when given True, a new one in place of one that failed."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How commands of a host are run. Seconds: `patience` for opening and for a shell to begin, `total` for all commands.

    When `stop` is set, what runs is killed.
    """

    host: str
    stop: threading.Event
    patience: float
    total: float
    become: Become | None = None
    limit: int = OUTPUT_LIMIT


def sweep(commands: Sequence[Command], seconds: Sequence[float], connect: Connect, terms: Terms) -> list[Answer]:
    """Run all; one answer a command, in their order. Raises nothing that concerns the host."""
    answers: list[Answer] = []
    until = time.monotonic() + terms.total
    while len(answers) < len(commands):
        begun = len(answers)
        try:
            answers += _one_exec(commands[begun:], seconds[begun:], connect, terms, until)
        except TargetError as error:
            answers += [error] * (len(commands) - begun)
    return answers


def _one_exec(commands: Sequence[Command], seconds: Sequence[float], connect: Connect, terms: Terms, until: float) -> list[Answer]:
    """At least one answer; raises TargetError when nothing was run."""
    for fresh in (False, True):
        try:
            with connect(fresh) as connection, Shell(connection, timeout=terms.patience, limit=terms.limit) as shell:
                shell.start(commands, terms.become)
                return _Watch(commands, seconds, shell, terms, until).answered()
        except NotOpened:
            continue
    raise Died(terms.host, commands[0].program)


class _Watch:
    """One exec from its start to its end: takes answers as they come, and knows when to give up."""

    def __init__(self, commands: Sequence[Command], seconds: Sequence[float], shell: Shell, terms: Terms, until: float) -> None:
        self._commands = commands
        self._seconds = seconds
        self._shell = shell
        self._terms = terms
        self._until = until
        self._since = time.monotonic()
        self._begun = False
        self._answers: list[Answer] = []

    def answered(self) -> list[Answer]:
        """The answers of this exec; commands without one have not begun. Raises TargetError when no command has."""
        while len(self._answers) < len(self._commands):
            due = self._due()
            try:
                self._shell.wait(min(due, self._until))
            except Garbled:
                return self._lost()
            self._take()
            if len(self._answers) < len(self._commands) and (ended := self._given_up(due)) is not None:
                return ended
        return self._answers

    def _due(self) -> float:
        """When to give up on what is awaited now: the next command, or the shell itself."""
        return self._since + (self._seconds[len(self._answers)] if self._begun else self._terms.patience)

    def _take(self) -> None:
        now = time.monotonic()
        if self._shell.begun and not self._begun:
            self._begun, self._since = True, now
        while (place := len(self._answers)) < self._shell.done:
            out, err = self._shell.out.sections[place], self._shell.err.sections[place]
            self._answers.append(self._answer(self._commands[place], out, err, now - self._since))
            self._since = now

    def _answer(self, command: Command, out: Section, err: Section, seconds: float) -> Answer:
        if err.no_folder:
            reason = bytes(err.data).decode("utf-8", "replace").strip()
            return CannotStart(self._terms.host, command.program, reason or str(command.cwd))
        truncated = out.truncated or err.truncated
        return Result(exit=out.code, stdout=bytes(out.data), stderr=bytes(err.data), seconds=seconds, truncated=truncated)

    def _given_up(self, due: float) -> list[Answer] | None:
        now = time.monotonic()
        host = self._terms.host
        if self._terms.stop.is_set():
            self._killed()
            return self._filled(lambda program: Interrupted(host, program))
        if self._shell.ended:
            if not self._begun:
                raise self._shell.refusal()
            return self._lost()
        if now >= self._until:
            self._killed()
            return self._filled(lambda _: SweepTimedOut(host, self._terms.total))
        if now >= due:
            return self._overdue()
        return None

    def _overdue(self) -> list[Answer]:
        if not self._begun:
            self._shell.kill()
            raise ShellSilent(self._terms.host, self._terms.patience)
        late, seconds = len(self._answers), self._seconds[len(self._answers)]
        program = self._commands[late].program
        if not self._killed():
            self._answers.append(StillRunning(self._terms.host, program, seconds))
            return self._lost()
        if len(self._answers) == late:
            self._answers.append(TimedOut(self._terms.host, program, seconds))
        elif len(self._answers) < len(self._commands):  # it ended just then, so the next one had begun and was killed for it
            self._answers.append(Died(self._terms.host, self._commands[len(self._answers)].program))
        return self._answers

    def _killed(self) -> bool:
        sure = self._shell.kill()
        self._take()
        return sure

    def _lost(self) -> list[Answer]:
        return self._filled(lambda program: Died(self._terms.host, program))

    def _filled(self, reason: Callable[[str], TargetError]) -> list[Answer]:
        self._answers += [reason(command.program) for command in self._commands[len(self._answers) :]]
        return self._answers
