"""A checklist of four lines, and people who work on it by a clock that stands."""

from fixtures_runs import asking, runbook_of
from temanashi.calendars import BusinessCalendar
from temanashi.people import Actor, People
from temanashi.runs.advancing import advance
from temanashi.runs.checklist_closing import close_checklist
from temanashi.runs.checklist_journal import read_checklist
from temanashi.runs.checklists import Act, act, checklist_of
from temanashi.runs.decisions import decide
from temanashi.runs.directory import Directory
from temanashi.runs.requests import request_run

HANAKO, ICHIRO, JIRO = (Actor(name=name) for name in ("山田 花子", "鈴木 一郎", "佐藤 次郎"))
PEOPLE = People.model_validate(
    {"people": {"hanako": {"name": "山田 花子"}, "ichiro": {"name": "鈴木 一郎"}}, "groups": {"desk": ["ichiro"]}}
)


def directory(_):
    return Directory(people=PEOPLE, calendar=BusinessCalendar())


def manual(step, **more):
    return {
        "id": step,
        "title": {"ja": f"作業{step}", "en": f"Work {step}"},
        "manual": {"text": f"do {step}", "minutes": 5, **more},
    }


LINES = [manual("one"), manual("two"), manual("three"), manual("four")]


class Desk:
    """One run at its checklist. Every deed is that of somebody, some seconds after the last one."""

    def __init__(self, engine, clock, *steps, **more):
        self.engine, self.clock = engine, clock
        self.run = request_run(engine, asking(runbook_of(list(steps or LINES)), **more))
        self.waiting = advance(engine, self.run)

    def do(self, verb, line=None, *, by=HANAKO, after=0, **more):
        self.clock.pass_by(after)
        return act(self.engine, self.run, Act(verb=verb, actor=by, line=line, **more))

    def tick(self, *lines, by=HANAKO, after=60):
        for line in lines:
            now = self.do("tick", line, by=by, after=after)
        return now

    def close(self, verdict="done", *, by=HANAKO, after=0, **more):
        self.clock.pass_by(after)
        close_checklist(self.engine, self.run, actor=by, channel="page", verdict=verdict, **more)
        return self.record()

    def answer(self, verdict="done", *, by=HANAKO, **more):
        decide(self.engine, self.run, actor=by, channel="cli", verdict=verdict, **more)
        return self.record()

    def now(self, wait=None):
        with self.engine.database.reading() as connection:
            return checklist_of(connection, self.run) if wait is None else read_checklist(connection, self.run, wait)

    def record(self):
        with self.engine.database.reading() as connection:
            return list(self.engine.ledger.records(connection, kinds=("decision",), run=self.run))[-1].draft
