"""One exec on an open connection: a shell, its script, and what comes back, read until the trailers are complete."""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from paramiko.common import cMSG_CHANNEL_REQUEST
from paramiko.message import Message
from paramiko.ssh_exception import SSHException

from temanashi.hosts.command import Command
from temanashi.hosts.ssh.faults import BecomeFailed, BecomeNeedsPassword, ChannelRefused, OtherShell
from temanashi.hosts.ssh.framing import Garbled, Stream, kill_script, new_nonce, script_of
from temanashi.hosts.ssh.opening import Connection, NotOpened
from temanashi.redaction import one_line

__all__ = ["Become", "Shell"]

CHUNK = 65536
MOST_CHUNKS = 64
GATHER = 0.002
"""Packets come one by one; woken once for several of them, threads do not wait for each other so much."""

TICK = 0.25
"""How long until a set stop is seen, in seconds."""

KILL_SECONDS = 5.0
DRAIN_SECONDS = 0.5
SIGNAL_SECONDS = 0.2
SHELL = "exec /bin/sh"  # every login shell knows this: sh, bash, csh, fish


@dataclass(frozen=True)
class Become:
    """The account to become by sudo, and its password, if there is one."""

    user: str
    password: str | None = None

    def line(self, prompt: str) -> str:
        """The command line that starts a shell of that account. The password is asked for with `prompt` on standard error."""
        if self.password is None:
            return f"exec env LC_ALL=C sudo -n -u {shlex.quote(self.user)} -- /bin/sh"
        ready = f"printf %s {prompt}; exec /bin/sh"
        return f"exec env LC_ALL=C sudo -S -p {prompt}: -u {shlex.quote(self.user)} -- /bin/sh -c {shlex.quote(ready)}"


class _Bell(threading.Event):
    """What paramiko rings when bytes come or the channel ends. We alone quiet it: two streams share it."""

    def clear(self) -> None:
        """Asked by a stream that is empty; the other may not be."""

    def heard(self, seconds: float) -> None:
        """Wait until it has rung, at most so long."""
        self.wait(seconds)
        time.sleep(GATHER)
        super().clear()


