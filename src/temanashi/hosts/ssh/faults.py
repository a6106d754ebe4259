"""Why a host could not be entered, or why what it did is not known. All of these make a check UNKNOWN."""

from __future__ import annotations

from temanashi.errors import TargetError, TemanashiError
from temanashi.text.local import Phrase, phrase

__all__ = [
    "AlgorithmsDiffer",
    "AuthFailed",
    "BecomeFailed",
    "BecomeNeedsPassword",
    "ChannelRefused",
    "ConfigUnreadable",
    "ConnectTimedOut",
    "Died",
    "HostCertificateBad",
    "HostKeyChanged",
    "HostKeyRevoked",
    "HostKeyUnknown",
    "JumpFailed",
    "KeyUnusable",
    "NameNotFound",
    "NoSshServer",
    "NotReached",
    "OtherShell",
    "Refused",
    "SecretLacking",
    "ShellSilent",
    "StillRunning",
    "SweepTimedOut",
    "why",
]


def why(error: TemanashiError) -> Phrase:
    """An error as a sentence that another error can carry."""
    return phrase(error.key, **error.data)


class Refused(TargetError):
    """Nothing listens there."""

    key = "hosts.ssh-refused"

    def __init__(self, host: str, address: str, port: int) -> None:
        super().__init__(host=host, address=address, port=port)


class ConnectTimedOut(TargetError):
    """No connection, or no answer of an SSH server, in time."""

    key = "hosts.ssh-timeout"

    def __init__(self, host: str, address: str, port: int, seconds: float) -> None:
        super().__init__(host=host, address=address, port=port, seconds=f"{seconds:g}")


class NameNotFound(TargetError):
    """The name of a host has no address."""

    key = "hosts.ssh-no-name"

    def __init__(self, host: str, name: str, reason: str) -> None:
        super().__init__(host=host, name=name, reason=reason)


class NoSshServer(TargetError):
    """What answers is no SSH server, or it hung up before it said who it is (too many connections at a time: MaxStartups)."""

    key = "hosts.ssh-no-server"

    def __init__(self, host: str, address: str, port: int, reason: str) -> None:
        super().__init__(host=host, address=address, port=port, reason=reason)


class AlgorithmsDiffer(TargetError):
    """Both sides speak SSH, but have no cryptography in common."""

    key = "hosts.ssh-algorithms"

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(host=host, reason=reason)


class HostKeyUnknown(TargetError):
    """Nobody has said that this key is the host's."""

    key = "hosts.host-key-unknown"

    def __init__(self, host: str, *, address: str, key_type: str, fingerprint: str) -> None:
        super().__init__(host=host, address=address, key_type=key_type, fingerprint=fingerprint)


class HostKeyChanged(TargetError):
    """The host shows another key than the one that is recorded. It may be another machine."""

    key = "hosts.host-key-changed"

    def __init__(self, host: str, *, address: str, key_type: str, fingerprint: str, places: list[str]) -> None:
        super().__init__(host=host, address=address, key_type=key_type, fingerprint=fingerprint, places=places)


class HostKeyRevoked(TargetError):
    """The key of the host, or of who certified it, is marked as revoked."""

    key = "hosts.host-key-revoked"

    def __init__(self, host: str, *, fingerprint: str, place: str) -> None:
        super().__init__(host=host, fingerprint=fingerprint, place=place)


class HostCertificateBad(TargetError):
    """The certificate of the host is signed by a trusted authority but is not valid for it now."""

    key = "hosts.host-certificate-bad"

    def __init__(self, host: str, problem: Phrase) -> None:
        super().__init__(host=host, problem=problem)


class AuthFailed(TargetError):
    """The host let none of our keys or passwords in."""

    key = "hosts.auth-failed"

    def __init__(self, host: str, user: str, *, tried: list[str], allowed: list[str]) -> None:
        super().__init__(host=host, user=user, tried=tried or ["-"], allowed=allowed or ["-"])


class KeyUnusable(TargetError):
    """A private key or certificate that somebody named cannot be used."""

    key = "hosts.key-unusable"

    def __init__(self, host: str, file: str, problem: Phrase) -> None:
        super().__init__(host=host, file=file, problem=problem)


class ConfigUnreadable(TargetError):
    """The OpenSSH configuration that the settings name cannot be read."""

    key = "hosts.ssh-config-unreadable"

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(file=file, reason=reason)


class JumpFailed(TargetError):
    """The host was not reached because a host on the way did not let us through."""

    key = "hosts.jump-failed"

    def __init__(self, host: str, hop: str, reason: Phrase) -> None:
        super().__init__(host=host, hop=hop, reason=reason)


class NotReached(TargetError):
    """A host on the way could not connect to the next one."""

    key = "hosts.not-reached"

    def __init__(self, host: str, hop: str, reason: str) -> None:
        super().__init__(host=host, hop=hop, reason=reason)


class ChannelRefused(TargetError):
    """The connection stands, but the host opens no session on it (MaxSessions, or no sessions at all)."""

    key = "hosts.channel-refused"

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(host=host, reason=reason)


class OtherShell(TargetError):
    """The login shell or a forced command answered instead of a POSIX shell; nothing of ours was run."""

    key = "hosts.other-shell"

    def __init__(self, host: str, said: str) -> None:
        super().__init__(host=host, said=said)


class ShellSilent(TargetError):
    """The login shell did not come to the first of our commands in time."""

    key = "hosts.shell-silent"

    def __init__(self, host: str, seconds: float) -> None:
        super().__init__(host=host, seconds=f"{seconds:g}")


class Died(TargetError):
    """The connection or the shell ended half-way. What was not answered is not known and is never run again blindly."""

    key = "hosts.died"

    def __init__(self, host: str, program: str) -> None:
        super().__init__(host=host, program=program)


class SweepTimedOut(TargetError):
    """All checks of a host together took too long."""

    key = "hosts.sweep-timeout"

    def __init__(self, host: str, seconds: float) -> None:
        super().__init__(host=host, seconds=f"{seconds:g}")


class BecomeNeedsPassword(TargetError):
    """sudo asks for a password that the inventory does not have."""

    key = "hosts.become-needs-password"

    def __init__(self, host: str, user: str) -> None:
        super().__init__(host=host, user=user)


class BecomeFailed(TargetError):
    """sudo did not let us become the account."""

    key = "hosts.become-failed"

    def __init__(self, host: str, user: str, said: str) -> None:
        super().__init__(host=host, user=user, said=said)


class StillRunning(TargetError):
    """A command did not end in time and could not be killed either: it may go on."""

    key = "hosts.still-running"

    def __init__(self, host: str, program: str, seconds: float) -> None:
        super().__init__(host=host, program=program, seconds=f"{seconds:g}")


class SecretLacking(TargetError):
    """A secret that signing in needs is not there."""

    key = "hosts.secret-lacking"

    def __init__(self, host: str, reason: Phrase) -> None:
        super().__init__(host=host, reason=reason)
