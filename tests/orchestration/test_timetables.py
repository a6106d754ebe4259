"""What Prefect will start is what our calendars say: asked of Prefect's own schedules, and of a real server."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.schedules import CronSchedule, RRuleSchedule
from prefect.server.schemas import schedules as server_side

from temanashi.calendars import SiteCalendars
from temanashi.orchestration.deployments import sync_deployments
from temanashi.orchestration.timetables import LISTED, Timetable, timetables
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.occurrences import next_occurrences
from temanashi.runbooks.schedule import Schedule, numbered
from temanashi.text import phrase
from temanashi.workspace.beginning import due_occurrence
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import current_version

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 20, 3, 0, 17, tzinfo=UTC)
SITE = SiteCalendars.model_validate(
    {"closed": ["2026-12-28"], "blackout": [{"from": "2027-02-01", "to": "2027-02-03 12:00", "reason": "移行"}]}
)
SCHEDULES = {
    "every business day": {"cron": "30 7 * * *", "calendar": "tse"},
    "shifted": {"at": "09:00", "days": {"month_day": 25}, "on_closed": "next"},
    "the night after": {"at": ["25:30", "08:00"], "days": "business_day"},
    "third and last": {"at": "17:00", "days": {"nth_business_day": [3, -1]}},
    "the day before": {"at": "10:00", "days": {"month_day": 25, "before": 1}, "calendar": "japan"},
    "every ten minutes": {"cron": "*/10 8-17 * * *", "calendar": "company"},
    "new york": {"cron": "30 2 * * *", "timezone": "America/New_York", "calendar": "weekends"},
    "a lost hour": {"cron": "30 2 * * *", "timezone": "America/New_York"},
    "half hours": {"cron": "*/30 * * * *", "timezone": "America/New_York"},
    "plain": {"cron": "0 8 * * 1-5"},
    "until": {"cron": "0 8 * * *", "until": "2026-12-10"},
    "yearly": {"at": "06:00", "days": {"nth_business_day": -1, "months": 3}},
}


class LeftOut:
    def __init__(self, left_out):
        self.left_out = left_out

    def concerns(self, runbook, schedule):
        return schedule == "1"

    def why(self, runbook, occurrence):
        return phrase("schedules.moved", day="") if self.left_out(runbook, occurrence) else None


def table(schedule, *, site=SITE, now=NOW, left_out=None):
    (own,) = numbered((Schedule.model_validate(schedule),))
    return Timetable(runbook="look", schedule=own, calendars=site, zone=TOKYO, now=now, left_out=left_out)


def asked_of_prefect(made, count, *, after=NOW):
    told = made.for_prefect()
    theirs = getattr(server_side, type(told).__name__).model_validate(told.model_dump())
    return [moment.astimezone(UTC) for moment in asyncio.run(theirs.get_dates(n=count, start=after))]


def held(made, **changes):
    return DeploymentSchedule(schedule=made.for_prefect(), parameters=made.schedule.parameters, slug=made.slug, **changes)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("site", [SITE, SiteCalendars()], ids=["blackout", "plain site"])
def test_prefects_next_hundred_runs_are_our_next_hundred_occurrences(name, site):
    made = table(SCHEDULES[name], site=site)
    ours = next_occurrences(made.schedule, site, NOW, 100, zone=TOKYO)
    assert asked_of_prefect(made, 100) == [o.at.astimezone(UTC) for o in ours]
    assert len(ours) == {"until": 20, "yearly": 10}.get(name, 100)


def test_a_cron_that_nothing_excludes_stays_a_cron():
    assert table(SCHEDULES["plain"], site=SiteCalendars()).for_prefect() == CronSchedule(cron="0 8 * * 1-5", timezone="Asia/Tokyo")
    assert table(SCHEDULES["half hours"], site=SiteCalendars()).is_plain
    over = SiteCalendars.model_validate({"blackout": [{"from": "2026-01-01", "to": "2026-01-03", "reason": "x"}]})
    assert table(SCHEDULES["plain"], site=over).is_plain


def test_a_cron_in_an_hour_that_the_clock_leaves_out_becomes_a_list():
    made = table(SCHEDULES["a lost hour"], site=SiteCalendars())
    assert not made.is_plain
    assert datetime(2027, 3, 14, 7, 30, tzinfo=UTC) in asked_of_prefect(made, 200)


@pytest.mark.parametrize("name", ["half hours", "new york", "a lost hour"])
@pytest.mark.parametrize("day", [datetime(2027, 3, 12, 12, 7, tzinfo=UTC), datetime(2027, 11, 5, 12, 7, tzinfo=UTC)])
def test_clock_changes_in_new_york_move_nothing(name, day):
    made = table(SCHEDULES[name], site=SiteCalendars(), now=day)
    ours = next_occurrences(made.schedule, SiteCalendars(), day, 150, zone=TOKYO)
    assert asked_of_prefect(made, 150, after=day) == [o.at.astimezone(UTC) for o in ours]


def test_the_longest_list_is_short_enough_for_prefect():
    told = table(SCHEDULES["every ten minutes"]).for_prefect()
    assert told.rrule.count(",") == LISTED - 1
    assert len(told.rrule) < 6500


def test_what_persons_left_out_is_not_in_prefect():
    monday = next_occurrences(table(SCHEDULES["plain"]).schedule, SITE, NOW, 1, zone=TOKYO)[0]

    left_out = LeftOut(lambda runbook, occurrence: runbook == "look" and occurrence.at == monday.at)
    plain = table(SCHEDULES["plain"], site=SiteCalendars())
    skipped = replace(plain, left_out=left_out)
    assert isinstance(skipped.for_prefect(), RRuleSchedule)
    assert asked_of_prefect(skipped, 5) == asked_of_prefect(plain, 6)[1:]
    assert not skipped.is_held_by(held(plain))
    assert not plain.is_held_by(held(skipped))
    on_hold = replace(plain, left_out=LeftOut(lambda *_: True))
    assert asked_of_prefect(on_hold, 5) == []
    assert on_hold.is_held_by(held(on_hold))


@pytest.mark.parametrize("name", SCHEDULES)
def test_what_prefect_holds_stays_true_until_it_runs_short(name):
    made = table(SCHEDULES[name])
    kept = held(made)
    assert made.is_held_by(kept)
    assert replace(made, now=NOW + timedelta(hours=3)).is_held_by(kept)
    later = next_occurrences(made.schedule, SITE, NOW, 300, zone=TOKYO)[-1].at
    # A cron never runs short, and neither does a list of what ends.
    assert replace(made, now=later).is_held_by(kept) is (name == "until")


@pytest.mark.parametrize(
    "changes",
    [
        {"cron": "30 8 * * *"},
        {"timezone": "UTC"},
        {"parameters": {"branch": "osaka"}},
        {"calendar": "every_day"},
        {"on_closed": "next", "cron": "30 7 25 * *"},
    ],
)
def test_another_schedule_is_not_held(changes):
    kept = held(table(SCHEDULES["every business day"]))
    assert not table({**SCHEDULES["every business day"], **changes}).is_held_by(kept)


@pytest.mark.parametrize(
    "rrule", ["FREQ=DAILY", "DTSTART:20261120T080000\nRRULE:FREQ=DAILY", "DTSTART:20200101T000000\nRDATE:20200101T00Z"]
)
def test_a_rule_that_somebody_wrote_into_prefect_is_replaced(rrule):
    made = table(SCHEDULES["every business day"])
    other = DeploymentSchedule.model_construct(
        schedule=RRuleSchedule.model_construct(rrule=rrule, timezone="Asia/Tokyo"), parameters={}, slug=made.slug, active=True
    )
    assert not made.is_held_by(other)


def test_a_schedule_that_the_file_switches_off_is_not_in_prefect():
    runbook = SimpleNamespace(id="look", schedules=(Schedule(cron="0 8 * * *", active=False), Schedule(cron="0 9 * * *")))
    assert [t.slug for t in timetables(runbook, SITE, zone=TOKYO, now=NOW)] == ["look-2"]


def test_only_schedules_that_a_hold_or_skip_concerns_become_lists():
    runbook = SimpleNamespace(id="look", schedules=(Schedule(cron="0 8 * * *"), Schedule(cron="0 9 * * *")))
    made = timetables(runbook, SiteCalendars(), zone=TOKYO, now=NOW, left_out=LeftOut(lambda *_: False))
    assert [t.is_plain for t in made] == [False, True]
    assert asked_of_prefect(made[0], 3) == asked_of_prefect(table({"cron": "0 8 * * *"}, site=SiteCalendars()), 3)


@pytest.fixture
def published(place):
    with open_installation(place.root) as opened, opened.database.reading() as connection:
        return current_version(connection, kinds=step_kinds())


@pytest.fixture
def scheduled(client, deployed, published, place):
    """Deploys schedules of `count-cash`, and takes them away again."""

    def deploy(*schedules, now=None):
        runbook = published.runbooks["count-cash"]
        own = numbered([Schedule.model_validate(s) for s in schedules])
        changed = runbook.model_copy(update={"schedules": own, "data": {**runbook.data, "schedules": [str(s) for s in own]}})
        version = replace(published, runbooks={**published.runbooks, "count-cash": changed}, calendar=SITE)
        return changed, sync_deployments(client, place.settings, version, now=now or datetime.now(UTC))

    yield deploy
    sync_deployments(client, place.settings, published, now=datetime.now(UTC))


def planned_runs(client, deployment):
    found, more = [], None
    body = {"deployments": {"id": {"any_": [str(deployment.id)]}}, "sort": "EXPECTED_START_TIME_ASC", "limit": 200}
    while more is None or more:
        body["offset"] = len(found)
        more = client.request("POST", "/flow_runs/filter", json=body).json()
        found += more
    return [run for run in found if run["auto_scheduled"]]  # others are asked for by other tests


@pytest.mark.server
def test_a_real_server_plans_the_next_hundred_runs_of_every_schedule(client, scheduled, published):
    names = ["every business day", "the night after", "third and last", "new york", "plain"]
    now = datetime.now(UTC)
    runbook, synced = scheduled(*(SCHEDULES[name] for name in names), now=now)
    assert synced.changed == ("count-cash",)
    deployment = client.read_deployment_by_name("count-cash/count-cash")
    client.request(
        "POST",
        "/deployments/{id}/schedule",
        path_params={"id": deployment.id},
        json={"min_runs": 100, "max_runs": 100, "end_time": (now + timedelta(days=4000)).isoformat(), "min_time": 0},
    )
    runs = planned_runs(client, deployment)
    for schedule in runbook.schedules:
        mine = [r for r in runs if r["created_by"]["display_value"] == f"count-cash-{schedule.id}"]
        theirs = [datetime.fromisoformat(r["expected_start_time"]) for r in mine][:100]
        ours = next_occurrences(schedule, SITE, now, 100, zone=TOKYO)
        assert theirs == [o.at for o in ours], schedule.id
        at = replace(published, calendar=SITE)
        slug = mine[0]["created_by"]["display_value"]
        served = [due_occurrence(at, runbook, moment, slug=slug, parameters={}) for moment in theirs[:5]]
        assert [(due.schedule, due.slot) for due in served] == [(schedule, o.slot) for o in ours[:5]]


@pytest.mark.server
def test_what_a_person_switched_off_stays_off_over_versions_and_refreshes(client, scheduled, place):
    scheduled({**SCHEDULES["plain"], "id": "morning"}, SCHEDULES["every business day"])
    found = client.read_deployment_by_name("count-cash/count-cash")
    (morning,) = [s for s in found.schedules if s.slug == "count-cash-morning"]
    client.update_deployment_schedule(found.id, morning.id, active=False)
    assert scheduled({**SCHEDULES["plain"], "id": "morning"}, SCHEDULES["every business day"])[1].changed == ()
    scheduled(SCHEDULES["every business day"], {"cron": "0 9 * * *", "id": "morning"})
    found = client.read_deployment_by_name("count-cash/count-cash")
    assert {s.slug: s.active for s in found.schedules} == {"count-cash-1": True, "count-cash-morning": False}


@pytest.mark.server
def test_a_list_that_runs_short_is_written_anew_and_loses_no_run(client, scheduled):
    now = datetime.now(UTC)
    scheduled(SCHEDULES["every ten minutes"], now=now - timedelta(days=30))
    before = client.read_deployment_by_name("count-cash/count-cash").schedules[0]
    synced = scheduled(SCHEDULES["every ten minutes"], now=now)[1]
    assert (synced.changed, "count-cash" in synced.rescheduled) == ((), True)
    deployment = client.read_deployment_by_name("count-cash/count-cash")
    after = deployment.schedules[0]
    assert (after.id, after.slug, after.active) == (before.id, before.slug, True)
    assert after.schedule != before.schedule
    due = [datetime.fromisoformat(r["expected_start_time"]) for r in planned_runs(client, deployment)]
    due = [moment for moment in due if moment > now]
    ours = next_occurrences(Schedule.model_validate(SCHEDULES["every ten minutes"]), SITE, now, 3, zone=TOKYO)
    assert due[:3] == [o.at for o in ours]
    assert all(a < b for a, b in pairwise(due))
