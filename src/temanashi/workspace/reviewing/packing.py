"""The evidence pack of a review: a pack of its records and runs, with the populations and tables of the review beside them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from temanashi.accounts.reviews.keeping import kept, text_of
from temanashi.accounts.reviews.population import Target
from temanashi.audit.pack_scope import Scope
from temanashi.books.sealing import Proof
from temanashi.people import Actor, Channel
from temanashi.reports.audit_pack import PackMade
from temanashi.reports.review_pack import Packed, PackedLine, review_members
from temanashi.workspace.live import live_directory
from temanashi.workspace.opening import Installation
from temanashi.workspace.packing import pack_evidence
from temanashi.workspace.reviewing.deciding import check_record, recorded_decisions
from temanashi.workspace.reviewing.reading import Review, counts_of, every_line, read_review
from temanashi.workspace.signatures import signatures_of

__all__ = ["pack_review"]


def pack_review(installation: Installation, review: str, file: Path, *, actor: Actor, channel: Channel) -> PackMade:
    """Write the pack into a new file; that somebody took it is on record.

    Raises NoSuchReview, DecisionsAltered, PopulationPruned, PopulationAltered, FileInTheWay and LedgerError.
    """
    with installation.database.reading() as connection:
        found = read_review(connection, review)
        packed = _packed(installation, connection, found)
    scope = Scope(sort="review", value=found.id)
    members = review_members(packed, installation.settings.languages)
    return pack_evidence(installation, scope, file, actor=actor, channel=channel, more=members)


def _packed(installation: Installation, connection: Connection, review: Review) -> Packed:
    lines = every_line(connection, review.id)
    people = live_directory(connection).people
    proof = Proof(signatures=signatures_of(installation.settings, sign=False), people=people)
    check_record(review.id, lines, recorded_decisions(installation.ledger, connection, review.id, proof))
    targets = [_target(connection, told) for told in review.targets]
    about = review.model_dump(mode="json")
    return Packed(
        review=review.id,
        state=review.state,
        title=review.title,
        about=about,
        targets=targets,
        kept={one.where: text_of(one, used=True) for one in targets},
        not_read=review.not_read,
        lines=[PackedLine(one.position, one.line, one.decision, one.result) for one in lines],
        counts={"accounts": sum(len(one.entries) for one in targets), "left": counts_of(connection, review.id).to_do},
    )


def _target(connection: Connection, told: dict[str, object]) -> Target:
    return kept(connection, str(told["kept"]), taken_at=datetime.fromisoformat(str(told["taken_at"])))
