"""What a reader asked for that no worker took yet: Prefect has it, and the record not."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import Connection
from starlette.requests import Request

from temanashi.pages.identity import signed_in
from temanashi.pages.site import Queued, Site
from temanashi.runs.reading import by_flow_run
from temanashi.text import LocalText

__all__ = ["my_queued", "titled"]


def my_queued(site: Site, request: Request) -> Sequence[Queued] | None:
    """As Prefect tells it; None where it does not answer: the page says so, and has more to show."""
    me = signed_in(request)
    if me is None or not me.user:
        return ()
    try:
        return site.links.queued(me.user)
    except Exception:
        logging.getLogger("temanashi.pages").exception("Prefect does not say what waits for a worker")
        return None


def titled(site: Site, connection: Connection, queued: Sequence[Queued]) -> list[tuple[Queued, LocalText | None]]:
    """With the runbooks' titles; what has begun meanwhile is left out. None: no runbook of this name is published now."""
    published = site.published(connection)
    books = published.runbooks if published is not None else {}
    new = [one for one in queued if by_flow_run(connection, one.flow_run) is None]
    return [(one, books[one.runbook].title if one.runbook in books else None) for one in new]
