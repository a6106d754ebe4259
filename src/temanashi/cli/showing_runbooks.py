"""`tema runbooks` and `tema runbooks show ID`: what is published, and all that there is to know of one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Json, Root
from temanashi.cli.output import answer, emit, progress, say_here, state_word

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from temanashi.people import People
    from temanashi.workspace.handbook import RunbookFacts

__all__ = ["register"]

EDITIONS = 5


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=say_here("cli.help-runbooks"), invoke_without_command=True)
    group.callback()(runbooks)
    group.command("show", help=say_here("cli.help-runbooks-show"))(show)
    app.add_typer(group, name="runbooks")


def runbooks(context: typer.Context, workspace: Root = None, json: Json = False) -> None:
    """List the published runbooks."""
    if context.invoked_subcommand is not None:
        return
    from temanashi.workspace.first import published_or_first
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        published, note = published_or_first(opened)
    lang = language()
    if json:
        emit({"version": published.number, "runbooks": [r.data | {"version": r.version} for r in published.runbooks.values()]})
        return
    if note is not None:
        progress(note.text(lang))
    for name, book in sorted(published.runbooks.items()):
        answer(f"{name:<28} {book.title.text(lang)}")


def show(
    runbook: Annotated[str, typer.Argument(help=say_here("cli.help-runbook"))], workspace: Root = None, json: Json = False
) -> None:
    """Tell all that there is to know of one runbook."""
    from temanashi.workspace.first import published_or_first, runbook_named
    from temanashi.workspace.handbook import runbook_facts
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        published, _ = published_or_first(opened)
        found = runbook_named(published, runbook)
        with opened.database.reading() as connection:
            facts = runbook_facts(opened, connection, published, found)
        zone = opened.settings.zone
    if json:
        emit(_as_json(facts))
        return
    _purpose(facts, published.people)
    _steps(facts)
    _times(facts, zone)


def _heading(key: str) -> None:
    answer()
    answer(say_here(key), style="bold")


def _purpose(facts: RunbookFacts, people: People) -> None:
    from temanashi.runbooks.telling import tell_approval, tell_rights

    lang, book = language(), facts.runbook
    answer(f"{book.title.text(lang)} ({book.id})", style="bold")
    answer(book.description.text(lang).rstrip())
    told = [
        ("runbooks.category", say_here(f"runbooks.category-{book.category}")),
        ("runbooks.owner", book.owner),
        ("runbooks.system", book.system),
        ("runbooks.targets", book.targets),
        ("pages.runbook-rights", tell_rights(book, people, lang)),
        ("pages.runbook-approval", tell_approval(book.approve, people, lang)),
    ]
    for key, value in told:
        if value:
            answer(f"{say_here(key)}: {value}")
    for parameter in book.parameters:
        optional = "" if parameter.required else f" {say_here('telling.optional')}"
        hint = f" {parameter.hint.text(lang)}" if parameter.hint else ""
        kind = say_here(f"telling.type-{parameter.type}")
        answer(f"  -p {parameter.name}=  {parameter.title.text(lang)}: {kind}{optional}{hint}")


def _steps(facts: RunbookFacts) -> None:
    from temanashi.runbooks.telling import tell_steps

    _heading("runbooks.steps")
    for number, step in enumerate(tell_steps(facts.runbook, language()), 1):
        answer(f"{number:>3}. {step.title} ({step.kind})")
        for line in (*step.text.rstrip().splitlines(), *step.notes):
            answer(f"     {line}")


def _times(facts: RunbookFacts, zone: ZoneInfo) -> None:
    from temanashi.reports.display import Display

    display, lang = Display(language(), zone), language()

    def moment(at: datetime) -> str:
        return display.moment(at)

    _heading("pages.runbook-last-good")
    good, last = facts.last_good, facts.last
    answer(
        f"{moment(good.ended_at or good.requested_at)}  {good.actor.name}  {good.id}" if good else say_here("pages.runbook-never")
    )
    if last is not None and (good is None or last.id != good.id):
        answer(f"{say_here('pages.runbook-last')}: {moment(last.requested_at)}  {state_word(last.state)}  {last.id}")
    if facts.schedules:
        _heading("pages.runbook-schedules")
    for one in facts.schedules:
        answer(f"{one.rule(lang)}{' ' + say_here('pages.runbook-schedule-off') if not one.schedule.active else ''}")
        if one.held is not None:
            answer(f"  {one.held.text(lang)}")
        for start in one.starts:
            answer(f"  {moment(start.at)}")
    _heading("pages.runbook-hours")
    answer(hours_sentence(facts, display))
    _heading("pages.runbook-history")
    for edition in facts.editions[:EDITIONS]:
        data = {"number": edition.number, "when": moment(edition.at), "author": edition.author}
        answer(f"{say_here('pages.runbook-edition', **data)} {say_here(f'pages.runbook-{edition.change}')}")


def hours_sentence(facts: RunbookFacts, display: Any) -> str:
    """The minutes by hand and this month's hours, or what is missing."""
    task, toil = facts.task, facts.runbook.toil
    if task is not None and task.signed and task.minutes is not None:
        minutes = display.minutes(task.minutes.occasion)
        signed = say_here("pages.runbook-signed", minutes=minutes, by=task.signed_by, grade=task.grade)
        sums = {"credited": display.hours(task.sums.credited_seconds), "manual": display.hours(task.sums.manual_seconds)}
        return f"{signed} {say_here('pages.runbook-month', **sums)}"
    proposed = toil.minutes.setup + toil.minutes.per_target
    if proposed:
        return f"{say_here('pages.runbook-proposed', minutes=f'{proposed:g}')} tema baseline sign {facts.runbook.task}"
    return say_here("pages.runbook-no-baseline")


def _as_json(facts: RunbookFacts) -> dict[str, Any]:
    return {
        "runbook": facts.runbook.data | {"version": facts.runbook.version},
        "last": facts.last.model_dump(mode="json") if facts.last else None,
        "last_good": facts.last_good.model_dump(mode="json") if facts.last_good else None,
        "task": facts.task.model_dump(mode="json") if facts.task else None,
        "schedules": [
            {"id": one.schedule.id, "held": one.held is not None, "starts": [start.at.isoformat() for start in one.starts]}
            for one in facts.schedules
        ],
        "editions": [
            {"number": e.number, "at": e.at.isoformat(), "author": e.author, "change": e.change, "difference": e.text}
            for e in facts.editions
        ],
    }
