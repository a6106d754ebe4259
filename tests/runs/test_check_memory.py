"""What a check keeps between runs: kept with its outcome, by runbook, step and target; a run that fell loses nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from fixtures_runs import SpyStep, asking, runbook_of
from temanashi.changes import Verdict
from temanashi.runbooks.kinds import step_kinds
from temanashi.runs.advancing import advance
from temanashi.runs.remembering import CHECK_MEMORY, recall
from temanashi.runs.requests import dry_run, request_run


@pytest.fixture
def log(tmp_path):
    file = tmp_path / "app.log"
    file.write_text("old\n")
    return file


def book(log, **more):
    return runbook_of([{"id": "look", "checks": [{"id": "app", "kind": "log", "path": str(log), "alarm": ["ERROR"]}]}], **more)


def run(engine, runbook, **more):
    return advance(engine, request_run(engine, asking(runbook, **more)))


def add(log, *lines):
    with log.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_each_run_reads_on_where_the_last_one_ended(engine, log):
    assert run(engine, book(log)).verdict is Verdict.OK
    add(log, "ERROR one")
    assert run(engine, book(log)).verdict is Verdict.CRITICAL
    assert run(engine, book(log)).verdict is Verdict.OK


def test_another_runbook_and_another_host_read_for_themselves(engine, log):
    run(engine, book(log), hosts=2)
    run(engine, book(log, targets="web1,web2"), hosts=2)
    add(log, "ERROR one")
    assert run(engine, book(log, targets="web1,web2"), hosts=2).verdict is Verdict.CRITICAL
    assert run(engine, book(log)).verdict is Verdict.CRITICAL
    assert run(engine, book(log, id="other")).verdict is Verdict.CRITICAL  # its first look reads the end
    with engine.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(CHECK_MEMORY)).scalar_one() == 4


class Falling:
    """The kind `checks`, interrupted once when it has measured and before anybody knows what."""

    def __init__(self) -> None:
        self.inner, self.fell = step_kinds()["checks"], 0

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def build(self, item, effects):
        step = self.inner.build(item, effects)

        def apply(change, key):
            outcome = step.apply(change, key)
            if outcome.remember and not self.fell:
                self.fell += 1
                raise KeyboardInterrupt
            return outcome

        return SpyStep(step, apply)


def test_the_position_moves_only_with_the_outcome(engine, log):
    """A run that falls between looking and writing has looked at nothing: the next one finds the lines."""
    run(engine, book(log))
    add(log, "ERROR one")
    asked = request_run(engine, asking(book(log)))
    with engine.database.reading() as connection:
        before = recall(connection, "sample", "look", "localhost")
    falling = Falling()
    with pytest.raises(KeyboardInterrupt):
        advance(replace(engine, kinds={**engine.kinds, "checks": falling}), asked)
    assert falling.fell == 1
    with engine.database.reading() as connection:
        assert recall(connection, "sample", "look", "localhost") == before
    assert run(engine, book(log)).verdict is Verdict.CRITICAL


def test_a_dry_run_reads_nothing(engine, log):
    dry_run(engine, asking(book(log)))
    with engine.database.reading() as connection:
        assert recall(connection, "sample", "look", "localhost") == {}
