"""The language of a page: what the address asks for, else what the reader chose, else what the browser prefers, else the first."""

from __future__ import annotations

from starlette.requests import Request

from temanashi.pages.identity import signed_in
from temanashi.text import Lang

__all__ = ["language_of"]


def language_of(request: Request, languages: tuple[Lang, ...]) -> Lang:
    """One of the workspace's languages."""
    asked = request.query_params.get("lang")
    me = signed_in(request)
    chosen = me.lang if me is not None else ""
    for wanted in (asked, chosen, *_preferred(request.headers.get("accept-language", ""))):
        if wanted in languages:
            return wanted
    return languages[0]


def _preferred(header: str) -> list[str]:
    """Language codes by weight (RFC 9110, 12.5.4); what cannot be read is left out."""
    found = []
    for position, part in enumerate(header[:500].split(",")):
        code, _, weight = part.partition(";q=")
        try:
            found.append((-float(weight or 1), position, code.strip().lower().split("-")[0]))
        except ValueError:
            continue
    return [code for weight, _, code in sorted(found) if weight < 0]
