"""Alerts of other systems: whose they are, the incidents and the demand that they make, and the record of what was told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from temanashi.books import Happening, Occasion, Rules, alert_told, incident_told, incidents_of, read_operations
from temanashi.calendars import day_of
from temanashi.ledger.records import Record
from temanashi.monitoring.senders.contract import LABEL_LENGTH, Told, tidy
from temanashi.monitoring.senders.following import Followed, Known, Turn, follow, group_id
from temanashi.monitoring.senders.rules import AlertRules, Assigned, assigned
from temanashi.monitoring.senders.store import read_members, write_members
from temanashi.monitoring.store import take_turn
from temanashi.people import Actor
from temanashi.workspace.demanding import Recording, read_rules, record_occasions
from temanashi.workspace.opening import Installation
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["Heard", "HeardIncident", "hear_alerts"]

SHOWN = 20
"""Alerts of a delivery whose labels the record holds; all of them are counted."""
MOST_LABELS = 30


@dataclass(frozen=True, kw_only=True)
class HeardIncident:
    """An incident that a message is about. `counted`: it is demand of `task`; `others` are rules that match too."""

    key: str
    state: str
    owner: str
    system: str
    task: str
    rule: str
    counted: bool
    others: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What became of a message. `new`, `known` and `truncated` count alerts."""

    sender: str
    new: int
    known: int
    truncated: int
    opened: bool
    incidents: tuple[HeardIncident, ...]


