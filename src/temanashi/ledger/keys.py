"""Key pairs that sign checkpoints and decisions: PEM files, the private one (PKCS #8) with mode 0600, the public one for all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from temanashi.errors import LedgerError

__all__ = ["PRIVATE", "PUBLIC", "BadSigningKey", "place_file", "public_key_of", "signing_key", "trusted_key"]

LEDGER = "ledger-signing"
PRIVATE, PUBLIC = f"{LEDGER}.pem", f"{LEDGER}.pub.pem"


class BadSigningKey(LedgerError):
    """A key file is not an Ed25519 key, or cannot be read or made. Data: file, reason."""

    key = "ledger.bad-signing-key"


def signing_key(folder: Path, *, name: str = LEDGER) -> Ed25519PrivateKey:
    """The key of this installation, made on first use (private part readable for its owner only); raises BadSigningKey."""
    file, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    try:
        if not file.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            place_file(file, Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
        key = load_pem_private_key(file.read_bytes(), password=None)
        if isinstance(key, Ed25519PrivateKey):
            if not public.exists():
                place_file(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)
            return key
    except (OSError, ValueError, TypeError) as error:
        raise BadSigningKey(file=str(file), reason=str(error)) from error
    raise BadSigningKey(file=str(file), reason="not Ed25519")


def trusted_key(folder: Path, *, name: str = LEDGER) -> str | None:
    """The public key (64 hex digits) that lies in a folder, or None where there is none; raises BadSigningKey."""
    file = folder / f"{name}.pub.pem"
    try:
        if not file.exists():
            return None
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError) as error:
        raise BadSigningKey(file=str(file), reason=str(error)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadSigningKey(file=str(file), reason="not Ed25519")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def public_key_of(key: Ed25519PrivateKey) -> str:
    """The public half, 64 hex digits."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def place_file(file: Path, content: bytes, mode: int) -> bool:
    """Write a file whole and durably, or not at all; False where it was there already. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        os.link(name, file)
    except FileExistsError:
        return False
    finally:
        Path(name).unlink()
    return True
