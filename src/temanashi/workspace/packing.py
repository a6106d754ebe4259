"""Taking evidence along: a pack of an installation's ledger, and the record of who took it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from temanashi.audit.pack_scope import Scope, seqs_of, vouching_checkpoint
from temanashi.ledger.checkpoints import CHECKPOINTS, KEYS, open_seal, write_checkpoint
from temanashi.ledger.keys import PUBLIC, public_key_of
from temanashi.ledger.records import Draft
from temanashi.people import Actor, Channel
from temanashi.reports.audit_pack import PackMade, PackOrder, write_pack
from temanashi.workspace.opening import Installation

__all__ = ["pack_evidence"]


def pack_evidence(
    installation: Installation,
    scope: Scope,
    file: Path,
    *,
    actor: Actor,
    channel: Channel = "cli",
    more: Iterable[tuple[str, bytes | str]] = (),
) -> PackMade:
    """Write the pack into a new file, with `more` members; raises NothingToPack, BadPeriod, FileInTheWay, and LedgerError.

    Where no checkpoint vouches for all of its records yet, one is written first.
    """
    settings, book = installation.settings, installation.ledger
    with installation.database.reading() as connection:
        seqs = seqs_of(connection, scope, zone=settings.zone, chain=book.chain)
    seal = open_seal(settings.state_dir)
    trusted, folder = public_key_of(seal.key), settings.state_dir / CHECKPOINTS
    checkpoint = vouching_checkpoint(folder, last=seqs[-1], trusted=trusted, chain=book.chain)
    order = PackOrder(
        scope=scope,
        seqs=seqs,
        checkpoint=checkpoint or write_checkpoint(book, seal=seal, clock=installation.clock),
        public_key=(settings.state_dir / KEYS / PUBLIC).read_bytes(),
        zone=settings.zone,
        languages=settings.languages,
        company=settings.company,
    )
    with installation.database.reading() as connection:
        made = write_pack(book, connection, file, order, more=more)
    body = {"scope": scope.model_dump(), "sha256": made.sha256, "records": made.records, "runs": made.runs}
    draft = Draft(
        kind="noted",
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel=channel,
        outcome="audit-pack",
        body=body,
    )
    book.record(draft)
    return made
