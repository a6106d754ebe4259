"""Data as YAML that a person likes to read: short lists and mappings on one line, quotes only where they are needed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

__all__ = ["yaml_node"]

PLAIN = re.compile(r"[^\W\d_][\w -]*", re.UNICODE)
"""Texts that need no quotes: they begin with a letter, and hold nothing that YAML, or a reader of it, takes for anything else."""
ADDRESS = re.compile(r"[A-Za-z][\w-]*(?:\.[\w-]+)+|\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)
"""Names and addresses of hosts, which YAML takes for nothing else either."""
WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
BLOCK = re.compile(
    r"(?:[^\s\x00-\x1f\ufffd][^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]*)(?:\n[^\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ufeff]*)+"
)


def yaml_node(value: Any, *, readable: bool) -> Any:
    """A value as ruamel writes it; `readable` chooses short forms, which are to be checked by reading them again."""
    if isinstance(value, Mapping):
        made = CommentedMap((str(key), yaml_node(item, readable=readable)) for key, item in value.items())
        if readable and _fits(value):
            made.fa.set_flow_style()
        return made
    if isinstance(value, (list, tuple)):
        items = CommentedSeq([yaml_node(item, readable=readable) for item in value])
        if readable and value and all(isinstance(item, (str, int, float)) and "\n" not in str(item) for item in value):
            items.fa.set_flow_style()
        return items
    return _text(value, readable=readable) if isinstance(value, str) else value


def _fits(value: Mapping[str, Any]) -> bool:
    """Whether a mapping reads well on one line: short, and without anything nested but short lists."""
    plain = all(isinstance(item, (str, int, float)) and "\n" not in str(item) for item in value.values())
    return plain and sum(len(str(key)) + len(str(item)) + 4 for key, item in value.items()) <= 100  # noqa: PLR2004  (fits a line)


def _text(text: str, *, readable: bool) -> Any:
    plain = ADDRESS.fullmatch(text) or (PLAIN.fullmatch(text) and text == text.strip() and text.lower() not in WORDS)
    if readable and plain:
        return text
    if readable and BLOCK.fullmatch(text) and not any(line != line.rstrip() for line in text.split("\n")):
        return LiteralScalarString(text)
    return DoubleQuotedScalarString(text)
