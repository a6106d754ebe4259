"""How the provider is asked: JSON over TLS, no redirects, in time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from temanashi.signin.directory_faults import DirectoryDown, DirectoryMisset

if TYPE_CHECKING:
    from requests import Session

__all__ = ["MOST_BYTES", "ask", "checked_address"]

MOST_BYTES = 1_000_000


def ask(session: Session, url: str, *, issuer: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON object at an address; raises DirectoryDown."""
    import requests  # noqa: PLC0415  (only who signs in so pays for it)

    try:
        # Said with each request: else REQUESTS_CA_BUNDLE goes before the session's own authority.
        asked: dict[str, Any] = {"allow_redirects": False, "verify": session.verify, "withhold_token": True}
        answer = session.get(url, headers=dict(headers or {}), **asked)
        body = answer.content
        data = answer.json() if answer.status_code == 200 and len(body) <= MOST_BYTES else None  # noqa: PLR2004  (OK)
    except requests.RequestException as error:
        raise DirectoryDown(issuer, type(error).__name__) from error
    if not isinstance(data, dict):
        raise DirectoryDown(issuer, f"HTTP {answer.status_code}: {urlsplit(url).path}")
    return data


def checked_address(document: Mapping[str, Any], name: str, *, issuer: str) -> str:
    """An address of the provider's; without TLS only where the issuer itself is without. Raises DirectoryMisset."""
    found = document.get(name)
    if not isinstance(found, str) or urlsplit(found).scheme not in {"https", urlsplit(issuer).scheme}:
        raise DirectoryMisset(issuer, name)
    return found
