"""`POST /tema/audit/export`: everything that a search finds, as a file; who took it is on the record."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse

from temanashi.audit.entries import all_entries
from temanashi.audit.finding import of_anyhow
from temanashi.pages.audit_form import read_audit_form
from temanashi.pages.forms import read_body
from temanashi.pages.identity import NAME_LENGTH, actor_for, given_name, remember
from temanashi.pages.language import language_of
from temanashi.pages.site import Site
from temanashi.reports.audit_export import FORMATS, csv_stream, json_stream, write_xlsx
from temanashi.reports.audit_words import AuditWords
from temanashi.reports.display import Display
from temanashi.workspace.live import live_people
from temanashi.workspace.sampling import note_export

__all__ = ["export_entries"]

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def export_entries(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """The file as a stream; back to the search where the form was not filled in. Raises LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_exported, site, request, typed)

    return answer


def _exported(site: Site, request: Request, typed: dict[str, str]) -> Response:
    installation = site.installation
    settings = installation.settings
    lang = language_of(request, settings.languages)
    asked, form, name = read_audit_form(typed, settings.zone), typed.get("format", ""), given_name(request, typed.get("name", ""))
    if asked.problems or form not in FORMATS or not 0 < len(name) <= NAME_LENGTH:
        query = asked.query(lang=lang, export="1")
        return RedirectResponse(f"{request.scope.get('root_path', '')}/audit?{query}", status_code=303)
    note_export(installation, asked.typed, form, actor=actor_for(request, name), channel="page")
    with installation.database.reading() as connection:
        criteria = of_anyhow(asked.criteria, live_people(connection))
    entries = all_entries(installation.database, criteria, chain=installation.ledger.chain)
    words = AuditWords(Display(lang, settings.zone))
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    headers["content-disposition"] = f'attachment; filename="audit.{form}"'
    made: Response
    if form == "xlsx":
        with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as part:
            file = Path(part.name)
        try:
            write_xlsx(file, entries, words)
        except BaseException:
            file.unlink()
            raise
        made = FileResponse(file, headers=headers, media_type=TYPES[form], background=BackgroundTask(file.unlink, missing_ok=True))
    else:
        stream = csv_stream(entries, words) if form == "csv" else json_stream(entries)
        made = StreamingResponse(stream, headers=headers, media_type=TYPES[form])
    remember(made, request, name)
    return made
