"""The checks of runs, read for sheets and polls: one row a check, also for those that a run was to measure and did not.

Rows stay plain values: a day of hundreds of hosts is thousands of them, and a reader renders only a few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic_core import from_json
from sqlalchemy import Connection, select

from temanashi.changes import Verdict
from temanashi.people import Actor
from temanashi.runs.stopping import OVER
from temanashi.runs.tables import JOURNAL, RUNS
from temanashi.text.local import LocalText, Phrase, phrase

__all__ = ["NOT_RUN", "CheckKey", "CheckSeen", "RunCache", "RunSeen", "checked_runs_of", "last_checked_run", "read_checked_run"]

NOT_RUN = "NOT_RUN"
"""Beside the verdicts: a check that a run was to make and has not made (未実施). Never green."""
WHOLE_STEP = ""
OUT_OF_LIMIT = "runs.not-in-limit"
LIVE = ("planned", "running", "waiting")


class CheckKey(NamedTuple):
    """What makes two rows the same check: also the run's inputs, so that one branch never answers for another."""

    runbook: str
    inputs: str
    step: str
    iteration: int
    target: str
    check: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSeen:
    """One check on one target as one run has it. `word` is a verdict or NOT_RUN; `remedy` is what the check offers against it."""

    key: CheckKey
    run: str
    word: str
    kind: str = ""
    title: Any = None
    reason: Mapping[str, Any] | None = None
    expected: str = ""
    observed: str = ""
    metrics: Sequence[Mapping[str, Any]] = ()
    measured_at: str = ""
    remedy: Mapping[str, Any] | None = None

    @property
    def name(self) -> LocalText:
        """What a reader sees instead of the id."""
        return LocalText.model_validate(self.title or self.key.check)

    @property
    def why(self) -> Phrase | None:
        """The reason, as a sentence."""
        return Phrase.model_validate(self.reason) if self.reason else None


@dataclass(frozen=True, kw_only=True)
class RunSeen:
    """A run with its checks. `systems` and `jumps` are those of its hosts; `version` is the runbook's digest."""

    id: str
    runbook: str
    title: LocalText
    category: str
    version: str
    inputs: Mapping[str, Any]
    state: str
    actor: str
    channel: str
    day: date
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    reason: Phrase | None
    rows: tuple[CheckSeen, ...]
    systems: Mapping[str, str] = field(default_factory=dict)
    jumps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        """Whether it is not over."""
        return self.state in LIVE

    @property
    def verdict(self) -> Verdict | None:
        """The worst that its checks found; None where it did not come to its end, or not to all of them."""
        words = [row.word for row in self.rows]
        if self.state not in {"done", "unknown"} or not words or NOT_RUN in words:
            return None
        return Verdict.worst([Verdict(word) for word in words])


RunCache = MutableMapping[str, RunSeen]
"""Runs that are over never change: read once."""


def checked_runs_of(
    connection: Connection,
    day: date,
    *,
    zone: ZoneInfo,
    wanted: Callable[[str, Mapping[str, Any]], bool],
    cache: RunCache | None = None,
    targets: frozenset[str] | None = None,
) -> list[RunSeen]:
    """The live runs of a day that are `wanted` (runbook id, its data), and those that they called, in order of request.

    A run that began after midnight for the day before (25:30) belongs to that day. With `targets` only their rows are read.
    """
    start = datetime.combine(day, time.min, tzinfo=zone)
    window = [_text(start), _text(start + timedelta(days=2))]
    query = (
        select(RUNS.c.id, RUNS.c.runbook, RUNS.c.parent, RUNS.c.slot, RUNS.c.requested_at)
        # All states, so that the index on state and time is used.
        .where(RUNS.c.state.in_((*LIVE, *OVER)), RUNS.c.requested_at >= window[0], RUNS.c.requested_at < window[1])
        .where(RUNS.c.mode == "live")
        .order_by(RUNS.c.requested_at, RUNS.c.id)
    )
    mine = [row for row in connection.execute(query) if _day_of(row.slot, row.requested_at, zone) == day]
    found: list[RunSeen] = []
    taken: set[str] = set()
    for row in mine:
        parent = str(row.parent or "").partition("/")[0]
        run = read_checked_run(
            connection, row.id, zone=zone, cache=cache, wanted=None if parent in taken else wanted, targets=targets
        )
        if run is not None:
            taken.add(run.id)
            found.append(run)
    return found


def last_checked_run(connection: Connection, runbook: str, *, zone: ZoneInfo) -> RunSeen | None:
    """The newest live run of a runbook that is over, with its checks."""
    mine = (RUNS.c.runbook == runbook) & (RUNS.c.mode == "live") & RUNS.c.state.in_(OVER)
    found = connection.execute(
        select(RUNS.c.id).where(mine).order_by(RUNS.c.requested_at.desc(), RUNS.c.id.desc()).limit(1)
    ).scalar()
    return None if found is None else read_checked_run(connection, str(found), zone=zone)


