"""What is told, and when: on change only, one alert a problem or an outage, nothing in maintenance or acknowledged."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from fixtures_runs import ALICE
from temanashi.changes import Verdict
from temanashi.hosts.inventory import Inventory
from temanashi.monitoring.acknowledging import (
    AckNotAhead,
    NoSuchProblem,
    acknowledge,
    acknowledgements_of,
    problems_named,
    withdraw,
)
from temanashi.monitoring.alerting import Alerts, settle_alerts
from temanashi.monitoring.events import lines_of, summary_of
from temanashi.monitoring.maintenance import (
    NoSuchWindow,
    WindowBackwards,
    add_window,
    end_window,
    read_windows,
    windows_over,
)
from temanashi.monitoring.model import Key
from temanashi.monitoring.tables import ALERTS


@pytest.fixture
def told(world):
    """Run and settle; what was told, as (change, sort:label, verdict)."""

    class Told:
        verdicts = (Verdict.CRITICAL, Verdict.UNKNOWN, Verdict.WARNING)
        last = ()

        def settle(self):
            with world.database.transaction() as connection:
                alerts = Alerts(inventory=lambda _: world.inventory, verdicts=self.verdicts)
                self.last = settle_alerts(connection, now=world.clock.now(), alerts=alerts)
            return [(event.change, f"{event.sort}:{event.label}", str(event.verdict)) for event in self.last]

        def run(self, *verdicts, **how):
            found = []
            for verdict in verdicts or (None,):
                world.run(*([verdict] if verdict else []), **how)
                found += self.settle()
            return found

    return Told()


DISK = "problem:sample/look/disk@web1"


def test_a_problem_is_told_once_and_its_end_once(told):
    assert told.run("OK") == []
    assert told.run("CRITICAL", "CRITICAL", "CRITICAL") == [("new", DISK, "CRITICAL")]
    assert told.run("OK", "OK") == [("resolved", DISK, "CRITICAL")]


def test_looking_again_has_nothing_to_tell(told):
    told.run("CRITICAL")
    assert told.settle() == []


def test_worse_and_better_are_told(told):
    assert told.run("WARNING", "CRITICAL", "WARNING", "OK") == [
        ("new", DISK, "WARNING"),
        ("worse", DISK, "CRITICAL"),
        ("better", DISK, "WARNING"),
        ("resolved", DISK, "WARNING"),
    ]


def test_a_soft_problem_is_told_to_nobody(world, told):
    world.checks = [{"id": "disk", "kind": "disk", "hard_after": 3}]
    assert told.run("CRITICAL", "CRITICAL", "OK") == []
    assert told.run("CRITICAL", "CRITICAL", "CRITICAL") == [("new", DISK, "CRITICAL")]


def test_verdicts_that_nobody_asked_for_are_not_told(told):
    told.verdicts = (Verdict.CRITICAL,)
    assert told.run("WARNING", "UNKNOWN") == []
    assert told.run("CRITICAL") == [("new", DISK, "CRITICAL")]


def test_what_was_not_measured_tells_nothing(told):
    told.run("CRITICAL")
    assert told.run("SKIPPED", "PENDING") == []


def test_flapping_is_told_once_and_its_ups_and_downs_are_not(told):
    found = told.run("OK", *["CRITICAL", "OK"] * 10)
    assert 0 < len(found) <= 9
    assert found[-1] == ("new", DISK, "CRITICAL")
    assert told.run(*["OK", "CRITICAL"] * 3) == []
    assert told.run(*["OK"] * 20) == [("resolved", DISK, "CRITICAL")]


def fleet(world, count, **labels):
    hosts = {f"h{n:02}": {"transport": "local", **{k: v(n) for k, v in labels.items()}} for n in range(count)}
    world.inventory = Inventory.model_validate({"hosts": hosts})


def test_half_of_40_hosts_down_at_8_is_one_alert_with_what_is_not_known_and_the_others_on_time(world, told):
    fleet(world, 40, tags=lambda n: ["site-tokyo" if n < 20 else "site-osaka", "linux"])
    world.checks = [{"id": name, "kind": "disk"} for name in ("disk", "data", "log")]
    for n in range(20):
        for check in ("disk", "data", "log"):
            world.say("UNKNOWN", target=f"h{n:02}", check=check)
    assert told.run() == [("new", "tag:site-tokyo", "UNKNOWN")]
    (event,) = told.last
    assert len(event.problems) == 60
    assert "20" in summary_of(event, "ja")
    assert len(lines_of(event, "ja")) == 51
    states = [state for state in world.states() if state.target >= "h20"]
    assert len(states) == 60
    assert {state.verdict for state in states} == {Verdict.OK}
    assert told.run() == []


def test_an_outage_of_hosts_that_share_nothing_is_one_alert_too(world, told):
    fleet(world, 40)
    for n in range(20):
        world.say("UNKNOWN", target=f"h{n:02}")
    assert told.run() == [("new", "run:sample", "UNKNOWN")]


def test_more_hosts_that_go_down_join_the_outage_and_the_last_that_comes_back_ends_it(world, told):
    fleet(world, 4, system=lambda _: "order")
    world.checks = [{"id": "disk", "kind": "disk"}]
    for host in ("h00", "h01"):
        world.say("UNKNOWN", target=host)
    assert told.run() == [("new", "system:order", "UNKNOWN")]
    world.say("UNKNOWN", target="h02")
    assert told.run() == [("joined", "system:order", "UNKNOWN")]
    world.say("OK", target="h00")
    world.say("OK", target="h01")
    assert told.run() == []
    world.say("OK", target="h02")
    assert told.run() == [("resolved", "system:order", "UNKNOWN")]


def test_a_jump_host_that_is_down_is_one_alert_that_lists_what_is_not_known(world, told):
    world.inventory = Inventory.model_validate(
        {"hosts": {"gate": {"transport": "local"}, **{f"in{n}": {"transport": "local", "jump": ["gate"]} for n in range(3)}}}
    )
    for host in ("gate", "in0", "in1", "in2"):
        world.say("UNKNOWN", target=host)
    assert [(change, sort) for change, sort, _ in told.run()] == [("new", "problem:sample/look/disk@gate")]
    (event,) = told.last
    assert [(one.target, one.checks) for one in event.not_known] == [(f"in{n}", ("disk",)) for n in range(3)]
    assert "in2" in "\n".join(lines_of(event, "en"))


@pytest.fixture
def window(world):
    def add(selector="web1", *, hours=2, since=0, **more):
        now = world.clock.now()
        times = {"since": now + timedelta(hours=since), "until": now + timedelta(hours=since + hours)}
        with world.database.transaction() as connection:
            return add_window(
                connection,
                world.engine.ledger,
                inventory=world.inventory,
                selector=selector,
                **times,
                reason="disk replaced",
                actor=ALICE,
                channel="cli",
                clock=world.clock,
                **more,
            )

    return add


def test_nothing_is_told_of_hosts_in_maintenance_and_results_are_shown_with_it(world, told, window):
    made = window()
    assert told.run("CRITICAL") == []
    (problem,) = world.problems()
    assert problem.maintenance == made
    assert world.state().maintenance == made
    assert world.state(target="web2").maintenance is None


def test_a_problem_that_outlasts_its_maintenance_is_told_then(world, told, window):
    window(hours=1)
    told.run("CRITICAL")
    world.clock.pass_by(3600)
    assert told.settle() == [("new", DISK, "CRITICAL")]


def test_what_gets_worse_in_maintenance_is_told_afterwards_and_what_ends_at_once(world, told, window):
    told.run("WARNING")
    window(hours=1)
    assert told.run("CRITICAL") == []
    world.clock.pass_by(3600)
    assert told.settle() == [("worse", DISK, "CRITICAL")]
    window()
    assert told.run("OK") == [("resolved", DISK, "CRITICAL")]


def test_maintenance_of_one_runbook_leaves_the_others(world, told, window):
    window(runbook="other")
    assert told.run("CRITICAL") == [("new", DISK, "CRITICAL")]


def test_maintenance_that_has_not_begun_keeps_nothing_quiet(world, told, window):
    window(since=5)
    assert told.run("CRITICAL") == [("new", DISK, "CRITICAL")]


def test_maintenance_can_be_ended_and_is_on_the_record_with_who(world, told, window):
    made = window("all")
    told.run("CRITICAL")
    with world.database.transaction() as connection:
        assert read_windows(connection, world.clock.now()) == [made]
        end_window(connection, world.engine.ledger, made.id, reason="done", actor=ALICE, channel="page", clock=world.clock)
        assert read_windows(connection, world.clock.now()) == []
        with pytest.raises(NoSuchWindow):
            end_window(connection, world.engine.ledger, made.id, actor=ALICE, channel="page", clock=world.clock)
        noted = [r.draft for r in world.engine.ledger.records(connection, kinds=("noted",))]
    assert [(draft.outcome, draft.actor, draft.reason) for draft in noted] == [
        ("maintenance_planned", "alice", "disk replaced"),
        ("maintenance_ended", "alice", "done"),
    ]
    assert told.settle() == [("new", DISK, "CRITICAL")]


def test_maintenance_that_ends_before_it_begins_is_refused(world, window):
    with pytest.raises(WindowBackwards):
        window(hours=-1)
    with pytest.raises(WindowBackwards):
        window(hours=1, since=-5)


def test_maintenance_of_hosts_that_are_not_there_is_refused_and_of_hosts_that_are_gone_covers_nothing(world, window):
    from temanashi.hosts.inventory import HostError

    with pytest.raises(HostError):
        window("nowhere")
    window("web2")
    gone = Inventory.model_validate({"hosts": {"web1": {"transport": "local"}}})
    with world.database.reading() as connection:
        assert (
            windows_over(connection, world.clock.now(), inventory=lambda: gone).covering(Key("sample", "look", "disk", "web2"))
            is None
        )


@pytest.fixture
def ack(world):
    def make(name=None, *, hours=2, reason="vendor is called"):
        with world.database.transaction() as connection:
            found = problems_named(connection, name or world.problems()[0].id)
            until = world.clock.now() + timedelta(hours=hours)
            return acknowledge(
                connection,
                world.engine.ledger,
                found,
                until=until,
                reason=reason,
                actor=ALICE,
                channel="cli",
                clock=world.clock,
            )

    return make


def test_an_acknowledged_problem_is_told_so_and_then_keeps_quiet(world, told, ack):
    told.run("CRITICAL")
    (made,) = ack()
    assert told.settle() == [("acknowledged", DISK, "CRITICAL")]
    assert (told.last[0].who, told.last[0].why) == ("alice", "vendor is called")
    assert told.run("CRITICAL", "WARNING") == []
    assert world.problems()[0].acknowledged == made


def test_after_its_time_it_alarms_again_under_a_new_thread(world, told, ack):
    told.run("CRITICAL")
    first = told.last[0].thread
    ack(hours=1)
    told.settle()
    world.clock.pass_by(3600)
    assert told.settle() == [("replaced", DISK, "CRITICAL"), ("again", DISK, "CRITICAL")]
    assert told.last[0].thread == first != told.last[1].thread
    assert told.settle() == []
    assert world.problems()[0].acknowledged is None


def test_what_gets_worse_than_it_was_when_acknowledged_alarms_again(told, ack):
    told.run("WARNING")
    ack()
    told.settle()
    assert told.run("CRITICAL") == [("replaced", DISK, "WARNING"), ("again", DISK, "CRITICAL")]


def test_an_acknowledged_problem_that_ends_is_resolved(told, ack):
    told.run("CRITICAL")
    ack()
    told.settle()
    assert told.run("OK") == [("resolved", DISK, "CRITICAL")]


def test_a_problem_acknowledged_before_it_was_told_is_not_told(world, told, ack):
    world.run("CRITICAL")
    ack(hours=1)
    assert told.settle() == []
    world.clock.pass_by(3600)
    assert told.settle() == [("new", DISK, "CRITICAL")]


def test_an_outage_is_quiet_only_when_all_of_it_is_acknowledged(world, told, ack):
    fleet(world, 2, system=lambda _: "order")
    for host in ("h00", "h01"):
        world.say("UNKNOWN", target=host)
    told.run()
    ack(world.problems()[0].id)
    assert told.settle() == []
    ack(world.problems()[0].alert.id)
    assert told.settle() == [("acknowledged", "system:order", "UNKNOWN")]


def test_a_problem_can_be_named_by_run_and_check(world, told, ack):
    run = world.run("CRITICAL")
    assert ack(f"{run}/disk")[0].problem == world.problems()[0].id
    assert ack(f"{run}/disk@web1")
    with pytest.raises(NoSuchProblem):
        ack(f"{run}/load")
    with pytest.raises(NoSuchProblem):
        ack("nothing")


def test_an_acknowledgement_needs_a_time_ahead(world, ack):
    world.run("CRITICAL")
    with pytest.raises(AckNotAhead):
        ack(hours=0)


def test_an_acknowledgement_can_be_withdrawn_and_both_are_on_the_record(world, told, ack):
    told.run("CRITICAL")
    ack()
    told.settle()
    with world.database.transaction() as connection:
        found = problems_named(connection, world.problems()[0].id)
        how = {"actor": ALICE, "channel": "page", "clock": world.clock}
        assert withdraw(connection, world.engine.ledger, found, reason="wrong one", **how) == 1
        assert withdraw(connection, world.engine.ledger, found, **how) == 0
        assert acknowledgements_of(connection) == {}
        noted = [r.draft for r in world.engine.ledger.records(connection, kinds=("noted",))]
    assert [(d.outcome, d.actor, d.reason, d.targets[0].target) for d in noted] == [
        ("acknowledged", "alice", "vendor is called", "web1"),
        ("ack_withdrawn", "alice", "wrong one", "web1"),
    ]
    assert [change for change, _, _ in told.settle()] == ["replaced", "again"]


def test_only_the_last_acknowledgement_of_a_problem_stands(world, ack):
    world.run("CRITICAL")
    ack(reason="first")
    ack(reason="second")
    with world.database.reading() as connection:
        assert [one.reason for one in acknowledgements_of(connection).values()] == ["second"]


def test_alerts_keep_their_history(world, told):
    told.run("CRITICAL", "OK", "CRITICAL")
    with world.database.reading() as connection:
        assert sorted(row.state for row in connection.execute(select(ALERTS))) == ["closed", "open"]
    assert json.dumps([view.model_dump(mode="json") for view in world.problems()])
