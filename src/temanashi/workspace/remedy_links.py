"""The address of the form of a runbook that fixes what a check found, filled in as the check says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from temanashi.text import Lang, LocalText, Phrase

__all__ = ["remedy_link"]

LONGEST = 300


def remedy_link(remedy: Mapping[str, Any], target: str, check: LocalText, why: Phrase | None, lang: Lang) -> str:
    """`runbooks/ID/run?p.host=web1&reason=...`, below our pages; the finding is the reason."""
    params = {f"p.{name}": str(value) for name, value in (remedy.get("params") or {}).items()}
    reason = ": ".join(filter(None, (f"{target} {check.text(lang)}", why.text(lang) if why is not None else "")))
    return f"runbooks/{remedy.get('id')}/run?{urlencode({'lang': lang, **params, 'reason': reason[:LONGEST]})}"
