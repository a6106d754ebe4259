"""`/tema/faq/entries/ID/edit` and `/tema/faq/new`: an owner writes an entry with a preview; what is saved is a draft."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from temanashi.canonical import digest_of
from temanashi.errors import InputError, TemanashiError
from temanashi.faq.asking_faults import UnknownEntry
from temanashi.faq.entries import Entry
from temanashi.ledger.records import Draft
from temanashi.pages.faq_reader import FaqReader, faq_reader
from temanashi.pages.forms import read_long_body
from temanashi.pages.identity import actor_for, who
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.text import explain
from temanashi.text.markdown import answer_html
from temanashi.workspace.faq_drafts import BadDraft, DraftConflict, check_draft, read_draft, write_entry
from temanashi.workspace.faq_editing import Edited, EditedText, edited_of, edited_text, new_text, read_edited

__all__ = ["edit_entry", "new_entry", "save_entry", "save_new"]


@dataclass(frozen=True, kw_only=True)
class _Shown:
    edited: Edited
    digest: str = ""
    saved: bool = False
    preview: bool = False
    error: TemanashiError | None = None


def edit_entry(site: Site) -> Callable[[Request], Response]:
    """The form of an entry as its file stands now; raises UnknownEntry, NoWorkspaceHere, BadDraft and LedgerError."""

    def answer(request: Request) -> Response:
        reader, entry = _mine(site, request)
        before = read_draft(site.installation.settings.root, _file(entry))
        draft = check_draft(_file(entry), before).entry if before else entry
        return _page(site, request, reader, _Shown(edited=edited_of(draft), digest=digest_of(before)), entry)

    return answer


def new_entry(site: Site) -> Callable[[Request], Response]:
    """An empty form; raises UnknownEntry for who owns nothing, and LedgerError."""

    def answer(request: Request) -> Response:
        reader = _writer(site, request)
        return _page(site, request, reader, _Shown(edited=Edited(topic=request.query_params.get("topic", "")[:80])), None)

    return answer


def save_entry(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """What the form of an entry says: shown, or written as a draft. Raises UnknownEntry and LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_long_body(request)
        return PlainTextResponse("413", status_code=413) if typed is None else await run_in_threadpool(_saved, site, request, typed)

    return answer


def save_new(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """What the form of a new entry says; as `save_entry`."""

    async def answer(request: Request) -> Response:
        typed = await read_long_body(request)
        return PlainTextResponse("413", status_code=413) if typed is None else await run_in_threadpool(_added, site, request, typed)

    return answer


def _mine(site: Site, request: Request) -> tuple[FaqReader, Entry]:
    with site.installation.database.reading() as connection:
        reader = faq_reader(site, connection, request)
    entry = reader.entry(request.path_params["entry"])
    if not reader.owns(entry):
        raise UnknownEntry(entry.id, known=())
    return reader, entry


def _writer(site: Site, request: Request) -> FaqReader:
    with site.installation.database.reading() as connection:
        reader = faq_reader(site, connection, request)
    if not reader.may_add:
        raise UnknownEntry("new", known=())
    return reader


def _file(entry: Entry) -> str:
    return f"faq/{entry.topic}/{entry.id}.md"


def _saved(site: Site, request: Request, typed: Mapping[str, str]) -> Response:
    reader, entry = _mine(site, request)
    root, digest = site.installation.settings.root, typed.get("digest", "")
    edited = read_edited(typed, id=entry.id, topic=entry.topic, owner=entry.owner)
    try:
        before = read_draft(root, _file(entry))
        if digest_of(before) != digest:
            raise DraftConflict(_file(entry))
        text = edited_text(before, edited, reader.today) if before else new_text(edited, reader.today)
        changed = check_draft(_file(entry), text).entry
        _check_same(entry, changed)
        if typed.get("action") != "save":
            return _page(site, request, reader, _Shown(edited=edited, digest=digest, preview=True), entry)
        write_entry(root, _file(entry), text, before=before)
    except InputError as error:
        return _page(site, request, reader, _Shown(edited=edited, digest=digest, error=error), entry)
    _note(site, request, _file(entry), digest_of(text))
    after = digest_of(read_draft(root, _file(entry)))
    return _page(site, request, reader, _Shown(edited=edited_of(changed), digest=after, saved=True), entry)


def _check_same(entry: Entry, changed: Entry) -> None:
    """A draft that says another id or owner than the published entry is somebody else's work in progress."""
    if (entry.id, entry.topic, entry.owner) != (changed.id, changed.topic, changed.owner):
        raise DraftConflict(_file(entry))


def _added(site: Site, request: Request, typed: Mapping[str, str]) -> Response:
    reader = _writer(site, request)
    edited = read_edited(typed)
    try:
        text = new_text(edited, reader.today)
        changed = check_draft(edited.file, text).entry
        if typed.get("action") != "save":
            return _page(site, request, reader, _Shown(edited=edited, preview=True), None)
        write_entry(site.installation.settings.root, edited.file, text, before="")
    except InputError as error:
        return _page(site, request, reader, _Shown(edited=edited, error=error), None)
    _note(site, request, edited.file, digest_of(text))
    return _page(site, request, reader, _Shown(edited=edited_of(changed), saved=True), None)


def _note(site: Site, request: Request, file: str, digest: str) -> None:
    """Who wrote a draft is on the record, as who publishes it is."""
    actor = actor_for(request, who(request) or "-")
    body = {"what": "faq-draft", "file": file, "digest": digest}
    draft = Draft(kind="noted", actor=actor.name, actor_kind=actor.kind, assurance=actor.assurance, channel="page", body=body)
    with site.installation.database.transaction() as connection:
        site.installation.ledger.append(connection, draft)


def _page(site: Site, request: Request, reader: FaqReader, shown: _Shown, entry: Entry | None) -> Response:
    settings = site.installation.settings
    lang = language_of(request, settings.languages)
    texts = [(one, shown.edited.texts.get(one, EditedText())) for one in settings.languages]
    fault = shown.error.fault if isinstance(shown.error, BadDraft) else None
    return page(
        site,
        request,
        "faq_edit.html.j2",
        status=400 if shown.error is not None else 200,
        entry=entry,
        edited=shown.edited,
        texts=texts,
        digest=shown.digest,
        saved=shown.saved,
        preview=[(one, text.question, _html(reader, text, entry)) for one, text in texts if not text.empty]
        if shown.preview
        else [],
        trouble=explain(shown.error, lang) if shown.error is not None else None,
        field=fault.at.field if fault is not None else "",
        people=[*reader.people.people, *(f"group:{name}" for name in reader.people.groups)],
    )


def _html(reader: FaqReader, text: EditedText, entry: Entry | None) -> Markup:
    def image(name: str) -> str:
        return f"{reader.root}/faq/entries/{entry.id if entry is not None else 'new'}/images/{name}"

    def address(other: str) -> str:
        return f"{reader.root}/faq/entries/{other}"

    return Markup(answer_html(text.answer, image=image, entry=address))  # noqa: S704  (made safe there)
