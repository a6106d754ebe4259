"""Populations as they were read, kept by the digest of their text: a night on which nothing changed takes no more room.

What is kept can be pruned: the records of the ledger tell digest and counts for ever.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from temanashi.accounts.reviews.faults import PopulationAltered, PopulationPruned
from temanashi.accounts.reviews.population import Target
from temanashi.accounts.reviews.tables import POPULATIONS, SNAPSHOTS
from temanashi.canonical import canonical_json

__all__ = ["keep", "kept", "last_snapshot", "note_snapshot", "prune_populations", "text_of"]


def text_of(target: Target, *, used: bool) -> str:
    """A place as canonical JSON, in order; with `used`, when it was read and each account was last used."""
    data = target.model_dump(mode="json")
    data["entries"] = sorted(data["entries"], key=lambda e: (e["login"], e["native_id"]))
    data["groups"] = {name: sorted(members) for name, members in data["groups"].items()}
    data["nested"] = {name: sorted(members) for name, members in data["nested"].items()}
    if not used:
        data["taken_at"] = None
        for entry in data["entries"]:
            entry.pop("last_seen")
    return canonical_json(data)


def keep(connection: Connection, target: Target, *, used: bool, now: datetime) -> str:
    """Keep it, unless the very same is kept; the digest that it is found by."""
    text = text_of(target, used=used).encode()
    digest = hashlib.sha256(text).hexdigest()
    if connection.execute(select(POPULATIONS.c.digest).where(POPULATIONS.c.digest == digest)).first() is None:
        connection.execute(insert(POPULATIONS).values(digest=digest, content=zlib.compress(text, 6), kept_at=now.isoformat()))
    return digest


def kept(connection: Connection, digest: str, *, taken_at: datetime) -> Target:
    """What is kept under a digest, which is checked; raises PopulationPruned and PopulationAltered."""
    found = connection.execute(select(POPULATIONS.c.content).where(POPULATIONS.c.digest == digest)).scalar()
    if found is None:
        raise PopulationPruned(digest)
    try:
        text = zlib.decompress(bytes(found))
    except zlib.error:
        text = b""
    if hashlib.sha256(text).hexdigest() != digest:
        raise PopulationAltered(digest)
    data = json.loads(text)
    data["taken_at"] = data["taken_at"] or taken_at.isoformat()
    return Target.model_validate(data)


def note_snapshot(connection: Connection, target: Target, digest: str, *, seq: int) -> None:
    """Write down that a place was read."""
    connection.execute(
        insert(SNAPSHOTS).values(
            place=target.where,
            taken_at=target.taken_at.isoformat(),
            kind=target.kind,
            query=target.query,
            digest=digest,
            reason="",
            accounts=len(target.entries),
            seq=seq,
        )
    )


def last_snapshot(connection: Connection, where: str, kind: str) -> Target | None:
    """A place as it was read the last time; None where it never was, or is of another kind now. Raises as `kept`."""
    query = select(SNAPSHOTS).where(SNAPSHOTS.c.place == where).order_by(SNAPSHOTS.c.taken_at.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    if row is None or row.kind != kind:
        return None
    return kept(connection, row.digest, taken_at=datetime.fromisoformat(row.taken_at))


def prune_populations(connection: Connection, *, before: datetime, needed: Collection[str] = ()) -> int:
    """Let go of what was kept before a moment and is neither some place's last nor `needed`; how many went."""
    last = {row.place: row.digest for row in connection.execute(select(SNAPSHOTS).order_by(SNAPSHOTS.c.taken_at))}
    recent = connection.scalars(select(SNAPSHOTS.c.digest).where(SNAPSHOTS.c.taken_at >= before.isoformat())).all()
    stay = {*last.values(), *recent, *needed}
    old = connection.scalars(select(POPULATIONS.c.digest).where(POPULATIONS.c.kept_at < before.isoformat())).all()
    gone = [digest for digest in old if digest not in stay]
    for digest in gone:
        connection.execute(delete(POPULATIONS).where(POPULATIONS.c.digest == digest))
    return len(gone)
