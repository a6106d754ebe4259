"""`/tema/audit`: search the record, and read the whole story of a run; the state of the chain is told as it is known."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from temanashi.audit.chapters import EvidenceView, evidence_texts
from temanashi.audit.entries import entry_views
from temanashi.audit.faults import NoRecord
from temanashi.audit.finding import Cursor, count_entries, find_entries, known_values, of_anyhow
from temanashi.audit.story import Story, record_story, run_story
from temanashi.ledger.marks import Facet
from temanashi.ledger.verified import chain_status
from temanashi.pages.audit_form import FLAGS, KINDS, OUTCOMES, TEXTS, read_audit_form
from temanashi.pages.identity import who
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.reports.audit_story import Addresses, story_facts, story_html
from temanashi.reports.audit_words import AuditWords, state_of
from temanashi.reports.display import Display
from temanashi.text import Lang
from temanashi.workspace.live import live_people

__all__ = ["audit_evidence", "audit_record", "audit_run", "audit_search"]

PAGE, MOST_COUNTED, SUGGESTED = 25, 1000, 100
_SUGGEST: tuple[Facet, ...] = ("runbook", "system")


def audit_search(site: Site) -> Callable[[Request], Response]:
    """The search; raises LedgerError."""

    def answer(request: Request) -> Response:
        settings = site.installation.settings
        form = read_audit_form(request.query_params, settings.zone)
        after, book = Cursor.parse(request.query_params.get("after", "")), site.installation.ledger
        with site.installation.database.reading() as connection:
            status = chain_status(book, connection, state=settings.state_dir, now=site.installation.clock.now())
            entries, following, count = [], None, 0
            if not form.problems:
                asked = of_anyhow(form.criteria, live_people(connection))
                found = find_entries(connection, asked, chain=book.chain, limit=PAGE, after=after)
                entries, following = entry_views(connection, found.entries, chain=book.chain), found.following
                count = count_entries(connection, asked, chain=book.chain, most=MOST_COUNTED)
            published = site.published(connection)
            suggested = {facet: known_values(connection, facet, chain=book.chain, most=SUGGESTED) for facet in _SUGGEST}
            outcomes = known_values(connection, "outcome", chain=book.chain, most=SUGGESTED)
        lang = language_of(request, settings.languages)
        titles = {name: runbook.title.text(lang) for name, runbook in published.runbooks.items()} if published else {}
        return page(
            site,
            request,
            "audit.html.j2",
            status=400 if form.problems else 200,
            form=form,
            chain=status,
            entries=entries,
            count=count,
            counted=MOST_COUNTED,
            following=form.query(after=str(following), lang=lang) if following else "",
            first="" if after is None else form.query(lang=lang),
            titles=titles,
            suggested=suggested,
            words=AuditWords(Display(lang, settings.zone)),
            state_of=state_of,
            reader=who(request),
            unnamed="export" in request.query_params,
            texts=TEXTS,
            flags=FLAGS,
            kinds=KINDS,
            outcomes=[*OUTCOMES, *(value for value in outcomes if value not in OUTCOMES)],
        )

    return answer


def audit_run(site: Site) -> Callable[[Request], Response]:
    """The story of a run; raises NoSuchRun and LedgerError."""

    def answer(request: Request) -> Response:
        with site.installation.database.reading() as connection:
            story = run_story(site.installation.ledger, connection, request.path_params["run"])
        return _story(site, request, story)

    return answer


def audit_record(site: Site) -> Callable[[Request], Response]:
    """One record as it is kept; raises NoRecord and LedgerError."""

    def answer(request: Request) -> Response:
        with site.installation.database.reading() as connection:
            story = record_story(site.installation.ledger, connection, request.path_params["seq"])
        return _story(site, request, story, whole=True)

    return answer


def audit_evidence(site: Site) -> Callable[[Request], Response]:
    """The text of one piece of evidence, as text only; raises NoRecord and LedgerError."""

    def answer(request: Request) -> Response:
        seq, number = request.path_params["seq"], request.path_params["number"]
        with site.installation.database.reading() as connection:
            record = site.installation.ledger.get(connection, seq) if seq < 2**31 else None
        for view, text in evidence_texts(record) if record is not None else ():
            if view.number == number:
                headers = {"cache-control": "no-store", "content-security-policy": "default-src 'none'; sandbox"}
                return PlainTextResponse(text, headers={**headers, "x-content-type-options": "nosniff"})
        raise NoRecord(seq)

    return answer


def _story(site: Site, request: Request, story: Story, *, whole: bool = False) -> Response:
    settings = site.installation.settings
    lang = language_of(request, settings.languages)
    root, show = request.scope.get("root_path", ""), Display(lang, settings.zone)
    addresses = Addresses(
        run=partial(_run_address, root, lang),
        record=lambda seq: "" if whole else f"{root}/audit/records/{seq}?lang={lang}",
        evidence=lambda seq, piece: _evidence_address(root, seq, piece),
    )
    words = AuditWords(show)
    with site.installation.database.reading() as connection:
        published = site.published(connection)
    runbook = published.runbooks.get(story.entry.runbook) if published else None
    title = runbook.title.text(lang) if runbook else story.entry.runbook or words.kind(story.entry.kind)
    return page(
        site,
        request,
        "audit_story.html.j2",
        story=story,
        entry=story.entry,
        whole=whole,
        title=title,
        words=words,
        state=state_of(story.entry),
        headline=words.headline(story) if story.entry.run and not whole else words.sentence(story.chapters[0]),
        facts=story_facts(story, show),
        told=story_html(story, show, addresses),
    )


def _run_address(root: str, lang: Lang, run: str) -> str:
    return f"{root}/audit/runs/{quote(run, safe='')}?lang={lang}"


def _evidence_address(root: str, seq: int, piece: EvidenceView) -> str:
    return f"{root}/audit/records/{seq}/evidence/{piece.number}"
