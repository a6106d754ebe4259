"""The certificate with which other machines are let in: read before anything starts, and again when it was renewed."""

from __future__ import annotations

import ssl
from pathlib import Path

from temanashi.errors import ServerError
from temanashi.settings import Settings
from temanashi.settings_sections import TlsSettings

__all__ = ["Certificate", "CertificateUnreadable"]


class CertificateUnreadable(ServerError):
    """The certificate or its key cannot be read, or they do not belong together. Data: certificate, key, reason."""

    key = "orchestration.certificate-unreadable"

    def __init__(self, certificate: Path, key: Path, reason: str) -> None:
        super().__init__(certificate=str(certificate), key=str(key), reason=reason)


class Certificate:
    """The files of `[tool.temanashi.gate.tls]` as a context of TLS 1.2 or newer; raises CertificateUnreadable."""

    def __init__(self, settings: Settings, tls: TlsSettings) -> None:
        self._certificate = settings.root / Path(tls.certificate).expanduser()
        self._key = settings.root / Path(tls.key).expanduser()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._seen = self._times()
        self._load()

    def renew(self) -> bool:
        """Take up files that changed since, for new connections; whether they were. Raises CertificateUnreadable."""
        now = self._times()
        if now == self._seen:
            return False
        self._load()
        self._seen = now
        return True

    def _load(self) -> None:
        try:
            # Without a passphrase of ours OpenSSL would ask for one at the terminal.
            self.context.load_cert_chain(self._certificate, self._key, password=lambda: "")
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
            raise CertificateUnreadable(self._certificate, self._key, str(reason)) from error

    def _times(self) -> tuple[float, ...]:
        return tuple(file.stat().st_mtime if file.exists() else 0.0 for file in (self._certificate, self._key))
