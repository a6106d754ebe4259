"""What a finished run leaves in Prefect: a page with the summary, and a table with each target's outcome."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from temanashi.changes import NO_TARGET
from temanashi.reports.display import shortened
from temanashi.reports.run_lines import GOOD, LONGEST, Line, run_lines
from temanashi.runs.reading import RunView, StepView
from temanashi.text import Lang, say

__all__ = ["leave_artifacts", "summary_markdown", "target_rows"]

OUTPUT_LINES = 50
SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~])")


def leave_artifacts(run: RunView, *, lang: Lang, zone: ZoneInfo, page: str) -> None:
    """Attach both artifacts to the current flow run. `page` is the address of the run's own page."""
    key = run.runbook.replace("_", "-")
    title = run.title.text(lang)
    create_markdown_artifact(summary_markdown(run, lang=lang, zone=zone, page=page), key=f"{key}-summary", description=title)
    create_table_artifact(target_rows(run, lang=lang), key=f"{key}-targets", description=title)


def summary_markdown(run: RunView, *, lang: Lang, zone: ZoneInfo, page: str) -> str:
    """The answer first, then the facts, then what is not as it should be. Nothing that a person typed is read as Markdown."""
    answer = [say(f"runs.state-{run.state}", lang)]
    if run.verdict is not None:
        answer.append(say(f"runs.verdict-{run.verdict}", lang))
    told = [f"# {_plain(run.title.text(lang))}: {' / '.join(answer)}", ""]
    if run.reason is not None:
        told += [_plain(run.reason.text(lang)), ""]
    facts = {
        "actor": run.actor.name,
        "requested": f"{run.requested_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        "ended": f"{run.ended_at.astimezone(zone):%Y-%m-%d %H:%M:%S}" if run.ended_at else "",
        "ticket": run.ticket,
        "beneficiary": run.beneficiary,
    }
    told += [f"- {say(f'orchestration.fact-{name}', lang)}: {_plain(value)}" for name, value in facts.items() if value]
    for step in run.steps:
        rows = list(_rows(step, lang))
        good = sum(1 for _, line in rows if line.name in GOOD)
        heading = _plain(step.title.text(lang) if step.title else step.step)
        told += ["", f"## {heading} ({say('orchestration.good-of', lang, good=good, total=len(rows))})", ""]
        told += [f"- **{line.word}** {_plain(target)} {_plain(shortened(line.what, LONGEST))}" for target, line in rows]
        told += [block for row in step.rows if row.output for block in _output(row.target, row.output)]
    return "\n".join([*told, "", f"[{say('orchestration.whole-story', lang)}]({page})", ""])


def target_rows(run: RunView, *, lang: Lang) -> list[dict[str, str]]:
    """One row a step and target, or one a check."""
    return [
        {
            say("orchestration.column-step", lang): step.title.text(lang) if step.title else step.step,
            say("orchestration.column-target", lang): target,
            say("orchestration.column-outcome", lang): line.word,
            say("orchestration.column-what", lang): line.what,
        }
        for step in run.steps
        for target, line in _rows(step, lang)
    ]


def _rows(step: StepView, lang: Lang) -> Iterator[tuple[str, Line]]:
    for row in step.rows:
        target = "" if row.target == NO_TARGET else row.target
        for line in run_lines(row.summary, row.reason, row.details, status=row.status, verdict=row.verdict, lang=lang):
            yield target, line


def _output(target: str, text: str) -> list[str]:
    """What a command printed, as an indented block: nothing in it can end the block."""
    lines = text.splitlines()
    shown = lines[:OUTPUT_LINES] + (["…"] if len(lines) > OUTPUT_LINES else [])
    return ["", *([] if target == NO_TARGET else [f"`{target}`", ""]), *(f"    {line}" for line in shown), ""]


def _plain(text: str) -> str:
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
