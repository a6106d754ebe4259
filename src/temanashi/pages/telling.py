"""A run in the words of its page: lines of a step, and facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from temanashi.changes import NO_TARGET
from temanashi.people.identity_check import tell_identity
from temanashi.reports.display import Display
from temanashi.reports.run_lines import run_lines
from temanashi.runs.reading import RunView, StepView
from temanashi.text import Lang, LocalText, Phrase, say
from temanashi.workspace.remedy_links import remedy_link

__all__ = ["Fix", "Line", "facts_of", "lines_of"]

MARKS = {"changed": "done", "already": "done", "conflict": "failed", "skipped": "SKIPPED"}


WRONG = frozenset({"CRITICAL", "WARNING", "UNKNOWN"})


class Fix(NamedTuple):
    """The runbook that fixes a finding: its title, and the address of its form below our pages."""

    title: str
    path: str


class Line(NamedTuple):
    """One line of a step's table: the name of its mark, the word beside it, the target, and what happened."""

    name: str
    word: str
    target: str
    what: str
    fix: Fix | None = None


def lines_of(step: StepView, lang: Lang, titles: Mapping[str, LocalText] = MappingProxyType({})) -> Iterator[Line]:
    """One line a target, or one a check where the target was checked. `titles` are those of runbooks that may fix what is wrong."""
    for row in step.rows:
        target = "" if row.target == NO_TARGET else row.target
        for line in run_lines(
            row.summary, row.reason, row.details, status=row.status, verdict=row.verdict, state=row.state, lang=lang
        ):
            fix = _fix(line.check, row.target, lang, titles) if line.name in WRONG else None
            yield Line(MARKS.get(line.name, line.name), line.word, target, line.what, fix)


def _fix(check: Mapping[str, Any], target: str, lang: Lang, titles: Mapping[str, LocalText]) -> Fix | None:
    remedy = check.get("runbook") or {}
    if remedy.get("id") not in titles:
        return None
    name = LocalText.model_validate(check.get("title") or check["check"])
    why = Phrase.model_validate(check["reason"]) if check.get("reason") else None
    return Fix(titles[remedy["id"]].text(lang), remedy_link(remedy, target, name, why, lang))


def facts_of(run: RunView, show: Display, *, approvers: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Who, when, with what; a fact without a value is left out."""
    lang = show.lang
    inputs = [f"{name} = {value}" for name, value in sorted(run.inputs.items()) if value not in ("", None)]
    facts = {
        "actor": f"{run.actor.name} ({say(f'pages.assurance-{run.actor.assurance}', lang)})",
        "channel": say(f"pages.channel-{run.channel}", lang),
        "beneficiary": run.beneficiary,
        "identity": tell_identity(run.identity_check, lang),
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
