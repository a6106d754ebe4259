"""A run in the words of its page: lines of a step, and facts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from temanashi.changes import NO_TARGET
from temanashi.reports.display import Display, shortened
from temanashi.runs.reading import RowView, RunView, StepView
from temanashi.text import Lang, LocalText, Phrase, say

__all__ = ["Line", "facts_of", "lines_of"]

STATES = {
    "changed": "done",
    "already": "done",
    "conflict": "failed",
    "failed": "failed",
    "unknown": "unknown",
    "skipped": "SKIPPED",
}

LONGEST = 160
"""Characters of a command that the page shows; the record has all of it."""


class Line(NamedTuple):
    """One line of a step's table: the name of its mark, the word beside it, the target, and what happened."""

    name: str
    word: str
    target: str
    what: str


def lines_of(step: StepView, lang: Lang) -> Iterator[Line]:
    """One line a target, or one a check where the target was checked."""
    for row in step.rows:
        target = "" if row.target == NO_TARGET else row.target
        checks = [detail for detail in row.details if "verdict" in detail]
        for check in checks:
            title = LocalText.model_validate(check["title"]).text(lang) if check.get("title") else str(check.get("check", ""))
            reason = Phrase.model_validate(check["reason"]).text(lang) if check.get("reason") else ""
            yield Line(
                check["verdict"], say(f"orchestration.verdict-{check['verdict']}", lang), target, f"{title}: {reason}".strip(": ")
            )
        if not checks:
            yield Line(*_mark(row, lang), target, _what(row, lang))


def _mark(row: RowView, lang: Lang) -> tuple[str, str]:
    if row.verdict is not None:
        return row.verdict, say(f"orchestration.verdict-{row.verdict}", lang)
    if row.status is None:
        state = "running" if row.state == "intended" else "planned"
        return state, say(f"orchestration.status-{state}", lang)
    return STATES.get(row.status, "unknown"), say(f"orchestration.status-{row.status}", lang)


def _what(row: RowView, lang: Lang) -> str:
    parts = [shortened(row.summary.text(lang), LONGEST), row.reason.text(lang) if row.reason is not None else ""]
    return " ".join(part for part in parts if part)


def facts_of(run: RunView, show: Display) -> list[tuple[str, str]]:
    """Who, when, with what; a fact without a value is left out."""
    lang = show.lang
    inputs = [f"{name} = {value}" for name, value in sorted(run.inputs.items()) if value not in ("", None)]
    facts = {
        "actor": f"{run.actor.name} ({say(f'pages.assurance-{run.actor.assurance}', lang)})",
        "channel": say(f"pages.channel-{run.channel}", lang),
        "beneficiary": run.beneficiary,
        "ticket": run.ticket,
        "inputs": "、".join(inputs) if lang == "ja" else ", ".join(inputs),
        "mode": say(f"pages.mode-{run.mode}", lang) if run.mode != "live" else "",
        "requested": show.moment(run.requested_at),
        "started": show.moment(run.started_at) if run.started_at else "",
        "ended": show.moment(run.ended_at) if run.ended_at else "",
        "version": run.version.removeprefix("sha256:")[:12],
        "id": run.id,
    }
    return [(name, value) for name, value in facts.items() if value]
