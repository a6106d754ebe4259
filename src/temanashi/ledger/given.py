"""Checkpoints and keys that an auditor kept: a file as it was written, or the mail that brought it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from pydantic import ValidationError

from temanashi.errors import InputError
from temanashi.ledger.checkpoints import Checkpoint

__all__ = ["BadPublicKey", "NoCheckpoint", "given_checkpoint", "given_key"]

LONGEST = 1_000_000
_BRACES = re.compile(r"\{[^{}]*\}")
_BREAKS = re.compile(r"\s*\r?\n[> \t]*")


class NoCheckpoint(InputError):
    """A file holds no checkpoint. Data: file, reason."""

    key = "ledger.no-checkpoint-in-file"


class BadPublicKey(InputError):
    """A file is no Ed25519 public key in PEM. Data: file, reason."""

    key = "ledger.bad-public-key"


def given_checkpoint(file: Path) -> Checkpoint:
    """The last checkpoint in a file, also where a mail program broke its lines; raises NoCheckpoint.

    What it says is believed only after its signature is checked.
    """
    try:
        raw = file.read_bytes()[:LONGEST]
    except OSError as error:
        raise NoCheckpoint(file=str(file), reason=error.strerror or str(error)) from error
    for form in _forms(raw):
        for found in reversed(_BRACES.findall(form)):
            for candidate in (found, _BREAKS.sub("", found)):
                try:
                    return Checkpoint.model_validate_json(candidate)
                except ValidationError:
                    continue
    raise NoCheckpoint(file=str(file), reason="-")


def _forms(raw: bytes) -> Iterator[str]:
    """The file as text, and every text of the mail that it may be."""
    text = raw.decode("utf-8", "replace")
    yield from (text, html.unescape(text))
    for part in message_from_bytes(raw).walk():
        payload = part.get_payload(decode=True)
        if part.get_content_maintype() == "text" and isinstance(payload, bytes):
            decoded = payload.decode("utf-8", "replace")
            yield from (decoded, html.unescape(decoded))


def given_key(file: Path) -> str:
    """The public key in a PEM file, 64 hex digits; raises BadPublicKey."""
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError) as error:
        raise BadPublicKey(file=str(file), reason=str(error)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadPublicKey(file=str(file), reason="not Ed25519")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
