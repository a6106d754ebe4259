"""`tema audit sample`, and files of what was found or drawn."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from collections.abc import Iterable

    from temanashi.audit.entries import EntryView
    from temanashi.audit.finding import Criteria
    from temanashi.reports.audit_words import AuditWords
    from temanashi.workspace.opening import Installation
    from temanashi.workspace.sampling import Drawn

__all__ = ["export", "register"]


def register(audit: typer.Typer) -> None:
    """Add the command under `tema audit`."""
    audit.command("sample", help=say_here("audit.help-sample"))(sample)


def export(opened: Installation, criteria: Criteria, file: Path, words: AuditWords, *, actor: str | None, json: bool) -> None:
    """Write everything that was found, and put on record who did; raises FileInTheWay."""
    from temanashi.audit.entries import all_entries
    from temanashi.people import current_actor
    from temanashi.workspace.sampling import note_export

    form = _form(file)
    count = _write(file, form, all_entries(opened.database, criteria, chain=opened.ledger.chain), words)
    asked = criteria.model_dump(mode="json", exclude_defaults=True)
    note_export(opened, asked, form, actor=current_actor(actor), channel="cli")
    if json:
        emit({"file": str(file), "entries": count})
    else:
        answer(say_here("audit.exported", file=str(file), count=count))


def _form(file: Path) -> str:
    from temanashi.audit.faults import FileInTheWay
    from temanashi.reports.audit_export import FORMATS

    form = file.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise FileInTheWay(str(file), reason=" ".join(f".{one}" for one in FORMATS))
    if file.exists():
        raise FileInTheWay(str(file), reason="exists")
    return form


def _write(file: Path, form: str, entries: Iterable[EntryView], words: AuditWords) -> int:
    """Whole or not at all."""
    from temanashi.audit.faults import FileInTheWay
    from temanashi.reports.audit_export import csv_stream, json_stream, write_xlsx

    try:
        handle, part = tempfile.mkstemp(dir=file.parent, prefix=".export-")
        os.close(handle)
        try:
            if form == "xlsx":
                count = write_xlsx(Path(part), entries, words, note=lambda done: progress(str(done)))
            else:
                count = -1 if form == "csv" else 0
                with Path(part).open("wb") as stream:
                    for line in csv_stream(entries, words) if form == "csv" else json_stream(entries):
                        stream.write(line)
                        count += 1
            os.link(part, file)
        finally:
            Path(part).unlink()
    except OSError as error:
        raise FileInTheWay(str(file), reason=error.strerror or str(error)) from error
    return count


def sample(
    period: Annotated[str, typer.Option("--period", metavar="TEXT", help=say_here("audit.help-period"))] = "",
    size: Annotated[int, typer.Option("--size", min=1, max=1000, help=say_here("audit.help-size"))] = 25,
    seed: Annotated[str, typer.Option("--seed", metavar="TEXT", help=say_here("audit.help-seed"))] = "",
    kind: Annotated[str, typer.Option("--kind", metavar="TEXT", help=say_here("audit.help-kind"))] = "run_requested",
    person: Annotated[str, typer.Option("--person", metavar="TEXT", help=say_here("audit.help-sample-person"))] = "",
    runbook: Annotated[str, typer.Option("--runbook", metavar="TEXT", help=say_here("audit.help-runbook"))] = "",
    system: Annotated[str, typer.Option("--system", metavar="TEXT", help=say_here("audit.help-system"))] = "",
    privileged: Annotated[bool, typer.Option("--privileged", help=say_here("audit.help-privileged"))] = False,
    emergency: Annotated[bool, typer.Option("--emergency", help=say_here("audit.help-emergency"))] = False,
    up_to: Annotated[int, typer.Option("--up-to", min=0, metavar="SEQ", help=say_here("audit.help-up-to"))] = 0,
    again: Annotated[int, typer.Option("--again", min=0, metavar="SEQ", help=say_here("audit.help-again"))] = 0,
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Draw a random sample that others can draw again. Exit 0; 1 where a recorded sample is not drawn again."""
    from typing import get_args

    from temanashi.cli.finding_records import UnknownWord
    from temanashi.ledger.records import Kind
    from temanashi.people import current_actor
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.sampling import draw_again, draw_sample

    if bool(period) == bool(again):
        raise typer.BadParameter(say_here("audit.period-or-again"))
    if kind not in get_args(Kind):
        raise UnknownWord(kind, [*get_args(Kind)])
    wanted: dict[str, Any] = {"period": period, "size": size, "seed": seed, "kind": kind, "up_to": up_to}
    wanted |= {"person": person, "runbook": runbook, "system": system, "privileged": privileged, "emergency": emergency}
    with open_installation(workspace, create=False) as opened:
        drawn = draw_again(opened, again) if again else draw_sample(opened, wanted, actor=current_actor(actor), channel="cli")
        zone = opened.settings.zone
    code = 0 if drawn.same else 1
    if json:
        emit({"exit": code, "record": drawn.seq, "same": drawn.same, **drawn.sample.model_dump(mode="json")})
    else:
        _tell(drawn, zone)
    raise typer.Exit(code)


def _tell(drawn: Drawn, zone: Any) -> None:
    from temanashi.reports.audit_words import AuditWords
    from temanashi.reports.display import Display

    words, sample_, terms = AuditWords(Display(language(), zone)), drawn.sample, drawn.sample.terms
    answer(say_here("audit.sample-head", count=len(sample_.items), population=sample_.population, period=terms.period))
    answer(f"  {say_here('audit.sample-seed')} {terms.seed}  {say_here('audit.sample-up-to')} {terms.up_to}")
    answer(f"  {say_here('audit.sample-digest', digest=sample_.population_digest)}")
    for number, item in enumerate(sample_.items, 1):
        when = item.at.astimezone(words.show.zone)
        parts = [
            f"{number:>4}.",
            f"{item.seq:>7}",
            f"{when:%Y-%m-%d %H:%M:%S}",
            item.runbook,
            item.actor,
            item.run or item.event_id,
        ]
        answer("  ".join(part for part in parts if part))
    if drawn.same:
        answer(say_here("audit.sample-recorded", seq=drawn.seq))
    else:
        answer(say_here("audit.sample-other", seq=drawn.seq), style="red")
