"""`tema audit`, `backup`, `restore`: what the ledger says, whether it is intact, and how it survives."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from temanashi.cli import exporting, finding_records, packing, pruning
from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import answer, emit, say_here

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    audit = typer.Typer(help=say_here("cli.help-audit"), no_args_is_help=True)
    audit.command("verify", help=say_here("cli.help-audit-verify"))(verify)
    audit.command("show", help=say_here("cli.help-audit-show"))(show)
    finding_records.register(audit)
    packing.register(audit)
    exporting.register(audit)
    pruning.register(audit)
    app.add_typer(audit, name="audit")
    app.command("backup", help=say_here("cli.help-backup"))(backup)
    app.command("restore", help=say_here("cli.help-restore"))(restore)


def verify(
    checkpoint: Annotated[
        list[Path] | None, typer.Option("--checkpoint", metavar="FILE", help=say_here("audit.help-checkpoint"))
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help=say_here("audit.help-key"))] = None,
    pack: Annotated[Path | None, typer.Option("--pack", metavar="FILE.zip", help=say_here("audit.help-verify-pack"))] = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Exit 0 intact, 1 altered, 2 cannot tell."""
    from temanashi.clock import SystemClock
    from temanashi.errors import LedgerError
    from temanashi.ledger.database import open_database
    from temanashi.ledger.given import given_checkpoint, given_key
    from temanashi.ledger.verification import Verification, verify_database
    from temanashi.ledger.verified import keep_verification
    from temanashi.settings import find_workspace, load_settings
    from temanashi.text import phrase

    if pack is not None:
        raise typer.Exit(packing.verify_pack(pack, trusted=given_key(key) if key else _own_key(workspace), json=json))
    given = [given_checkpoint(file) for file in checkpoint or ()]
    trusted = given_key(key) if key else None
    settings = load_settings(find_workspace(workspace))
    try:
        database = open_database(settings.database, clock=SystemClock(), create=False, read_only=True)
    except LedgerError as error:
        found = Verification(status="cannot_tell", problem=phrase(error.key, **error.data))
    else:
        found = verify_database(database, state=settings.state_dir, given=given, trusted_key=trusted)
        database.close()
        keep_verification(settings.state_dir, found, SystemClock().now())
    if json:
        emit({"exit": found.exit_code, **found.model_dump(mode="json")})
        raise typer.Exit(found.exit_code)
    lang = language()
    colour = {"intact": "green", "altered": "red", "cannot_tell": "magenta"}[found.status]
    word = f"cli.verify-{found.status.replace('_', '-')}"
    answer(say_here(word, records=found.records, head=found.head, seq=found.bad_seq or ""), style=colour)
    if found.problem is not None:
        answer(f"  {found.problem.text(lang)}")
    elif given and found.status == "intact":
        answer(f"  {say_here('audit.given-agrees', numbers=[one.number for one in given])}")
    for note in found.notes:
        answer(f"  {note.text(lang)}")
    raise typer.Exit(found.exit_code)


def _own_key(workspace: Path | None) -> str | None:
    """The public key of the workspace that we are in; None where we are in none: a pack is proven anywhere."""
    from temanashi.errors import WorkspaceError
    from temanashi.ledger.checkpoints import KEYS
    from temanashi.ledger.keys import trusted_key
    from temanashi.settings import find_workspace, load_settings

    try:
        return trusted_key(load_settings(find_workspace(workspace)).state_dir / KEYS)
    except WorkspaceError:
        return None


def show(
    run: Annotated[str, typer.Option("--run", metavar="ID", help=say_here("cli.help-run-id"))] = "",
    runbook: Annotated[str, typer.Option("--runbook", metavar="ID", help=say_here("cli.help-runbook"))] = "",
    kind: Annotated[list[str] | None, typer.Option("--kind", help=say_here("cli.help-kind"))] = None,
    seq: Annotated[int | None, typer.Option("--seq", min=1, help=say_here("cli.help-seq"))] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help=say_here("cli.help-limit"))] = 20,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Show records, the newest first."""
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False, read_only=True) as opened, opened.database.reading() as connection:
        if seq is not None:
            one = opened.ledger.get(connection, seq)
            records = [one] if one is not None else []
        else:
            kinds = tuple(kind or ())
            found = opened.ledger.records(connection, kinds=kinds, run=run, runbook=runbook, limit=limit, newest_first=True)  # type: ignore[arg-type]  # any word may be asked for
            records = list(found)
        zone = opened.settings.zone
    if json or seq is not None:
        emit([record.model_dump(mode="json") for record in records])
        return
    if not records:
        answer(say_here("cli.audit-none"))
    for record in records:
        draft, when = record.draft, record.recorded_at.astimezone(zone)
        kind_word = say_here(f"cli.kind-{draft.kind.replace('_', '-')}")
        parts = [draft.runbook, draft.step, draft.outcome, draft.reason]
        answer(f"{record.seq:>6}  {when:%Y-%m-%d %H:%M:%S}  {draft.actor}  {kind_word}  {'  '.join(p for p in parts if p)}")


def backup(
    file: Annotated[Path, typer.Argument(help=say_here("cli.help-backup-file"))],
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Copy the database while it is in use."""
    from temanashi.ledger.backup import backup as copy
    from temanashi.ledger.checkpoints import open_seal
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as opened:
        made = copy(opened.database, file, seal=open_seal(opened.settings.state_dir), clock=opened.clock)
    if json:
        emit({"file": str(made.file), "checkpoint": str(made.checkpoint_file), "seq": made.checkpoint.seq})
        return
    answer(say_here("cli.backup-done", file=str(made.file), seq=made.checkpoint.seq, checkpoint=str(made.checkpoint_file)))
    answer(say_here("cli.backup-keys"))


def restore(
    file: Annotated[Path | None, typer.Argument(help=say_here("cli.help-restore-file"))] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help=say_here("cli.help-overwrite"))] = False,
    record_only: Annotated[bool, typer.Option("--record-only", help=say_here("cli.help-record-only"))] = False,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
) -> None:
    """Put a backup back, and record that."""
    from temanashi.clock import SystemClock
    from temanashi.ledger.checkpoints import open_seal
    from temanashi.ledger.restoring import record_restore
    from temanashi.ledger.restoring import restore as put_back
    from temanashi.people import current_actor
    from temanashi.settings import find_workspace, load_settings
    from temanashi.workspace.opening import open_installation

    who = current_actor(actor)
    if record_only:
        with open_installation(workspace, create=False) as opened:
            seal = open_seal(opened.settings.state_dir)
            done = record_restore(opened.database, actor=who, clock=opened.clock, seal=seal, reason=reason)
    elif file is None:
        raise typer.BadParameter(say_here("cli.restore-needs-file"))
    else:
        settings = load_settings(find_workspace(workspace))
        settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        seal = open_seal(settings.state_dir)
        clock = SystemClock()
        done = put_back(file, settings.database, actor=who, clock=clock, seal=seal, overwrite=overwrite, reason=reason)
    answer(say_here("cli.restored", seq=done.record.seq - 1))
    if done.verification.status == "cannot_tell":
        answer(say_here("cli.restored-unproven"), style="yellow")
    if done.lost is not None and done.lost.count:
        answer(say_here("cli.restored-lost", count=done.lost.count), style="red")
    if done.kept_aside is not None:
        answer(say_here("cli.restored-aside", file=str(done.kept_aside)))
