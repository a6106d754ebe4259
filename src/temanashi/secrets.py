"""Secrets are references until the last moment, and their values are redacted from everything that is kept or shown."""

from __future__ import annotations

import base64
import os
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, quote_plus

from pydantic import StringConstraints

from temanashi.errors import InputError

__all__ = ["MASK", "Redactor", "SecretMissing", "SecretRef", "is_reference", "resolve"]

MASK = "●●●●"
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


def resolve(ref: str, *, environ: Mapping[str, str] | None = None) -> str:
    """The secret behind `env:NAME` or `file:PATH` (one trailing newline dropped); raises SecretMissing without the value."""
    scheme, _, name = ref.partition(":")
    if scheme == "env":
        value = (os.environ if environ is None else environ).get(name)
        if value:
            return value
    elif scheme == "file":
        try:
            value = Path(name).read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError):
            value = ""
        if value:
            return value
    raise SecretMissing(ref)


class Redactor:
    """Replaces secret values by a mask: raw, shell-quoted, URL- and base64-encoded. Values under 4 characters are kept out."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: list[str] = []
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Redact this value from now on."""
        if len(secret) < 4:  # noqa: PLR2004  (masking "a" would blank every text)
            return
        raw = secret.encode("utf-8", "surrogatepass")
        forms = {secret, shlex.quote(secret), quote(raw), quote(raw, safe=""), quote_plus(raw), base64.b64encode(raw).decode()}
        forms.add(base64.urlsafe_b64encode(raw).decode())
        forms.update(line for line in secret.splitlines() if len(line) >= 4)  # noqa: PLR2004
        self._forms = sorted({*self._forms, *forms}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text with every known secret masked."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text

    def value(self, value: Any) -> Any:
        """The same for JSON values, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(k)): self.value(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(v) for v in value]
        return value
