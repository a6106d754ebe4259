"""Approvers who answer at once, and processes that are killed between a vote and what follows it."""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from fixtures_approvals import ALICE, BOB, CAROL, FRIDAY, SetClock, guarded, guarded_engine
from fixtures_killing import deadly, in_another_process
from fixtures_runs import asking
from temanashi.errors import RunError
from temanashi.ledger.verification import verify
from temanashi.people import Actor
from temanashi.runs.advancing import advance
from temanashi.runs.approvals.faults import AlreadyVoted
from temanashi.runs.decisions import decide
from temanashi.runs.requests import request_run
from temanashi.runs.results import NotWaiting, Waiting


def votes(engine, run):
    with engine.database.reading() as connection:
        assert verify(connection).exit_code == 0
        return [r.draft.outcome for r in engine.ledger.records(connection, run=run, kinds=("decision",))]


def raced(engine, run, said):
    """What everybody heard who answered at the same moment."""

    def answer(one):
        actor, verdict = one
        try:
            decide(engine, run, actor=actor, channel="page", verdict=verdict, note="x")
        except RunError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(len(said)) as pool:
        return list(pool.map(answer, said))


def test_two_approvers_at_once_are_two_votes_and_one_run(engine, file):
    run = request_run(engine, asking(guarded(file, approve={"by": "group:leads", "count": 2})))
    advance(engine, run)
    assert raced(engine, run, [(BOB, "approved"), (CAROL, "approved")]) == [None, None]
    assert votes(engine, run) == ["approved", "approved"]
    assert advance(engine, run).outcome == "done"
    assert file.read_text() == "done;"


def test_one_person_at_two_screens_is_one_vote(engine, file):
    run = request_run(engine, asking(guarded(file, approve={"by": "group:leads", "count": 2})))
    advance(engine, run)
    heard = raced(engine, run, [(Actor(name=name), "approved") for name in ("bob", "BOB", "Bob B", "ｂｏｂ")])
    assert sorted(heard, key=str) == sorted([None, *[AlreadyVoted] * 3], key=str)
    assert isinstance(advance(engine, run), Waiting)


def test_an_approval_and_a_refusal_at_once_end_one_way_on_the_record(engine, file):
    run = request_run(engine, asking(guarded(file)))
    advance(engine, run)
    heard = raced(engine, run, [(BOB, "approved"), (CAROL, "refused")])
    assert sorted(heard, key=str) == sorted([None, NotWaiting], key=str)
    (only,) = votes(engine, run)
    assert advance(engine, run).outcome == {"approved": "done", "refused": "refused"}[only]
    assert file.exists() == (only == "approved")


def killed_while_advancing(folder, run, at, when):
    engine = guarded_engine(folder, clock=SetClock(FRIDAY))
    advance(deadly(engine, at=at, when=when), run)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 7))
def test_a_run_that_was_killed_after_the_vote_goes_on_and_does_it_once(tmp_path, at, when):
    engine = guarded_engine(tmp_path)
    file = tmp_path / "state"
    run = request_run(engine, asking(guarded(file)))
    advance(engine, run)
    decide(engine, run, actor=BOB, channel="cli", verdict="approved")
    assert in_another_process(killed_while_advancing, tmp_path, run, at, when) == -signal.SIGKILL
    assert advance(engine, run).outcome == "done"
    assert file.read_text() == "done;"
    assert votes(engine, run) == ["approved"]
    engine.database.close()


def killed_while_voting(folder, run, when):
    engine = guarded_engine(folder, clock=SetClock(FRIDAY))
    decide(deadly(engine, at=1, when=when), run, actor=BOB, channel="cli", verdict="approved")


@pytest.mark.parametrize(("when", "counted"), [("before", 0), ("after", 1)])
def test_a_vote_counts_from_its_commit_on(tmp_path, when, counted):
    engine = guarded_engine(tmp_path)
    run = request_run(engine, asking(guarded(tmp_path / "state")))
    advance(engine, run)
    assert in_another_process(killed_while_voting, tmp_path, run, when) == -signal.SIGKILL
    assert len(votes(engine, run)) == counted
    result = advance(engine, run)
    assert isinstance(result, Waiting) == (not counted)
    engine.database.close()


def killed_while_asking(folder, run, at, when):
    engine = guarded_engine(folder, clock=SetClock(FRIDAY))
    advance(deadly(engine, at=at, when=when), run)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 5))
def test_a_run_that_was_killed_while_it_asked_again_asks_once(tmp_path, at, when):
    engine = guarded_engine(tmp_path)
    file = tmp_path / "state"
    run = request_run(engine, asking(guarded(file)))
    advance(engine, run)
    decide(engine, run, actor=BOB, channel="cli", verdict="approved")
    file.write_text("changed;")
    assert in_another_process(killed_while_asking, tmp_path, run, at, when) == -signal.SIGKILL
    waiting = advance(engine, run)
    assert isinstance(waiting, Waiting)
    assert waiting.number == 2
    assert file.read_text() == "changed;"
    decide(engine, run, actor=ALICE.model_copy(update={"name": "carol"}), channel="cli", verdict="approved", digest=waiting.digest)
    assert advance(engine, run).outcome == "done"
    engine.database.close()
