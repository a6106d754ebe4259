"""Which certificates are trusted: those of this machine, or of one file."""

from __future__ import annotations

import ssl

from temanashi.errors import TargetError

__all__ = ["CaFileUnreadable", "trusting"]


class CaFileUnreadable(TargetError):
    """The file of trusted certificates cannot be read or holds none, so nothing can be verified."""

    key = "checks.ca-file"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path=path, reason=reason)


def trusting(ca_file: str | None = None) -> ssl.SSLContext:
    """A client context that verifies chain and name against `ca_file` alone, else against the machine's store.

    Not `ssl.create_default_context`: since Python 3.13 it refuses certificates that other clients accept, and one certificate
    must have one verdict on every version.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cafile=ca_file)
    except OSError as error:
        raise CaFileUnreadable(ca_file, error.strerror or str(error)) from error
    return context
