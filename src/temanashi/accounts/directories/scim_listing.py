"""Everything of a kind that a service has, page by page: all of it, or IncompleteRead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from temanashi.accounts.directories.scim_answers import Answer
from temanashi.accounts.directories.scim_attributes import Garbled, entries, identifier, number
from temanashi.accounts.directories.scim_client import ScimClient
from temanashi.accounts.faults import IncompleteRead
from temanashi.text.local import phrase

__all__ = ["listed"]

MOST_ENTRIES = 500_000


def listed(client: ScimClient, what: str, **query: str) -> list[Mapping[str, Any]]:
    """Entries of `Users` or `Groups`; raises IncompleteRead where what came is not what the service says there is."""
    try:
        return _listed(client, what, query)
    except Garbled as error:
        raise IncompleteRead(client.where, phrase("accounts.scim-garbled", attribute=str(error), what=what)) from None


def _listed(client: ScimClient, what: str, query: Mapping[str, str]) -> list[Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for page, total in _pages(client, what, query, found):
        for one in page:
            name = identifier(one)
            if name in found:  # a service that does not turn its pages, or whose order changed meanwhile
                raise IncompleteRead(client.where, phrase("accounts.scim-twice", id=name, what=what))
            found[name] = one
        if len(found) > min(total, MOST_ENTRIES):
            raise IncompleteRead(client.where, phrase("accounts.scim-count", count=len(found), total=total, what=what))
    return list(found.values())


def _pages(
    client: ScimClient, what: str, query: Mapping[str, str], found: Mapping[str, Any]
) -> Iterator[tuple[list[Mapping[str, Any]], int]]:
    """Pages with the total that each tells. `startIndex` and `itemsPerPage` of answers are often wrong, and not gone by."""
    size = client.settings.page
    while True:
        answer = client.get(what, **query, **_where(len(found), size))
        page, total = entries(answer.body, "Resources"), _total(client, what, answer)
        if not page:
            if len(found) < total:
                raise IncompleteRead(client.where, phrase("accounts.scim-count", count=len(found), total=total, what=what))
            return
        yield page, total
        # Some tell as a total what is on the page: a full page is never believed to be the last one.
        if len(found) >= total and (len(page) < size or not size):
            return


def _where(known: int, size: int) -> dict[str, int]:
    if size:
        return {"startIndex": known + 1, "count": size}
    return {"startIndex": known + 1} if known else {}


def _total(client: ScimClient, what: str, answer: Answer) -> int:
    total = number(answer.body, "totalResults")
    if total is None:
        raise IncompleteRead(client.where, phrase("accounts.scim-no-total", what=what))
    return total
