"""A connection to the directory: TLS that Python itself verifies comes first, and referrals are never followed."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from temanashi.signin.directory_faults import DirectoryDown, DirectoryMisset

if TYPE_CHECKING:
    from ldap3 import Connection

__all__ = ["Server", "bound", "connected", "ldap3_quietly", "prepared"]

WRONG_PASSWORD = frozenset({"invalidCredentials", "inappropriateAuthentication", "noSuchObject", "insufficientAccessRights"})
NOT_NOW = frozenset({"constraintViolation", "unwillingToPerform"})
"""How directories answer a bind of somebody who is locked, or must change the password first."""


class Server(Protocol):
    """Where a directory is: `ldaps://`, or `ldap://` which begins TLS; whose certificates count; seconds to wait."""

    @property
    def url(self) -> str:
        """Its address."""
        ...

    @property
    def ca(self) -> str:
        """File of the certificate authority, relative to the workspace; empty: those of the system."""
        ...

    @property
    def timeout(self) -> float:
        """Seconds."""
        ...


def ldap3_quietly() -> Any:
    """The library. It names deprecated parts of another when it is imported, which must not count where warnings are errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import ldap3  # noqa: PLC0415  (the extra `ldap` brings it)

        return ldap3


def _verified(ca: str) -> Any:
    """TLS whose certificate and host name are checked by Python, not by the library."""
    library = ldap3_quietly()

    class VerifiedTls(library.Tls):  # type: ignore[misc, name-defined]  # loaded when it is needed
        def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  (its signature)
            context = ssl.create_default_context(cafile=ca or None)
            # A question waits for the answer to the one before, so that gathering small packets costs 40 ms.
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.socket = context.wrap_socket(connection.socket, server_hostname=connection.server.host)

    return VerifiedTls(validate=ssl.CERT_REQUIRED)


@contextmanager
def connected(settings: Server, root: Path, *, read_only: bool = True) -> Iterator[Connection]:
    """A connection over TLS on which nobody is bound yet; raises DirectoryDown and DirectoryMisset."""
    library, parts = ldap3_quietly(), urlsplit(settings.url)
    ca = str(root / settings.ca) if settings.ca else ""
    try:
        ssl.create_default_context(cafile=ca or None)
    except (OSError, ssl.SSLError) as error:
        raise DirectoryMisset(settings.url, "ca") from error
    over_tls = parts.scheme == "ldaps"
    server = library.Server(
        parts.hostname,
        port=parts.port or (636 if over_tls else 389),
        use_ssl=over_tls,
        tls=_verified(ca),
        get_info=library.NONE,
        mode=library.IP_V4_PREFERRED,
        connect_timeout=settings.timeout,
    )
    common: dict[str, Any] = {
        "receive_timeout": ceil(settings.timeout),
        "check_names": False,
        "return_empty_attributes": False,
        "read_only": read_only,
    }
    found = library.Connection(server, auto_bind=library.AUTO_BIND_NONE, auto_referrals=False, auto_range=False, **common)
    try:
        found.open(read_server_info=False)
        if not over_tls and not found.start_tls(read_server_info=False):
            raise DirectoryDown(settings.url, "StartTLS")
        yield found
    except library.core.exceptions.LDAPException as error:
        raise DirectoryDown(settings.url, _reason(error)) from error
    finally:
        # What the library opened in vain it leaves open.
        last = found.socket
        with suppress(library.core.exceptions.LDAPException, OSError):
            found.unbind()
        if last is not None:
            last.close()


def _reason(error: Exception) -> str:
    """The kind of fault, without what the library quotes."""
    text = str(error).lower()
    words = {"certificate": "certificate", "timed out": "timeout", "refused": "refused"}
    return next((word for part, word in words.items() if part in text), type(error).__name__)


def prepared(password: str) -> bytes:
    """A password as it is sent (RFC 4513, 6.3.1, by RFC 4013). Empty where nothing of it is left: signs that nobody sees."""
    ldap3_quietly()
    from ldap3.core.exceptions import LDAPSASLPrepError  # noqa: PLC0415
    from ldap3.protocol.sasl.sasl import sasl_prep  # noqa: PLC0415

    try:
        return str(sasl_prep(password)).encode()  # type: ignore[no-untyped-call, unused-ignore]
    except LDAPSASLPrepError:
        return b""


def bound(connection: Connection, dn: str, password: str, *, url: str) -> bool:
    """Whether the directory takes this password; raises DirectoryDown where it says neither yes nor no.

    An empty password would be an anonymous bind, which succeeds (RFC 4513, 5.1.2): it is never sent.
    """
    library, sent = ldap3_quietly(), prepared(password)
    if not dn or not sent:
        return False
    yes: bool = connection.rebind(user=dn, password=sent, authentication=library.SIMPLE, read_server_info=False)
    said = str((connection.result or {}).get("description", ""))
    if not yes and said not in WRONG_PASSWORD | NOT_NOW:
        raise DirectoryDown(url, said or "bind")
    return yes
