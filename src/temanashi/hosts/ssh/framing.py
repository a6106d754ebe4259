"""One script for all commands of a sweep, and the answers taken apart again.

The script goes to a POSIX shell by its standard input, so neither values nor secrets are on any command line that `ps` shows, and
nothing runs unless all of it arrived: it is one compound command. Each command runs alone in a subshell; after it the shell writes
a trailer on both outputs: a nonce of 128 fresh bits that no command knows, the command's number and its exit code. Nothing depends
on line ends, so any bytes pass.
"""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from temanashi.hosts.command import Command

__all__ = ["Garbled", "Section", "Stream", "kill_script", "new_nonce", "script_of"]

OPENING = """{{
LC_ALL=C; export LC_ALL; unset CDPATH tema_n
PATH="${{PATH:-/usr/bin:/bin}}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"; export PATH
tema_n={nonce}
tema_m() {{ printf '%s%s;' "$tema_n" "$1" && printf '%s%s;' "$tema_n" "$1" >&2 || exit 1; }}
tema_m "b$$"
"""
CLOSING = "exit 0\n}\n"
# The group of the shell that we started holds every command of it. It is asked for, since sudo may have made another one.
KILL = """{{
p={pid}
g=$(ps -o pgid= -p "$p" 2>/dev/null | tr -d ' ')
kill -KILL "-${{g:-$p}}" 2>/dev/null || kill -KILL "$p" 2>/dev/null
printf '%s' {nonce}
exit 0
}}
"""
PLAIN_BYTES = frozenset(b"\n\t" + bytes(range(0x20, 0x7F))) - frozenset(b"%\\'")
MARK = re.compile(rb"b(?P<pid>\d+)|(?P<number>\d+) (?P<code>\d+)|(?P<folder>c)")
LONGEST_MARK = 40
GREETING = 500
KSH_SIGNALS = 256
"""Where ksh93 counts the signals that killed a command from; other shells say 128 + signal."""


class Garbled(ValueError):
    """A trailer that is not ours: what follows cannot be trusted."""


@dataclass
class Section:
    """What one command wrote on one output. `no_folder`: the working folder could not be entered, so nothing was run."""

    data: bytearray = field(default_factory=bytearray)
    truncated: bool = False
    no_folder: bool = False
    code: int = -1


def new_nonce() -> str:
    """128 fresh bits, as text."""
    return secrets.token_hex(16)


def script_of(commands: Sequence[Command], nonce: str) -> bytes:
    """The script that runs the commands one after the other."""
    lines = [f'{_one(command)}; tema_m "{number} $?"\n' for number, command in enumerate(commands)]
    return (OPENING.format(nonce=nonce) + "".join(lines) + CLOSING).encode("utf-8", "surrogateescape")


def kill_script(pid: int, nonce: str) -> bytes:
    """A script that kills the process group of a shell and says so."""
    return KILL.format(pid=pid, nonce=nonce).encode()


def _one(command: Command) -> str:
    steps = []
    if command.cwd is not None:
        folder = f"./{command.cwd}" if command.cwd.startswith("-") else command.cwd
        steps.append(f"cd -- {shlex.quote(folder)} || {{ printf '%sc;' \"$tema_n\" >&2; exit 125; }}\n")
    if command.env:
        steps.append("export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in command.env.items()) + "\n")
    # `exec` looks for programs only, as a start without a shell does, and saves a process.
    guard = "env -- " if command.program.startswith("-") else ""
    steps.append(f"exec {guard}{' '.join(map(shlex.quote, command.argv))}")
    body = f"( {''.join(steps)} )"
    return f"{body} </dev/null" if command.stdin is None else f"printf '{_octal(command.stdin)}' | {body}"


def _octal(data: bytes) -> str:
    """Bytes as a format of printf(1), in single quotes; every printf that a shell has built in knows three octal digits."""
    return "".join(chr(byte) if byte in PLAIN_BYTES else f"\\{byte:03o}" for byte in data)


class Stream:
    """One output of the script as it comes in: the sections that are complete, at most `limit` bytes of each."""

    def __init__(self, nonce: str, *, limit: int) -> None:
        self.sections: list[Section] = []
        self._before = bytearray()
        self.pid = 0
        self._nonce = nonce.encode()
        self._limit = limit
        self._rest = bytearray()
        self._open = Section()

    @property
    def begun(self) -> bool:
        """The shell is there and reads our script."""
        return self.pid > 0

    @property
    def greeting(self) -> bytes:
        """What came before our script began, at most 500 bytes: a login shell that prints, or something else instead of a shell."""
        return bytes(self._before + (b"" if self.begun else self._rest))[:GREETING]

    def feed(self, data: bytes) -> None:
        """Take what came in; raises Garbled."""
        self._rest += data
        while True:
            at = self._rest.find(self._nonce)
            if at < 0:
                self._keep(len(self._rest) - len(self._nonce) + 1)
                return
            end = self._rest.find(b";", at)
            if end < 0:
                if len(self._rest) - at > len(self._nonce) + LONGEST_MARK:
                    raise Garbled
                return
            mark = bytes(self._rest[at + len(self._nonce) : end])
            self._keep(at)
            del self._rest[: end - at + 1]
            self._marked(mark)

    def _keep(self, size: int) -> None:
        if size <= 0:
            return
        if self.begun:
            room = self._limit - len(self._open.data)
            self._open.data += self._rest[: min(size, room)]
            self._open.truncated |= size > room
        else:
            self._before += self._rest[: min(size, GREETING - len(self._before))]
        del self._rest[:size]

    def _marked(self, mark: bytes) -> None:
        found = MARK.fullmatch(mark)
        if found is None or self.begun == (found["pid"] is not None):
            raise Garbled
        if found["pid"] is not None:
            self.pid = int(found["pid"])
        elif found["folder"] is not None:
            self._open.no_folder = True
        elif int(found["number"]) != len(self.sections):
            raise Garbled
        else:
            code = int(found["code"])
            self._open.code = code - 128 if code > KSH_SIGNALS else code
            self.sections.append(self._open)
            self._open = Section()
