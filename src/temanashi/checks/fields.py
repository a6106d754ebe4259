"""Field types that several kinds of check share."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from temanashi.text.local import phrase

__all__ = ["AbsolutePath", "Argv", "Pattern", "ServerName"]


def _compiles(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(phrase("checks.bad-pattern", reason=str(error))) from error
    return value


def _listed(value: Any) -> Any:
    # A text would have to be cut into words by somebody; a value with a space or a quote would then change the command.
    if isinstance(value, str):
        raise ValueError(phrase("checks.command-is-text"))  # noqa: TRY004  (pydantic turns ValueError into a problem of the field)
    return value


Pattern = Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(_compiles)]
"""A regular expression in Python's syntax."""

Argv = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]
"""A program and its arguments, each one item of a list."""

AbsolutePath = Annotated[str, StringConstraints(pattern=r"^/[^\x00\n]*$", max_length=4096)]
"""A path from the root, so that it is never taken for an option."""

ServerName = Annotated[str, StringConstraints(pattern=r"^[^\s/@\[\]-][^\s/@\[\]]*$", max_length=253)]
"""A DNS name or an IP address (IPv6 without brackets)."""
