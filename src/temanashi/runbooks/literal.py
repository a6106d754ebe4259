"""Texts of others inside templates: what they say is shown and never evaluated."""

from __future__ import annotations

import re

__all__ = ["as_template"]

BRACE = re.compile(r"\{(?=[{%#]|\Z)")


def as_template(text: str) -> str:
    """A template that renders as exactly this text: a brace that would open something is written as a quoted brace."""
    return BRACE.sub("{{ '{' }}", text)
