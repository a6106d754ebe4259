"""`tema account batch` and `tema account ends`: accounts from a roster (人事異動), and access that ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import answer, emit, say_here

if TYPE_CHECKING:
    from temanashi.workspace.opening import Installation
    from temanashi.workspace.rosters.batch import Batch, BatchLine

__all__ = ["register"]


def register(account: typer.Typer) -> None:
    """Add the commands."""
    account.command("batch", help=say_here("lifecycle.help-batch"), epilog=say_here("lifecycle.help-batch-exit"))(batch)
    account.command("dormant", help=say_here("lifecycle.help-dormant"), epilog=say_here("lifecycle.help-batch-exit"))(dormant)
    account.command("ends", help=say_here("lifecycle.help-ends"), epilog=say_here("lifecycle.help-ends-exit"))(ends)


def batch(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say_here("lifecycle.help-file"))],
    roles: Annotated[str, typer.Option("--roles", metavar="ROLE,...", help=say_here("lifecycle.help-roles"))] = "",
    start: Annotated[bool, typer.Option("--start", help=say_here("lifecycle.help-start"))] = False,
    ticket: Annotated[str, typer.Option("--ticket", help=say_here("cli.help-ticket"))] = "",
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Show what a roster means for the accounts; with --start, do it."""
    from temanashi.cli.carrying_out import published_here
    from temanashi.people import current_actor
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.rosters.batching import batch_of

    raw = _bytes(file)
    given = tuple(word for word in roles.replace(",", " ").split() if word)
    with open_installation(workspace) as installation:
        published = published_here(installation)
        who = current_actor(actor)
        found = batch_of(installation, published, raw, name=file.name, by=who.name, roles=given)
        if not start or not found.lines:
            emit(_as_json(found)) if json else _show(found)
            raise typer.Exit(3 if found.problems or found.withheld or found.not_read else 0)
        if not json:
            _show(found)
        raise typer.Exit(_start(installation, published, found, actor, reason, ticket, as_json=json))


def _bytes(file: Path) -> bytes:
    from temanashi.text.local import phrase
    from temanashi.workspace.importing.roster.reading import BadRoster

    try:
        return file.read_bytes()
    except OSError as error:
        raise BadRoster(str(file), problem=phrase("demand.cannot-open", reason=error.strerror or type(error).__name__)) from error


def _start(
    installation: Installation, published: Any, found: Batch, actor: str | None, reason: str, ticket: str, *, as_json: bool
) -> int:
    from temanashi.workspace.rosters.batching import batch_runbook

    return _run(installation, published, batch_runbook(published), found.inputs, actor, reason, ticket, as_json=as_json)


def _run(
    installation: Installation,
    published: Any,
    runbook: Any,
    inputs: dict[str, Any],
    actor: str | None,
    reason: str,
    ticket: str,
    *,
    as_json: bool,
) -> int:
    from temanashi.cli.checklist import carry_out_by_hand
    from temanashi.cli.identifying import act_as
    from temanashi.cli.showing_runs import LiveProgress
    from temanashi.people import current_actor
    from temanashi.runs.requests import RunRequest, request_run

    request = RunRequest(
        runbook=runbook,
        workspace_version=published.digest,
        inventory=published.inventory,
        inputs=inputs,
        actor=current_actor(actor),
        channel="cli",
        ticket=ticket,
        reason=reason,
    )
    engine = installation.engine(LiveProgress())
    made = act_as(installation, actor, lambda who: request_run(engine, replace(request, actor=who)))
    return carry_out_by_hand(installation, engine, made, request.actor, as_json=as_json)


