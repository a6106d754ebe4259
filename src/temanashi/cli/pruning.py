"""`tema audit prune`: what would go at the end of its retention, and letting it go, on the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import answer, emit, say_here
from temanashi.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from temanashi.ledger.pruning import PruneDue

__all__ = ["StillKept", "register"]


class StillKept(InputError):
    """Bodies that the retention of this workspace still keeps were to be pruned."""

    key = "audit.still-kept"

    def __init__(self, days: int, *, retention: str) -> None:
        super().__init__(days=days, retention=retention)


def register(audit: typer.Typer) -> None:
    """Add the command under `tema audit`."""
    audit.command("prune", help=say_here("cli.help-audit-prune"))(prune)


def prune(
    older_than: Annotated[
        int | None, typer.Option("--older-than-days", min=1, max=1_000_000, help=say_here("audit.help-older"))
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=say_here("audit.help-prune-dry"))] = False,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Remove bodies at the end of their retention; the chain stays whole, and the record says what went."""
    from temanashi.ledger.pruning import due_for_pruning
    from temanashi.ledger.pruning import prune as prune_bodies
    from temanashi.people import current_actor
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False, read_only=dry_run) as opened:
        now, kept = opened.clock.now(), opened.settings.ledger
        before = _before(now, kept.kept_since(now), older_than, kept.retention)
        zone, chain = opened.settings.zone, opened.ledger.chain
        if dry_run:
            with opened.database.reading() as connection:
                due = due_for_pruning(connection, before=before, chain=chain)
            _tell(due, before, zone, json=json)
            return
        with opened.database.transaction() as connection:
            pruned = prune_bodies(connection, opened.ledger, before=before, actor=current_actor(actor), reason=reason)
    if json:
        emit({"before": before.isoformat(), "count": pruned.count, "record": pruned.record.seq if pruned.record else None})
        return
    answer(say_here("cli.pruned", count=pruned.count))


def _before(now: datetime, kept_since: datetime, days: int | None, retention: str) -> datetime:
    """The moment before which bodies go: the end of the retention, or an earlier one that was asked for."""
    from datetime import UTC, datetime, timedelta

    if days is None:
        return kept_since
    before = now - min(timedelta(days=days), now - datetime.min.replace(tzinfo=UTC))
    if before > kept_since:
        raise StillKept(days, retention=retention)
    return before


def _tell(due: PruneDue, before: datetime, zone: ZoneInfo, *, json: bool) -> None:
    from temanashi.reports.audit_words import AuditWords
    from temanashi.reports.display import Display

    if json:
        first, last = (moment.isoformat() if moment else None for moment in (due.first, due.last))
        told = {"count": due.count, "kinds": due.kinds, "characters": due.characters, "runs": due.runs}
        emit({"before": before.isoformat(), **told, "first": first, "last": last})
        return
    show = Display(language(), zone)
    words = AuditWords(show)
    if due.first is None or due.last is None:
        answer(say_here("audit.prune-none", before=show.moment(before)))
        return
    facts = {"count": due.count, "runs": due.runs, "kilobytes": -(-due.characters // 1000)}
    answer(say_here("audit.prune-due", before=show.moment(before), **facts))
    answer(f"  {show.moment(due.first)} - {show.moment(due.last)}")
    for kind, count in due.kinds.items():
        answer(f"  {words.kind(kind)}: {count}")
    answer(say_here("audit.prune-keeps"))
