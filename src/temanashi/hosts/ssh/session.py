"""paramiko's transport as we use it: what it offers, and messages of ours that do not wait for their answer."""

from __future__ import annotations

import logging
import socket
import threading

import paramiko
from paramiko.common import cMSG_CHANNEL_OPEN
from paramiko.kex_curve25519 import KexCurve25519

__all__ = ["Session"]

LOG = "temanashi.ssh"

# What paramiko logs as an error is an error of ours too, with a next step; its traceback would stand in the middle of an answer.
_log = logging.getLogger(LOG)
_log.addHandler(logging.NullHandler())
_log.setLevel(logging.CRITICAL)


_ciphers: tuple[str, ...] = paramiko.Transport._preferred_ciphers  # type: ignore[attr-defined]  # noqa: SLF001
_exchanges: tuple[str, ...] = paramiko.Transport._preferred_kex  # type: ignore[attr-defined]  # noqa: SLF001
_kex_info: dict[str, type] = paramiko.Transport._kex_info  # type: ignore[attr-defined]  # noqa: SLF001

CIPHERS = tuple(sorted((name for name in _ciphers if not name.endswith("-cbc")), key=lambda name: "-gcm@" not in name))
"""What OpenSSH offers by itself too; first those without a separate checksum, whose comparison costs Python a lot of CPU."""

OLD_MACS = ("hmac-md5", "hmac-md5-96", "hmac-sha1-96")
CURVE = "curve25519-sha256"
EXCHANGES = tuple(name for known in _exchanges for name in ((CURVE, known) if known.startswith(CURVE) else (known,)))
"""RFC 8731 gave the exchange a second name, and hardened hosts know only that one."""


class Session(paramiko.Transport):
    """paramiko's transport with host key algorithms in the order that we want, certificates included.

    It looks ten times less often than paramiko's whether it should stop: an open connection should cost nothing.
    """

    _active_check_timeout = 1.0
    _preferred_ciphers = CIPHERS
    _preferred_kex = EXCHANGES
    _kex_info = {**_kex_info, CURVE: KexCurve25519}  # noqa: RUF012  (paramiko's shape)

    def __init__(self, sock: socket.socket | paramiko.Channel, *, algorithms: tuple[str, ...]) -> None:
        self._algorithms = algorithms
        super().__init__(sock, disabled_algorithms={"macs": OLD_MACS})
        self.set_log_channel(LOG)

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        """Host key algorithms, in order."""
        return self._algorithms

    def post(self, message: paramiko.Message) -> None:
        """Send a message of ours, as paramiko's own methods do, but without waiting for what comes back."""
        self._send_user_message(message)  # type: ignore[attr-defined]

    def ask_for_session(self) -> tuple[paramiko.Channel, threading.Event]:
        """Ask for a session channel (RFC 4254, section 6.1) without waiting: the event is set when the answer is there.

        The channel is `active` then, unless the host refused it.
        """
        answered = threading.Event()
        with self.lock:
            number = self._next_channel()  # type: ignore[attr-defined]
            channel = paramiko.Channel(number)
            self._channels.put(number, channel)  # type: ignore[attr-defined]
            self.channel_events[number] = answered
            self.channels_seen[number] = True
            channel._set_transport(self)  # type: ignore[attr-defined]  # noqa: SLF001
            channel._set_window(self.default_window_size, self.default_max_packet_size)  # type: ignore[attr-defined]  # noqa: SLF001
        message = paramiko.Message()
        message.add_byte(cMSG_CHANNEL_OPEN)
        message.add_string("session")
        for value in (number, self.default_window_size, self.default_max_packet_size):
            message.add_int(value)
        self.post(message)
        return channel, answered

    def silence(self) -> None:
        """Nothing is sent any more, whatever is called."""
        self.active = False
