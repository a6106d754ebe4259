"""The gate's key: its private half signs decisions, its public half lies beside it for workers and auditors."""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from temanashi.ledger.checkpoints import KEYS
from temanashi.ledger.keys import signing_key, trusted_key
from temanashi.runs.signatures import Signatures
from temanashi.settings import Settings

__all__ = ["GATE", "ensure_gate_key", "signatures_of"]

GATE = "gate-signing"
"""`.tema/keys/gate-signing.pem` for the gate alone, `gate-signing.pub.pem` for everybody."""


def _keys(settings: Settings) -> Path:
    return settings.state_dir / KEYS


def ensure_gate_key(settings: Settings) -> None:
    """Make the key where there is none; raises BadSigningKey."""
    signing_key(_keys(settings), name=GATE)


def signatures_of(settings: Settings, *, sign: bool) -> Signatures | None:
    """None without sign-in: then nobody is verified, and a signature would prove nothing. Keys are read when they are used."""
    if not settings.gate.sign_in:
        return None

    def holds(text: bytes, signature: str) -> bool:
        public = trusted_key(_keys(settings), name=GATE)
        if public is None:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), text)
        except (InvalidSignature, ValueError):
            return False
        return True

    def signed(text: bytes) -> str:
        return signing_key(_keys(settings), name=GATE).sign(text).hex()

    return Signatures(holds=holds, sign=signed if sign else None)
