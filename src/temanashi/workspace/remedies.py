"""Runs of the runbooks that fix what checks found, asked for by themselves where a check says `start: approval`.

Such a run waits for approval like any other of its runbook: nothing is done before somebody approved it. It is asked for once a
problem: also after a refusal not again, until the check was good in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from temanashi.changes import Verdict
from temanashi.errors import TemanashiError
from temanashi.monitoring.reading import ProblemView, problems
from temanashi.people import Actor
from temanashi.runbooks.calls import called_by
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.remedies import approval_for
from temanashi.runs.advancing import advance
from temanashi.runs.engine import Engine
from temanashi.runs.reading import RunView
from temanashi.runs.requests import RunRequest, request_run
from temanashi.runs.stopping import OVER
from temanashi.runs.tables import RUNS
from temanashi.text import Phrase, explain, phrase
from temanashi.text.local import LANGUAGES, LocalText
from temanashi.workspace.opening import Installation
from temanashi.workspace.versions import PublishedWorkspace, current_version

__all__ = ["MONITORING", "ask_for_remedies", "ticket_of"]

MONITORING = Actor(name="temanashi", kind="system")
EARLIER = timedelta(minutes=1)


def ticket_of(problem: str) -> str:
    """The ticket of the run that a problem asks for."""
    return f"problem-{problem}"


def ask_for_remedies(installation: Installation, view: RunView, *, engine: Engine | None = None) -> list[Phrase]:
    """Ask for what the run's critical checks name; why something could not be asked for, as sentences. Never raises."""
    wanted = dict(_wanted(view))
    if not wanted:
        return []
    acting = engine or installation.engine()
    failures: list[Phrase] = []
    try:
        with installation.database.reading() as connection:
            published = current_version(connection, kinds=step_kinds())
            due = list(_due(installation, connection, published, view, wanted)) if published is not None else []
    except TemanashiError as error:
        return [_told(view.runbook, error)]
    for problem, remedy in due:
        try:
            if published is not None:
                _ask(acting, published, problem, remedy)
        except TemanashiError as error:
            failures.append(_told(str(remedy["id"]), error))
    return failures


def _told(runbook: str, error: TemanashiError) -> Phrase:
    told = LocalText(**{lang: explain(error, lang).what for lang in LANGUAGES})
    return phrase("sheet.remedy-not-asked", runbook=runbook, problem=told)


def _wanted(view: RunView) -> Iterator[tuple[tuple[str, str, str], Mapping[str, Any]]]:
    for step in view.steps:
        for row in step.rows:
            for detail in row.details:
                remedy = detail.get("runbook")
                if detail.get("verdict") == Verdict.CRITICAL and remedy and remedy.get("start") == "approval":
                    yield (step.step, row.target, str(detail["check"])), remedy


def _due(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace,
    view: RunView,
    wanted: Mapping[tuple[str, str, str], Mapping[str, Any]],
) -> Iterator[tuple[ProblemView, Mapping[str, Any]]]:
    """Problems that lasted long enough to count, that nobody is on, and for which no run was asked for yet."""
    now = installation.clock.now()
    for problem in problems(
        connection, now=now, inventory=published.inventory, recurring=published.recurring, runbook=view.runbook
    ):
        remedy = wanted.get((problem.step, problem.target, problem.check))
        quiet = not problem.hard or problem.acknowledged is not None or problem.maintenance is not None
        if remedy is not None and not quiet and problem.verdict is Verdict.CRITICAL and not _asked(connection, problem, remedy):
            yield problem, remedy


def _asked(connection: Connection, problem: ProblemView, remedy: Mapping[str, Any]) -> bool:
    mine = (RUNS.c.runbook == str(remedy["id"])) & (RUNS.c.ticket == ticket_of(problem.id))
    since = (problem.since - EARLIER).isoformat()
    recent = RUNS.c.state.in_(("planned", "running", "waiting", *OVER)) & (RUNS.c.requested_at >= since)
    return connection.execute(select(RUNS.c.id).where(mine, recent).limit(1)).first() is not None


def _ask(engine: Engine, published: PublishedWorkspace, problem: ProblemView, remedy: Mapping[str, Any]) -> None:
    runbook = published.runbooks.get(str(remedy["id"]))
    if runbook is None:
        return  # the published version says otherwise by now
    title = problem.title or LocalText(plain=problem.check)
    why = phrase("sheet.remedy-why", host=problem.target, check=title, reason=problem.reason)
    run = request_run(
        engine,
        RunRequest(
            runbook=runbook,
            workspace_version=published.digest,
            inventory=published.inventory,
            inputs=dict(remedy.get("params") or {}),
            actor=MONITORING,
            channel="alert",
            reason=why.text(published.languages[0]),
            ticket=ticket_of(problem.id),
            called=called_by(runbook, published.runbooks),
            approve=approval_for(runbook, remedy),
        ),
    )
    advance(engine, run)  # as far as the approval
