"""Field types that several kinds of check share."""

from __future__ import annotations

import codecs
import re
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from temanashi.text.local import phrase

__all__ = ["AbsolutePath", "Argv", "Encoding", "Pattern", "ServerName", "ZoneName"]


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

# What a log may be written in: an encoding in which a line ends with one byte. Windows' Shift_JIS has characters of its own.
_ENCODINGS = {"shift_jis": "cp932", "sjis": "cp932", "windows-31j": "cp932"}


def _encoding(value: str) -> str:
    name = _ENCODINGS.get(value.lower().replace("-", "_"), _ENCODINGS.get(value.lower(), value))
    try:
        one_byte = "\n".encode(name) == b"\n"
    except LookupError:
        one_byte = False
    if not one_byte:
        raise ValueError(phrase("checks.bad-encoding", name=value))
    return codecs.lookup(name).name


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(phrase("checks.bad-zone", name=value)) from error
    return value


Encoding = Annotated[str, StringConstraints(min_length=1, max_length=40), AfterValidator(_encoding)]
"""The name of a text encoding."""

ZoneName = Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_zone)]
"""An IANA name of a time zone."""
