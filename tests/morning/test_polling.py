"""What a poller hears of the last run: never a false green."""

from datetime import timedelta

import pytest

from fixtures_morning import morning_in
from fixtures_prefect import OPS
from temanashi.checks.perfdata import parse_plugin
from temanashi.runs.check_rows import last_checked_run
from temanashi.runs.stopping import cancel
from temanashi.workspace.polling import poll


@pytest.fixture
def morning(tmp_path):
    with morning_in(tmp_path) as made:
        made.book()
        made.publish()
        yield made


def ask(morning, **how):
    with morning.town.opened.database.reading() as connection:
        run = last_checked_run(connection, "morning", zone=morning.town.opened.settings.zone)
    return poll(run, now=morning.town.clock.now(), max_age=how.pop("max_age", timedelta(hours=26)), lang="en", **how)


@pytest.mark.parametrize(
    ("says", "code", "head"),
    [
        ({}, 0, "OK: 15 checks: 15 OK"),
        ({("order1", "disk"): "WARNING"}, 1, "WARNING: 15 checks: 1 Warning, 14 OK - order1 The disk: "),
        ({("order1", "disk"): "UNKNOWN"}, 3, "UNKNOWN: 15 checks: 1 Unknown"),
        ({("order1", "disk"): "UNKNOWN", ("order2", "load"): "CRITICAL"}, 2, "CRITICAL: 15 checks: 1 Critical, 1 Unknown"),
    ],
)
def test_the_worst_decides(morning, says, code, head):
    morning.says = says
    morning.run("2026-11-18 07:30")
    found = ask(morning)
    assert found.exit == code
    assert found.line.startswith(head)
    assert parse_plugin(found.line).malformed == ()
    assert len(parse_plugin(found.line).metrics) == 7 + 15


def test_only_the_part_that_is_asked_for(morning):
    morning.says = {("order1", "disk"): "CRITICAL"}
    morning.run("2026-11-18 07:30")
    assert ask(morning, checks=["load"]).exit == 0
    assert ask(morning, hosts=["order2"]).exit == 0
    assert ask(morning, hosts=["order1"], checks=["disk"]).exit == 2
    assert ask(morning, hosts=["nobody"]).exit == 3


def test_an_old_run_says_nothing(morning):
    morning.run("2026-11-18 07:30")
    morning.town.clock.set("2026-11-19 09:31")
    assert ask(morning).exit == 3
    assert "26.0 hours old" in ask(morning).line


def test_a_run_that_was_cancelled_is_not_green(morning):
    morning.town.clock.set("2026-11-18 07:30")
    run = morning.town.start("morning", "2026-11-18 07:30")
    cancel(morning.town.engine, run, actor=OPS, channel="cli", reason="")
    found = ask(morning)
    assert found.exit == 3
    assert "15 Not run" in found.line
