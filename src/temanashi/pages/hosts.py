"""`/tema/hosts`: the published hosts by system, how they are reached and how they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from temanashi.hosts.inventory import Host, HostError
from temanashi.monitoring.by_host import standings
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.text import explain
from temanashi.workspace.host_ways import way_to

__all__ = ["show_hosts"]

SHOWN = 300
"""Hosts of one page; an expression narrows them."""
LONGEST = 200


def show_hosts(site: Site) -> Callable[[Request], Response]:
    """The endpoint; `?q=` is an expression that chooses hosts. Raises LedgerError."""

    def answer(request: Request) -> Response:
        lang = language_of(request, site.installation.settings.languages)
        words = request.query_params.get("q", "")[:LONGEST].strip()
        with site.installation.database.reading() as connection:
            published = site.published(connection)
            standing = standings(connection)
        chosen: tuple[Host, ...] = ()
        wrong = ""
        if published is not None:
            try:
                chosen = published.inventory.select(words or "all")
            except HostError as error:
                wrong = explain(error, lang).what
        groups: dict[str, list[tuple[Host, str]]] = defaultdict(list)
        for host in chosen[:SHOWN]:
            groups[host.system].append((host, way_to(published.inventory, host).text(lang) if published else ""))
        return page(
            site,
            request,
            "hosts.html.j2",
            published=published,
            groups=sorted(groups.items(), key=lambda item: (not item[0], item[0])),
            standing=standing,
            count=len(chosen),
            more=max(0, len(chosen) - SHOWN),
            words=words,
            wrong=wrong,
        )

    return answer
