"""Runs as their readers see them: pages, the terminal and Prefect's artifacts all draw these values."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, or_, select

from temanashi.changes import Outcome, Verdict
from temanashi.people import Actor
from temanashi.runs.journal import read_rows, read_run
from temanashi.runs.lease import free_to_end
from temanashi.runs.results import NoRun
from temanashi.runs.tables import RUNS, WAITS
from temanashi.text.local import LocalText, Phrase

__all__ = [
    "RowView",
    "RunView",
    "StepView",
    "WaitView",
    "by_flow_run",
    "last_run",
    "recent_runs",
    "root_of",
    "run_view",
    "runs_naming",
    "runs_with_dead_lease",
    "waiting_under",
]


_BATCH = 100
_NEWEST = (RUNS.c.requested_at.desc(), RUNS.c.id.desc())
"""Ids are in the order of their making, for runs of one moment."""


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RowView(_View):
    """One change on one target; `output` is what a command printed, at most 10,000 characters."""

    target: str
    state: str
    status: str | None
    verdict: Verdict | None
    summary: Phrase
    reason: Phrase | None
    details: tuple[dict[str, Any], ...] = ()
    output: str = ""
    ended_at: datetime | None


class StepView(_View):
    """One step with its rows."""

    step: str
    title: LocalText | None
    kind: str
    rows: tuple[RowView, ...]


class WaitView(_View):
    """What a run waits for."""

    step: str
    kind: str
    prompt: LocalText
    opened_at: datetime
    until: datetime | None
    state: str


class RunView(_View):
    """One run. `state` is planned, running, waiting, or how it ended. Lists leave `steps` empty."""

    id: str
    runbook: str
    title: LocalText
    version: str
    task: str
    slot: str
    mode: str
    state: str
    verdict: Verdict | None
    reason: Phrase | None
    actor: Actor
    channel: str
    beneficiary: str
    ticket: str
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    inputs: dict[str, Any]
    flow_run: str
    cancel_asked: bool
    request_reason: str = ""
    emergency: bool = False
    again: str = ""
    identity_check: str = ""
    wait: WaitView | None = None
    steps: tuple[StepView, ...] = ()


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _head(row: Any, wait: WaitView | None = None, steps: tuple[StepView, ...] = ()) -> RunView:
    frozen = json.loads(row.frozen)
    return RunView(
        id=row.id,
        runbook=row.runbook,
        title=LocalText.model_validate(frozen["runbook"]["title"]),
        version=row.version,
        task=row.task,
        slot=row.slot,
        mode=row.mode,
        state=row.state,
        verdict=Verdict(row.verdict) if row.verdict else None,
        reason=Phrase.model_validate_json(row.reason) if row.reason else None,
        actor=Actor.model_validate_json(row.actor),
        channel=row.channel,
        beneficiary=row.beneficiary,
        ticket=row.ticket,
        requested_at=datetime.fromisoformat(row.requested_at),
        started_at=_time(row.started_at),
        ended_at=_time(row.ended_at),
        inputs=frozen["inputs"],
        flow_run=row.flow_run or "",
        cancel_asked=bool(row.cancel),
        request_reason=row.request_reason,
        emergency=bool(row.emergency),
        again=row.again or "",
        identity_check=row.identity_check,
        wait=wait,
        steps=steps,
    )


def run_view(connection: Connection, run: str) -> RunView:
    """The whole story of a run; raises NoRun."""
    row = read_run(connection, run)
    if row is None:
        raise NoRun(run)
    items = json.loads(row.frozen)["runbook"]["steps"]
    named = {item.get("id", f"step-{number}"): item for number, item in enumerate(items, 1)}
    rows = read_rows(connection, run)
    steps = []
    for step in dict.fromkeys(r.change.step for r in rows):
        mine = [r for r in rows if r.change.step == step]
        title = named.get(step, {}).get("title")
        views = tuple(
            RowView(
                target=r.change.target,
                state=r.state,
                status=r.outcome.status if r.outcome else None,
                verdict=r.outcome.verdict if r.outcome else None,
                summary=r.change.summary,
                reason=r.outcome.reason if r.outcome else None,
                details=r.outcome.details if r.outcome else (),
                output=_output(r.outcome),
                ended_at=r.outcome.ended_at if r.outcome else None,
            )
            for r in mine
        )
        local = LocalText.model_validate(title) if title else None
        steps.append(StepView(step=step, title=local, kind=mine[0].change.kind, rows=views))
    return _head(row, _open_wait(connection, run), tuple(steps))


def _open_wait(connection: Connection, run: str) -> WaitView | None:
    found = connection.execute(select(WAITS).where((WAITS.c.run == run) & (WAITS.c.state == "open"))).one_or_none()
    if found is None:
        return None
    return WaitView(
        step=found.step,
        kind=found.kind,
        prompt=LocalText.model_validate_json(found.prompt),
        opened_at=datetime.fromisoformat(found.opened_at),
        until=_time(found.until),
        state=found.state,
    )


def recent_runs(connection: Connection, *, limit: int = 20, states: Sequence[str] = ()) -> list[RunView]:
    """The newest runs first, without their steps; waiting ones with what they wait for."""
    query = select(RUNS).order_by(*_NEWEST).limit(limit)
    if states:
        query = query.where(RUNS.c.state.in_(states))
    rows = connection.execute(query).all()
    return [_head(row, _open_wait(connection, row.id) if row.state == "waiting" else None) for row in rows]


def runs_naming(connection: Connection, names: Collection[str], *, open_only: bool = False) -> Iterator[RunView]:
    """Runs that nobody called, asked for under one of these names or accounts, or for somebody; the newest first.

    For whom a run is may be spelled in many ways: the caller judges those.
    """
    said = [json.dumps(name, ensure_ascii=False) for name in sorted(names) if name]
    fields = [f'"{field}":{text}' for text in said for field in ("name", "account")]
    about = or_(RUNS.c.beneficiary != "", *(RUNS.c.actor.contains(field, autoescape=True) for field in fields))
    query = select(RUNS.c.id).where(about & RUNS.c.parent.is_(None)).order_by(*_NEWEST)
    if open_only:
        query = query.where(RUNS.c.state.in_(("planned", "running", "waiting")))
    found = connection.scalars(query).all()
    for start in range(0, len(found), _BATCH):
        rows = connection.execute(select(RUNS).where(RUNS.c.id.in_(found[start : start + _BATCH]))).all()
        for row in sorted(rows, key=lambda row: (row.requested_at, row.id), reverse=True):
            yield _head(row, _open_wait(connection, row.id) if row.state == "waiting" else None)


def last_run(connection: Connection, runbook: str, *, states: Sequence[str] = ()) -> RunView | None:
    """The newest live run of a runbook, or the newest one in one of these states."""
    query = select(RUNS).where((RUNS.c.runbook == runbook) & (RUNS.c.mode == "live")).order_by(*_NEWEST).limit(1)
    row = connection.execute(query.where(RUNS.c.state.in_(states)) if states else query).one_or_none()
    return None if row is None else _head(row)


def runs_with_dead_lease(connection: Connection, now: datetime) -> list[RunView]:
    """Runs that are not over and wait for nobody, but that no live process works on: crashed, or decided and not taken up."""
    found = connection.execute(
        select(RUNS).where(RUNS.c.state.in_(("planned", "running", "waiting"))).order_by(RUNS.c.requested_at, RUNS.c.id)
    ).all()
    idle = [row for row in found if free_to_end(row.lease_owner, row.lease_until, now)]
    return [_head(row) for row in idle if row.state != "waiting" or _overdue(_open_wait(connection, row.id), now)]


def _overdue(wait: WaitView | None, now: datetime) -> bool:
    return wait is None or (wait.until is not None and wait.until <= now)


def root_of(connection: Connection, run: str) -> str:
    """The run that nobody called, from which this one was called at some depth; the run itself where nobody called it."""
    while parent := connection.execute(select(RUNS.c.parent).where(RUNS.c.id == run)).scalar():
        run = str(parent).partition("/")[0]
    return run


def waiting_under(connection: Connection, flow_run: str) -> str | None:
    """The run that waits for a person in a Prefect flow run: one that it asked for, or one that such a run calls."""
    found = list(connection.scalars(select(RUNS.c.id).where(RUNS.c.flow_run.startswith(flow_run, autoescape=True))))
    for run in found:  # it grows by the runs that each one calls
        found += connection.scalars(select(RUNS.c.id).where(RUNS.c.parent.startswith(f"{run}/", autoescape=True)))
    open_ = select(WAITS.c.run).where(WAITS.c.run.in_(found) & (WAITS.c.state == "open"))
    return connection.execute(open_.limit(1)).scalar()


def by_flow_run(connection: Connection, flow_run: str) -> str | None:
    """The run that a Prefect flow run asked for."""
    found = connection.execute(select(RUNS.c.id).where(RUNS.c.flow_run == flow_run)).scalar()
    return str(found) if found else None


def _output(outcome: Outcome | None) -> str:
    """What a command printed, a server answered, or a message says."""
    outputs = outcome.outputs if outcome is not None else {}
    return next((str(outputs[name]) for name in ("stdout", "body", "text") if outputs.get(name)), "")
