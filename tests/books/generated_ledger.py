"""A ledger of three months with every kind of thing in it, drawn from a seed."""

import random
from datetime import date, datetime, timedelta

from books.bookkeeping import SATO, TOKYO, at, proposed
from temanashi.books import Seconds, cancelled_demand, new_demand, sign
from temanashi.calendars import Month
from temanashi.ledger.records import Draft, TargetOutcome
from temanashi.runbooks.adhoc import ADHOC
from temanashi.runbooks.model import Demand

MONTHS = (Month(2026, 9), Month(2026, 10), Month(2026, 11))
FIRST, LAST = date(2026, 9, 1), date(2026, 11, 30)
TODAY = at(date(2026, 12, 20), 18)

TASKS = (
    proposed("morning", minutes=15),
    proposed("weekly", minutes=40, demand=Demand(calendar="week"), category="maintenance"),
    proposed("monthly", minutes=90, demand=Demand(calendar="month"), category="maintenance"),
    proposed("daily", minutes=5, demand=Demand(calendar="day")),
    proposed("restart", minutes=10, demand=Demand(per_month=12), category="incident"),
    proposed("accounts", minutes=6, demand=Demand(per_month=7.5), category="account"),
    proposed("nobody-asks", minutes=20, demand=Demand(per_month=5), category="inquiry"),
    proposed("unsigned", minutes=30),
)
SIGNED = {
    "morning": Seconds(setup=900),
    "weekly": Seconds(setup=600, per_target=300, targets=3),
    "monthly": Seconds(setup=5400),
    "daily": Seconds(setup=300),
    "restart": Seconds(setup=240, per_target=120, targets=2),
    "accounts": Seconds(setup=61, per_target=299, targets=1),
    "nobody-asks": Seconds(setup=60, per_target=600, targets=2),
}
HOSTS = ("web1", "web2", "web3", "web4")


