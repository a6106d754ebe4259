"""What there is to tell of an alert, and how it is told in words; receivers make their own forms of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from temanashi.changes import Verdict
from temanashi.monitoring.grouping import Sort
from temanashi.monitoring.model import Problem
from temanashi.monitoring.offered import remedy_path
from temanashi.text import Lang, Phrase, phrase, say

__all__ = ["MOST_LINES", "Action", "Change", "Event", "NotKnown", "hosts_of", "lines_of", "links_of", "phrase_more", "summary_of"]

Action = Literal["trigger", "acknowledge", "resolve"]
Change = Literal["new", "worse", "better", "joined", "again", "acknowledged", "resolved", "replaced"]
"""`again`: an acknowledgement ended; `replaced`: the thread before it is closed where one can be, and people are not told."""

MOST_LINES = 50
MOST_LINKS = 10
KEY_LENGTH = 255


@dataclass(frozen=True, kw_only=True)
class NotKnown:
    """Checks of a host that say nothing because of an alert."""

    target: str
    checks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing to tell. `thread` is the same for everything told of an alert, until an acknowledgement of it ends.

    `problems` are those that are open; when it is resolved, those that were part of it. `previous` is how bad it was told to be
    before. `offers` are ids of runbooks that fix something, by the id of the problem.
    """

    alert: str
    round: int
    sort: Sort
    label: str
    runbook: str
    change: Change
    verdict: Verdict
    previous: Verdict | None
    problems: tuple[Problem, ...]
    not_known: tuple[NotKnown, ...] = ()
    opened_at: datetime
    at: datetime
    who: str = ""
    why: str = ""
    offers: Mapping[str, str] = field(default_factory=dict)

    @property
    def action(self) -> Action:
        """What a receiver does."""
        if self.change in {"resolved", "replaced"}:
            return "resolve"
        return "acknowledge" if self.change == "acknowledged" else "trigger"

    @property
    def thread(self) -> str:
        """At most 255 characters, stable from the first word to the last."""
        return f"temanashi:{self.alert}:{self.round}"

    @property
    def owner_key(self) -> str:
        """A short name of what it is about, stable over alerts: digested where it would be too long."""
        name = f"{self.sort}:{self.label}"
        return name if len(name) <= KEY_LENGTH else f"{self.sort}:{hashlib.sha256(name.encode()).hexdigest()}"


def hosts_of(event: Event) -> list[str]:
    """The hosts of its problems, each once, in order."""
    return sorted({problem.key.target for problem in event.problems})


def summary_of(event: Event, lang: Lang) -> str:
    """One sentence: what it is, and how bad."""
    word = say(f"opening.word-{event.verdict.lower()}", lang)
    hosts = hosts_of(event)
    if event.sort == "problem":
        problem = event.problems[0]
        name = problem.title.text(lang) if problem.title is not None else problem.key.name
        what = say("monitoring.alert-problem", lang, host=problem.key.target, check=name, reason=problem.reason.text(lang))
    else:
        check = event.label.rpartition("/")[2] if event.sort == "check" else event.label
        data = {"label": check, "count": len(hosts), "checks": len(event.problems), "hosts": hosts[:3]}
        what = say(f"monitoring.alert-{event.sort}", lang, **data)
    return say(f"monitoring.told-{event.change}", lang, what=what, word=word, who=event.who)


def links_of(event: Event, page: str, lang: Lang) -> list[tuple[str, str]]:
    """Sentence and address of what fixes each problem, for the first ten that have something; `page` is where our pages are."""
    offering = [problem for problem in event.problems if problem.id in event.offers and event.action == "trigger"]
    return [
        (
            say("monitoring.remedy-link", lang, runbook=event.offers[problem.id], host=problem.key.target),
            f"{page}/{remedy_path(problem.id)}",
        )
        for problem in offering[:MOST_LINKS]
    ]


def lines_of(event: Event, lang: Lang, page: str = "") -> list[str]:
    """The problems one by one, then what is not known because of them; at most 50 lines, and how many are left out.

    With a `page` (where our pages are) the addresses of what fixes them follow the problems.
    """
    lines = [event.why] if event.why else []
    if event.change != "resolved":
        lines += [_line(problem, lang) for problem in event.problems]
    if page:
        lines = [*lines[:MOST_LINES], *(f"{said}: {address}" for said, address in links_of(event, page, lang))]
    lines += [say("monitoring.not-known-line", lang, host=one.target, checks=list(one.checks)) for one in event.not_known]
    if len(lines) <= MOST_LINES:
        return lines
    return [*lines[:MOST_LINES], phrase_more(len(lines) - MOST_LINES).text(lang)]


def phrase_more(count: int) -> Phrase:
    """How many lines are left out."""
    return phrase("monitoring.more-lines", count=count)


def _line(problem: Problem, lang: Lang) -> str:
    name = problem.title.text(lang) if problem.title is not None else problem.key.name
    word = say(f"opening.word-{problem.verdict.lower()}", lang)
    return say("monitoring.problem-line", lang, host=problem.key.target, check=name, word=word, reason=problem.reason.text(lang))
