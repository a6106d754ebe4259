"""`tema audit search` and `tema audit run`: the same questions and the same story as on the audit pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli import exporting
from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Root
from temanashi.cli.output import answer, emit, say_here
from temanashi.errors import InputError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from temanashi.audit.entries import EntryView
    from temanashi.audit.finding import Criteria
    from temanashi.reports.audit_words import AuditWords

__all__ = ["UnknownWord", "criteria_of", "register"]


class UnknownWord(InputError):
    """A kind of record or an outcome that there is not."""

    key = "audit.unknown-word"

    def __init__(self, word: str, known: list[str]) -> None:
        super().__init__(word=word, known=known)


def register(audit: typer.Typer) -> None:
    """Add the commands under `tema audit`."""
    audit.command("search", help=say_here("audit.help-search"))(search)
    audit.command("run", help=say_here("audit.help-run"))(run)
    audit.command("reindex", help=say_here("audit.help-reindex"))(reindex)


def _text(name: str) -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(f"--{name}", metavar="TEXT", help=say_here(f"audit.help-{name}"))
    return found


def search(
    person: Annotated[str, _text("person")] = "",
    beneficiary: Annotated[str, _text("beneficiary")] = "",
    runbook: Annotated[str, _text("runbook")] = "",
    host: Annotated[str, _text("host")] = "",
    system: Annotated[str, _text("system")] = "",
    ticket: Annotated[str, _text("ticket")] = "",
    period: Annotated[str, _text("period")] = "",
    kind: Annotated[str, _text("kind")] = "",
    outcome: Annotated[str, _text("outcome")] = "",
    privileged: Annotated[bool, typer.Option("--privileged", help=say_here("audit.help-privileged"))] = False,
    emergency: Annotated[bool, typer.Option("--emergency", help=say_here("audit.help-emergency"))] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help=say_here("cli.help-limit"))] = 20,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help=say_here("audit.help-output"))] = None,
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Find runs and other events, the newest first. Exit 0, also where nothing was found."""
    from temanashi.audit.entries import all_entries
    from temanashi.audit.finding import count_entries, of_anyhow
    from temanashi.reports.audit_words import AuditWords
    from temanashi.reports.display import Display
    from temanashi.workspace.live import live_people
    from temanashi.workspace.opening import open_installation

    texts = {"person": person, "beneficiary": beneficiary, "runbook": runbook, "host": host, "system": system, "ticket": ticket}
    with open_installation(workspace, create=False, read_only=output is None) as opened:
        criteria = criteria_of(
            opened.settings.zone, period=period, kind=kind, outcome=outcome, privileged=privileged, emergency=emergency, **texts
        )
        with opened.database.reading() as connection:
            criteria = of_anyhow(criteria, live_people(connection))
        chain, words = opened.ledger.chain, AuditWords(Display(language(), opened.settings.zone))
        if output is not None:
            exporting.export(opened, criteria, output, words, actor=actor, json=json)
            return
        entries = list(all_entries(opened.database, criteria, chain=chain, most=limit))
        with opened.database.reading() as connection:
            more = len(entries) == limit and count_entries(connection, criteria, chain=chain, most=limit) > limit
    if json:
        emit({"entries": [entry.model_dump(mode="json") for entry in entries], "more": more})
        return
    if not entries:
        answer(say_here("audit.found-none"))
    for entry in entries:
        answer(_line(entry, words))
    if more:
        answer(say_here("audit.cli-more", limit=limit))


def run(
    run: Annotated[str, typer.Argument(metavar="RUN", help=say_here("cli.help-run-id"))], workspace: Root = None, json: Json = False
) -> None:
    """The whole story of a run, from the ledger. Exit 0; 1 where a record is not as it was written."""
    from temanashi.audit.story import run_story
    from temanashi.reports.audit_words import AuditWords
    from temanashi.reports.display import Display
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False, read_only=True) as opened, opened.database.reading() as connection:
        story = run_story(opened.ledger, connection, run)
        words = AuditWords(Display(language(), opened.settings.zone))
    if json:
        emit({"exit": int(bool(story.broken)), **story.model_dump(mode="json")})
        raise typer.Exit(int(bool(story.broken)))
    answer(f"{story.entry.runbook}: {words.outcome(story.entry)}")
    answer(words.headline(story))
    for chapter in story.chapters:
        when = chapter.at.astimezone(words.show.zone)
        answer(f"{chapter.seq:>7}  {when:%Y-%m-%d %H:%M:%S}  {words.sentence(chapter)}")
    for link in story.links:
        answer(f"{say_here(f'audit.link-{link.relation}')}: {link.run}")
    if story.broken:
        answer(say_here("audit.story-broken", seqs=list(story.broken)), style="red")
        raise typer.Exit(1)


def reindex(workspace: Root = None, json: Json = False) -> None:
    """Add what the search lacks of the ledger, and make the tables of reports anew. Exit 0 where nothing was missing, else 1."""
    from temanashi.ledger.marks import complete_marks
    from temanashi.ledger.narrow import rebuild_rows
    from temanashi.ledger.narrow_checking import first_difference
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as opened, opened.database.transaction() as connection:
        missing = complete_marks(connection)
        rebuilt = first_difference(connection, opened.ledger.chain) is not None
        if rebuilt:
            rebuild_rows(connection)
    found = int(bool(missing) or rebuilt)
    if json:
        emit({"exit": found, "missing": missing, "rebuilt": rebuilt})
    else:
        if rebuilt:
            answer(say_here("audit.rows-rebuilt"), style="yellow")
        answer(
            say_here("audit.reindexed" if missing else "audit.index-whole", count=missing), style="yellow" if missing else "green"
        )
    raise typer.Exit(found)


def criteria_of(
    zone: ZoneInfo,
    *,
    period: str = "",
    kind: str = "",
    outcome: str = "",
    privileged: bool = False,
    emergency: bool = False,
    **texts: str,
) -> Criteria:
    """What the options ask for; raises BadPeriod and UnknownWord."""
    from typing import get_args

    from temanashi.audit.finding import OPEN, Criteria
    from temanashi.audit.periods import period_of
    from temanashi.ledger.records import Kind, RunOutcome

    kinds = [*get_args(Kind)]
    if kind and kind not in kinds:
        raise UnknownWord(kind, kinds)
    outcomes = [*get_args(RunOutcome), OPEN]
    if outcome and not kind and outcome not in outcomes:
        raise UnknownWord(outcome, outcomes)
    since, until = period_of(period).bounds(zone) if period else (None, None)
    return Criteria(
        kind=kind,
        outcome=outcome,
        privileged=privileged,
        emergency=emergency,
        since=since,
        until=until,
        **texts,
    )


def _line(entry: EntryView, words: AuditWords) -> str:
    when = entry.at.astimezone(words.show.zone)
    flags = [words.say(f"flag-{name}") for name in ("privileged", "emergency") if getattr(entry, name)]
    what = entry.runbook or words.kind(entry.kind)
    parts = [f"{entry.seq:>7}", f"{when:%Y-%m-%d %H:%M:%S}", words.outcome(entry), what, entry.actor]
    parts += [words.say("line-for", name=entry.beneficiary)] if entry.beneficiary else []
    parts += [words.say("line-approved", names=list(entry.approvers))] if entry.approvers else []
    return "  ".join(part for part in [*parts, *flags, entry.run] if part)
