"""What certificates a TLS server presents, and what a strict client says of them."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from temanashi.checks.connecting import connected
from temanashi.checks.names import Address
from temanashi.checks.reaching import Deadline
from temanashi.checks.starttls import StartTls, start_tls
from temanashi.clock import Clock

__all__ = ["Member", "members_of", "names_of", "presented", "verified"]

Member = dict[str, Any]
"""One certificate of a chain as facts: subject, not_before, not_after (ISO, UTC), days_left, self_signed."""

_DER = 2  # _ssl.ENCODING_DER


def presented(
    addresses: Sequence[Address], name: str, *, clock: Clock, timeout: float, starttls: StartTls | None = None
) -> list[bytes]:
    """The chain as the server sends it, in DER, unverified; raises OSError (ssl.SSLError among them) and NoStartTls."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # looking is not trusting: `verified` decides
    return _chain(addresses, name, context, "get_unverified_chain", clock=clock, timeout=timeout, starttls=starttls)


def verified(
    addresses: Sequence[Address],
    name: str,
    context: ssl.SSLContext,
    *,
    clock: Clock,
    timeout: float,
    starttls: StartTls | None = None,
) -> list[bytes]:
    """The chain up to a trusted root, in DER.

    Raises ssl.SSLCertVerificationError when chain or name are not right, OSError and NoStartTls.
    """
    return _chain(addresses, name, context, "get_verified_chain", clock=clock, timeout=timeout, starttls=starttls)


def _chain(
    addresses: Sequence[Address],
    name: str,
    context: ssl.SSLContext,
    getter: str,
    *,
    clock: Clock,
    timeout: float,
    starttls: StartTls | None,
) -> list[bytes]:
    deadline = Deadline(clock, clock.monotonic() + timeout)
    with connected(addresses, clock=clock, timeout=timeout) as link:
        try:
            if starttls is not None:
                start_tls(starttls, link, deadline)
            link.settimeout(deadline.left())  # for the whole handshake, however slowly it drips in
            with context.wrap_socket(link, server_hostname=name) as tls:
                return _der(tls, getter)
        except OSError as error:
            if deadline.over:
                raise TimeoutError("the handshake took too long") from error
            raise


def _der(tls: ssl.SSLSocket, getter: str) -> list[bytes]:
    public = getattr(tls, getter, None)
    if public is not None:  # Python 3.13
        return list(public())
    # Since Python 3.10 the same call exists one level below (bpo-18233).
    inner: Iterable[Any] = getattr(tls._sslobj, getter)() or ()  # type: ignore[attr-defined]  # noqa: SLF001
    return [bytes(certificate.public_bytes(_DER)) for certificate in inner]


def members_of(chain: Sequence[bytes], *, now: datetime) -> list[Member]:
    """The facts of each certificate; raises ValueError for what is no certificate."""
    from cryptography import x509  # noqa: PLC0415  (only who looks at certificates pays for its import)

    return [_member(x509.load_der_x509_certificate(der), now) for der in chain]


def _member(certificate: Any, now: datetime) -> Member:
    ends = certificate.not_valid_after_utc
    return {
        "subject": certificate.subject.rfc4514_string(),
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": ends.isoformat(),
        "days_left": round((ends - now).total_seconds() / 86_400, 3),
        "early": certificate.not_valid_before_utc > now,
        "self_signed": certificate.subject == certificate.issuer,
    }


def names_of(der: bytes) -> list[str]:
    """The DNS names and addresses that a certificate is for."""
    from cryptography import x509  # noqa: PLC0415  (see members_of)

    try:
        names = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