def dormant(
    days: Annotated[int | None, typer.Option("--days", min=1, max=3650, help=say_here("lifecycle.help-days"))] = None,
    start: Annotated[bool, typer.Option("--start", help=say_here("lifecycle.help-start"))] = False,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Show accounts that nobody has used for long; with --start, close them."""
    from temanashi.cli.carrying_out import published_here
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.rosters.batching import read_everywhere
    from temanashi.workspace.rosters.dormant import dormant_among, dormant_runbook

    with open_installation(workspace) as installation:
        published = published_here(installation)
        runbook = dormant_runbook(published)
        days = days or published.register.policy.dormant_days
        seen = read_everywhere(installation, published, runbook)
        most = installation.settings.accounts.people_per_run
        found = dormant_among(seen, published.register, days=days, most=most)
        if json and not start:
            used = {name: at.isoformat() for name, at in found.last_used.items()}
            emit({"accounts": used, "later": found.later, "not_read": {n: p.text(language()) for n, p in found.not_read.items()}})
        elif not json:
            answer(say_here("lifecycle.dormant-counts", count=len(found.last_used), days=days, later=found.later))
            for name, at in found.last_used.items():
                answer(f"  {at.astimezone(installation.settings.zone):%Y-%m-%d}  {name}")
            for place, why in found.not_read.items():
                answer(say_here("lifecycle.batch-not-read", place=place, why=why))
        if not start or not found.last_used:
            raise typer.Exit(3 if found.not_read else 0)
        raise typer.Exit(_run(installation, published, runbook, dict(found.inputs), actor, reason, "", as_json=json))


def _show(found: Batch) -> None:
    lang = language()
    counts = {deed: len(found.of(deed)) for deed in ("leave", "move", "join")}
    answer(say_here("lifecycle.batch-counts", people=found.people, same=found.same, **counts))
    for line in found.lines:
        answer(f"  {_line(line)}")
    if found.later:
        answer(say_here("lifecycle.batch-later", count=len(found.later)))
    for problem in found.problems:
        answer(f"  {problem.place or '-'}: {problem.message.text(lang)}")
    if found.withheld:
        answer(say_here("lifecycle.batch-withheld", count=len(found.withheld), names=[line.login for line in found.withheld][:20]))
        for why in found.refused:
            answer(f"  {why.text(lang)}")
    for place, why in found.not_read.items():
        answer(say_here("lifecycle.batch-not-read", place=place, why=why))
    for note in found.notes:
        answer(f"  {note.place}: {note.message.text(lang)}")
    if found.unknown:
        answer(say_here("lifecycle.batch-unknown", count=len(found.unknown), names=list(found.unknown)[:20]))


def _line(line: BatchLine) -> str:
    words = [
        say_here(f"lifecycle.deed-{line.deed}"),
        line.login,
        line.employee or "-",
        line.name or "-",
        ",".join(line.roles) or "-",
    ]
    return "  ".join([*words, line.why.text(language())])


def _as_json(found: Batch) -> dict[str, Any]:
    return found.model_dump(mode="json")


def ends(workspace: Root = None, json: Json = False) -> None:
    """List access that ends; whoever hears of problems is told of what is overdue."""
    from temanashi.runs.access_ends import read_ends
    from temanashi.workspace.ending_access import overdue_ends
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as installation:
        with installation.database.reading() as connection:
            known = read_ends(connection)
        overdue = {one.id for one in overdue_ends(known, installation.clock.now())}
        zone = installation.settings.zone
    if json:
        emit([_end(one, overdue) for one in known])
    else:
        answer(say_here("lifecycle.ends-counts", count=len(known), overdue=len(overdue)))
        for one in known:
            what = one.group or say_here("lifecycle.ends-account")
            late = [say_here("lifecycle.ends-overdue")] if one.id in overdue else []
            answer("  ".join([f"{one.ends_at.astimezone(zone):%Y-%m-%d %H:%M}", one.login, one.target, what, *late]))
    raise typer.Exit(1 if overdue else 0)


def _end(one: Any, overdue: set[str]) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in ("login", "target", "group", "run", "tries")}
    return {**told, "ends_at": one.ends_at.isoformat(), "overdue": one.id in overdue}
