"""The records of a pack as lines: its own with their bodies, and the envelopes between them and the checkpoint, which link them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, select

from temanashi.canonical import canonical_json
from temanashi.ledger.records import Record
from temanashi.ledger.tables import bodies, ledger

__all__ = ["approvals_text", "link_lines", "plan_text", "record_lines"]

_PAGE = 500
_TOLD = {"kind", "actor", "actor_kind", "assurance", "channel", "step", "outcome", "approvers", "reason"}


def record_lines(connection: Connection, seqs: Sequence[int], *, chain: str) -> Iterator[bytes]:
    """One JSON line a record: `seq`, `hash`, the envelope's text, and the body's text with its salt (null where it was pruned)."""
    joined = ledger.outerjoin(bodies, (bodies.c.chain == ledger.c.chain) & (bodies.c.seq == ledger.c.seq))
    query = select(ledger.c.seq, ledger.c.hash, ledger.c.envelope, bodies.c.salt, bodies.c.text).select_from(joined)
    for start in range(0, len(seqs), _PAGE):
        some = seqs[start : start + _PAGE]
        for row in connection.execute(query.where(ledger.c.chain == chain, ledger.c.seq.in_(some)).order_by(ledger.c.seq)):
            salt = bytes(row.salt).hex() if row.salt is not None else None
            yield _line({"seq": row.seq, "hash": row.hash, "envelope": row.envelope, "salt": salt, "body": row.text})


def link_lines(connection: Connection, inside: Sequence[int], last: int, *, chain: str) -> Iterator[bytes]:
    """The envelopes, without bodies, of every record from the first one of the pack to the checkpoint's that is not in the pack."""
    own = frozenset(inside)
    query = select(ledger.c.seq, ledger.c.hash, ledger.c.envelope).where(ledger.c.chain == chain, ledger.c.seq <= last)
    after = inside[0]
    while rows := connection.execute(query.where(ledger.c.seq > after).order_by(ledger.c.seq).limit(_PAGE)).all():
        after = rows[-1].seq
        for row in rows:
            if row.seq not in own:
                yield _line({"seq": row.seq, "hash": row.hash, "envelope": row.envelope})


def _line(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def plan_text(records: Sequence[Record]) -> str | None:
    """The plan as it was asked for, indented; None where its body was pruned or where there was none."""
    asked = next((record for record in records if record.draft.kind == "run_requested"), None)
    if asked is None or "changes" not in asked.draft.body:
        return None
    return _indented(asked.draft.body)


def approvals_text(records: Sequence[Record]) -> str | None:
    """Every request for approval and every decision, indented; None where there was none."""
    found = [
        {"seq": r.seq, "at": r.recorded_at.isoformat(), **r.draft.model_dump(mode="json", include=_TOLD), "body": r.draft.body}
        for r in records
        if r.draft.kind == "decision" or r.draft.outcome == "approval-asked"
    ]
    return _indented(found) if found else None


def _indented(value: Any) -> str:
    return json.dumps(from_json(canonical_json(value)), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
