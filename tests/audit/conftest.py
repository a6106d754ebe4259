from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from fixtures_approvals import SetClock
from fixtures_postgresql import postgresql_server, postgresql_url  # noqa: F401  (fixtures)
from temanashi.ledger.database import open_database
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Draft


@dataclass
class Book:
    """A ledger with records of every sort, and the numbers of runs by a name."""

    book: Ledger
    clock: SetClock
    runs: dict[str, str] = field(default_factory=dict)

    def add(self, *drafts, **later):
        self.clock.later(**later)
        with self.book.database.transaction() as connection:
            return self.book.append_all(connection, drafts)

    def run(self, name, *, runbook="restart", actor="alice", approver="", hosts=("web1",), outcome="done", asked=None, **common):
        """One run's records, in the order in which a run writes them; `outcome` empty: it goes on."""
        run = self.runs[name] = f"00000000-0000-7000-8000-{len(self.runs):012}"
        own = {"run": run, "runbook": runbook, "task": runbook, "actor": actor, **common}
        first = Draft(
            kind="run_requested", system="core", privileged=runbook == "restart", **own, body={"changes": [], **(asked or {})}
        )
        drafts = [first, Draft(kind="run_started", **own)]
        if approver:
            drafts.append(Draft(kind="decision", **own | {"actor": approver, "outcome": "approved"}, step="0-approval"))
        targets = [{"target": host, "outcome": "changed"} for host in hosts]
        drafts += [Draft(kind="step_intended", step="go", **own), Draft(kind="step_done", step="go", targets=targets, **own)]
        if outcome:
            drafts.append(Draft(kind="run_finished", outcome=outcome, targets=targets, **own))
        return self.add(*drafts, minutes=10)


@pytest.fixture(params=["sqlite", "postgresql"])
def book(request, tmp_path):
    where = tmp_path / "t.db" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    clock = SetClock(datetime(2026, 10, 1, tzinfo=UTC))
    database = open_database(where, clock=clock)
    made = Book(Ledger(database, clock=clock), clock)
    made.run("first", actor="山田 花子", beneficiary="佐藤 一郎", ticket="INC-1", approver="鈴木")
    made.run("second", runbook="report", actor="bob", hosts=("db1", "db2"), outcome="failed")
    made.add(Draft(kind="noted", actor="bob", outcome="signed-in"), minutes=1)
    made.run("third", actor="bob", emergency=True, outcome="", hosts=("web10",))
    made.clock.later(days=40)
    undo = {"origin": f"undo:{made.runs['first']}"}
    made.run("fourth", actor="alice", asked=undo)
    lines = [{"title": {"en": "x"}, "by": "carol", "confirmed_by": "dave", "state": "done"}]
    made.add(
        Draft(kind="decision", run=made.runs["fourth"], actor="carol", outcome="done", body={"lines": lines, "wait": "manual"})
    )
    yield made
    database.close()


def day(month, number):
    return datetime(2026, month, number, tzinfo=UTC)


def later(moment, **much):
    return moment + timedelta(**much)
