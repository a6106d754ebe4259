"""The whole story of a run as the ledger tells it, also where bodies were pruned; and of a single record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from temanashi.audit.chapters import Chapter, chapter_of, planned_lines
from temanashi.audit.entries import EntryView, entry_views
from temanashi.audit.faults import NoRecord, NoSuchRun
from temanashi.audit.finding import Criteria, Cursor, find_entries
from temanashi.audit.soundness import soundness
from temanashi.ledger.chain import micros
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Record
from temanashi.runs.approvals.store import FIRST
from temanashi.text.local import Phrase

__all__ = ["Link", "Planned", "Pruning", "Story", "record_story", "run_story"]

_MOST_LINKS = 50
Relation = Literal["undoes", "repeats", "asked-again", "called-by", "undone-by", "repeated-by", "asked-again-by", "called"]
_AWAY: dict[str, Relation] = {"undo": "undoes", "retry": "repeats"}
_BACK: dict[Relation, Relation] = {
    "undoes": "undone-by",
    "repeats": "repeated-by",
    "asked-again": "asked-again-by",
    "called-by": "called",
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Link(_Frozen):
    """Another run that has to do with this one."""

    relation: Relation
    run: str


class Planned(_Frozen):
    """One line of the plan as it was asked for."""

    target: str
    summary: Phrase


class Pruning(_Frozen):
    """The record by which bodies were removed at the end of their retention."""

    seq: int
    at: datetime
    actor: str


class Story(_Frozen):
    """What the records say, in their order. `inputs` and `plan` are None where the body that held them was pruned.

    `approved_digests` are the plans that were approved before the first change, `plan_digest` is the one that ran. `broken` are
    records that do not stand in the chain as they were written, `last_seq` the newest record of the ledger at that look.
    """

    entry: EntryView
    chapters: tuple[Chapter, ...]
    inputs: dict[str, Any] | None
    plan: tuple[Planned, ...] | None
    plan_digest: str
    approved_digests: tuple[str, ...]
    workspace_version: str
    links: tuple[Link, ...]
    broken: tuple[int, ...]
    pruned: tuple[int, ...]
    prunings: tuple[Pruning, ...]
    last_seq: int


def run_story(book: Ledger, connection: Connection, run: str, *, up_to: int | None = None) -> Story:
    """The story of a run; raises NoSuchRun and RecordUnreadable. Links that were recorded after `up_to` are left out."""
    records = list(book.records(connection, run=run)) if run else []
    if not records:
        raise NoSuchRun(run)
    return _story(book, connection, records, up_to)


def record_story(book: Ledger, connection: Connection, seq: int) -> Story:
    """The story of one record; raises NoRecord and RecordUnreadable."""
    record = book.get(connection, seq) if seq < 2**31 else None
    if record is None:
        raise NoRecord(seq)
    return _story(book, connection, [record])


def _story(book: Ledger, connection: Connection, records: list[Record], up_to: int | None = None) -> Story:
    first, seqs = records[0], [record.seq for record in records]
    (entry,) = entry_views(connection, [Cursor(micros(first.recorded_at), first.seq)], chain=book.chain)
    sound = soundness(connection, seqs, chain=book.chain)
    asked = first.draft.body
    known = not first.pruned and "changes" in asked
    planned = planned_lines(records)
    ran = next((r.draft.body["plan_digest"] for r in reversed(records) if r.draft.body.get("plan_digest")), "")
    return Story(
        entry=entry,
        chapters=tuple(chapter_of(record, planned) for record in records),
        inputs=dict(asked.get("inputs", {})) if known else None,
        plan=tuple(Planned(target=key[2], summary=summary) for key, summary in planned_lines(records[:1]).items())
        if known
        else None,
        plan_digest=str(ran),
        approved_digests=tuple(dict.fromkeys(_approved(records))),
        workspace_version=str(asked.get("workspace_version", "")),
        links=tuple(_links(book, connection, first, entry.run, up_to)),
        broken=tuple(sorted(sound.broken)),
        pruned=tuple(sorted(sound.pruned)),
        prunings=tuple(_prunings(book, connection, sound.pruned)),
        last_seq=book.head(connection).seq,
    )


def _approved(records: list[Record]) -> Iterator[str]:
    for record in records:
        body = record.draft.body
        if record.draft.kind == "decision" and record.draft.outcome == "approved" and record.draft.step == FIRST:
            yield str(body.get("digest", ""))


def _links(book: Ledger, connection: Connection, first: Record, run: str, up_to: int | None) -> Iterator[Link]:
    """What the request itself says, and what later requests say of this run."""
    yield from _own_links(first)
    found = find_entries(connection, Criteria(about=run), chain=book.chain, limit=_MOST_LINKS) if run else None
    later = [entry for entry in found.entries if up_to is None or entry.entry <= up_to] if found else []
    for entry in reversed(later):
        record = book.get(connection, entry.entry)
        for link in _own_links(record) if record is not None else ():
            if link.run == run and record is not None:
                yield Link(relation=_BACK[link.relation], run=record.draft.run)


def _own_links(record: Record) -> Iterator[Link]:
    body = record.draft.body if record.draft.kind == "run_requested" else {}
    word, _, other = str(body.get("origin") or "").partition(":")
    if other and word in _AWAY:
        yield Link(relation=_AWAY[word], run=other)
    if body.get("parent"):
        yield Link(relation="called-by", run=str(body["parent"]).partition("/")[0])
    if body.get("again"):
        yield Link(relation="asked-again", run=str(body["again"]))


def _prunings(book: Ledger, connection: Connection, pruned: frozenset[int]) -> Iterator[Pruning]:
    for record in book.records(connection, kinds=("pruned",)) if pruned else ():
        ranges = record.draft.body.get("ranges", ())
        if any(low <= seq <= high for seq in pruned for low, high in ranges):
            yield Pruning(seq=record.seq, at=record.recorded_at, actor=record.draft.actor)
