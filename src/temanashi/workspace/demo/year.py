"""What happens in the sample year, day by day: drafts of records with their moments, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from temanashi.books import new_demand
from temanashi.books.demand import cancelled_demand
from temanashi.books.incidents import Happening, IncidentState, incident_told
from temanashi.books.investment import InvestmentPart, new_investment
from temanashi.calendars import BusinessCalendar, Month, slots
from temanashi.ledger.records import Draft, TargetOutcome
from temanashi.people import Actor
from temanashi.workspace.demo.tasks import TASKS, SampleTask

__all__ = ["PEOPLE", "Moment", "SampleYear"]

PEOPLE = (Actor(name="見本 太郎"), Actor(name="見本 花子"))
SCHEDULE = Actor(name="schedule", kind="system")
SICK, RETRIED, DRY, WEEKEND = 0.03, 0.04, 0.1, 0.04
Moment = tuple[datetime, Draft]


@dataclass(kw_only=True)
class SampleYear:
    """The year from `first` up to `until`; `random` decides, and is asked in one order only."""

    first: Month
    until: datetime
    zone: ZoneInfo
    random: random.Random
    business: BusinessCalendar
    runs: int = 0

    def day(self, day: date) -> list[Moment]:
        """Everything of a day, in order; what lies after `until` has not happened yet."""
        month = Month.of(day)
        number = (month.year - self.first.year) * 12 + month.month - self.first.month
        told = [*self._work(day, month, number), *self._incidents(day), *self._invested(day, number)]
        return sorted((one for one in told if one[0] <= self.until), key=lambda one: one[0])

    def samples(self, task: SampleTask, day: date) -> list[Moment]:
        """One run whose only step a person confirmed: a measurement of the work by hand."""
        seconds = round(task.minutes * 60 * self.random.uniform(0.88, 1.12))
        at = self._at(day, 9 + self.random.random())
        told: dict[str, Any] = {**self._run(task, day.isoformat()), "actor": PEOPLE[0].name, "actor_kind": "person"}
        measured = {"step": "by-hand", "human_seconds": seconds, "human_source": "timer"}
        drafts = [
            Draft(kind="decision", outcome="done", **measured, **told),
            Draft(kind="step_done", outcome="by_hand", **measured, **told),
            Draft(kind="run_finished", outcome="done", targets=(TargetOutcome(target="-", outcome="changed"),), **told),
        ]
        return [(at + timedelta(seconds=seconds + n), draft) for n, draft in enumerate(drafts)]

    def _at(self, day: date, hour: float) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.zone) + timedelta(seconds=round(hour * 3600))

    def _run(self, task: SampleTask, slot: str) -> dict[str, Any]:
        self.runs += 1
        where = {"task": task.id, "runbook": task.id, "system": task.system, "team": task.owner}
        return {**where, "run": f"sample-{self.runs:06}", "slot": slot, "channel": "schedule" if task.calendar else "page"}

    def _work(self, day: date, month: Month, number: int) -> Iterator[Moment]:
        for task in TASKS:
            if task.calendar:
                occasions = [day.isoformat()] if day in slots(task.calendar, month, self.business) else []  # type: ignore[arg-type]  # as in TASKS
            else:
                occasions = [f"{month}-{task.id}-{day.day:02}{n}" for n in range(self._asked(task, day, number))]
            for slot in occasions:
                at = self._at(day, 7 + self.random.random() * (1 if task.calendar else 9))
                if not task.calendar:
                    yield at, new_demand(task.id, slot, actor=PEOPLE[self.random.random() < 0.5], source="requests", channel="page")  # noqa: PLR2004
                    if self.random.random() < SICK / 2:
                        yield (
                            at + timedelta(minutes=5),
                            cancelled_demand(task.id, slot, reason="依頼の取り下げ（見本）", actor=PEOPLE[0]),
                        )
                        continue
                yield from self._served(task, slot, at + timedelta(minutes=20), number)
            if task.calendar == "business_day" and not occasions and task.begins <= number and self.random.random() < WEEKEND:
                yield from self._ended(task, day.isoformat(), self._at(day, 8), "done")

    def _asked(self, task: SampleTask, day: date, number: int) -> int:
        """How many ask for it on a day: about `per_month` in twenty-one business days, growing month by month."""
        if not self.business.is_business_day(day):
            return 0
        mean = task.per_month * (1 + task.growth) ** number / 21
        return int(mean + self.random.random())

    def _served(self, task: SampleTask, slot: str, at: datetime, number: int) -> Iterator[Moment]:
        """Whether and how automation served an occasion; what it did not do, people did, and nothing says so."""
        if number == task.begins - 1 and self.random.random() < DRY:
            yield from self._ended(task, slot, at, "done", mode="dry_run")
        if number < task.begins:
            return
        grown = min(1.0, 0.6 + 0.2 * (number - task.begins))
        if self.random.random() >= task.share * grown:
            if self.random.random() < SICK * 3:
                yield from self._ended(task, slot, at, "failed", human=round(task.minutes * 30))
            return
        yield from self._ended(task, slot, at, "done", human=round(task.human * self.random.uniform(0.7, 1.3)))
        if self.random.random() < RETRIED:
            yield from self._ended(task, slot, at + timedelta(hours=1), "done")

    def _ended(
        self, task: SampleTask, slot: str, at: datetime, outcome: str, *, mode: str = "live", human: int = 0
    ) -> Iterator[Moment]:
        told = {**self._run(task, slot), "mode": mode, "actor": SCHEDULE.name, "actor_kind": SCHEDULE.kind}
        if human:
            person = {**told, "actor": PEOPLE[0].name, "actor_kind": "person"}
            yield at, Draft(kind="step_done", step="read", outcome="done", human_seconds=human, human_source="timer", **person)
        bad = "failed" if outcome == "failed" else "changed"
        names = [f"host{n:02}" for n in range(1, task.targets + 1)] if task.targets > 1 else ["localhost"]
        last = "failed" if outcome == "done" and task.targets > 1 and self.random.random() < SICK * 4 else bad
        ends = [bad] * (len(names) - 1) + [last]
        targets = tuple(TargetOutcome(target=name, outcome=end) for name, end in zip(names, ends, strict=True))
        yield at + timedelta(seconds=human + 30), Draft(kind="run_finished", outcome=outcome, targets=targets, **told)

    def _incidents(self, day: date) -> Iterator[Moment]:
        if self.random.random() >= 0.12:  # noqa: PLR2004  (three or four a month)
            return
        began = self._at(day, self.random.random() * 23)
        known = began + timedelta(minutes=self.random.randint(2, 25))
        over = known + timedelta(minutes=self.random.randint(10, 180))
        system = self.random.choice(("約定系", "Web", "共通基盤"))
        told: dict[str, Any] = {
            "key": f"INC-{day:%Y%m%d}",
            "source": "hand",
            "title": "応答の遅れ（見本）",
            "system": system,
            "owner": "基盤課",
        }
        states: tuple[tuple[IncidentState, datetime], ...] = (("opened", began), ("acknowledged", known), ("resolved", over))
        for state, at in states:
            yield at, incident_told(Happening(state=state, at=at, **told), actor=PEOPLE[0])

    def _invested(self, day: date, number: int) -> Iterator[Moment]:
        if day.day != 15:  # noqa: PLR2004  (once a month)
            return
        known, at = [task.id for task in TASKS], self._at(day, 17)
        for task in TASKS:
            build = task.build if number == task.begins - 1 else 0
            parts: tuple[tuple[InvestmentPart, float], ...] = (("build", build), ("upkeep", 0.5 if number > task.begins else 0))
            for part, hours in parts:
                if hours:
                    more: dict[str, Any] = {"known": known, "actor": PEOPLE[1], "now": at, "zone": self.zone}
                    yield at, new_investment(task.id, part, hours, note="見本", **more)
