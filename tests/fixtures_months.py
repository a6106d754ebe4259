"""A workspace whose October 2026 is over: a signed task, its demand and runs on the record, and a clock in November."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from fixtures_clock import StoppedClock
from temanashi.books import ProposedTask, Seconds, cancelled_demand, new_demand, proposed_tasks, sign
from temanashi.calendars import Month
from temanashi.ledger.records import Draft, TargetOutcome
from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.workspace.first import published_or_first
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import current_version

TOKYO = ZoneInfo("Asia/Tokyo")
OCTOBER = Month(2026, 10)
SATO, TANAKA = Actor(name="佐藤"), Actor(name="田中")
SETTINGS = '[tool.temanashi]\ncompany = "てま証券"\nlanguages = ["ja", "en"]\ngate.sign_in = {sign_in}\n'
PEOPLE = {
    "people": {"sato": {"name": "佐藤", "os": "u-sato"}, "tanaka": {"name": "田中", "os": "u-tanaka"}},
    "roles": {"admin": ["sato", "tanaka"]},
}
RUNBOOK = {
    "id": "morning-checks",
    "title": {"ja": "朝の点検", "en": "Morning checks"},
    "description": {"ja": "朝に見ます。", "en": "Looked at each morning."},
    "category": "routine",
    "owner": "ops",
    "overlap": "parallel",
    "steps": [{"id": "look", "manual": {"text": {"ja": "見ます。", "en": "Look."}, "minutes": 15}}],
    "toil": {"demand": {"calendar": "business_day"}, "minutes": 15},
}
CALLS = RUNBOOK | {
    "id": "calls",
    "title": {"ja": "電話の対応", "en": "Calls"},
    "toil": {"demand": {"source": "tally", "per_month": 4}, "minutes": 30},
}


def at(day, hour=9, minute=0):
    """A moment of a day in Tokyo."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=TOKYO).astimezone(UTC)


def make_workspace(root, *, sign_in=False):
    """The files: two runbooks and two people."""
    (root / "pyproject.toml").write_text(SETTINGS.format(sign_in=str(sign_in).lower()), encoding="utf-8")
    for name, text in {"routine/morning-checks": RUNBOOK, "routine/calls": CALLS, "site/people": PEOPLE}.items():
        file = root / "runbooks" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(text, ensure_ascii=False), encoding="utf-8")
    return root


class Months:
    """An open installation, and records at moments that a test chooses."""

    def __init__(self, opened, clock):
        self.opened, self.clock, self.runs = opened, clock, 0
        self.published, _ = published_or_first(opened)

    def at(self, day, hour=9, minute=0):
        """From now on it is this moment."""
        self.clock._now = at(day, hour, minute)
        return self

    def write(self, draft):
        with self.opened.database.transaction() as connection:
            return self.opened.ledger.append(connection, draft)

    def records(self, *kinds):
        with self.opened.database.reading() as connection:
            return list(self.opened.ledger.records(connection, kinds=kinds))

    def task(self, name):
        return next(task for task in proposed_tasks(self.published.runbooks.values()) if task.task == name)

    def sign(self, name="morning-checks", *, since=OCTOBER.first, minutes=None):
        task = self.task(name)
        seconds = Seconds.of_minutes(minutes) if minutes else task.seconds
        more = {"now": self.clock.now(), "zone": TOKYO, "valid_from": since, "force": True}
        return self.write(sign(task, seconds, actor=SATO, **more))

    def run(self, name="morning-checks", *, slot, outcome="changed", human=0, mode="live"):
        """A run that ended now and served a slot."""
        self.runs += 1
        common = {"task": name, "runbook": name, "run": f"run-{self.runs}", "slot": slot, "mode": mode, "actor": "schedule"}
        if human:
            self.write(
                Draft(kind="step_done", step="read", human_seconds=human, human_source="timer", actor_kind="system", **common)
            )
        targets = (TargetOutcome(target="web1", outcome=outcome),)
        return self.write(Draft(kind="run_finished", outcome="done", targets=targets, **common))

    def demand(self, key, *, day, name="calls"):
        return self.write(new_demand(name, key, actor=SATO, day=day, source="tally"))

    def cancel(self, key, *, name="morning-checks"):
        return self.write(cancelled_demand(name, key, reason="停電", actor=SATO))

    def live(self):
        with self.opened.database.reading() as connection:
            return current_version(connection, kinds=step_kinds())


@contextmanager
def october(root, *, sign_in=False):
    """Twenty-one business days of October, the check ran on three of them, and two calls came; it is the 4th of November."""
    clock = StoppedClock(at(date(2026, 10, 1), 8))
    with open_installation(make_workspace(root, sign_in=sign_in), clock=clock) as opened:
        months = Months(opened, clock)
        months.sign()
        months.sign("calls")
        for day in (1, 2, 5):
            months.at(date(2026, 10, day)).run(slot=f"2026-10-{day:02}")
        months.at(date(2026, 10, 6)).demand("tally-1", day=date(2026, 10, 6))
        months.at(date(2026, 10, 7)).run("calls", slot="tally-1", human=120)
        months.demand("tally-2", day=date(2026, 10, 7))
        yield months.at(date(2026, 11, 4))


__all__ = ["OCTOBER", "SATO", "TANAKA", "TOKYO", "Months", "ProposedTask", "at", "make_workspace", "october"]
