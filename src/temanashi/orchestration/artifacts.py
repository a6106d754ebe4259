"""What a finished run leaves in Prefect: a page with the summary, and a table with each target's outcome."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from temanashi.runs.reading import RowView, RunView
from temanashi.text import Lang, say

__all__ = ["leave_artifacts", "summary_markdown", "target_rows"]

SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~])")


def leave_artifacts(run: RunView, *, lang: Lang, zone: ZoneInfo, page: str) -> None:
    """Attach both artifacts to the current flow run. `page` is the address of the run's own page."""
    key = run.runbook.replace("_", "-")
    title = run.title.text(lang)
    create_markdown_artifact(summary_markdown(run, lang=lang, zone=zone, page=page), key=f"{key}-summary", description=title)
    create_table_artifact(target_rows(run, lang=lang), key=f"{key}-targets", description=title)


def summary_markdown(run: RunView, *, lang: Lang, zone: ZoneInfo, page: str) -> str:
    """The answer first, then the facts, then what is not as it should be. Nothing that a person typed is read as Markdown."""
    answer = [say(f"orchestration.state-{run.state}", lang)]
    if run.verdict is not None:
        answer.append(say(f"orchestration.verdict-{run.verdict}", lang))
    lines = [f"# {_plain(run.title.text(lang))}: {' / '.join(answer)}", ""]
    if run.reason is not None:
        lines += [_plain(run.reason.text(lang)), ""]
    facts = {
        "actor": run.actor.name,
        "requested": f"{run.requested_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        "ended": f"{run.ended_at.astimezone(zone):%Y-%m-%d %H:%M:%S}" if run.ended_at else "",
        "ticket": run.ticket,
        "beneficiary": run.beneficiary,
    }
    lines += [f"- {say(f'orchestration.fact-{name}', lang)}: {_plain(value)}" for name, value in facts.items() if value]
    for step in run.steps:
        good = sum(1 for row in step.rows if row.status in {"changed", "already"} and row.verdict not in {"WARNING", "CRITICAL", "UNKNOWN"})
        heading = _plain(step.title.text(lang) if step.title else step.step)
        lines += ["", f"## {heading} ({say('orchestration.good-of', lang, good=good, total=len(step.rows))})", ""]
        lines += [f"- {_plain(row.target)}: **{_word(row, lang)}** {_plain(_told(row, lang))}" for row in step.rows]
    return "\n".join([*lines, "", f"[{say('orchestration.whole-story', lang)}]({page})", ""])


def target_rows(run: RunView, *, lang: Lang) -> list[dict[str, str]]:
    """One row a step and target."""
    return [
        {
            say("orchestration.column-step", lang): step.title.text(lang) if step.title else step.step,
            say("orchestration.column-target", lang): row.target,
            say("orchestration.column-outcome", lang): _word(row, lang),
            say("orchestration.column-what", lang): _told(row, lang),
        }
        for step in run.steps
        for row in step.rows
    ]


def _word(row: RowView, lang: Lang) -> str:
    if row.verdict is not None:
        return say(f"orchestration.verdict-{row.verdict}", lang)
    return say(f"orchestration.status-{row.status or 'none'}", lang)


def _told(row: RowView, lang: Lang) -> str:
    reason = f" — {row.reason.text(lang)}" if row.reason is not None else ""
    return f"{row.summary.text(lang)}{reason}"


def _plain(text: str) -> str:
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
