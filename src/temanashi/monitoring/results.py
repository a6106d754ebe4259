"""What a finished run says of every check, from its journal, and what is not known because the way to it is down: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from temanashi.changes import NO_TARGET, Verdict
from temanashi.checks.parents import DOWN, UP
from temanashi.hosts.inventory import Host
from temanashi.monitoring.model import Key, Result
from temanashi.runs.journal import Row
from temanashi.text.local import LocalText, Phrase, phrase

__all__ = ["KIND", "down_hosts", "orphaned_hosts", "results_of"]

KIND = "checks"
"""The kind of step whose rows are results."""

_NEVER = datetime.min.replace(tzinfo=UTC)
_SAYS_NOTHING = frozenset({Verdict.SKIPPED, Verdict.PENDING})
_THE_WAY = "hosts."
"""Reasons with these keys are about the way to a host, not about what is on it."""


def results_of(rows: Iterable[Row], *, run: str, runbook: str, owner: str, ended_at: datetime | None) -> list[Result]:
    """One result a check and target. A target that broke off is UNKNOWN in every check; one that was never reached says nothing."""
    found: list[Result] = []
    for row in rows:
        if row.change.kind != KIND or row.change.left_out is not None or row.outcome is None:
            continue
        step, item, target = row.change.key
        told = [detail for detail in row.outcome.details if "check" in detail and "verdict" in detail]
        for detail in told:
            key = Key(runbook, step, str(detail["check"]), target, item)
            found.append(_result(detail, key, run=run, owner=owner))
        if told:
            continue
        skipped = row.outcome.status == "skipped"
        reason = row.outcome.reason or phrase("runs.interrupted")
        for check in row.change.payload.get("checks", ()):
            key = Key(runbook, step, str(check.get("id", "")), target, item)
            verdict = Verdict.SKIPPED if skipped else Verdict.UNKNOWN
            hard_after = check.get("hard_after", 1)
            found.append(
                Result(
                    key=key,
                    kind=str(check.get("kind", "")),
                    title=LocalText.model_validate(check["title"]) if check.get("title") else None,
                    owner=owner,
                    verdict=verdict,
                    reason=reason,
                    at=row.outcome.ended_at or ended_at or _NEVER,
                    run=run,
                    hard_after=hard_after if isinstance(hard_after, int) else 1,
                )
            )
    return found


def _result(detail: Mapping[str, Any], key: Key, *, run: str, owner: str) -> Result:
    metrics = detail.get("metrics") or [{}]
    return Result(
        key=key,
        kind=str(detail.get("kind", "")),
        title=LocalText.model_validate(detail["title"]) if detail.get("title") else None,
        owner=owner,
        verdict=Verdict(detail["verdict"]),
        reason=Phrase.model_validate(detail["reason"]),
        at=datetime.fromisoformat(detail["measured_at"]),
        run=run,
        hard_after=int(detail.get("spec", {}).get("hard_after", 1)),
        seconds=float(detail.get("seconds", 0.0)),
        value=metrics[0].get("value"),
        unit=str(metrics[0].get("unit", "")),
    )


def down_hosts(results: Iterable[Result]) -> set[str]:
    """Hosts that a run could not reach: an `up` check is down, or everything that was tried is UNKNOWN because of the way there."""
    by_host: dict[str, list[Result]] = {}
    for result in results:
        if result.verdict not in _SAYS_NOTHING and result.key.target != NO_TARGET:
            by_host.setdefault(result.key.target, []).append(result)
    return {host for host, mine in by_host.items() if any(map(_is_up_down, mine)) or _unreached(mine)}


def _is_up_down(result: Result) -> bool:
    return result.kind == UP and result.verdict in DOWN


def _unreached(mine: Sequence[Result]) -> bool:
    """A host whose programs are missing is there; one whose connection fails may be gone."""
    unknown = all(result.verdict is Verdict.UNKNOWN for result in mine)
    return unknown and any(result.reason.key.startswith(_THE_WAY) for result in mine)


def orphaned_hosts(results: Sequence[Result], hosts: Mapping[str, Host]) -> list[Result]:
    """The results with what is not known on a host below one that is down made SKIPPED.

    Behind a jump host that is what was not measured: what is seen from here does not go through it. Below a host that the inventory
    names as a parent it is all that is not well. What was measured well stays measured.
    """
    down = down_hosts(results)
    named = _Above({name: host.parents for name, host in hosts.items()}, down)
    reached = _Above({name: (*host.parents, *host.jump) for name, host in hosts.items()}, down)
    settled = []
    for result in results:
        above = {Verdict.UNKNOWN: reached, Verdict.CRITICAL: named, Verdict.WARNING: named}.get(result.verdict)
        top = above.top(result.key.target) if above is not None else None
        if top is not None:
            reason = phrase("monitoring.parent-host-down", parent=top, host=result.key.target)
            result = replace(result, verdict=Verdict.SKIPPED, reason=reason)  # noqa: PLW2901  (the same result, as it counts)
        settled.append(result)
    return settled


class _Above:
    """Which host that is down stands furthest above another one."""

    def __init__(self, parents: Mapping[str, tuple[str, ...]], down: set[str]) -> None:
        self._parents, self._down = parents, down

    def top(self, host: str, seen: frozenset[str] = frozenset()) -> str | None:
        """The host, or None where all above is well."""
        for parent in self._parents.get(host, ()):
            if parent in seen or parent == host:
                continue
            above = self.top(parent, seen | {host})
            if above is not None or parent in self._down:
                return above or parent
        return None
