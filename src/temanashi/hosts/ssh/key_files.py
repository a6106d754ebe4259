"""Private keys in files, with their certificates: read once, however many hosts they open."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    SSHCertificate,
    load_pem_private_key,
    load_ssh_private_key,
    load_ssh_public_identity,
)
from paramiko.ssh_exception import SSHException

from temanashi.hosts.ssh.faults import KeyUnusable
from temanashi.redaction import one_line
from temanashi.text.local import Phrase, phrase

__all__ = ["KeyFiles"]

CERTIFICATE = "-cert.pub"


class KeyFiles:
    """Keys by file. `passphrase` tells the one of encrypted keys, None when there is none. It may be used by several threads."""

    def __init__(self, *, passphrase: Callable[[], str | None]) -> None:
        self._passphrase = passphrase
        self._keys: dict[tuple[str, str, int, int], paramiko.PKey | None] = {}
        self._lock = threading.Lock()

    def keys(self, host: str, files: Sequence[Path], certificates: Sequence[Path]) -> Iterator[tuple[str, paramiko.PKey]]:
        """Each key with its certificates, then alone, and the name of the file; raises KeyUnusable and SecretMissing."""
        for file in files:
            for certificate in [*certificates, file.with_name(file.name + CERTIFICATE)]:
                if certificate.exists() and (key := self._key(host, file, certificate)) is not None:
                    yield str(certificate), key
            if (key := self._key(host, file, None)) is not None:
                yield str(file), key

    def _key(self, host: str, file: Path, certificate: Path | None) -> paramiko.PKey | None:
        """The key, with its certificate; None when the certificate is of another key."""
        name = (str(file), str(certificate or ""), _stamp(host, file), _stamp(host, certificate) if certificate else 0)
        with self._lock:
            if name not in self._keys:
                key = self._loaded(host, file)
                self._keys[name] = key if certificate is None or _certified(host, key, certificate) else None
            return self._keys[name]

    def _loaded(self, host: str, file: Path) -> paramiko.PKey:
        def unusable(problem: Phrase) -> KeyUnusable:
            return KeyUnusable(host, str(file), problem)

        try:
            data = file.read_bytes()
            return _parsed(data, None)
        except OSError as error:
            raise unusable(phrase("hosts.key-unreadable", reason=error.strerror or "")) from error
        except TypeError as error:  # it is encrypted
            passphrase = self._passphrase()
            if passphrase is None:
                raise unusable(phrase("hosts.key-passphrase-needed")) from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise unusable(phrase("hosts.key-not-a-key", reason=one_line(str(error))[:120])) from error
        try:
            return _parsed(data, passphrase)
        except (ValueError, UnsupportedAlgorithm):
            raise unusable(phrase("hosts.key-passphrase-wrong")) from None


def _stamp(host: str, file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError as error:
        raise KeyUnusable(host, str(file), phrase("hosts.key-unreadable", reason=error.strerror or "")) from error


def _parsed(data: bytes, passphrase: str | None) -> paramiko.PKey:
    """The key in a file; raises TypeError when it needs a passphrase, else ValueError and UnsupportedAlgorithm.

    Read by cryptography: paramiko's own reader refuses some keys whose comment is empty (it takes its end for padding).
    """
    load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in data else load_pem_private_key
    key = load(data, None if passphrase is None else passphrase.encode())
    if isinstance(key, RSAPrivateKey):
        return paramiko.RSAKey(key=key)
    if isinstance(key, EllipticCurvePrivateKey):
        return paramiko.ECDSAKey(vals=(key, key.public_key()))
    if isinstance(key, Ed25519PrivateKey):
        text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
        return paramiko.Ed25519Key.from_private_key(io.StringIO(text))
    raise ValueError(type(key).__name__)


def _certified(host: str, key: paramiko.PKey, certificate: Path) -> bool:
    """Put a certificate to a key, if it is the key's."""
    try:
        identity = load_ssh_public_identity(certificate.read_bytes().strip())
        if not isinstance(identity, SSHCertificate) or _bytes_of(identity) != key.asbytes():
            return False
        key.load_certificate(str(certificate))
    except (OSError, ValueError, SSHException, UnsupportedAlgorithm) as error:
        problem = phrase("hosts.key-not-its-certificate", reason=str(error)[:120])
        raise KeyUnusable(host, str(certificate), problem) from error
    return True


def _bytes_of(identity: SSHCertificate) -> bytes:
    return base64.b64decode(identity.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1])
