"""From the last state of a check and a new result to its next state and its problem: pure."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from temanashi.changes import Verdict
from temanashi.monitoring.flapping import is_flapping, remembered
from temanashi.monitoring.model import BAD, MEASURED, CheckState, Problem, Result, worse

__all__ = ["Moved", "moved"]


class Moved(NamedTuple):
    """What a result did: the state now, its problem (None: there is none), and whether history has to tell of it."""

    state: CheckState
    problem: Problem | None
    changed: bool


def moved(before: CheckState | None, problem: Problem | None, result: Result, *, problem_id: str, down: bool = False) -> Moved:
    """What a result makes of a check. `problem` is the open one, `problem_id` the id of the one that may begin.

    A bad check has a problem; it is soft until `hard_after` runs in a row found it bad, and closed by the first good result. While
    the check flaps its problem stays open, whatever the results are.
    """
    state = _seen(before, result)
    if result.verdict not in MEASURED:
        return Moved(state, problem, changed=False)
    following = _problem(state, problem, result, problem_id, down=down)
    is_open = following is not None and following.closed_at is None
    state = replace(state, problem=following.id if following is not None and is_open else "")
    was_hard = problem is not None and problem.hard_at is not None
    is_hard = following is not None and following.hard_at is not None
    turned = before is None or (before.measured, before.flapping) != (state.measured, state.flapping)
    first_good = before is None and result.verdict is Verdict.OK
    return Moved(state, following, changed=(turned or was_hard != is_hard) and not first_good)


def _seen(before: CheckState | None, result: Result) -> CheckState:
    last = before or CheckState(
        key=result.key, kind=result.kind, verdict=result.verdict, reason=result.reason, at=result.at, run=result.run
    )
    seen = replace(
        last,
        kind=result.kind,
        title=result.title,
        owner=result.owner,
        verdict=result.verdict,
        reason=result.reason,
        at=result.at,
        run=result.run,
    )
    if result.verdict not in MEASURED:
        return seen
    turned = last.measured is not None and last.measured != result.verdict
    slots = remembered(last.slots, changed=turned)
    fresh = turned or last.measured is None
    return replace(
        seen,
        measured=result.verdict,
        measured_at=result.at,
        since=result.at if fresh else last.since,
        previous=last.measured if turned else last.previous,
        changed_at=result.at if turned else last.changed_at,
        ok_at=result.at if result.verdict is Verdict.OK else last.ok_at,
        attempts=last.attempts + 1 if result.verdict in BAD else 0,
        slots=slots,
        flapping=is_flapping(slots, before=last.flapping),
        seconds=result.seconds,
        value=result.value,
        unit=result.unit,
    )


def _problem(state: CheckState, problem: Problem | None, result: Result, problem_id: str, *, down: bool) -> Problem | None:
    if result.verdict not in BAD:
        if problem is None or state.flapping:
            return problem
        return replace(problem, closed_at=result.at, changed_at=result.at, run=result.run)
    hard = state.attempts >= result.hard_after
    if problem is None:
        return Problem(
            id=problem_id,
            key=result.key,
            kind=result.kind,
            title=result.title,
            verdict=result.verdict,
            worst=result.verdict,
            reason=result.reason,
            run=result.run,
            since=result.at,
            changed_at=result.at,
            hard_at=result.at if hard else None,
            down=down,
        )
    return replace(
        problem,
        verdict=result.verdict,
        worst=result.verdict if worse(result.verdict, problem.worst) else problem.worst,
        reason=result.reason,
        run=result.run,
        changed_at=result.at if result.verdict != problem.verdict else problem.changed_at,
        hard_at=problem.hard_at or (result.at if hard else None),
        down=down,
    )
