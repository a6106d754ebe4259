"""Whether the key that a host shows is the host's: strictly, always."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    SSHCertificate,
    SSHCertificateType,
    load_ssh_public_identity,
)

from temanashi.hosts.ssh.faults import HostCertificateBad, HostKeyChanged, HostKeyRevoked, HostKeyUnknown
from temanashi.hosts.ssh.known_hosts import HostKey, KnownKey
from temanashi.text.local import Phrase, phrase

__all__ = ["offered_algorithms", "verify_host_key"]

CERTIFICATE = "-cert-v01@openssh.com"
PLAIN = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256")
RSA = ("rsa-sha2-512", "rsa-sha2-256")


def offered_algorithms(known: Sequence[KnownKey]) -> tuple[str, ...]:
    """Algorithms for host keys in the order in which we ask: what can be verified comes first.

    A host with several keys then shows the one that is recorded.
    """
    certificates = [name + CERTIFICATE for name in PLAIN] if any(k.marker == "cert-authority" for k in known) else []
    recorded = {known_key.key.type for known_key in known if not known_key.marker}
    wanted = [name for name in PLAIN if name in recorded or (name in RSA and "ssh-rsa" in recorded)]
    return tuple(dict.fromkeys([*certificates, *wanted, *PLAIN]))


def verify_host_key(
    host: str,
    address: str,
    shown: HostKey,
    *,
    certificate: bytes | None,
    names: Iterable[str],
    known: Sequence[KnownKey],
    now: datetime,
) -> None:
    """Accept the key, or raise HostKeyUnknown, HostKeyChanged, HostKeyRevoked or HostCertificateBad.

    `certificate` is what came with the key, if anything did; `names` are what the host may be called in it.
    """
    _not_revoked(host, shown, known)
    if certificate is not None:
        identity = _identity(host, certificate)
        authority = _authority(identity)
        _not_revoked(host, authority, known)
        if any(k.marker == "cert-authority" and k.key == authority for k in known):
            problem = _certificate_problem(identity, list(names), now)
            if problem is not None:
                raise HostCertificateBad(host, problem)
            return
    recorded = [k for k in known if not k.marker]
    if any(k.key == shown for k in recorded):
        return
    told = {"address": address, "key_type": shown.type, "fingerprint": shown.fingerprint}
    if recorded:
        raise HostKeyChanged(host, places=sorted({k.place for k in recorded}), **told)
    raise HostKeyUnknown(host, **told)


def _not_revoked(host: str, key: HostKey, known: Sequence[KnownKey]) -> None:
    for entry in known:
        if entry.marker == "revoked" and entry.key == key:
            raise HostKeyRevoked(host, fingerprint=key.fingerprint, place=entry.place)


def _identity(host: str, certificate: bytes) -> SSHCertificate:
    kind = certificate[4 : 4 + int.from_bytes(certificate[:4], "big")]
    try:
        identity = load_ssh_public_identity(kind + b" " + base64.b64encode(certificate))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise HostCertificateBad(host, phrase("hosts.certificate-signature")) from error
    if not isinstance(identity, SSHCertificate):
        raise HostCertificateBad(host, phrase("hosts.certificate-kind"))
    return identity


def _authority(identity: SSHCertificate) -> HostKey:
    kind, encoded = identity.signature_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[:2]
    return HostKey(kind.decode(), base64.b64decode(encoded))


def _certificate_problem(identity: SSHCertificate, names: list[str], now: datetime) -> Phrase | None:
    if identity.type is not SSHCertificateType.HOST:
        return phrase("hosts.certificate-kind")
    try:
        identity.verify_cert_signature()
    except (InvalidSignature, UnsupportedAlgorithm):
        return phrase("hosts.certificate-signature")
    if identity.critical_options:
        return phrase("hosts.certificate-options", options=[o.decode("utf-8", "replace") for o in identity.critical_options])
    principals = [p.decode("utf-8", "replace").lower() for p in identity.valid_principals]
    if principals and not {name.lower() for name in names} & set(principals):  # none means every host (ssh-keygen(1), CERTIFICATES)
        return phrase("hosts.certificate-names", names=principals, host=names[0])
    if not identity.valid_after <= now.timestamp() < identity.valid_before:
        return phrase("hosts.certificate-dates", start=_day(identity.valid_after), end=_day(identity.valid_before))
    return None


def _day(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="minutes")
    except (OverflowError, ValueError, OSError):
        return "9999-12-31"
