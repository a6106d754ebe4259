"""What happened on a target, in lines for Prefect's logs and artifacts: one a check where it was checked, else one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from temanashi.changes import OutcomeStatus, Verdict
from temanashi.text import Lang, LocalText, Phrase, say

__all__ = ["GOOD", "Line", "lines"]

GOOD = frozenset({"OK", "SKIPPED", "PENDING", "changed", "already"})


class Line(NamedTuple):
    """`name` is a verdict or the status of an outcome; `word` is what a reader sees of it."""

    name: str
    word: str
    what: str


def lines(
    summary: Phrase,
    reason: Phrase | None,
    details: Iterable[Mapping[str, Any]],
    *,
    status: OutcomeStatus | str | None,
    verdict: Verdict | None,
    lang: Lang,
) -> Iterator[Line]:
    """The lines of one row of a step."""
    checks = [detail for detail in details if "verdict" in detail]
    for check in checks:
        title = LocalText.model_validate(check["title"]).text(lang) if check.get("title") else str(check.get("check", ""))
        why = Phrase.model_validate(check["reason"]).text(lang) if check.get("reason") else ""
        yield Line(
            check["verdict"], say(f"orchestration.verdict-{check['verdict']}", lang), ": ".join(p for p in (title, why) if p)
        )
    if not checks:
        what = " — ".join(part.text(lang) for part in (summary, reason) if part is not None)
        if verdict is not None:
            yield Line(verdict, say(f"orchestration.verdict-{verdict}", lang), what)
        else:
            yield Line(status or "none", say(f"orchestration.status-{status or 'none'}", lang), what)