class Shell:
    """A shell on the host that works through a script; `done` commands are answered so far. A context manager that lets go.

    `ended`: nothing more will come. Raises NotOpened and ChannelRefused when it is entered.
    """

    def __init__(self, connection: Connection, *, timeout: float, limit: int, patient: bool = True) -> None:
        self._connection = connection
        self._timeout = timeout
        self._patient = patient
        self._bell = _Bell()
        self._feeds: tuple[Callable[[bytes], None], Callable[[bytes], None]] = (_ignored, _ignored)
        self._become: Become | None = None
        self.ended = False
        nonce = new_nonce()
        self.out, self.err = Stream(nonce, limit=limit), Stream(nonce, limit=limit)
        self._nonce = nonce

    def __enter__(self) -> Self:
        self._channel = self._connection.session_channel(timeout=self._timeout, patient=self._patient)
        self._channel.settimeout(self._timeout)
        for buffer in (self._channel.in_buffer, self._channel.in_stderr_buffer):
            buffer.set_event(self._bell)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None and not issubclass(kind, Exception):  # Ctrl-C: what runs must not outlive us
            with suppress(KeyboardInterrupt):
                self.kill()
        with suppress(SSHException, OSError, EOFError):
            self._channel.close()
        self._connection.channel_closed()

    @property
    def begun(self) -> bool:
        """The shell has begun with the script, so commands may have run."""
        return self.out.begun or self.err.begun

    @property
    def done(self) -> int:
        """How many commands are answered on both outputs."""
        return min(len(self.out.sections), len(self.err.sections))

    def start(self, commands: Sequence[Command], become: Become | None) -> None:
        """Send the script; raises NotOpened, and BecomeFailed when sudo does not take the password."""
        self._become = become
        self._send(script_of(commands, self._nonce), become)
        self._feeds = (self.out.feed, self.err.feed)

    def _send(self, script: bytes, become: Become | None) -> None:
        prompt = new_nonce()
        self._exec(become.line(prompt) if become else SHELL)
        if become is not None and become.password is not None:
            self._greet(become, prompt)
        with suppress(OSError):  # a shell that is gone already has said why on its outputs
            self._channel.sendall(script)

    def _exec(self, line: str) -> None:
        """Have the shell started; raises NotOpened when the connection is gone: without a script a shell does nothing."""
        try:
            self._request("exec", line)
        except (SSHException, OSError, EOFError) as error:
            raise NotOpened from error
        if not self._connection.alive:
            raise NotOpened

    def _request(self, kind: str, value: str, *, reply: bool = True) -> None:
        """A request on the channel (RFC 4254, section 6.5), without waiting for the answer: that would be a round trip more.

        A refused `exec` ends the channel.
        """
        message = Message()
        message.add_byte(cMSG_CHANNEL_REQUEST)
        message.add_int(self._channel.remote_chanid)
        message.add_string(kind)
        message.add_boolean(reply)
        message.add_string(value)
        self._connection.session.post(message)

    def _greet(self, become: Become, prompt: str) -> None:
        """Give sudo the password when it asks, and wait for its shell: before that the script would be read as a password."""
        said = (bytearray(), bytearray())
        self._feeds = (said[0].extend, said[1].extend)
        until = time.monotonic() + self._timeout
        asked = 0
        while prompt.encode() not in said[0]:
            self.wait(until)
            if said[1].count(f"{prompt}:".encode()) > asked:
                asked += 1
                if asked == 1:
                    with suppress(OSError):
                        self._channel.sendall(f"{become.password}\n".encode())
            if asked > 1 or self.ended or time.monotonic() >= until:
                text = said[1].decode("utf-8", "replace").replace(f"{prompt}:", " ")
                raise BecomeFailed(self._connection.endpoint.name, become.user, _first_line(text) or "-")

    def wait(self, until: float) -> None:
        """Take in what comes, at most a moment and not beyond `until` (monotonic seconds); raises Garbled."""
        left = min(TICK, until - time.monotonic())
        if left > 0 and not self.ended:
            self._bell.heard(left)
        over = self._channel.closed or bool(self._channel.eof_received)
        with suppress(SSHException, OSError):
            self.ended = not self._taken_in() and over

    def _taken_in(self) -> bool:
        """Take in what is there, but not for ever: a command that prints without end must not hide that its time is over."""
        for _ in range(MOST_CHUNKS):
            out, err = self._channel.recv_ready(), self._channel.recv_stderr_ready()
            if out:
                self._feeds[0](self._channel.recv(CHUNK))
            if err:
                self._feeds[1](self._channel.recv_stderr(CHUNK))
            if not (out or err):
                return False
        self._bell.set()
        return True

    def said(self) -> str:
        """What came instead of our shell, on one line."""
        return next(filter(None, (_first_line(one.greeting.decode("utf-8", "replace")) for one in (self.err, self.out))), "")

    def kill(self) -> bool:
        """Kill every command of the script, with the shell itself; whether that is sure. What they wrote until then is read.

        sshd passes signals on to all but forced commands and sessions of root; sudo's children are not ours to signal.
        """
        if self._become is None:
            with suppress(SSHException, OSError, EOFError):
                self._request("signal", "KILL", reply=False)  # RFC 4254, section 6.9: to the whole process group
        sure = self._settle(SIGNAL_SECONDS) or (self.begun and self._killed_beside())
        return (self._settle(DRAIN_SECONDS) or sure) and self._connection.alive  # of a host that is gone nothing is sure

    def _settle(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        with suppress(Garbled):
            while not self.ended and time.monotonic() < until:
                self.wait(until)
        return self.ended

    def _killed_beside(self) -> bool:
        """The same through a session of its own, for hosts that take no signals and for commands of another account."""
        nonce = new_nonce()
        said = bytearray()
        until = time.monotonic() + KILL_SECONDS
        with (
            suppress(NotOpened, ChannelRefused, BecomeFailed),
            Shell(self._connection, timeout=KILL_SECONDS, limit=0, patient=False) as other,
        ):
            other._send(kill_script(self.out.pid or self.err.pid, nonce), self._become)
            other._feeds = (said.extend, _ignored)
            while nonce.encode() not in said and not other.ended and time.monotonic() < until:
                other.wait(until)
        return nonce.encode() in said

    def refusal(self) -> OtherShell | ChannelRefused | BecomeFailed | BecomeNeedsPassword:
        """Why an ended shell never began."""
        self._channel.status_event.wait(DRAIN_SECONDS)  # it comes after the end of the outputs
        host, said = self._connection.endpoint.name, self.said()
        if self._become is not None:
            user = self._become.user
            return BecomeNeedsPassword(host, user) if "password is required" in said else BecomeFailed(host, user, said or "-")
        code = self._channel.exit_status
        if not said and code == -1 and not self._channel.eof_received:
            return ChannelRefused(host, "exec")
        return OtherShell(host, said or ("signal" if code == -1 else f"exit {code}"))


def _ignored(_: bytes) -> None:
    pass


def _first_line(text: str) -> str:
    return one_line(next((line.strip() for line in text.splitlines() if line.strip()), ""))[:200]
