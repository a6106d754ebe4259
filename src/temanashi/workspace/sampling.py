"""Drawing a sample on the record, drawing a recorded one again, and putting on record that entries were exported."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from temanashi.audit.faults import NoSample
from temanashi.audit.samples import Sample, SampleTerms, draw
from temanashi.ledger.records import Draft
from temanashi.people import Actor, Channel
from temanashi.workspace.opening import Installation

__all__ = ["Drawn", "draw_again", "draw_sample", "note_export"]


class Drawn(NamedTuple):
    """A sample, the number of the record that holds it, who drew it, and whether drawing it again now gives the same."""

    sample: Sample
    seq: int
    actor: str
    same: bool = True


def draw_sample(installation: Installation, wanted: Mapping[str, Any], *, actor: Actor, channel: Channel) -> Drawn:
    """Draw from what the ledger holds now, or up to the record that `wanted` names, and record it; raises BadPeriod, LedgerError.

    `wanted` are the fields of SampleTerms; without a `seed` one is made.
    """
    book, zone = installation.ledger, installation.settings.zone
    with installation.database.reading() as connection:
        head = book.head(connection).seq
        terms = SampleTerms.model_validate(
            {**wanted, "seed": wanted.get("seed") or secrets.token_hex(8), "up_to": min(wanted.get("up_to") or head, head)}
        )
        sample = draw(connection, terms, zone=zone, chain=book.chain)
    body = {
        "terms": terms.model_dump(mode="json"),
        "population": sample.population,
        "population_digest": sample.population_digest,
        "items": [item.event_id for item in sample.items],
    }
    return Drawn(sample, _note(installation, "audit-sample", body, actor=actor, channel=channel), actor.name)


def draw_again(installation: Installation, seq: int) -> Drawn:
    """Draw a recorded sample again; raises NoSample where the record is none, or its body was pruned."""
    book = installation.ledger
    with installation.database.reading() as connection:
        record = book.get(connection, seq) if 0 < seq < 2**31 else None
        body = record.draft.body if record is not None and record.draft.outcome == "audit-sample" else {}
        try:
            terms = SampleTerms.model_validate(body.get("terms"))
        except ValidationError as error:
            raise NoSample(seq) from error
        sample = draw(connection, terms, zone=installation.settings.zone, chain=book.chain)
    same = body.get("population_digest") == sample.population_digest and body.get("items") == [i.event_id for i in sample.items]
    return Drawn(sample, seq, record.draft.actor if record is not None else "", same)


def note_export(installation: Installation, criteria: Mapping[str, Any], form: str, *, actor: Actor, channel: Channel) -> int:
    """Record that somebody exported what answers these criteria; the record's number."""
    asked = {name: value for name, value in criteria.items() if value}
    return _note(installation, "audit-export", {"criteria": asked, "format": form}, actor=actor, channel=channel)


def _note(installation: Installation, outcome: str, body: dict[str, Any], *, actor: Actor, channel: Channel) -> int:
    draft = Draft(
        kind="noted",
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel=channel,
        outcome=outcome,
        body=body,
    )
    return installation.ledger.record(draft).seq