class Clock:
    """A clock that stands where it is put."""

    def __init__(self):
        self.moment = at(FIRST)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Generated:
    """What happens, in the order of its moments: (moment, drafts that share a transaction)."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.runs = 0
        self.said = []

    def write(self, moment, *drafts):
        self.said.append((moment, drafts))

    def moment(self, day):
        return at(day, 0) + timedelta(minutes=self.dice.randrange(24 * 60), microseconds=self.dice.randrange(1000))

    def sign(self):
        for task in TASKS:
            if task.task in SIGNED:
                self.write(at(FIRST), sign(task, SIGNED[task.task], actor=SATO, now=at(FIRST), zone=TOKYO))
        # A second version in the middle of a month, and one that takes effect later.
        again = sign(TASKS[0], Seconds(setup=600), actor=SATO, now=at(FIRST), zone=TOKYO, valid_from=date(2026, 10, 15))
        self.write(at(date(2026, 10, 14)), again)
        other = Seconds(setup=200, per_target=100, targets=2)
        self.write(at(date(2026, 11, 2)), sign(TASKS[4], other, actor=SATO, now=at(date(2026, 11, 2)), zone=TOKYO))

    def demand(self, day):
        for task, often in (("restart", 0.5), ("accounts", 0.3)):
            if self.dice.random() > often:
                continue
            slot, moment = f"T-{self.runs}-{self.dice.randrange(10**6)}", self.moment(day)
            rest = {"targets": self.dice.choice((0, 1, 2, 3)), "source": self.dice.choice(("tickets", "alerts", "tally"))}
            written = self.dice.choice((None, day, max(FIRST, day - timedelta(days=self.dice.randrange(20)))))
            self.write(moment, new_demand(task, slot, actor=SATO, day=written, **rest))
            if self.dice.random() < 0.2:  # the same occasion told twice
                self.write(moment + timedelta(days=3), new_demand(task, slot, actor=SATO, day=day, targets=9))
            if self.dice.random() < 0.15:
                self.write(moment + timedelta(hours=1), cancelled_demand(task, slot, reason="二重", actor=SATO))
            for _ in range(self.dice.choice((0, 1, 1, 2))):
                later = timedelta(hours=2) + timedelta(days=self.dice.choice((0, 0, 0, 1, 12, 40)))
                self.run(task, slot, moment + later)

    def calendar(self, day):
        for task in ("morning", "daily", "unsigned", "weekly", "monthly"):
            if self.dice.random() < {"weekly": 0.3, "monthly": 0.1}.get(task, 0.8):
                late = timedelta(days=self.dice.choice((0, 0, 0, 0, 5, 35)))
                self.run(task, day.isoformat(), self.moment(day) + late)
            if self.dice.random() < 0.03:
                self.write(self.moment(day), cancelled_demand(task, day.isoformat(), reason="休場", actor=SATO))

    def run(self, task, slot, moment):
        """One run: steps, perhaps people, an end."""
        self.runs += 1
        mode = self.dice.choices(("live", "dry_run", "drill"), (90, 7, 3))[0]
        common = {"task": task, "runbook": f"{task}-book", "run": f"run-{self.runs}", "slot": slot, "mode": mode}
        common |= {"actor": "schedule", "actor_kind": "system"}
        people = self.dice.choices(("none", "approval", "half", "all", "unknown", "untimed"), (64, 8, 8, 10, 5, 5))[0]
        for step in ("look", "act"):
            mine = people in {"all", "unknown"} or (people in {"half", "untimed"} and step == "look")
            seconds = 0 if people in {"unknown", "untimed"} else self.dice.randrange(30, 900) if mine else 0
            if mine:
                told = {"human_seconds": seconds, "human_source": "timer" if seconds else ""}
                self.write(moment, Draft(kind="decision", step=step, outcome="done", **told, **common))
                self.write(moment, Draft(kind="step_done", step=step, human_seconds=max(0, seconds - 5), **common))
            else:
                self.write(moment, Draft(kind="step_done", step=step, **common))
        if people == "approval":
            seconds = self.dice.randrange(20, 200)
            self.write(moment, Draft(kind="decision", step="look", outcome="approved", human_seconds=seconds, **common))
        outcome = self.dice.choices(("done", "failed", "unknown", "cancelled", "refused"), (85, 8, 3, 2, 2))[0]
        good = ("changed", "already") if outcome == "done" else ("changed", "failed", "unknown")
        names = self.dice.sample(HOSTS, self.dice.choice((0, 1, 1, 2, 3)))
        targets = tuple(TargetOutcome(target=name, outcome=self.dice.choice(good)) for name in names)
        self.write(moment + timedelta(minutes=5), Draft(kind="run_finished", outcome=outcome, targets=targets, **common))

    def odd(self, day):
        if self.dice.random() < 0.2:
            common = {"task": ADHOC, "run": f"adhoc-{day}", "actor": "佐藤"}
            self.write(self.moment(day), Draft(kind="run_finished", outcome="done", **common))
        if self.dice.random() < 0.1:
            self.write(self.moment(day), Draft(kind="step_done", task="", step="x", human_seconds=77, actor="佐藤"))
        if self.dice.random() < 0.1:
            self.write(self.moment(day), Draft(kind="run_finished", outcome="done", actor="佐藤", task="nobody-asks", slot="ask-1"))

    def told(self):
        """Everything, by moments."""
        self.sign()
        day = FIRST
        while day <= LAST:
            self.demand(day)
            self.calendar(day)
            self.odd(day)
            day += timedelta(days=1)
        return sorted(self.said, key=lambda each: each[0])


def fill(ledger, clock, seed):
    """Append what a seed draws, in one transaction, each record at its moment."""
    with ledger.database.transaction() as connection:
        for moment, drafts in Generated(seed).told():
            clock.moment = moment
            ledger.append_all(connection, drafts)
    clock.moment = TODAY
