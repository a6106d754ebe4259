"""The story of a run as a piece of HTML: the same on its page and in an evidence pack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup
from pydantic import ValidationError

from temanashi.audit.chapters import Chapter, EvidenceView, TargetLine
from temanashi.audit.story import Story
from temanashi.changes import NO_TARGET, Verdict
from temanashi.people.identity_check import tell_identity
from temanashi.reports.audit_words import AuditWords
from temanashi.reports.coding import coded
from temanashi.reports.display import Display
from temanashi.reports.run_lines import GOOD, run_lines
from temanashi.text import Phrase, say

__all__ = ["Addresses", "story_facts", "story_html"]

MOST_LINES, MOST_PLAN = 60, 40
_MARKS = {"changed": "done", "already": "done", "conflict": "failed", "skipped": "SKIPPED", "planned": "planned"}


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where a story links to; an empty address is no link."""

    run: Callable[[str], str]
    record: Callable[[int], str]
    evidence: Callable[[int, EvidenceView], str]


class _Line(NamedTuple):
    mark: str
    word: str
    target: str
    what: str


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("temanashi.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["coded"] = coded
    return environment.get_template("story.html.j2")


def story_html(story: Story, show: Display, addresses: Addresses) -> Markup:
    """The piece: plan, records in their order, links; equal stories give equal bytes."""
    words = AuditWords(show)
    text = _template().render(
        story=story,
        entry=story.entry,
        words=words,
        t=words.say,
        show=show,
        lang=show.lang,
        to=addresses,
        chapters=[(chapter, words.sentence(chapter), *_cut(list(_lines(chapter, words)))) for chapter in story.chapters],
        plan=(story.plan or ())[:MOST_PLAN],
        plan_more=max(len(story.plan or ()) - MOST_PLAN, 0),
        broken=frozenset(story.broken),
        no_target=NO_TARGET,
    )
    return Markup(text)  # noqa: S704  (the template escapes)


def story_facts(story: Story, show: Display) -> list[tuple[str, str]]:
    """Who, for whom, why, with what; a fact without a value is left out."""
    entry, words, lang = story.entry, AuditWords(show), show.lang
    inputs = [f"{name} = {value}" for name, value in sorted((story.inputs or {}).items()) if value not in ("", None)]
    comma = say("telling.comma", lang)
    facts: Mapping[str, Any] = {
        "actor": words.person(entry.actor, entry.actor_kind, entry.assurance),
        "channel": say(f"pages.channel-{entry.channel}", lang),
        "beneficiary": entry.beneficiary,
        "identity": tell_identity(entry.identity_check, lang),
        "approvers": comma.join(entry.approvers),
        "ticket": entry.ticket,
        "reason": entry.reason,
        "flags": comma.join(words.say(f"flag-{name}") for name in ("privileged", "emergency") if getattr(entry, name)),
        "mode": words.say(f"mode-{entry.mode}") if entry.mode != "live" else "",
        "inputs": comma.join(inputs),
        "system": entry.system,
        "team": entry.team,
        "runbook": entry.runbook,
        "version": words.digest(entry.version),
        "workspace": words.digest(story.workspace_version),
        "plan": words.digest(story.plan_digest),
        "agreement": words.plan_agreement(story),
        "run": entry.run,
    }
    return [(name, str(value)) for name, value in facts.items() if value]


def _cut(lines: list[_Line]) -> tuple[list[_Line], int]:
    """What went wrong first where there are too many to show."""
    if len(lines) <= MOST_LINES:
        return lines, 0
    ordered = sorted(lines, key=lambda line: line.mark in GOOD or line.mark in {"done", "planned"})
    return ordered[:MOST_LINES], len(lines) - MOST_LINES


def _lines(chapter: Chapter, words: AuditWords) -> Iterator[_Line]:
    for line in chapter.targets:
        target = "" if line.target == NO_TARGET else line.target
        try:
            found = list(_told(line, words))
        except (ValidationError, ValueError):  # details of a kind of step that this version does not know
            found = [(line.status or "planned", line.status, line.summary.text(words.lang))]
        for name, word, what in found:
            yield _Line(_MARKS.get(name, name), word, target, what)


def _told(line: TargetLine, words: AuditWords) -> Iterator[tuple[str, str, str]]:
    reason: Phrase | None = line.reason
    verdict = Verdict(line.verdict) if line.verdict else None
    told = run_lines(line.summary, reason, line.details, status=line.status or None, verdict=verdict, lang=words.lang)
    return ((found.name, found.word, found.what) for found in told)
