"""Which certificates are trusted, and which one we show: contexts of TLS, made once for as long as their files stay the same."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path

from temanashi.errors import TargetError

__all__ = ["CaFileUnreadable", "ClientCertificateUnreadable", "Trust", "trusting"]


class CaFileUnreadable(TargetError):
    """The file of trusted certificates cannot be read or holds none, so nothing can be verified."""

    key = "checks.ca-file"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path=path, reason=reason)


class ClientCertificateUnreadable(TargetError):
    """The certificate that we show, or its key, cannot be read; the password of the key is never told."""

    key = "checks.client-cert"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path=path, reason=reason)


def trusting(
    ca_file: str | None = None, *, client_cert: str | None = None, client_key: str | None = None, password: str = ""
) -> ssl.SSLContext:
    """A client context that verifies chain and name against `ca_file` alone, else against the machine's store.

    `client_cert` (PEM, with its key unless `client_key` has it) is shown to servers that ask. Not `ssl.create_default_context`:
    since Python 3.13 it refuses certificates that other clients accept, and one certificate must have one verdict on every version.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is None:
        context.load_default_certs()
    else:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:
            raise CaFileUnreadable(ca_file, error.strerror or str(error)) from error
    if client_cert is not None:
        try:
            # Always with a password: without one OpenSSL would ask for it on the terminal.
            context.load_cert_chain(client_cert, client_key, password=password)
        except (OSError, ValueError) as error:
            raise ClientCertificateUnreadable(client_cert, getattr(error, "strerror", None) or str(error)) from None
    return context


class Trust:
    """Keeps contexts: loading the machine's store takes longer than a whole check. A changed file makes a new one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[object, ...], ssl.SSLContext] = {}

    def context(
        self, ca_file: str | None = None, *, client_cert: str | None = None, client_key: str | None = None, password: str = ""
    ) -> ssl.SSLContext:
        """The same as `trusting`."""
        files = (ca_file, client_cert, client_key)
        key = (*files, password, *map(_signature, files))
        with self._lock:
            if key not in self._known:
                self._known[key] = trusting(ca_file, client_cert=client_cert, client_key=client_key, password=password)
            return self._known[key]


def _signature(path: str | None) -> tuple[int, ...]:
    if path is None:
        return ()
    try:
        about = Path(path).stat()
    except OSError:
        return ()
    return (about.st_mtime_ns, about.st_size, about.st_ino)
