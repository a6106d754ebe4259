"""`/tema/faq/entries`: the entries that the reader may see, one of them whole, its images. Looking at them counts as nothing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from temanashi.pages.faq_reader import faq_reader
from temanashi.pages.faq_shown import told_entry
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.text.markdown import images_in
from temanashi.workspace.inquiring import fresh_number

__all__ = ["entry_image", "list_entries", "show_entry"]

TYPED = 200


def list_entries(site: Site) -> Callable[[Request], Response]:
    """Every entry of the reader by topic; raises LedgerError."""

    def answer(request: Request) -> Response:
        lang = language_of(request, site.installation.settings.languages)
        with site.installation.database.reading() as connection:
            reader = faq_reader(site, connection, request)
        every = sorted(reader.entries.values(), key=lambda one: (one.topic, one.id))
        topics = [
            (topic, [(one, one.text(lang)[1].question, reader.stale(one)) for one in entries])
            for topic, entries in groupby(every, key=lambda one: one.topic)
        ]
        return page(site, request, "faq_entries.html.j2", topics=topics, count=len(every), may_add=reader.may_add)

    return answer


def show_entry(site: Site) -> Callable[[Request], Response]:
    """One entry; `?q=` is what was typed on the way to it. Raises UnknownEntry and LedgerError."""

    def answer(request: Request) -> Response:
        lang = language_of(request, site.installation.settings.languages)
        with site.installation.database.reading() as connection:
            reader = faq_reader(site, connection, request)
        entry = reader.entry(request.path_params["entry"])
        return page(
            site,
            request,
            "faq_entry.html.j2",
            shown=told_entry(reader, entry, entry.text(lang)[0], lang),
            q=request.query_params.get("q", "").strip()[:TYPED],
            number=fresh_number(site.installation.clock.now()),
            mine=reader.owns(entry) and reader.may_write,
        )

    return answer


def entry_image(site: Site) -> Callable[[Request], Response]:
    """An image that a published answer shows, from beside its file; raises UnknownEntry and LedgerError."""

    def answer(request: Request) -> Response:
        with site.installation.database.reading() as connection:
            reader = faq_reader(site, connection, request)
        entry, name = reader.entry(request.path_params["entry"]), request.path_params["name"]
        shown = frozenset[str]().union(*(images_in(text.answer) for text in entry.texts.values()))
        folder = (site.installation.settings.root / "faq" / entry.topic / "images").resolve()
        path = (folder / name).resolve()
        if name not in shown or path.parent != folder or not path.is_file():
            return PlainTextResponse("404", status_code=404)
        return FileResponse(path, headers={"cache-control": "private, max-age=300", "x-content-type-options": "nosniff"})

    return answer
