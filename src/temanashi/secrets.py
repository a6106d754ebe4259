"""Secrets are references until the last moment, and their values are redacted from everything that is kept or shown."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints

from temanashi.errors import InputError
from temanashi.redaction import MASK, Redactor

__all__ = ["MASK", "Redactor", "SecretMissing", "SecretNeedsServer", "SecretRef", "is_reference", "resolve"]

_FORMS = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:[^\x00\n]+|prefect:[a-z0-9][a-z0-9-]*)$"
SecretRef = Annotated[str, StringConstraints(pattern=_FORMS)]
"""`env:NAME`, `file:PATH` or `prefect:BLOCK`: where a secret is, never what it is."""


def is_reference(text: str) -> bool:
    """Whether a text says where a secret is."""
    return re.fullmatch(_FORMS, text) is not None


class SecretMissing(InputError):
    """A reference that leads to nothing here."""

    key = "secrets.missing"

    def __init__(self, ref: str) -> None:
        super().__init__(ref=ref)


class SecretNeedsServer(SecretMissing):
    """A Secret block of Prefect, asked for where there is no Prefect."""

    key = "secrets.needs-server"


def resolve(ref: str, *, environ: Mapping[str, str] | None = None, block: Callable[[str], str | None] | None = None) -> str:
    """The secret behind `env:NAME`, `file:PATH` (one trailing newline dropped) or `prefect:BLOCK`.

    `block` reads a block, where Prefect is. Raises SecretMissing, which never holds the value.
    """
    scheme, _, name = ref.partition(":")
    value: str | None = None
    if scheme == "env":
        value = (os.environ if environ is None else environ).get(name)
    elif scheme == "file":
        value = _file(name)
    elif scheme == "prefect":
        if block is None:
            raise SecretNeedsServer(ref)
        value = block(name)
    if not value:
        raise SecretMissing(ref)
    return value


def _file(name: str) -> str | None:
    try:
        return Path(name).read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError):
        return None
