"""What another monitoring system is told when it asks about the last run of a runbook's checks: one line and one exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from temanashi.checks.nagios_line import EXIT_CODES, nagios_line, perfdata
from temanashi.runs.check_rows import NOT_RUN, CheckSeen, RunSeen
from temanashi.text import Lang, say

__all__ = ["WORST_FIRST", "Poll", "poll", "unknown_poll"]

WORST_FIRST = ("CRITICAL", "UNKNOWN", NOT_RUN, "WARNING", "PENDING", "OK", "SKIPPED")
BAD = WORST_FIRST[:4]
COMPLETE = ("done", "unknown")
"""Ends of a run that went through all its steps; an `unknown` one could not measure everything, and its rows say what."""
NAMED = 3


class Poll(NamedTuple):
    """The line, and 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."""

    exit: int
    line: str


def unknown_poll(why: str) -> Poll:
    """Nothing is known, and why."""
    return Poll(3, nagios_line(f"UNKNOWN: {why}"))


def poll(
    run: RunSeen | None, *, now: datetime, max_age: timedelta, lang: Lang, checks: Sequence[str] = (), hosts: Sequence[str] = ()
) -> Poll:
    """The answer from the newest run that is over; `checks` and `hosts` narrow it. Old, missing or half a run is UNKNOWN."""
    if run is None:
        return unknown_poll(say("checks.poll-never", lang))
    ended = run.ended_at or run.requested_at
    if now - ended > max_age:
        hours = (now - ended).total_seconds() / 3600
        return unknown_poll(say("checks.poll-stale", lang, hours=f"{hours:.1f}", most=f"{max_age.total_seconds() / 3600:.1f}"))
    rows = [row for row in run.rows if (not checks or row.key.check in checks) and (not hosts or row.key.target in hosts)]
    if not rows:
        return unknown_poll(say("checks.poll-nothing", lang))
    counts = Counter(row.word for row in rows)
    word = next((w for w in WORST_FIRST if counts[w]), "UNKNOWN")
    if run.state not in COMPLETE and EXIT_CODES[word] == 0:
        return unknown_poll(say("checks.poll-half", lang, state=say(f"runs.state-{run.state}", lang)))
    exit_code = EXIT_CODES.get(word, 3)
    head = next(name for name, code in EXIT_CODES.items() if code == exit_code and name not in {"PENDING", "SKIPPED", NOT_RUN})
    told = ", ".join(f"{counts[w]} {say(f'sheet.word-{w}', lang)}" for w in WORST_FIRST if counts[w])
    text = f"{head}: {say('checks.poll-counts', lang, count=len(rows), parts=told)}"
    return Poll(exit_code, nagios_line(" - ".join([text, *_named(rows, lang)]), _data(rows, counts)))


def _named(rows: Sequence[CheckSeen], lang: Lang) -> list[str]:
    bad = sorted((row for row in rows if row.word in BAD), key=lambda row: BAD.index(row.word))
    told = [f"{row.key.target} {row.name.text(lang)}: {row.why.text(lang) if row.why else ''}" for row in bad[:NAMED]]
    return ["; ".join(told)] if told else []


def _data(rows: Sequence[CheckSeen], counts: Counter[str]) -> Iterator[str]:
    for word in WORST_FIRST:
        yield perfdata(word.lower(), {"value": counts[word], "min": 0, "max": len(rows)})
    for row in sorted(rows, key=lambda row: WORST_FIRST.index(row.word) if row.word in WORST_FIRST else 0):
        for metric in row.metrics:
            yield perfdata(f"{row.key.target} {row.key.check} {metric.get('name', '')}", metric)
