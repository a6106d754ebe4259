"""Runs whose checks say what a test wants, on a real engine and database, and what monitoring made of them."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from fixtures_clock import StoppedClock
from fixtures_postgresql import postgresql_server, postgresql_url  # noqa: F401  (fixtures)
from fixtures_runs import asking, make_engine, runbook_of
from temanashi.changes import Outcome, Verdict, evidence_of
from temanashi.checks.judging import OBSERVATION
from temanashi.hosts.inventory import Inventory
from temanashi.ledger.ledger import Ledger
from temanashi.monitoring import reading
from temanashi.monitoring.noting import note_finished_runs
from temanashi.runbooks.steps.checks import KIND
from temanashi.runs.advancing import advance
from temanashi.runs.requests import request_run
from temanashi.text.local import phrase

HOSTS = {"hosts": {"web1": {"transport": "local"}, "web2": {"transport": "local"}}}


class Said:
    """The `checks` step of a test: `says[target, check]` is a verdict; 正常 where nothing is said."""

    def __init__(self, says, clock):
        self._says, self._clock = says, clock

    def __getattr__(self, name):
        return getattr(KIND, name)

    def build(self, item, effects):
        return SaidStep(KIND.build(item, effects), self._says, self._clock)


class SaidStep:
    def __init__(self, inner, says, clock):
        self._inner, self._says, self._clock = inner, says, clock

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def _reason(self, verdict, target):
        if verdict == "UNKNOWN":
            return phrase("hosts.unreachable", host=target, reason="no route")
        return phrase("checks.program-missing", program=verdict)

    def apply(self, change, key):
        rows, verdicts, evidence = [], [], []
        for check in change.payload["checks"]:
            said = self._says.get((change.target, check["id"]), "OK")
            verdict, value = said if isinstance(said, tuple) else (said, None)
            verdicts.append(Verdict(verdict))
            piece = evidence_of(OBSERVATION, json.dumps({"facts": {}, "problem": None, "absent": False}))
            evidence.append(piece)
            rows.append(
                {
                    "check": check["id"],
                    "kind": check["kind"],
                    "title": check.get("title"),
                    "target": change.target,
                    "verdict": verdict,
                    "reason": self._reason(verdict, change.target).model_dump(),
                    "metrics": [{"name": "value", "value": value, "unit": "%"}] if value is not None else [],
                    "measured_at": self._clock.now().isoformat(),
                    "seconds": 0.25,
                    "spec": {"hard_after": check.get("hard_after", 1)},
                    "evidence": [piece.sha256],
                }
            )
        unknown = Verdict.UNKNOWN in verdicts
        now = self._clock.now()
        return Outcome(
            status="unknown" if unknown else "already",
            reason=phrase("checks.program-missing", program="x") if unknown else None,
            verdict=Verdict.worst(verdicts),
            details=tuple(rows),
            evidence=tuple(evidence),
            started_at=now,
            ended_at=now,
        )


class World:
    """`say` what checks find, `run` them, look at what is known then."""

    def __init__(self, folder, hosts=HOSTS, database=None):
        self.says, self.clock = {}, StoppedClock()
        self.inventory = Inventory.model_validate(hosts)
        self.kinds = None
        self.engine = make_engine(folder, clock=self.clock)
        if database is not None:
            self.engine.database.close()
            self.engine = replace(self.engine, database=database, ledger=Ledger(database, clock=self.clock))
        kinds = {**self.engine.kinds, "checks": Said(self.says, self.clock)}
        self.engine = type(self.engine)(**{**vars(self.engine), "kinds": kinds})
        self.checks = [{"id": "disk", "kind": "disk"}]
        self.more = {}

    @property
    def database(self):
        return self.engine.database

    def say(self, verdict, *, check="disk", target="web1"):
        self.says[target, check] = verdict

    def make(self, *, minutes=1, targets="all,!localhost", through=True, **request):
        """Make a run and end it, without noting it."""
        self.clock.pass_by(60 * minutes)
        book = runbook_of([{"id": "look", "checks": self.checks}], **{"targets": targets, **self.more}, kinds=self.engine.kinds)
        run = request_run(self.engine, asking(book, inventory=self.inventory, **request))
        if through:
            advance(self.engine, run)
        return run

    def run(self, *verdicts, **how):
        """A noted run for each verdict of the disk of web1."""
        made = ""
        for verdict in verdicts or (None,):
            if verdict is not None:
                self.say(verdict)
            made = self.make(**how)
            self.note()
        return made

    def note(self):
        return note_finished_runs(self.database, clock=self.clock)

    def problems(self, **how):
        with self.database.reading() as connection:
            return reading.problems(connection, now=self.clock.now(), inventory=self.inventory, **how)

    def states(self, **how):
        with self.database.reading() as connection:
            return reading.states(connection, now=self.clock.now(), inventory=self.inventory, **how)

    def state(self, check="disk", target="web1"):
        return next(state for state in self.states() if (state.check, state.target) == (check, target))

    def changes(self, **how):
        now = self.clock.now()
        with self.database.reading() as connection:
            return reading.changes(connection, since=now - timedelta(days=9), until=now + timedelta(days=1), **how)


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def postgresql_world(tmp_path, postgresql_url):  # noqa: F811
    from temanashi.ledger.database import open_database

    made = World(tmp_path, database=open_database(postgresql_url, clock=StoppedClock()))
    yield made
    made.database.close()