@dataclass(kw_only=True)
class _Hearing:
    """One message, in the transaction that records it."""

    installation: Installation
    connection: Connection
    published: PublishedWorkspace | None
    told: Told
    actor: Actor
    now: datetime
    counted: set[str] = field(default_factory=set)
    odd: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def heard(self) -> Heard:
        rules = self.published.alerts if self.published is not None else AlertRules()
        group = group_id(self.told)
        before = read_members(self.connection, group, [one.id for one in self.told.members], now=self.now)
        followed = follow(before, self.told, now=self.now, gap=timedelta(minutes=rules.gap_minutes))
        mine = assigned(rules.rules, [one.labels for one in self.told.members])
        write_members(self.connection, group, followed.kept, now=self.now)
        self._note_odd(followed, mine)
        # A key that the ledger knows is that of an incident whose alerts were forgotten here.
        forgotten = {key for key in followed.opened if not _is_known(before, key) and self._records(key)}
        for key in followed.opened:
            if not _is_known(before, key) and key not in forgotten:
                self._count(key, followed, mine)
        followed.turns += [turn for turn in self._woken(followed, before) if turn.incident not in forgotten]
        self._record(followed, mine, forgotten)
        return self._answer(followed, mine, before, forgotten)

    def _woken(self, followed: Followed, before: list[Known]) -> list[Turn]:
        """Incidents that a person said were over while their sender still had alerts, and which now have new ones."""
        names = {one.member for one in before}
        fresh = {one.incident for one in followed.kept if one.member not in names and not one.over}
        told = {turn.incident for turn in followed.turns if turn.state in {"opened", "reopened"}}
        found = []
        for key in sorted(fresh - told):
            one = incidents_of(self._records(key), self.installation.settings.zone).get(key)
            if one is not None and one.over:
                found.append(Turn(incident=key, state="reopened", at=None))
        return found

    def _note_odd(self, followed: Followed, mine: Assigned) -> None:
        for key in followed.incidents:
            self.odd[key] |= followed.odd.get(key, set())
            if mine.others:
                self.odd[key].add("two-rules")
            if self.told.truncated:
                self.odd[key].add("truncated")

    def _records(self, key: str) -> list[Record]:
        ledger, zone = self.installation.ledger, self.installation.settings.zone
        return read_operations(ledger, self.connection, None, zone=zone, incident=key)

    def _count(self, key: str, followed: Followed, mine: Assigned) -> None:
        """A new incident is an occasion of the task that its rule names."""
        if mine.rule is None or mine.rule.task is None:
            return
        zone = self.installation.settings.zone
        start = next((turn.at for turn in followed.turns if turn.incident == key and turn.state == "opened"), None)
        day = min(day_of(start or self.now, zone), day_of(self.now, zone))
        rules: Rules = read_rules(self.installation, self.connection, self.published)
        if not rules.open_to("alerts", mine.rule.task, day):
            self.odd[key].add("not-demand")
            return
        one = Occasion(task=mine.rule.task, key=key, day=day)
        recording = Recording(recorder="alerts", actor=self.actor, channel="alert")
        record_occasions(self.installation, self.connection, self.published, [one], recording)
        self.counted.add(key)

    def _record(self, followed: Followed, mine: Assigned, forgotten: set[str]) -> None:
        drafts = [self._incident(turn, mine) for turn in followed.turns if turn.incident not in forgotten]
        for key, began in followed.began.items():
            if key not in forgotten:
                drafts.append(self._alert(key, began, mine))
        if drafts:
            self.installation.ledger.append_all(self.connection, drafts)

    def _incident(self, turn: Turn, mine: Assigned) -> Any:
        rule = mine.rule
        happening = Happening(
            key=turn.incident,
            state=turn.state,
            at=turn.at,
            source="alerts",
            title=self.told.title,
            severity=self.told.severity,
            system=rule.system if rule is not None else "",
            owner=rule.owner if rule is not None else "",
            task=rule.task or "" if rule is not None and turn.incident in self.counted else "",
            flags=tuple(sorted(self.odd[turn.incident])),
        )
        return incident_told(happening, actor=self.actor, channel="alert")

    def _alert(self, key: str, began: list[datetime | None], mine: Assigned) -> Any:
        rule = mine.rule
        told = self.told
        labels = [_labels(one.labels) for one in told.members[:SHOWN]]
        return alert_told(
            key,
            actor=self.actor,
            began=began,
            truncated=told.truncated,
            system=rule.system if rule is not None else "",
            owner=rule.owner if rule is not None else "",
            sender=told.sender,
            group=tidy(told.group),
            group_id=group_id(told),
            rule=rule.id if rule is not None else "",
            others=[one.id for one in mine.others],
            labels=labels,
            alerts=len(told.members),
        )

    def _answer(self, followed: Followed, mine: Assigned, before: list[Known], forgotten: set[str]) -> Heard:
        new = sum(len(began) for began in followed.began.values())
        after = {one.member: one for one in before} | {one.member: one for one in followed.kept}
        rule = mine.rule
        return Heard(
            sender=self.told.sender,
            new=new,
            known=len(self.told.members) - new,
            truncated=self.told.truncated,
            opened=any(not _is_known(before, key) and key not in forgotten for key in followed.opened),
            incidents=tuple(
                HeardIncident(
                    key=key,
                    state="resolved" if all(one.over for one in after.values() if one.incident == key) else "open",
                    owner=rule.owner if rule is not None else "",
                    system=rule.system if rule is not None else "",
                    task=rule.task or "" if rule is not None else "",
                    rule=rule.id if rule is not None else "",
                    counted=key in self.counted,
                    others=tuple(one.id for one in mine.others),
                    odd=tuple(sorted(self.odd[key])),
                )
                for key in followed.incidents
            ),
        )


def hear_alerts(
    installation: Installation, connection: Connection, published: PublishedWorkspace | None, told: Told, *, actor: Actor
) -> Heard:
    """Record what a message tells that is new, in the caller's transaction; the same message again records nothing.

    Raises LedgerError.
    """
    take_turn(connection)
    now = installation.clock.now()
    return _Hearing(installation=installation, connection=connection, published=published, told=told, actor=actor, now=now).heard()


def _is_known(before: list[Known], key: str) -> bool:
    return any(one.incident == key for one in before)


def _labels(labels: Mapping[str, str]) -> dict[str, str]:
    return {tidy(name, 80): tidy(labels[name], LABEL_LENGTH) for name in sorted(labels)[:MOST_LABELS]}
