"""Maintenance that comes again: when it is in force, what it covers, and that nobody is told of it meanwhile."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from fixtures_runs import ALICE
from temanashi.calendars import SiteCalendars
from temanashi.monitoring.alerting import Alerts, settle_alerts
from temanashi.monitoring.maintenance import add_window
from temanashi.monitoring.reading import problems, states
from temanashi.monitoring.recurring import Recurring, RecurringWindow
from temanashi.problems import problems_of
from temanashi.text.local import phrase

TOKYO = ZoneInfo("Asia/Tokyo")
SUNDAY = {"weekday": "sun"}


def rule(**fields):
    given = {"id": "weekly", "hosts": "all", "at": "23:00", "length": "3h", "reason": "再起動", "owner": "ops", **fields}
    return RecurringWindow.model_validate(given)


def recurring(*rules, zone=TOKYO, **calendars):
    return Recurring(windows=rules, calendars=SiteCalendars.model_validate(calendars), zone=zone)


def at(text, zone=TOKYO):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("fields", "inside", "outside"),
    [
        ({"days": SUNDAY}, ["2026-11-22 23:00", "2026-11-23 01:59"], ["2026-11-22 22:59", "2026-11-23 02:00", "2026-11-23 23:30"]),
        ({"at": "25:30", "days": SUNDAY}, ["2026-11-23 01:30", "2026-11-23 04:29"], ["2026-11-22 01:30", "2026-11-23 01:29"]),
        ({"days": {"month_day": -1}}, ["2026-11-30 23:30", "2026-12-01 01:00"], ["2026-11-29 23:30", "2026-12-02 00:00"]),
        # The second business day of January 2027 is the 5th: the exchange opens on the 4th.
        ({"days": {"nth_business_day": 2}}, ["2027-01-05 23:00"], ["2027-01-02 23:00", "2027-01-04 23:00"]),
        # Monday the 23rd of November is a holiday: that night has none, or it comes on the day after.
        ({"days": "business_day"}, ["2026-11-24 23:00"], ["2026-11-23 23:00"]),
        ({"days": {"weekday": "mon"}, "calendar": "tse", "on_closed": "next"}, ["2026-11-24 23:00"], ["2026-11-23 23:00"]),
        ({"at": ["03:00", "15:00"], "length": "30m"}, ["2026-11-25 03:10", "2026-11-25 15:29"], ["2026-11-25 12:00"]),
        ({"days": SUNDAY, "length": "2d"}, ["2026-11-24 22:59"], ["2026-11-24 23:00"]),
        ({"timezone": "UTC"}, ["2026-11-23 08:00"], ["2026-11-22 23:00"]),
        # The last night is the one that begins on that day: it ends on the next.
        ({"from": "2026-11-20", "until": "2026-11-21"}, ["2026-11-20 23:00", "2026-11-22 01:00"], ["2026-11-22 23:00"]),
        ({"active": False}, [], ["2026-11-22 23:00"]),
    ],
)
def test_it_is_in_force_when_its_rule_says_so(fields, inside, outside):
    live = recurring(rule(**fields))
    assert [text for text in inside if not live.over(at(text))] == []
    assert [text for text in outside if live.over(at(text))] == []


def test_a_clock_that_is_set_back_makes_it_no_longer():
    berlin = ZoneInfo("Europe/Berlin")
    (window,) = recurring(rule(at="01:00"), zone=berlin).over(at("2026-10-25 01:30", berlin))
    assert window.until.isoformat() == "2026-10-25T03:00:00+01:00"


def test_a_blackout_of_schedules_takes_no_maintenance_away():
    live = recurring(rule(), blackout=[{"from": "2026-11-20", "to": "2026-11-30", "reason": "年末"}])
    assert live.over(at("2026-11-22 23:30"))


def test_of_nights_that_overlap_the_later_end_counts():
    (window,) = recurring(rule(length="36h")).over(at("2026-11-22 23:30"))
    assert window.since == at("2026-11-22 23:00")


def test_what_is_in_force_or_begins_next_is_told_of_each_rule():
    live = recurring(
        rule(days=SUNDAY),
        rule(id="now", at="09:00", systems=["order"], hosts=None),
        rule(id="over", until="2020-01-01"),
        rule(id="off", active=False),
        rule(id="never", days={"weekday": "sun"}, calendar="weekends"),
    )
    found = live.ahead(at("2026-11-20 10:00"))
    assert live.idle(at("2026-11-20 10:00")) == ["over", "off", "never"]
    assert [(one.id, one.selector, one.since, one.until, one.actor) for one in found] == [
        ("now", "system:order", at("2026-11-20 09:00"), at("2026-11-20 12:00"), "ops"),
        ("weekly", "all", at("2026-11-22 23:00"), at("2026-11-23 02:00"), "ops"),
    ]


@pytest.mark.parametrize(
    ("fields", "place", "said"),
    [
        ({"systems": ["a"]}, (), "both"),
        ({"hosts": None}, (), "nothing"),
        ({"length": "15d"}, (), "14"),
        ({"length": "3 hours"}, ("length",), "3 hours"),
        ({"at": "48:00"}, ("at", 0), "48:00"),
        ({"days": {"weekday": "sonntag"}}, ("days", "weekday", 0), "sonntag"),
        ({"from": "2026-02-01", "until": "2026-01-01"}, (), "2026-02-01"),
        ({"id": "Weekly!"}, ("id",), "Weekly!"),
        ({"lenght": "3h"}, ("lenght",), "lenght"),
        ({"owner": ""}, ("owner",), "owner"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(fields, place, said):
    with pytest.raises(ValidationError) as caught:
        rule(**fields)
    (problem,) = problems_of(caught.value, model=RecurringWindow)
    assert problem.loc == place
    for lang in ("ja", "en"):
        assert problem.message.key not in problem.message.text(lang)
    assert said in problem.message.text("en")


@pytest.fixture
def told(world):
    """What is told and shown under rules, all through the first night of the world."""

    class Told:
        def under(self, *rules):
            self.live = Recurring(windows=rules, zone=ZoneInfo("UTC"))
            return self

        def settle(self):
            alerts = Alerts(inventory=lambda _: world.inventory, recurring=lambda _: self.live)
            with world.database.transaction() as connection:
                found = settle_alerts(connection, now=world.clock.now(), alerts=alerts)
            return [(event.change, event.label, str(event.verdict)) for event in found]

        def run(self, verdict):
            world.run(verdict)
            return self.settle()

        def shown(self):
            more = {"now": world.clock.now(), "inventory": world.inventory, "recurring": self.live}
            with world.database.reading() as connection:
                return problems(connection, **more), states(connection, **more)

    return Told()


def now_for(world, **fields):
    return rule(at=f"{world.clock.now():%H:%M}", length="2h", **fields)


def test_nobody_is_told_while_it_lasts_and_verdicts_are_measured_and_shown(world, told):
    told.under(now_for(world, hosts="web1"))
    assert told.run("CRITICAL") == []
    (problem,), seen = told.shown()
    assert (str(problem.verdict), problem.maintenance.id, problem.maintenance.recurring) == ("CRITICAL", "weekly", True)
    assert [(state.target, state.maintenance is not None) for state in seen] == [("web1", True), ("web2", False)]
    world.clock.pass_by(2 * 3600)
    assert told.settle() == [("new", "sample/look/disk@web1", "CRITICAL")]


@pytest.mark.parametrize("checks", [["disk"], ["sample/disk"], ["sample/look/disk"], ["sample/*"], ["load", "d*"]])
def test_it_may_cover_some_checks_only(world, told, checks):
    world.checks.append({"id": "memory", "kind": "memory"})
    world.say("CRITICAL", check="memory")
    told.under(now_for(world, hosts=None, checks=checks if checks != ["sample/*"] else ["sample/d*"]))
    assert told.run("CRITICAL") == [("new", "sample/look/memory@web1", "CRITICAL")]


def test_another_host_or_check_is_told_all_the_same(world, told):
    told.under(now_for(world, hosts="web2"), now_for(world, id="b", checks=["other/disk"]), now_for(world, id="c", hosts="gone*"))
    assert told.run("CRITICAL") == [("new", "sample/look/disk@web1", "CRITICAL")]


@pytest.mark.parametrize(("length", "shown"), [("1h", "disk replaced"), ("3h", "再起動")])
def test_of_maintenance_set_by_hand_and_by_a_rule_the_one_that_ends_last_is_shown(world, told, length, shown):
    now = world.clock.now()
    with world.database.transaction() as connection:
        add_window(
            connection,
            world.engine.ledger,
            inventory=world.inventory,
            selector="web1",
            since=now,
            until=now + timedelta(hours=2),
            reason="disk replaced",
            actor=ALICE,
            channel="cli",
            clock=world.clock,
        )
    told.under(now_for(world).model_copy(update={"length": length}))
    assert told.run("CRITICAL") == []
    (problem,), _ = told.shown()
    assert phrase("x", reason=problem.maintenance.reason).data["reason"] == shown
