"""A run in the words of its page: lines of a step, and facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from temanashi.changes import NO_TARGET
from temanashi.reports.display import Display
from temanashi.reports.run_lines import run_lines
from temanashi.runs.reading import RunView, StepView
from temanashi.text import Lang, say

__all__ = ["Line", "facts_of", "lines_of"]

MARKS = {"changed": "done", "already": "done", "conflict": "failed", "skipped": "SKIPPED"}


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
        for line in run_lines(
            row.summary, row.reason, row.details, status=row.status, verdict=row.verdict, state=row.state, lang=lang
        ):
            yield Line(MARKS.get(line.name, line.name), line.word, target, line.what)


def facts_of(run: RunView, show: Display, *, approvers: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Who, when, with what; a fact without a value is left out."""
    lang = show.lang
    inputs = [f"{name} = {value}" for name, value in sorted(run.inputs.items()) if value not in ("", None)]
    facts = {
        "actor": f"{run.actor.name} ({say(f'pages.assurance-{run.actor.assurance}', lang)})",
        "channel": say(f"pages.channel-{run.channel}", lang),
        "beneficiary": run.beneficiary,
        "ticket": run.ticket,
        "reason": run.request_reason,
        "approvers": ("、" if lang == "ja" else ", ").join(approvers),
        "emergency": say("pages.emergency", lang) if run.emergency else "",
        "inputs": "、".join(inputs) if lang == "ja" else ", ".join(inputs),
        "mode": say(f"pages.mode-{run.mode}", lang) if run.mode != "live" else "",
        "requested": show.moment(run.requested_at),
        "started": show.moment(run.started_at) if run.started_at else "",
        "ended": show.moment(run.ended_at) if run.ended_at else "",
        "version": run.version.removeprefix("sha256:")[:12],
        "id": run.id,
    }
    return [(name, value) for name, value in facts.items() if value]
