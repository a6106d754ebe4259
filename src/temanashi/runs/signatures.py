"""Decisions are signed by the gate, and count only so: who writes into the database cannot decide. Ed25519 (RFC 8032)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from temanashi.canonical import canonical_json
from temanashi.errors import RunError
from temanashi.ledger.chain import plain
from temanashi.people import Actor

__all__ = ["CannotSign", "NotVerified", "Signatures", "signed_body"]

DOMAIN = b"temanashi/decision/1\n"
FIELD = "signature"


class NotVerified(RunError):
    """Somebody decides, or asks for what others must approve, without having signed in. Data: actor."""

    key = "runs.not-verified"

    def __init__(self, actor: str) -> None:
        super().__init__(actor=actor)


class CannotSign(RunError):
    """A decision is written where the gate's key is not: it would count for nothing."""

    key = "runs.cannot-sign"


@dataclass(frozen=True, kw_only=True)
class Signatures:
    """How a decision is signed and proved. A worker has no `sign`: it holds the public half only."""

    holds: Callable[[bytes, str], bool]
    sign: Callable[[bytes], str] | None = None

    def prove(self, run: str, step: str, outcome: str, actor: str, body: Mapping[str, Any]) -> bool:
        """Whether the gate signed this very decision."""
        signature = body.get(FIELD)
        return isinstance(signature, str) and self.holds(_statement(run, step, outcome, actor, body), signature)


def signed_body(
    signatures: Signatures | None,
    *,
    run: str,
    step: str,
    outcome: str,
    actor: Actor,
    body: Mapping[str, Any],
    needed: bool = True,
) -> dict[str, Any]:
    """The body of a decision with its signature; as it is where none is asked for. Raises NotVerified and CannotSign.

    What ends by itself, of a part of the system, is not signed. Where it is not `needed`, it is signed if it can be.
    """
    able = signatures is not None and signatures.sign is not None and actor.assurance == "verified"
    if signatures is None or actor.kind != "person" or not (needed or able):
        return dict(body)
    if actor.assurance != "verified":
        raise NotVerified(actor.name)
    if signatures.sign is None:
        raise CannotSign
    stored = plain(body)
    return {**stored, FIELD: signatures.sign(_statement(run, step, outcome, actor.name, stored))}


def _statement(run: str, step: str, outcome: str, actor: str, body: Mapping[str, Any]) -> bytes:
    said = {name: value for name, value in body.items() if name != FIELD}
    return DOMAIN + canonical_json({"run": run, "step": step, "outcome": outcome, "actor": actor, "body": said}).encode()
