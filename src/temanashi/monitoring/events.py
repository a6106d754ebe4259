"""What there is to tell of an alert, and how it is told in words; receivers make their own forms of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from temanashi.changes import Verdict
from temanashi.monitoring.grouping import Sort
from temanashi.monitoring.model import Problem
from temanashi.text import Lang, Phrase, phrase, say

__all__ = ["Action", "Change", "Event", "NotKnown", "hosts_of", "lines_of", "summary_of"]

Action = Literal["trigger", "acknowledge", "resolve"]
Change = Literal["new", "worse", "better", "joined", "again", "acknowledged", "resolved", "replaced"]
"""`again`: an acknowledgement ended; `replaced`: the thread before it is closed where one can be, and people are not told."""

MOST_LINES = 50
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
    before.
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


def lines_of(event: Event, lang: Lang) -> list[str]:
    """The problems one by one, then what is not known because of them; at most 50 lines, and how many are left out."""
    lines = [event.why] if event.why else []
    if event.change != "resolved":
        lines += [_line(problem, lang) for problem in event.problems]
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
