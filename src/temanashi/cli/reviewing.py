"""`tema review`: who has accounts where, what changed without us, and access reviews (棚卸し) with their evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli import review_deciding, review_packing
from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from temanashi.ledger.records import Record
    from temanashi.workspace.account_snapshots import Taken

__all__ = ["register"]

Days = Annotated[int, typer.Option("--days", min=1, max=3650, help=say_here("reviews.help-days"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=say_here("reviews.help"), no_args_is_help=True)
    group.command("snapshot", help=say_here("reviews.help-snapshot"), epilog=say_here("reviews.help-snapshot-exit"))(snapshot)
    group.command("drift", help=say_here("reviews.help-drift"))(drift)
    review_deciding.register(group)
    review_packing.register(group)
    app.add_typer(group, name="review")


def snapshot(actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Read every place now, and compare with the last time; exit 3 where a place could not be read."""
    from temanashi.people import current_actor
    from temanashi.workspace.account_snapshots import snapshot_accounts
    from temanashi.workspace.live import live_people
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as installation:
        with installation.database.reading() as connection:
            people = live_people(connection)
        taken = snapshot_accounts(installation, actor=current_actor(actor, people=people), channel="cli")
    if json:
        emit(_as_json(taken))
    else:
        _tell(taken)
    raise typer.Exit(3 if taken.population.not_read else 0)


def _as_json(taken: Taken) -> dict[str, object]:
    return {
        "record": taken.seq,
        "read": [{"where": one.where, "kind": one.kind, "accounts": len(one.entries)} for one in taken.population.targets],
        "not_read": [{"where": one.where, "reason": one.reason.text(language())} for one in taken.population.not_read],
        "first": list(taken.first),
        "drift": [one.model_dump(mode="json") for one in taken.drift],
    }


def _tell(taken: Taken) -> None:
    from temanashi.workspace.account_snapshots import drift_line

    count = taken.population.count
    answer(say_here("reviews.read", count=count, places=len(taken.population.targets)), style="bold")
    for target in taken.population.targets:
        first = say_here("reviews.read-first") if target.where in taken.first else ""
        answer("  ".join(filter(None, (f"  {target.where}", say_here("reviews.accounts", count=len(target.entries)), first))))
    for missing in taken.population.not_read:
        why = missing.reason.text(language())
        answer(f"  {say_here('reviews.place-not-read', where=missing.where, why=why)}", style="red")
    if taken.drift:
        answer(say_here("reviews.drift-found", count=len(taken.drift)), style="yellow")
        for one in taken.drift:
            answer(f"  {drift_line(one).text(language())}")
    else:
        answer(say_here("reviews.drift-none"))
    for problem in taken.problems:
        progress(problem.text(language()))


def drift(days: Days = 90, workspace: Root = None, json: Json = False) -> None:
    """What changed outside temanashi, the newest first."""
    from datetime import timedelta

    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as installation:
        since = installation.clock.now() - timedelta(days=days)
        with installation.database.reading() as connection:
            records = list(installation.ledger.records(connection, kinds=["account_drift"], since=since))[::-1]
        zone = installation.settings.zone
    if json:
        emit({"days": days, "records": [_record_json(record) for record in records]})
        return
    if not records:
        answer(say_here("reviews.drift-never", days=days))
        return
    from temanashi.accounts.reviews.drift import Drift
    from temanashi.workspace.account_snapshots import drift_line

    for record in records:
        answer(f"{record.recorded_at.astimezone(zone):%Y-%m-%d %H:%M}  {say_here('reviews.record', seq=record.seq)}", style="bold")
        if record.pruned:
            answer(f"  {say_here('reviews.body-pruned')}")
        for change in record.draft.body.get("changes", ()):
            answer(f"  {drift_line(Drift.model_validate(change)).text(language())}")


def _record_json(record: Record) -> dict[str, object]:
    return {"seq": record.seq, "at": record.recorded_at.isoformat(), "pruned": record.pruned, **record.draft.body}
