"""From problems to alerts: what is told, and when. On change only, and never of what is in maintenance or acknowledged.

It compares what is with what was told, so it may run as often as one likes: the second time there is nothing to tell.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from temanashi.changes import Verdict
from temanashi.hosts.inventory import Inventory
from temanashi.ledger.chain import event_id
from temanashi.monitoring.acknowledging import Acknowledgement, acknowledgements_of
from temanashi.monitoring.events import Change, Event, NotKnown
from temanashi.monitoring.grouping import Bundle, Fleet, Labels, Sort, bundles
from temanashi.monitoring.maintenance import Windows, windows_over
from temanashi.monitoring.model import BAD, CheckState, Problem, worse
from temanashi.monitoring.offered import Found, offered_for
from temanashi.monitoring.recurring import NO_RECURRING, Recurring
from temanashi.monitoring.store import read_problems, read_states, stamp, take_turn
from temanashi.monitoring.tables import ALERTS, HOSTS, PROBLEMS

__all__ = ["Alerts", "settle_alerts"]

_ORPHANED = frozenset({"checks.parent-down", "monitoring.parent-host-down"})
TOLD: frozenset[Verdict] = BAD
_OFFERS_NOTHING = frozenset({"resolved", "replaced", "acknowledged"})


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """What decides about alerts: the verdicts that are told at all, and for maintenance hosts and rules of the live version."""

    inventory: Callable[[Connection], Inventory]
    recurring: Callable[[Connection], Recurring] = lambda _: NO_RECURRING
    verdicts: Collection[Verdict] = TOLD


@dataclass(frozen=True, kw_only=True)
class _Open:
    """An alert that was told and is not over. `members` is the most problems that were told of at once."""

    id: str
    sort: Sort
    label: str
    runbook: str
    verdict: Verdict
    round: int
    members: int
    acknowledged: bool
    opened_at: datetime

    @property
    def key(self) -> str:
        return f"{self.sort}:{self.label}"


def settle_alerts(connection: Connection, *, now: datetime, alerts: Alerts) -> list[Event]:
    """Write down what became of every alert; what there is to tell, in order. The caller puts it into the outbox, or it is lost."""
    return _Settling(connection, now, alerts).events()


class _Settling:
    """One look at all problems and all open alerts."""

    def __init__(self, connection: Connection, now: datetime, alerts: Alerts) -> None:
        take_turn(connection)
        self._connection, self._now, self._wanted = connection, now, frozenset(alerts.verdicts)
        self._open = [
            _alert(row) for row in connection.execute(select(ALERTS).where(ALERTS.c.state == "open").order_by(ALERTS.c.id))
        ]
        hard = (PROBLEMS.c.hard_at.is_not(None),)
        self._problems = read_problems(connection, where=hard)
        if not self._open and not self._problems:
            return
        self._states = {state.key: state for state in read_states(connection)}
        self._windows: Windows = windows_over(
            connection, now, inventory=lambda: alerts.inventory(connection), recurring=lambda: alerts.recurring(connection)
        )
        self._acks = acknowledgements_of(connection)
        self._orphans = _orphans(self._states.values())

    def events(self) -> list[Event]:
        """Old alerts first: what is over makes way for what is new."""
        if not self._open and not self._problems:
            return []
        members: dict[str, list[Problem]] = defaultdict(list)
        for problem in self._problems:
            members[problem.alert].append(problem)
        joined = self._new(members.get("", []))
        found: list[Event] = []
        for alert in self._open:
            found += self._followed(alert, members[alert.id], joined.pop(f"{alert.sort}:{alert.label}", None))
        for bundle in joined.values():
            found.append(self._opened(bundle))
        return found

    def _new(self, fresh: list[Problem]) -> dict[str, Bundle]:
        """Bundles of what is new and may be told, by key."""
        told = [
            problem
            for problem in fresh
            if problem.verdict in self._wanted and not self._quiet(problem) and self._ack(problem) is None
        ]
        if not told:
            return {}
        keys = [alert.key for alert in self._open if any(p.alert == alert.id for p in self._problems)]
        return {str(bundle.key): bundle for bundle in bundles(told, self._fleet(), open_keys=keys)}

    def _fleet(self) -> Fleet:
        rows = self._connection.execute(select(HOSTS))
        labels = {
            row.name: Labels(jump=tuple(json.loads(row.jump)), system=row.system, site=row.site, tags=tuple(json.loads(row.tags)))
            for row in rows
        }
        present = {key.target for key in self._states}
        checked = Counter(key[:3] for key in {(*key[:3], key.target) for key in self._states})
        return Fleet(hosts={name: found for name, found in labels.items() if name in present}, checked=checked)

    def _opened(self, bundle: Bundle) -> Event:
        verdict = Verdict.worst([problem.verdict for problem in bundle.problems])
        runbooks = {problem.key.runbook for problem in bundle.problems}
        alert = _Open(
            id=event_id(self._now, secrets.token_bytes(10)),
            sort=bundle.key.sort,
            label=bundle.key.label,
            runbook=bundle.problems[0].key.runbook if len(runbooks) == 1 else "",
            verdict=verdict,
            round=1,
            members=len(bundle.problems),
            acknowledged=False,
            opened_at=self._now,
        )
        times = {"opened_at": stamp(self._now), "changed_at": stamp(self._now), "closed_at": None}
        row = {**vars(alert), **times, "key": alert.key, "verdict": str(verdict), "state": "open", "acknowledged": 0}
        self._connection.execute(insert(ALERTS).values(**row))
        self._belong(alert, bundle.problems)
        return self._event(alert, "new", bundle.problems)

    def _belong(self, alert: _Open, problems: Iterable[Problem]) -> None:
        mine = update(PROBLEMS).where(PROBLEMS.c.id.in_([problem.id for problem in problems]))
        self._connection.execute(mine.values(alert=alert.id))

    def _followed(self, alert: _Open, live: list[Problem], bundle: Bundle | None) -> list[Event]:
        """What is to be told of an alert that was told before."""
        if bundle is not None:
            self._belong(alert, bundle.problems)
            live = [*live, *bundle.problems]
        if not live:
            return [self._closed(alert)]
        if all(self._quiet(problem) for problem in live):
            return []
        verdict = Verdict.worst([self._shown(problem) for problem in live])
        known = [ack for problem in live if (ack := self._ack(problem)) is not None]
        if alert.acknowledged:
            return self._again(alert, live, verdict) if len(known) < len(live) else []
        if len(known) == len(live):
            # How bad it was last told to be stays: nobody is told of it now.
            return [self._changed(alert, "acknowledged", live, alert.verdict, acknowledged=1, known=known[-1])]
        change = self._turn(alert, verdict, more=bundle is not None and len(live) > alert.members)
        return [self._changed(alert, change, live, verdict)] if change is not None else []

    @staticmethod
    def _turn(alert: _Open, verdict: Verdict, *, more: bool) -> Change | None:
        if worse(verdict, alert.verdict):
            return "worse"
        if more:
            return "joined"
        return "better" if worse(alert.verdict, verdict) else None

    def _closed(self, alert: _Open) -> Event:
        self._write(alert, state="closed", closed_at=stamp(self._now))
        was = read_problems(self._connection, open_only=False, where=(PROBLEMS.c.alert == alert.id,))
        return self._event(alert, "resolved", was)

    def _again(self, alert: _Open, live: list[Problem], verdict: Verdict) -> list[Event]:
        """The thread that was acknowledged is closed, and a new one begins: only that wakes anybody."""
        ended = self._event(alert, "replaced", live)
        following = replace(alert, round=alert.round + 1, verdict=verdict, acknowledged=False)
        self._write(following, round=following.round, acknowledged=0, verdict=str(verdict), members=max(alert.members, len(live)))
        return [ended, self._event(following, "again", live, previous=alert.verdict)]

    def _changed(
        self,
        alert: _Open,
        change: Change,
        live: list[Problem],
        verdict: Verdict,
        *,
        known: Acknowledgement | None = None,
        **more: Any,
    ) -> Event:
        self._write(alert, verdict=str(verdict), members=max(alert.members, len(live)), **more)
        event = self._event(replace(alert, verdict=verdict), change, live, previous=alert.verdict)
        return event if known is None else replace(event, who=known.actor, why=known.reason)

    def _write(self, alert: _Open, **values: Any) -> None:
        mine = update(ALERTS).where(ALERTS.c.id == alert.id)
        self._connection.execute(mine.values(changed_at=stamp(self._now), **values))

    def _event(self, alert: _Open, change: Change, problems: Iterable[Problem], *, previous: Verdict | None = None) -> Event:
        mine = tuple(sorted(problems, key=lambda problem: (problem.key.target, problem.key.step, problem.key.name)))
        return Event(
            alert=alert.id,
            round=alert.round,
            sort=alert.sort,
            label=alert.label,
            runbook=alert.runbook,
            change=change,
            verdict=alert.verdict,
            previous=previous,
            problems=mine,
            not_known=self._not_known(mine) if change != "resolved" else (),
            offers=self._offers(mine) if change not in _OFFERS_NOTHING else {},
            opened_at=alert.opened_at,
            at=self._now,
        )

    def _offers(self, problems: Iterable[Problem]) -> dict[str, str]:
        return offered_for(self._connection, [Found(p.id, p.run, p.key.step, p.key.name) for p in problems])

    def _not_known(self, problems: Iterable[Problem]) -> tuple[NotKnown, ...]:
        """The checks that say nothing because a host of these problems, or a check of it, is down."""
        found: dict[str, set[str]] = defaultdict(set)
        for problem in problems:
            for state in self._orphans.get(problem.key.target, ()):
                below = state.reason.key == "monitoring.parent-host-down" and problem.down
                own = state.key.target == problem.key.target and state.reason.data.get("parent") == problem.key.name
                if below or own:
                    found[state.key.target].add(state.key.name)
        return tuple(NotKnown(target=target, checks=tuple(sorted(names))) for target, names in sorted(found.items()))

    def _quiet(self, problem: Problem) -> bool:
        return self._windows.covering(problem.key) is not None

    def _ack(self, problem: Problem) -> Acknowledgement | None:
        ack = self._acks.get(problem.id)
        return ack if ack is not None and ack.covers(problem, self._now) else None

    def _shown(self, problem: Problem) -> Verdict:
        """While a check flaps it counts as bad as it ever was: its ups and downs are not told one by one."""
        state = self._states.get(problem.key)
        return problem.worst if state is not None and state.flapping else problem.verdict


def _orphans(states: Iterable[CheckState]) -> Mapping[str, list[CheckState]]:
    """States that say nothing, by the host that is the reason."""
    found: dict[str, list[CheckState]] = defaultdict(list)
    for state in states:
        if state.verdict is Verdict.SKIPPED and state.reason.key in _ORPHANED:
            above = state.reason.key == "monitoring.parent-host-down"
            found[str(state.reason.data.get("parent")) if above else state.key.target].append(state)
    return found


def _alert(row: Any) -> _Open:
    return _Open(
        id=row.id,
        sort=row.sort,
        label=row.label,
        runbook=row.runbook,
        verdict=Verdict(row.verdict),
        round=row.round,
        members=row.members,
        acknowledged=bool(row.acknowledged),
        opened_at=datetime.fromisoformat(row.opened_at),
    )
