"""States and problems over runs: soft and hard, since when, exactly once, dry runs never."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import delete, func, select

from fixtures_runs import ALICE, asking, runbook_of
from temanashi.changes import Verdict
from temanashi.monitoring.noting import forget_changes, note_finished_runs, runs_to_note
from temanashi.monitoring.tables import CHANGES, NOTED
from temanashi.runs.requests import dry_run
from temanashi.runs.stopping import cancel


def test_a_good_check_has_a_state_and_no_problem(world):
    run = world.run("OK")
    state = world.state()
    assert (state.verdict, state.measured, state.attempts, state.run) == (Verdict.OK, Verdict.OK, 0, run)
    assert state.last_ok == state.since == state.at
    assert world.problems() == []
    assert world.changes() == []


def test_a_bad_check_is_a_hard_problem_at_once_by_default(world):
    world.run("OK")
    good = world.state().at
    run = world.run("CRITICAL")
    (problem,) = world.problems()
    assert (problem.check, problem.target, problem.verdict, problem.hard, problem.run) == (
        "disk",
        "web1",
        Verdict.CRITICAL,
        True,
        run,
    )
    assert problem.last_ok == good < problem.since
    assert world.state().problem == problem


def test_a_problem_stays_soft_until_hard_after_runs_in_a_row_found_it(world):
    world.checks = [{"id": "disk", "kind": "disk", "hard_after": 3}]
    world.run("CRITICAL", "WARNING")
    (problem,) = world.problems()
    assert (problem.hard, problem.verdict, problem.worst) == (False, Verdict.WARNING, Verdict.CRITICAL)
    world.run("WARNING")
    assert world.problems()[0].hard


def test_a_soft_problem_that_recovers_begins_from_the_start_again(world):
    world.checks = [{"id": "disk", "kind": "disk", "hard_after": 2}]
    world.run("CRITICAL", "OK", "CRITICAL")
    (problem,) = world.problems()
    assert not problem.hard
    assert world.state().attempts == 1


def test_the_first_good_result_closes_a_problem(world):
    world.run("CRITICAL", "OK")
    assert world.problems() == []
    assert [(c.previous, c.verdict) for c in world.changes()] == [(None, Verdict.CRITICAL), (Verdict.CRITICAL, Verdict.OK)]


def test_what_stays_the_same_is_told_once(world):
    world.run("WARNING", "WARNING", "WARNING")
    assert len(world.changes()) == 1
    assert world.state().attempts == 3
    assert len({problem.id for problem in world.problems()}) == 1


@pytest.mark.parametrize("verdict", ["SKIPPED", "PENDING"])
def test_what_was_not_measured_moves_nothing_and_is_never_green(world, verdict):
    world.run("CRITICAL")
    before = world.state()
    world.run(verdict)
    (problem,) = world.problems()
    assert (problem.verdict, problem.seen) == (Verdict.CRITICAL, verdict)
    after = world.state()
    assert (after.measured, after.verdict, after.measured_at) == (Verdict.CRITICAL, verdict, before.measured_at)


def test_a_check_that_never_was_measured_is_neither_good_nor_a_problem(world):
    world.run("SKIPPED")
    assert (world.state().measured, world.state().last_ok, world.problems()) == (None, None, [])


def test_flapping_keeps_the_problem_open_until_it_calms_down(world):
    world.run("OK", *["CRITICAL", "OK"] * 4)
    assert world.state().flapping
    (problem,) = world.problems()
    assert problem.flapping
    world.run(*["OK"] * 15)
    assert not world.state().flapping
    assert world.problems() == []


def test_every_run_is_noted_exactly_once(world):
    run = world.make()
    assert world.note() == [run]
    assert world.note() == []


def test_threads_that_note_at_the_same_time_note_a_run_once(world):
    world.say("CRITICAL")
    runs = [world.make() for _ in range(3)]
    with ThreadPoolExecutor(4) as pool:
        done = [run for future in [pool.submit(world.note) for _ in range(4)] for run in future.result()]
    assert sorted(done) == sorted(runs)
    assert world.state().attempts == 3


def test_a_run_whose_process_died_before_it_was_noted_is_taken_up_later(world):
    first = world.make()
    second = world.make()
    assert world.note() == [first, second]


def test_nothing_of_a_run_stays_when_noting_it_fails(world):
    world.say("CRITICAL")
    world.make()

    def fail(connection, run):
        raise RuntimeError(run)

    with pytest.raises(RuntimeError):
        note_finished_runs(world.database, clock=world.clock, after=fail)
    assert world.states() == []
    with world.database.reading() as connection:
        assert len(runs_to_note(connection)) == 1


def test_a_run_that_is_not_over_is_not_noted(world):
    world.make(through=False)
    assert world.note() == []


@pytest.mark.parametrize("mode", ["drill"])
def test_only_live_runs_count(world, mode):
    world.say("CRITICAL")
    world.make(mode=mode)
    assert world.note() == []
    assert world.states() == []


def test_a_dry_run_counts_for_nothing(world):
    book = runbook_of([{"id": "look", "checks": world.checks}], targets="web1", kinds=world.engine.kinds)
    dry_run(world.engine, asking(book, inventory=world.inventory))
    assert world.note() == []


def test_a_cancelled_run_leaves_its_checks_unmeasured(world):
    world.run("OK")
    run = world.make(through=False)
    cancel(world.engine, run, actor=ALICE, channel="cli", reason="wrong day")
    assert world.note() == [run]
    assert (world.state().verdict, world.state().measured) == (Verdict.SKIPPED, Verdict.OK)


def test_a_step_that_broke_off_makes_every_check_of_it_unknown(world):
    def broken(item, effects):
        raise_ = type("Broken", (), {"plan": lambda _, ctx: KIND.build(item, effects).plan(ctx), "apply": lambda *_: 1 / 0})
        return raise_()

    from temanashi.runbooks.steps.checks import KIND

    class Breaking:
        build = staticmethod(broken)

        def __getattr__(self, name):
            return getattr(KIND, name)

    world.engine = replace(world.engine, kinds={**world.engine.kinds, "checks": Breaking()})
    world.run()
    assert {(state.target, state.verdict) for state in world.states()} == {("web1", Verdict.UNKNOWN), ("web2", Verdict.UNKNOWN)}
    assert len(world.problems()) == 2


def test_a_run_that_was_measured_earlier_and_ended_later_changes_nothing(world):
    world.say("CRITICAL")
    early = world.make()
    world.run("OK")
    with world.database.transaction() as connection:
        connection.execute(delete(NOTED).where(NOTED.c.run == early))
    assert world.note() == [early]
    assert world.state().verdict is Verdict.OK


def test_a_check_that_leaves_the_runbook_takes_its_problem_with_it(world):
    world.checks = [{"id": "disk", "kind": "disk"}, {"id": "load", "kind": "load"}]
    world.run("CRITICAL")
    world.checks = [{"id": "load", "kind": "load"}]
    world.run()
    assert world.problems() == []
    assert {state.check for state in world.states()} == {"load"}


def test_a_host_that_leaves_the_inventory_takes_its_problems_with_it(world):
    world.run("CRITICAL")
    hosts = {name: host for name, host in world.inventory.hosts.items() if name != "web1"}
    world.inventory = world.inventory.model_copy(update={"hosts": hosts})
    world.run()
    assert world.problems() == []
    assert {state.target for state in world.states()} == {"web2"}


def test_problems_are_told_worst_first_and_by_runbook(world):
    world.say("WARNING", target="web1")
    world.say("CRITICAL", target="web2")
    world.run()
    assert [problem.verdict for problem in world.problems()] == [Verdict.CRITICAL, Verdict.WARNING]
    assert world.problems(runbook="other") == []


def test_the_value_and_how_long_it_took_are_kept(world):
    world.run(("WARNING", 85.5))
    state = world.state()
    assert (state.value, state.unit, state.seconds, state.owner) == (85.5, "%", 0.25, "ops")


def test_history_of_long_ago_can_be_forgotten(world):
    world.run("CRITICAL", "OK")
    with world.database.transaction() as connection:
        forget_changes(connection, world.clock.now())
        assert connection.execute(select(func.count()).select_from(CHANGES)).scalar() == 1


def test_runs_of_before_monitoring_alert_nobody(world):
    """The migration marks them; here the mark is what matters."""
    from alembic import command
    from alembic.config import Config

    from temanashi.ledger.upgrading import MIGRATIONS

    world.say("CRITICAL")
    world.make()
    with world.database.transaction() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        command.downgrade(config, "0007")
        command.upgrade(config, "0008")
    assert world.note() == []
