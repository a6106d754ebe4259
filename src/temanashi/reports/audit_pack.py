"""An evidence pack: records, plans, approvals, evidence and readable pages in one zip that proves itself without this program."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Connection, select

from temanashi.audit.chapters import evidence_texts
from temanashi.audit.entries import EntryView, entry_views
from temanashi.audit.faults import FileInTheWay
from temanashi.audit.finding import Cursor
from temanashi.audit.pack_file import PackFile, evidence_name, run_folder
from temanashi.audit.pack_records import approvals_text, link_lines, plan_text, record_lines
from temanashi.audit.pack_scope import Scope
from temanashi.audit.story import run_story
from temanashi.canonical import canonical_json
from temanashi.ledger.checkpoints import Checkpoint
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.tables import ledger
from temanashi.reports.audit_story import Addresses, story_facts, story_html
from temanashi.reports.audit_words import AuditWords, state_of
from temanashi.reports.display import Display
from temanashi.text import Lang

__all__ = ["PackMade", "PackOrder", "write_pack"]

MOST_LISTED = 5_000
"""Lines of the index; `records.jsonl` has everything."""

_BATCH = 300


@dataclass(frozen=True, kw_only=True)
class PackOrder:
    """What to pack, for whom: the records' numbers in order, the checkpoint that vouches for them, the key's PEM."""

    scope: Scope
    seqs: Sequence[int]
    checkpoint: Checkpoint
    public_key: bytes
    zone: ZoneInfo
    languages: tuple[Lang, ...]
    company: str


class PackMade(NamedTuple):
    """The file, its digest, and how many records and runs are in it."""

    file: Path
    sha256: str
    records: int
    runs: int


def write_pack(
    book: Ledger,
    connection: Connection,
    file: Path,
    order: PackOrder,
    *,
    more: Iterable[tuple[str, bytes | str]] = (),
) -> PackMade:
    """Write a new file, whole or not at all; equal ledgers and checkpoints give equal bytes. Raises FileInTheWay.

    `more` are members of the caller's own: names and contents.
    """
    if file.exists():
        raise FileInTheWay(str(file), reason="exists")
    try:
        handle, part = tempfile.mkstemp(dir=file.parent, prefix=".pack-")
    except OSError as error:
        raise FileInTheWay(str(file), reason=error.strerror or str(error)) from error
    try:
        with os.fdopen(handle, "w+b") as target:
            with PackFile(target) as pack:
                runs = _fill(pack, book, connection, order)
                for name, content in more:
                    pack.add(name, content)
            target.seek(0)
            digest = hashlib.file_digest(target, "sha256").hexdigest()
            os.fsync(target.fileno())
        os.link(part, file)
    except OSError as error:
        raise FileInTheWay(str(file), reason=error.strerror or str(error)) from error
    finally:
        Path(part).unlink()
    return PackMade(file, digest, len(order.seqs), runs)


def _fill(pack: PackFile, book: Ledger, connection: Connection, order: PackOrder) -> int:
    checkpoint, chain = order.checkpoint, book.chain
    runs = list(dict.fromkeys(_runs(connection, order.seqs, chain)))
    for lang in order.languages:
        pack.add(f"index.{lang}.html", _index(book, connection, order, lang))
    pack.add("README.txt", _readme(order))
    about = {"format": 1, "scope": order.scope.model_dump(), "chain": chain, "records": len(order.seqs), "runs": len(runs)}
    about |= {"first": order.seqs[0], "last": order.seqs[-1], "checkpoint": checkpoint.number}
    pack.add("pack.json", canonical_json(about) + "\n")
    pack.add("checkpoint.json", canonical_json(checkpoint.model_dump(mode="json")) + "\n")
    pack.add("checkpoint.signed", checkpoint.signed_text())
    pack.add("checkpoint.signature", bytes.fromhex(checkpoint.signature))
    pack.add("public-key.pem", order.public_key)
    pack.stream("records.jsonl", record_lines(connection, order.seqs, chain=chain))
    pack.stream("links.jsonl", link_lines(connection, order.seqs, checkpoint.seq, chain=chain))
    inside = frozenset(runs)
    for run in runs:
        _add_run(pack, book, connection, order, run, inside)
    return len(runs)


def _runs(connection: Connection, seqs: Sequence[int], chain: str) -> Iterator[str]:
    for start in range(0, len(seqs), _BATCH):
        some = seqs[start : start + _BATCH]
        query = select(ledger.c.run).where(ledger.c.chain == chain, ledger.c.seq.in_(some), ledger.c.run != "")
        yield from connection.scalars(query.order_by(ledger.c.seq))


def _add_run(pack: PackFile, book: Ledger, connection: Connection, order: PackOrder, run: str, inside: frozenset[str]) -> None:
    folder, records = run_folder(run), list(book.records(connection, run=run))
    for name, text in (("plan.json", plan_text(records)), ("approvals.json", approvals_text(records))):
        if text is not None:
            pack.add(f"{folder}/{name}", text)
    for record in records:
        for view, text in evidence_texts(record):
            pack.add(evidence_name(run, record.seq, view.number), text)
    story = run_story(book, connection, run, up_to=order.checkpoint.seq)
    for lang in order.languages:
        show = Display(lang, order.zone)
        addresses = Addresses(
            run=lambda other, lang=lang: f"../../{_page(other, lang)}" if other in inside else "",  # type: ignore[misc]
            record=lambda _: "",
            evidence=lambda seq, piece: f"evidence/{seq:08d}-{piece.number}.txt",
        )
        words = AuditWords(show)
        text = (
            _environment()
            .get_template("pack_run.html.j2")
            .render(
                lang=lang,
                t=words.say,
                words=words,
                entry=story.entry,
                story=story,
                headline=words.headline(story),
                facts=story_facts(story, show),
                told=story_html(story, show, addresses),
                company=order.company,
            )
        )
        pack.add(_page(run, lang), text)


def _page(run: str, lang: Lang) -> str:
    return f"{run_folder(run)}/story.{lang}.html"


def _index(book: Ledger, connection: Connection, order: PackOrder, lang: Lang) -> str:
    entries = _entries(book, connection, order.seqs)
    show = Display(lang, order.zone)
    words = AuditWords(show)
    return (
        _environment()
        .get_template("pack_index.html.j2")
        .render(
            lang=lang,
            t=words.say,
            words=words,
            show=show,
            company=order.company,
            scope=order.scope,
            entries=entries[:MOST_LISTED],
            more=max(len(entries) - MOST_LISTED, 0),
            records=len(order.seqs),
            checkpoint=order.checkpoint,
            page=lambda run: _page(run, lang),
            state_of=state_of,
        )
    )


def _entries(book: Ledger, connection: Connection, seqs: Sequence[int]) -> list[EntryView]:
    """The entries in their order: single records, and the first record of each run."""
    found, seen = list[Cursor](), set[str]()
    for start in range(0, len(seqs), _BATCH):
        some = seqs[start : start + _BATCH]
        query = select(ledger.c.seq, ledger.c.run).where(ledger.c.chain == book.chain, ledger.c.seq.in_(some))
        for row in connection.execute(query.order_by(ledger.c.seq)):
            if not row.run or row.run not in seen:
                seen.add(row.run)
                found.append(Cursor(0, row.seq))
    views: list[EntryView] = []
    for start in range(0, len(found), _BATCH):
        views += entry_views(connection, found[start : start + _BATCH], chain=book.chain)
    return views


def _readme(order: PackOrder) -> str:
    parts = []
    for lang in order.languages:
        words = AuditWords(Display(lang, order.zone))
        parts.append(words.say("pack-readme", key=order.checkpoint.public_key))
    return "\n".join(parts)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("temanashi.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
