"""A ledger in memory and the ways in which tests fill it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from temanashi.books import ProposedTask, Seconds, cancelled_demand, month_figures, new_demand, sign
from temanashi.calendars import BusinessCalendar, Month
from temanashi.ledger.records import Draft, Record, TargetOutcome
from temanashi.people import Actor
from temanashi.runbooks.model import Demand
from temanashi.text import LocalText

TOKYO = ZoneInfo("Asia/Tokyo")
SATO = Actor(name="佐藤")
NOVEMBER = Month(2026, 11)
FRIDAY = date(2026, 11, 20)
EVERY_BUSINESS_DAY = Demand(calendar="business_day")


def at(day, hour=9):
    """A moment of a day in Tokyo."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=TOKYO).astimezone(UTC)


def proposed(
    task="morning-checks", *, minutes=15, demand=EVERY_BUSINESS_DAY, category="routine", ja="朝の点検", en="Morning checks", **rest
):
    seconds = Seconds.of_minutes(minutes) if minutes else None
    return ProposedTask(
        task=task,
        title=LocalText(ja=ja, en=en),
        category=category,
        owner="運用課",
        demand=demand,
        seconds=seconds,
        runbooks=(task,),
        **rest,
    )


class Books:
    """Records in the order of their writing, and the figures of a month over them."""

    def __init__(self):
        self.records = []
        self.runs = 0

    def write(self, draft, moment):
        seq = len(self.records) + 1
        self.records.append(
            Record(
                chain="main",
                seq=seq,
                event_id=f"event-{seq}",
                schema_version=1,
                recorded_at=moment,
                prev_hash="",
                hash=f"{seq:064x}",
                body_hash="",
                draft=draft,
            )
        )
        return self.records[-1]

    def sign(self, task=None, seconds=None, *, on=FRIDAY, **rest):
        task = task or proposed()
        seconds = seconds or task.seconds
        return self.write(sign(task, seconds, actor=SATO, now=at(on), zone=TOKYO, **rest), at(on))

    def run(self, task="morning-checks", *, on=FRIDAY, slot=None, targets=None, outcome="done", mode="live", human=0, hour=9):
        """A run that ended: its targets as {name: outcome}."""
        self.runs += 1
        run, slot = f"run-{self.runs}", on.isoformat() if slot is None else slot
        common = {
            "task": task,
            "runbook": task,
            "run": run,
            "slot": slot,
            "mode": mode,
            "actor": "schedule",
            "actor_kind": "system",
        }
        if human:
            self.write(Draft(kind="step_done", step="read", human_seconds=human, human_source="timer", **common), at(on, hour))
        touched = tuple(TargetOutcome(target=t, outcome=o) for t, o in (targets or {"localhost": "changed"}).items())
        return self.write(Draft(kind="run_finished", outcome=outcome, targets=touched, **common), at(on, hour))

    def by_hand(self, task="morning-checks", *, on=FRIDAY, human=600, slot=None):
        """A run whose only step a person confirmed."""
        self.runs += 1
        common = {"task": task, "runbook": task, "run": f"run-{self.runs}", "slot": slot or on.isoformat(), "actor": "佐藤"}
        self.write(Draft(kind="decision", step="look", outcome="done", human_seconds=human, human_source="timer", **common), at(on))
        self.write(Draft(kind="step_done", step="look", human_seconds=human, human_source="timer", **common), at(on))
        return self.write(
            Draft(kind="run_finished", outcome="done", targets=(TargetOutcome(target="-", outcome="changed"),), **common), at(on)
        )

    def demand(self, task, slot, *, on=FRIDAY, targets=0, day=None):
        return self.write(new_demand(task, slot, actor=SATO, targets=targets, day=day), at(on))

    def cancel(self, task, slot, *, reason="停電のため", on=FRIDAY):
        return self.write(cancelled_demand(task, slot, reason=reason, actor=SATO), at(on))

    def figures(self, tasks=None, *, month=NOVEMBER, now=None, goal=0.5, calendar=None, records=None):
        """November 2026 as it was seen in December, unless told otherwise."""
        return month_figures(
            self.records if records is None else records,
            [proposed()] if tasks is None else tasks,
            month,
            now=now or at(month.next.first + timedelta(days=4)),
            zone=TOKYO,
            goal=goal,
            calendar=calendar or BusinessCalendar(),
        )
