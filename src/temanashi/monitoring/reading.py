"""What monitoring knows, for those who show it: the sheet, the pages, the terminal.

    problems(connection, now=..., inventory=..., runbook="") -> list[ProblemView]   open problems, worst first
    states(connection, now=..., inventory=..., runbook="")   -> list[StateView]     every check, good ones too
    changes(connection, since=..., until=..., runbook="")    -> list[ChangeView]    what turned in between, in order

A `ProblemView` has: id, runbook, step, check, target, item, title, kind, verdict, worst, reason (Phrase), run, since, hard (else
soft: not alerted yet), flapping, down (the whole host), seen (the verdict of the last result: SKIPPED while a parent is down),
last_ok, acknowledged (an
`Acknowledgement`: actor, until, reason; None where nobody knows, or it is over), maintenance (a `Window`: until, reason, actor; or
None) and alert (an `AlertView` with sort and label of the outage that it is part of; None where it was not alerted).

A `StateView` has: runbook, step, check, target, item, title, kind, owner, verdict (the last result as it is to be shown), measured,
reason, run, at, measured_at, since, last_ok, previous, changed_at, attempts, flapping, seconds, value, unit, problem (its
`ProblemView`, or None) and maintenance. `inventory` is the live one: windows name hosts by selectors; `recurring` are the rules of
the live version for maintenance that comes again. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, select

from temanashi.changes import Verdict
from temanashi.hosts.inventory import Inventory
from temanashi.monitoring.acknowledging import Acknowledgement, acknowledgements_of
from temanashi.monitoring.maintenance import Window, Windows, windows_over
from temanashi.monitoring.model import CheckState, Key, Problem
from temanashi.monitoring.recurring import NO_RECURRING, Recurring
from temanashi.monitoring.store import read_problems, read_states, stamp
from temanashi.monitoring.tables import ALERTS, CHANGES
from temanashi.text.local import LocalText, Phrase

__all__ = ["AlertView", "ChangeView", "ProblemView", "StateView", "changes", "problems", "states"]

_WORST_FIRST = (Verdict.CRITICAL, Verdict.UNKNOWN, Verdict.WARNING)


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class AlertView(_View):
    """What was told: `sort` is problem, host, jump, system, site, tag, check or run, and `label` which one."""

    id: str
    sort: str
    label: str
    verdict: Verdict
    opened_at: datetime
    members: int


class ProblemView(_View):
    """A problem that is open; see the module."""

    id: str
    runbook: str
    step: str
    check: str
    target: str
    item: int
    title: LocalText | None
    kind: str
    verdict: Verdict
    worst: Verdict
    reason: Phrase
    run: str
    since: datetime
    hard: bool
    flapping: bool
    down: bool
    seen: Verdict
    last_ok: datetime | None
    acknowledged: Acknowledgement | None
    maintenance: Window | None
    alert: AlertView | None


class StateView(_View):
    """A check as it stands; see the module."""

    runbook: str
    step: str
    check: str
    target: str
    item: int
    title: LocalText | None
    kind: str
    owner: str
    verdict: Verdict
    measured: Verdict | None
    reason: Phrase
    run: str
    at: datetime
    measured_at: datetime | None
    since: datetime | None
    last_ok: datetime | None
    previous: Verdict | None
    changed_at: datetime | None
    attempts: int
    flapping: bool
    seconds: float
    value: float | None
    unit: str
    problem: ProblemView | None
    maintenance: Window | None


class ChangeView(_View):
    """A check that turned: from `previous` (None: it was new) to `verdict`, or began or ceased to flap."""

    runbook: str
    step: str
    check: str
    target: str
    item: int
    previous: Verdict | None
    verdict: Verdict
    reason: Phrase
    run: str
    at: datetime
    hard: bool
    flapping: bool


def problems(
    connection: Connection, *, now: datetime, inventory: Inventory, recurring: Recurring = NO_RECURRING, runbook: str = ""
) -> list[ProblemView]:
    """Open problems, the worst first, then the oldest; of one runbook where it is named."""
    windows = windows_over(connection, now, inventory=lambda: inventory, recurring=lambda: recurring)
    found = _views(connection, now, windows, runbook)
    return sorted(found.values(), key=lambda view: (_WORST_FIRST.index(view.verdict), view.since, view.target, view.check))


def states(
    connection: Connection, *, now: datetime, inventory: Inventory, recurring: Recurring = NO_RECURRING, runbook: str = ""
) -> list[StateView]:
    """Every check that was ever seen and is still there, in the order of runbook, step, check and target."""
    windows = windows_over(connection, now, inventory=lambda: inventory, recurring=lambda: recurring)
    open_ = _views(connection, now, windows, runbook)
    return [
        StateView(
            **_place(state.key),
            title=state.title,
            kind=state.kind,
            owner=state.owner,
            verdict=state.verdict,
            measured=state.measured,
            reason=state.reason,
            run=state.run,
            at=state.at,
            measured_at=state.measured_at,
            since=state.since,
            last_ok=state.ok_at,
            previous=state.previous,
            changed_at=state.changed_at,
            attempts=state.attempts,
            flapping=state.flapping,
            seconds=state.seconds,
            value=state.value,
            unit=state.unit,
            problem=open_.get(state.problem),
            maintenance=windows.covering(state.key),
        )
        for state in read_states(connection, runbook=runbook)
    ]


def changes(connection: Connection, *, since: datetime, until: datetime, runbook: str = "") -> list[ChangeView]:
    """What turned from `since` (included) to `until` (not), in order."""
    wanted = [CHANGES.c.at >= stamp(since), CHANGES.c.at < stamp(until), *([CHANGES.c.runbook == runbook] if runbook else [])]
    return [
        ChangeView(
            **_place(Key(row.runbook, row.step, row.name, row.target, row.item)),
            previous=Verdict(row.previous) if row.previous else None,
            verdict=Verdict(row.verdict),
            reason=Phrase.model_validate_json(row.reason),
            run=row.run,
            at=datetime.fromisoformat(row.at),
            hard=bool(row.hard),
            flapping=bool(row.flapping),
        )
        for row in connection.execute(select(CHANGES).where(*wanted).order_by(CHANGES.c.at, CHANGES.c.id))
    ]


def _views(connection: Connection, now: datetime, windows: Windows, runbook: str) -> dict[str, ProblemView]:
    acknowledged = acknowledgements_of(connection)
    alerts = {row.id: row for row in connection.execute(select(ALERTS).where(ALERTS.c.state == "open"))}
    known = {state.key: state for state in read_states(connection, runbook=runbook)}
    return {
        problem.id: _view(problem, known.get(problem.key), acknowledged, windows, alerts, now)
        for problem in read_problems(connection, runbook=runbook)
    }


def _view(
    problem: Problem,
    state: CheckState | None,
    acknowledged: Mapping[str, Acknowledgement],
    windows: Windows,
    alerts: Mapping[str, object],
    now: datetime,
) -> ProblemView:
    ack = acknowledged.get(problem.id)
    return ProblemView(
        **_place(problem.key),
        id=problem.id,
        title=problem.title,
        kind=problem.kind,
        verdict=problem.verdict,
        worst=problem.worst,
        reason=problem.reason,
        run=problem.run,
        since=problem.since,
        hard=problem.hard_at is not None,
        flapping=state is not None and state.flapping,
        down=problem.down,
        seen=state.verdict if state is not None else problem.verdict,
        last_ok=state.ok_at if state is not None else None,
        acknowledged=ack if ack is not None and ack.covers(problem, now) else None,
        maintenance=windows.covering(problem.key),
        alert=_alert(alerts.get(problem.alert)),
    )


def _alert(row: object) -> AlertView | None:
    if row is None:
        return None
    names = ("id", "sort", "label", "verdict", "opened_at", "members")
    return AlertView.model_validate({name: getattr(row, name) for name in names})


def _place(key: Key) -> dict[str, object]:
    return {"runbook": key.runbook, "step": key.step, "check": key.name, "target": key.target, "item": key.item}
