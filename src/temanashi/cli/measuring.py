"""`tema baseline RUNBOOK`: what its manual work takes, as it was measured, and which step to automate next."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from temanashi.cli.language import language
from temanashi.cli.options import Json, Root
from temanashi.cli.output import answer, emit, progress, say_here
from temanashi.errors import InputError

if TYPE_CHECKING:
    from temanashi.books import RunbookBaseline, Sample, SampleRef, Seconds
    from temanashi.runbooks.model import Runbook
    from temanashi.workspace.opening import Installation
    from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["NoSamples", "RunbookOrCommand", "samples_to_sign", "show_baseline"]


class NoSamples(InputError):
    """No measured occasion of the task, so nothing to sign from."""

    key = "cli.no-samples"

    def __init__(self, task: str) -> None:
        super().__init__(task=task)


class RunbookOrCommand(TyperGroup):
    """`tema baseline RUNBOOK` is short for `tema baseline show RUNBOOK`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first word names, else `show`."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().resolve_command(ctx, args)


def show_baseline(
    runbook: Annotated[str, typer.Argument(help=say_here("cli.help-runbook"))], workspace: Root = None, json: Json = False
) -> None:
    """Tell samples, median and spread, the manual steps, and the one to automate next."""
    from temanashi.workspace.first import published_or_first, runbook_named
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        published, note = published_or_first(opened)
        if note is not None:
            progress(note.text(language()))
        found = _baseline(opened, published, runbook_named(published, runbook))
    if json:
        emit({**found.model_dump(mode="json"), "accepted": len(found.accepted)})
    else:
        _tell(found)


def _baseline(opened: Installation, published: PublishedWorkspace, runbook: Runbook) -> RunbookBaseline:
    from temanashi.books import (
        occasions_per_month,
        proposed_tasks,
        read_baselines,
        read_samples,
        registered,
        runbook_baseline,
        samples_of,
        signed_versions,
        version_on,
    )
    from temanashi.calendars import day_of

    zone, today = opened.settings.zone, day_of(opened.clock.now(), opened.settings.zone)
    task = next(task for task in proposed_tasks(published.runbooks.values()) if task.task == runbook.task)
    with opened.database.reading() as connection:
        records = read_samples(opened.ledger, connection, runbook.task)
        signed = version_on(signed_versions(read_baselines(opened.ledger, connection)).get(runbook.task, ()), today)
    register = registered(records, zone)
    demand = signed.demand if signed is not None else task.demand
    occasions = occasions_per_month(runbook.task, demand, register=register, business=published.calendar, today=today)
    return runbook_baseline(runbook, samples_of(records, zone), occasions=occasions, today=today)


def samples_to_sign(opened: Installation, task: str) -> tuple[Seconds, tuple[SampleRef, ...]]:
    """The mean of a task's accepted samples, of the last twelve months if there are any; raises NoSamples."""
    from temanashi.books import Seconds, read_samples, samples_of
    from temanashi.books.baseline import measured
    from temanashi.calendars import day_of

    zone = opened.settings.zone
    with opened.database.reading() as connection:
        found = samples_of(read_samples(opened.ledger, connection, task), zone)
    accepted = [sample.ref for sample in found if sample.refused is None and sample.seconds]
    if not accepted:
        raise NoSamples(task)
    seconds = measured([(ref.day, ref.seconds) for ref in accepted], day_of(opened.clock.now(), zone)).seconds
    return Seconds(setup=round(sum(seconds) / len(seconds))), tuple(accepted[-len(seconds) :])


def _tell(found: RunbookBaseline) -> None:
    from temanashi.text import say

    lang = language()
    answer(f"{found.runbook}  {found.title.text(lang)}")
    if found.measure is None or found.mean_seconds is None:
        answer(say_here("cli.baseline-no-samples"))
    else:
        m = found.measure
        told = {"samples": m.samples, "median": _minutes(m.median), "low": _minutes(m.low), "high": _minutes(m.high)}
        answer(say_here("cli.baseline-samples", **told, iqr=_minutes(m.iqr)))
        mean = {"mean": _minutes(found.mean_seconds), "low": _minutes(found.low_seconds), "high": _minutes(found.high_seconds)}
        answer(say_here("cli.baseline-grade", grade=found.grade, **mean))
    if found.steps:
        _table(found)
    following = next((step for step in found.steps if step.step == found.next_step), None)
    if following is not None and following.monthly_seconds is not None:
        answer(
            say_here(
                "cli.baseline-next-step", step=following.step, title=following.title, minutes=_minutes(following.monthly_seconds)
            )
        )
    elif following is not None:
        answer(
            say_here("cli.baseline-next-step-once", step=following.step, title=following.title, minutes=_minutes(following.seconds))
        )
    refused = [sample for sample in found.samples if sample.refused is not None]
    if refused:
        answer(say_here("cli.baseline-refused", count=len(refused)))
    for sample in refused:
        answer(f"  {sample.day}  {sample.run}  {_minutes(sample.seconds)}  {_why(sample)}")
    if found.accepted:
        answer(say("cli.baseline-sign-next", lang, task=found.task))


def _why(sample: Sample) -> str:
    return sample.refused.text(language()) if sample.refused is not None else ""


def _minutes(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / 60:.1f}".removesuffix(".0")


def _table(found: RunbookBaseline) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="")
    for name in ("step", "samples", "median", "quartiles", "share", "month"):
        justify: Any = "left" if name == "step" else "right"
        table.add_column(say_here(f"cli.baseline-column-{name}"), justify=justify, no_wrap=name != "step")
    for step in found.steps:
        measured = step.measure
        table.add_row(
            f"{step.step}  {step.title.text(language())}",
            str(measured.samples) if measured else "0",
            _minutes(step.seconds) if measured else say_here("cli.baseline-proposed", minutes=_minutes(step.seconds)),
            f"{_minutes(measured.low)}-{_minutes(measured.high)}" if measured else "-",
            f"{step.share * 100:.0f}%",
            _minutes(step.monthly_seconds),
        )
    Console(file=sys.stdout, highlight=False, markup=False, width=None if sys.stdout.isatty() else 120).print(table)
