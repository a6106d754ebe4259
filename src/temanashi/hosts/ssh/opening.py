"""Opening a connection: socket or channel of the hop before, key exchange, the host's key verified, and only then signing in."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import paramiko
from paramiko.ssh_exception import ChannelException, IncompatiblePeer, SSHException

from temanashi.hosts.ssh.dialing import dial
from temanashi.hosts.ssh.faults import AlgorithmsDiffer, ChannelRefused, ConnectTimedOut, NoSshServer, NotReached
from temanashi.hosts.ssh.host_keys import offered_algorithms, verify_host_key
from temanashi.hosts.ssh.known_hosts import SSH_PORT, HostKey, KnownHosts, KnownKey, known_name
from temanashi.hosts.ssh.routes import Endpoint
from temanashi.hosts.ssh.session import Session
from temanashi.redaction import one_line

__all__ = ["Connection", "NotOpened", "open_connection", "shown_key"]

KEEPALIVE = 20
TRIES = 4
NO_CHANNEL = "Unable to open channel."
"""What paramiko says to all but one of the threads whose channels a host refuses at the same moment: it keeps one reason only."""
ASK_AGAIN = 0.5
AHEAD_SECONDS = 60.0


class NotOpened(Exception):
    """The connection broke before anything could be asked: nothing was run, so a new connection may try."""


class Connection:
    """A signed-in connection to a verified host. `sock` is ours when it is the first on the way, else a channel of `via`."""

    def __init__(self, endpoint: Endpoint, session: Session, sock: socket.socket | paramiko.Channel) -> None:
        self.endpoint = endpoint
        self.session = session
        self._sock = sock
        self._channels = 0
        self._fewer = threading.Condition()
        self._uses = 0
        self._ahead: tuple[paramiko.Channel, threading.Event, float] | None = None
        self._asks_ahead = True

    @property
    def alive(self) -> bool:
        """Nobody has closed it, as far as is known."""
        return self.session.is_active()

    def forward(self, endpoint: Endpoint, *, timeout: float) -> paramiko.Channel:
        """A way on to another machine (RFC 4254, section 7.2); raises NotReached and ConnectTimedOut."""
        try:
            return self.session.open_channel("direct-tcpip", (endpoint.address, endpoint.port), ("127.0.0.1", 0), timeout=timeout)
        except ChannelException as error:
            raise NotReached(endpoint.name, self.endpoint.name, error.text) from error
        except (SSHException, EOFError, OSError) as error:
            raise ConnectTimedOut(endpoint.name, endpoint.address, endpoint.port, timeout) from error

    def session_channel(self, *, timeout: float, patient: bool = True) -> paramiko.Channel:
        """A channel for one exec; `channel_closed` must follow. Raises NotOpened, when a new connection may do, and ChannelRefused.

        A host that has enough of our sessions (MaxSessions) is asked again when one of them has ended, if we are `patient`.
        """
        until = time.monotonic() + timeout
        alone = 0
        if (ready := self._asked_ahead(timeout)) is not None:
            return ready
        while True:
            try:
                channel = self.session.open_session(timeout=max(0.1, until - time.monotonic()))
            except (SSHException, EOFError, OSError) as error:
                if not (isinstance(error, ChannelException) or (str(error) == NO_CHANNEL and self.alive)):
                    raise NotOpened from error
                with self._fewer:
                    alone += self._channels == 0  # the last of them may have ended since
                    if not patient or alone > 1 or time.monotonic() >= until:
                        raise ChannelRefused(self.endpoint.name, getattr(error, "text", "-")) from error
                    self._fewer.wait(min(ASK_AGAIN, until - time.monotonic()))
            else:
                with self._fewer:
                    self._channels += 1
                return channel

    def channel_closed(self) -> None:
        """One session less. A connection that is used again and again asks for its next session now: a round trip less then."""
        with self._fewer:
            self._channels -= 1
            self._uses += 1
            self._fewer.notify()
            if self._uses > 1 and self._channels == 0 and self._ahead is None and self._asks_ahead and self.alive:
                with suppress(SSHException, OSError, EOFError):
                    self._ahead = (*self.session.ask_for_session(), time.monotonic())

    def _asked_ahead(self, timeout: float) -> paramiko.Channel | None:
        """The session that was asked for, if there is one and it still stands. A host that gave none is not asked ahead again."""
        with self._fewer:
            ahead, self._ahead = self._ahead, None
            self._channels += ahead is not None
        if ahead is None:
            return None
        channel, answered, since = ahead
        stands = answered.wait(timeout) and channel.active and not channel.closed and self.alive
        if stands and time.monotonic() - since <= AHEAD_SECONDS:
            return channel
        self.session.get_exception()  # the refusal is not one of the next session
        if stands:  # a way that broke silently since then is noticed by asking anew
            channel.close()
        with self._fewer:
            self._asks_ahead = bool(stands)
            self._channels -= 1
        return None

    def close(self) -> None:
        """Close it; the thread that reads it wakes up and ends."""
        _closed(self.session, self._sock)

    def abandon(self) -> None:
        """In a forked child: let go of the socket without a word, since the parent goes on using it."""
        self.session.silence()
        if isinstance(self._sock, socket.socket):
            self._sock.close()


def open_connection(
    endpoint: Endpoint,
    *,
    via: Connection | None,
    known_hosts: KnownHosts,
    sign_in: Callable[[paramiko.Transport, Endpoint], None],
    timeout: float,
) -> Connection:
    """Connect, verify and sign in within `timeout` seconds; raises TargetError (the errors of `faults`) and SecretMissing."""
    until = time.monotonic() + timeout
    known, spare = _known(endpoint, known_hosts)
    session, sock = _greeted(endpoint, via, offered_algorithms([*known, *spare]), timeout=timeout)
    try:
        shown, certificate = _shown(session.get_remote_server_key())
        verify_host_key(
            endpoint.name,
            known_name(endpoint.alias or endpoint.address, endpoint.port),
            shown,
            certificate=certificate,
            names=[endpoint.alias or endpoint.address, endpoint.name],
            known=[*known, *(entry for entry in spare if entry.key == shown)],
            now=datetime.now(UTC),
        )
        session.auth_timeout = max(0.1, until - time.monotonic())
        sign_in(session, endpoint)
        session.set_keepalive(KEEPALIVE)
    except (SSHException, EOFError, OSError) as error:
        _closed(session, sock)
        if time.monotonic() >= until:
            raise ConnectTimedOut(endpoint.name, endpoint.address, endpoint.port, timeout) from error
        raise NoSshServer(endpoint.name, endpoint.address, endpoint.port, _said(error)) from error
    except BaseException:
        _closed(session, sock)
        raise
    return Connection(endpoint, session, sock)


def shown_key(endpoint: Endpoint, *, via: Connection | None, algorithms: tuple[str, ...], timeout: float) -> HostKey:
    """The key that a host shows, without signing in; raises TargetError. `algorithms`: which kinds of key to ask for."""
    session, sock = _greeted(endpoint, via, algorithms, timeout=timeout)
    try:
        return _shown(session.get_remote_server_key())[0]
    finally:
        _closed(session, sock)


def _known(endpoint: Endpoint, known_hosts: KnownHosts) -> tuple[list[KnownKey], list[KnownKey]]:
    """What is recorded of a host; apart, keys recorded for its name without the port, which may confirm it but never contradict."""
    names = [endpoint.alias or endpoint.address, endpoint.name]
    known = known_hosts.keys_for(known_name(name, endpoint.port) for name in names)
    plain = [] if endpoint.port == SSH_PORT else [entry for entry in known_hosts.keys_for(names) if entry not in known]
    marked = [entry for entry in plain if entry.marker]
    return [*known, *marked], [] if any(not entry.marker for entry in known) else [e for e in plain if not e.marker]


def _greeted(
    endpoint: Endpoint, via: Connection | None, algorithms: tuple[str, ...], *, timeout: float
) -> tuple[Session, socket.socket | paramiko.Channel]:
    """Key exchange done. Who hangs up before saying anything (MaxStartups: at random) is asked again: nothing was run yet."""
    until = time.monotonic() + timeout
    for number in range(1, TRIES + 1):
        left = until - time.monotonic()
        sock = dial(endpoint, timeout=left) if via is None else via.forward(endpoint, timeout=left)
        try:
            return _negotiated(endpoint, sock, algorithms, until=until, timeout=timeout), sock
        except NoSshServer:
            pause = random.uniform(0.1, 0.3) * 2**number  # noqa: S311  (spreads out who tries again)
            if number == TRIES or time.monotonic() + pause >= until:
                raise
            time.sleep(pause)
    raise ConnectTimedOut(endpoint.name, endpoint.address, endpoint.port, timeout)


def _negotiated(
    endpoint: Endpoint, sock: socket.socket | paramiko.Channel, algorithms: tuple[str, ...], *, until: float, timeout: float
) -> Session:
    session = Session(sock, algorithms=algorithms)
    left = max(0.1, until - time.monotonic())
    session.banner_timeout = session.handshake_timeout = left
    done = threading.Event()
    session.start_client(event=done)
    in_time = done.wait(left)
    if in_time and session.is_active():
        return session
    error = session.get_exception()
    _closed(session, sock)
    if isinstance(error, IncompatiblePeer):
        raise AlgorithmsDiffer(endpoint.name, str(error)) from error
    if not in_time or time.monotonic() >= until:
        raise ConnectTimedOut(endpoint.name, endpoint.address, endpoint.port, timeout) from error
    raise NoSshServer(endpoint.name, endpoint.address, endpoint.port, _said(error)) from error


def _shown(key: paramiko.PKey) -> tuple[HostKey, bytes | None]:
    """The key as it is recorded, and the certificate that it came in."""
    blob = key.asbytes()
    kind = blob[4 : 4 + int.from_bytes(blob[:4], "big")].decode("ascii", "replace")
    certificate = getattr(key, "public_blob", None)
    return HostKey(kind, blob), certificate.key_blob if certificate is not None else None


def _said(error: BaseException | None) -> str:
    text = str(error).strip() or type(error).__name__
    return one_line(text.removeprefix("Error reading SSH protocol banner"))[:200] or "EOF"


def _closed(session: paramiko.Transport, sock: socket.socket | paramiko.Channel) -> None:
    session.packetizer.complete_handshake()  # else its timer thread outlives us
    if isinstance(sock, socket.socket):
        with suppress(OSError):  # wakes the thread that reads; closing alone would not
            sock.shutdown(socket.SHUT_RDWR)
    session.close()
    with suppress(OSError, EOFError, SSHException):
        sock.close()
