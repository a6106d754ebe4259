"""The token by which this machine's own processes reach the gate: made by the gate, in a file that only its owner can read."""

from __future__ import annotations

import os
from pathlib import Path

from temanashi.ledger.keys import place_file
from temanashi.people import Actor
from temanashi.settings import Settings
from temanashi.signin.tokens import find_token, make_token, scope_named
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.opening import Installation

__all__ = ["PERSONAL", "bearer", "ensure_local_token", "local_token"]

PERSONAL = "TEMA_TOKEN"
"""The variable with which a program says whose token it uses instead."""


def _file(settings: Settings) -> Path:
    return settings.state_dir / "keys" / "local-token"


def local_token(settings: Settings) -> str:
    """The token of this machine; empty where there is none, or it is not ours to read."""
    try:
        return _file(settings).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def bearer(settings: Settings) -> dict[str, str]:
    """The header with which a program of this machine calls the gate: a person's token where `TEMA_TOKEN` has one."""
    token = os.environ.get(PERSONAL, "").strip() or local_token(settings)
    return {"Authorization": f"Bearer {token}"} if token and settings.gate.sign_in else {}


def ensure_local_token(installation: Installation) -> None:
    """Keep the token that is there and works, else make one; runs that outlive the gate go on with it. Raises OSError."""
    file, book = _file(installation.settings), book_of(installation)
    known = local_token(installation.settings)
    with installation.database.transaction() as connection:
        if known and find_token(connection, known, now=book.now()) is not None:
            return
        actor = Actor(name="temanashi", kind="system")
        _, secret = make_token(
            book, connection, "tema up", user="", scopes=[scope_named("worker")], until=None, actor=actor, channel="cli"
        )
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        place_file(file, f"{secret}\n".encode(), 0o600)
