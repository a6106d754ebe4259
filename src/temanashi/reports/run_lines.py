"""What happened on a target, in lines: one a check where it was checked, else one. Pages and Prefect's artifacts show the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from temanashi.changes import OutcomeStatus, Verdict
from temanashi.reports.display import shortened
from temanashi.text import Lang, LocalText, Phrase, say

__all__ = ["GOOD", "LONGEST", "Line", "run_lines"]

GOOD = frozenset({"OK", "SKIPPED", "PENDING", "changed", "already"})

LONGEST = 160
"""Characters of a command that a line shows; the record has all of it."""


class Line(NamedTuple):
    """`name` is a verdict, the status of an outcome, or `planned` and `running`; `word` is what a reader sees of it.

    `check` is the result as the journal has it; empty where nothing was checked.
    """

    name: str
    word: str
    what: str
    check: Mapping[str, Any] = MappingProxyType({})


def run_lines(
    summary: Phrase,
    reason: Phrase | None,
    details: Iterable[Mapping[str, Any]],
    *,
    status: OutcomeStatus | str | None,
    verdict: Verdict | None,
    lang: Lang,
    state: str = "planned",
) -> Iterator[Line]:
    """The lines of one row of a step; `state` is that of the journal, and tells where there is no outcome yet."""
    checks = [detail for detail in details if "verdict" in detail]
    for check in checks:
        title = LocalText.model_validate(check["title"]).text(lang) if check.get("title") else str(check.get("check", ""))
        why = Phrase.model_validate(check["reason"]).text(lang) if check.get("reason") else ""
        yield Line(check["verdict"], say(f"runs.verdict-{check['verdict']}", lang), ": ".join(p for p in (title, why) if p), check)
    if not checks:
        said = (shortened(summary.text(lang), LONGEST), reason.text(lang) if reason is not None else "")
        what = " — ".join(part for part in said if part)
        if verdict is not None:
            yield Line(verdict, say(f"runs.verdict-{verdict}", lang), what)
        else:
            name = status or ("running" if state == "intended" else "planned")
            yield Line(name, say(f"runs.status-{name}", lang), what)
