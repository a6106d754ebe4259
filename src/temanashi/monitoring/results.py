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

__all__ = ["KIND", "down_hosts", "orphaned_hosts", "parents_of_host", "results_of"]

KIND = "checks"
"""The kind of step whose rows are results."""

_NEVER = datetime.min.replace(tzinfo=UTC)
_SAYS_NOTHING = frozenset({Verdict.SKIPPED, Verdict.PENDING})


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
    """Hosts of which a run knows nothing: an `up` check is down, or everything that was tried is UNKNOWN."""
    by_host: dict[str, list[Result]] = {}
    for result in results:
        if result.verdict not in _SAYS_NOTHING and result.key.target != NO_TARGET:
            by_host.setdefault(result.key.target, []).append(result)
    return {
        host
        for host, mine in by_host.items()
        if any(one.kind == UP and one.verdict in DOWN for one in mine) or all(one.verdict is Verdict.UNKNOWN for one in mine)
    }


def parents_of_host(host: Host) -> tuple[str, ...]:
    """The hosts without which nothing is known of a host: those that it names as parents, and those it is reached through."""
    return (*getattr(host, "parents", ()), *host.jump)


def orphaned_hosts(results: Sequence[Result], hosts: Mapping[str, Host]) -> list[Result]:
    """The results with all that is wrong on a host below one that is down made SKIPPED. What was measured well stays measured."""
    down = down_hosts(results)
    roots: dict[str, str | None] = {}

    def root(name: str, seen: frozenset[str]) -> str | None:
        """The host that is down furthest above."""
        if name not in roots and name in hosts:
            above = [parent for parent in parents_of_host(hosts[name]) if parent not in seen]
            found = next((top for parent in above if (top := root(parent, seen | {parent}))), None)
            roots[name] = found or next((parent for parent in above if parent in down), None)
        return roots.get(name)

    settled = []
    for result in results:
        top = root(result.key.target, frozenset({result.key.target}))
        if top is None or result.verdict is Verdict.OK or result.verdict in _SAYS_NOTHING:
            settled.append(result)
            continue
        reason = phrase("monitoring.parent-host-down", parent=top, host=result.key.target)
        settled.append(replace(result, verdict=Verdict.SKIPPED, reason=reason))
    return settled
