"""The story of real runs, read from the ledger alone."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from fixtures_runs import ALICE, BOB, asking, make_engine, runbook_of
from temanashi.audit.faults import NoRecord, NoSuchRun
from temanashi.audit.story import record_story, run_story
from temanashi.ledger.pruning import prune
from temanashi.ledger.tables import bodies
from temanashi.runs.advancing import advance
from temanashi.runs.again import request_undo
from temanashi.runs.decisions import decide
from temanashi.runs.requests import request_run

STEPS = [
    {
        "id": "count",
        "title": {"ja": "数える", "en": "Count"},
        "manual": {"text": {"ja": "数えてください。", "en": "Count."}, "minutes": 5},
    },
    {"id": "go", "command": {"run": ["sh", "-c", "echo hello; exit 3"], "undo": ["true"]}},
]


@pytest.fixture
def engine(tmp_path):
    made = make_engine(tmp_path)
    yield made
    made.database.close()


def told(engine, run):
    with engine.database.reading() as connection:
        return run_story(engine.ledger, connection, run)


@pytest.fixture
def run(engine):
    made = request_run(engine, asking(runbook_of(STEPS), hosts=1, ticket="INC-7", beneficiary="花子"))
    advance(engine, made)
    decide(engine, made, actor=BOB, channel="page", verdict="done", note="合いました", human_seconds=90)
    advance(engine, made)
    return made


def test_it_tells_who_asked_what_was_planned_who_ticked_and_what_came_of_it(engine, run):
    story = told(engine, run)
    assert (story.entry.actor, story.entry.beneficiary, story.entry.ticket, story.entry.outcome) == (
        "alice",
        "花子",
        "INC-7",
        "failed",
    )
    assert len(story.plan) == 2
    assert story.chapters[0].kind == "run_requested"
    assert story.chapters[-1].kind == "run_finished"
    manual = next(c for c in story.chapters if c.kind == "decision")
    assert (manual.actor, manual.note, manual.human_seconds) == ("bob", "合いました", 90)
    assert [line.title.text("ja") for line in manual.lines] == ["数える"]
    done = next(c for c in story.chapters if c.kind == "step_done" and c.step == "go")
    assert (done.targets[0].status, done.targets[0].reason is not None) == ("failed", True)
    assert done.evidence
    assert all(piece.agrees for piece in done.evidence)
    assert (story.broken, story.pruned) == ((), ())
    assert json.loads(story.model_dump_json())["entry"]["run"] == run


def test_runs_that_undo_each_other_are_linked_both_ways(engine):
    runbook = runbook_of([{"id": "go", "command": {"run": ["true"], "undo": ["true"]}}])
    run = request_run(engine, asking(runbook))
    advance(engine, run)
    undo = request_undo(engine, run, actor=ALICE, channel="cli")
    assert [(link.relation, link.run) for link in told(engine, undo).links] == [("undoes", run)]
    assert [(link.relation, link.run) for link in told(engine, run).links] == [("undone-by", undo)]


def test_after_its_bodies_were_pruned_it_still_tells_who_when_and_what_came_of_it(engine, run):
    before = told(engine, run)
    with engine.database.transaction() as connection:
        prune(connection, engine.ledger, before=engine.clock.now() + timedelta(seconds=1), actor=BOB, reason="10 years")
    story = told(engine, run)
    assert (story.inputs, story.plan, story.broken) == (None, None, ())
    assert set(story.pruned) == {
        chapter.seq for chapter in story.chapters if chapter.kind != "demand"
    }  # credits are computed from it
    assert [p.actor for p in story.prunings] == ["bob"]
    assert story.entry == before.entry
    done = [c for c in story.chapters if c.kind == "step_done" and c.step == "go"]
    assert [(line.status, line.summary.text("en")) for line in done[0].targets] == [
        ("failed", "What was done was removed at the end of its retention")
    ]


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE ledger SET actor = 'mallory' WHERE seq = 2", "ledger"),
        ("UPDATE ledger SET envelope = replace(envelope, 'alice', 'mallory') WHERE seq = 2", "ledger"),
        ("UPDATE ledger_body SET text = '{}' WHERE seq = 2", "ledger_body"),
        ("UPDATE ledger_body SET text = NULL, salt = NULL WHERE seq = 2", "ledger_body"),
        ("DELETE FROM ledger_body WHERE seq = 2", "ledger_body"),
    ],
)
def test_a_record_that_was_altered_is_named(engine, run, statement, table):
    with engine.database.transaction() as connection:
        for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text(statement))
    assert told(engine, run).broken == (2,)


def test_evidence_that_does_not_have_its_digest_is_told(engine, run):
    with engine.database.transaction() as connection:
        for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        rows = connection.execute(bodies.select()).all()
        for row in rows:
            connection.execute(update(bodies).where(bodies.c.seq == row.seq).values(text=row.text.replace("hello", "HELLO")))
    story = told(engine, run)
    assert story.broken
    assert any(piece.agrees is False for chapter in story.chapters for piece in chapter.evidence)


def test_single_records_have_a_story_too_and_what_is_not_there_is_refused(engine, run):
    with engine.database.reading() as connection:
        assert [c.kind for c in record_story(engine.ledger, connection, 1).chapters] == ["run_requested"]
        for seq in (0, 10_000, 2**40):
            with pytest.raises(NoRecord):
                record_story(engine.ledger, connection, seq)
        for unknown in ("", "nonesuch"):
            with pytest.raises(NoSuchRun):
                run_story(engine.ledger, connection, unknown)