def read_checked_run(
    connection: Connection,
    run: str,
    *,
    zone: ZoneInfo,
    cache: RunCache | None = None,
    wanted: Callable[[str, Mapping[str, Any]], bool] | None = None,
    targets: frozenset[str] | None = None,
) -> RunSeen | None:
    """One run with its checks; None where it is not `wanted`."""
    if cache is not None and (known := cache.get(run)) is not None:
        return known
    row = connection.execute(select(RUNS).where(RUNS.c.id == run)).one()
    frozen = from_json(row.frozen)
    data = frozen["runbook"]
    if wanted is not None and not wanted(row.runbook, data):
        return None
    hosts: Mapping[str, Mapping[str, Any]] = frozen["inventory"]["hosts"]
    own = str(data.get("system") or "")
    seen = RunSeen(
        id=row.id,
        runbook=row.runbook,
        title=LocalText.model_validate(data["title"]),
        category=data["category"],
        version=row.version,
        inputs=frozen["inputs"],
        state=row.state,
        actor=Actor.model_validate_json(row.actor).name,
        channel=row.channel,
        day=_day_of(row.slot, row.requested_at, zone),
        requested_at=datetime.fromisoformat(row.requested_at),
        started_at=datetime.fromisoformat(row.started_at) if row.started_at else None,
        ended_at=datetime.fromisoformat(row.ended_at) if row.ended_at else None,
        reason=Phrase.model_validate_json(row.reason) if row.reason else None,
        rows=tuple(_rows(connection, row, data, frozen["inputs"], targets)),
        systems={name: str(host.get("system") or own) for name, host in hosts.items()},
        jumps={name: tuple(host["jump"]) for name, host in hosts.items() if host.get("jump")},
    )
    if cache is not None and not seen.live and targets is None:
        cache[run] = seen
    return seen


def _text(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo("UTC")).isoformat()


def _day_of(slot: str, requested_at: str, zone: ZoneInfo) -> date:
    """The day that a run serves, where it began on that day or in the night after it; else the day on which it was asked for."""
    asked = datetime.fromisoformat(requested_at).astimezone(zone).date()
    try:
        meant = date.fromisoformat(slot)
    except ValueError:
        return asked
    return meant if asked - timedelta(days=1) <= meant <= asked else asked


def _rows(
    connection: Connection, run: Any, data: Mapping[str, Any], inputs: Mapping[str, Any], targets: frozenset[str] | None
) -> Iterator[CheckSeen]:
    steps = [str(item.get("id", f"step-{number}")) for number, item in enumerate(data["steps"], 1) if "checks" in item]
    told = "、".join(f"{name}={value}" for name, value in sorted(inputs.items()) if value not in ("", None))
    mine = (JOURNAL.c.run == run.id) & JOURNAL.c.step.in_(steps)
    if targets is not None:
        mine &= JOURNAL.c.target.in_(sorted(targets))
    columns = (JOURNAL.c.step, JOURNAL.c.iteration, JOURNAL.c.target, JOURNAL.c.state, JOURNAL.c.outcome, JOURNAL.c.change)
    for row in connection.execute(select(*columns).where(mine).order_by(JOURNAL.c.position)):
        outcome = from_json(row.outcome) if row.outcome else {}

        def key(check: str, row: Any = row) -> CheckKey:
            return CheckKey(run.runbook, told, row.step, row.iteration, row.target, check)

        if details := outcome.get("details"):
            yield from (_measured(key(str(found["check"])), run.id, found) for found in details if "verdict" in found)
        else:
            yield from _unmeasured(key, run, from_json(row.change), outcome)


def _measured(key: CheckKey, run: str, found: Mapping[str, Any]) -> CheckSeen:
    return CheckSeen(
        key=key,
        run=run,
        word=str(found["verdict"]),
        kind=str(found.get("kind", "")),
        title=found.get("title"),
        reason=found.get("reason"),
        expected=str(found.get("expected", "")),
        observed=str(found.get("observed", "")),
        metrics=found.get("metrics") or (),
        measured_at=str(found.get("measured_at", "")),
        remedy=found.get("runbook"),
    )


def _unmeasured(
    key: Callable[[str], CheckKey], run: Any, change: Mapping[str, Any], outcome: Mapping[str, Any]
) -> Iterator[CheckSeen]:
    """What a change was to measure, where it has no results: why, as well as that is known."""
    word, reason = NOT_RUN, phrase("runs.check-not-run").model_dump()
    if not outcome and run.state in LIVE:
        reason = phrase("runs.check-still-running").model_dump()
    elif outcome:
        left_out = outcome["status"] == "skipped" and change.get("left_out")
        word = str(Verdict.SKIPPED) if left_out else NOT_RUN if outcome["status"] == "skipped" else str(Verdict.UNKNOWN)
        reason = change["left_out"] if left_out else outcome.get("reason") or reason
    if (change.get("left_out") or {}).get("key") == OUT_OF_LIMIT:
        return
    items = [item for item in (change.get("payload") or {}).get("checks") or () if isinstance(item, dict) and "id" in item]
    # A step that was left out, or not planned in full, has no checks yet: it is one row of its own.
    for item in items or [{"id": WHOLE_STEP, "title": change["step"]}]:
        yield CheckSeen(
            key=key(str(item["id"])), run=run.id, word=word, kind=str(item.get("kind", "")), title=item.get("title"), reason=reason
        )
