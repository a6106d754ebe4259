"""The ledger of expected runs: what was promised, what happened, and who hears of what did not."""

from contextlib import suppress

import pytest

from fixtures_postgresql import postgresql_server, postgresql_url  # noqa: F401  (fixtures)
from fixtures_runs import ALICE, BOB
from fixtures_schedules import at, town_in
from temanashi.runs.holds import add_hold, add_skip, lift_hold, lift_skip
from temanashi.runs.overlap import Overlapping
from temanashi.text import explain
from temanashi.workspace.beginning import NotStarted

HOURLY = {"cron": "0 * * * *"}
DAILY = {"cron": "0 9 * * *"}
HAND = {"id": "hand", "manual": {"text": {"ja": "手", "en": "Hand"}}}


@pytest.fixture
def town(tmp_path):
    with town_in(tmp_path, "2026-11-20 08:00") as made:
        yield made


def ready(town, *schedules, name="job", **more):
    town.runbook(name, *(schedules or (HOURLY,)), **more)
    town.publish()
    town.watch("2026-11-20 08:01")
    return town


def test_what_ran_in_time_is_started_and_nobody_is_told(town):
    ready(town)
    town.clock.set("2026-11-20 09:00")
    run = town.start("job", "2026-11-20 09:00")
    town.watch("2026-11-20 09:30")
    assert town.states() == {"11-20 09:00": "started"}
    assert town.told.heard == []
    assert run


def test_what_was_not_heard_of_within_its_grace_is_missing_and_told_once(town):
    ready(town, {**DAILY, "missed": "skip"})
    for minute in range(1, 10):
        looked, _, trouble = town.watch(f"2026-11-20 09:{minute:02d}")
        assert trouble == []
    assert [due.name for due in looked.to_start] == ["job/1"]  # it may still start, and somebody should see to it
    looked, alarmed, trouble = town.watch("2026-11-20 09:12")
    assert town.states() == {"11-20 09:00": "late"}
    assert alarmed.raised == ["job/1"]
    assert trouble == ["did not run: job/1"]
    assert town.told.titles == ["実行されませんでした：job/1（1 回）"]
    assert "2026-11-20 09:00 job/1" in town.told.heard[0][1]
    town.watch("2026-11-20 09:13")
    town.watch("2026-11-21 09:15")  # the next day too: the same problem
    assert len(town.told.heard) == 1
    [note] = town.notes("not_run_late")[:1]
    assert (note.runbook, note.actor_kind, note.channel) == ("job", "system", "schedule")
    assert note.body["at"] == ["2026-11-20T00:00:00+00:00"]


def test_an_alarm_is_over_when_the_schedule_runs_again(town):
    ready(town)
    town.watch("2026-11-20 09:12")
    town.clock.set("2026-11-20 10:00")
    town.start("job", "2026-11-20 10:00")
    _, alarmed, trouble = town.watch("2026-11-20 10:01")
    assert alarmed.recovered == ["job/1"]
    assert trouble == []
    assert len(town.told.heard) == 2
    assert town.told.titles[1].startswith("recovered: ")
    town.watch("2026-11-20 10:02")
    assert len(town.told.heard) == 2


def test_an_alarm_that_could_not_be_told_is_told_by_the_next_look(town):
    ready(town)
    town.told.works = False
    _, alarmed, _ = town.watch("2026-11-20 09:12")
    assert alarmed.failures
    town.told.works = True
    town.watch("2026-11-20 09:13")
    assert town.told.titles == ["実行されませんでした：job/1（1 回）"]


def test_an_outage_of_many_schedules_is_one_notice(town):
    for number in range(5):
        town.runbook(f"job-{number}", HOURLY)
    town.publish()
    town.watch("2026-11-20 08:01")
    town.watch("2026-11-20 09:30")
    assert town.told.titles == ["5 件の予定が実行されませんでした（計 5 回）"]
    town.clock.set("2026-11-20 10:00")
    for number in range(5):
        town.start(f"job-{number}", "2026-11-20 10:00")
        town.watch()
        town.watch()
        assert len(town.told.heard) == (2 if number == 4 else 1)  # it is over when all of them run again


OUTAGE = ["11-20 09:00", "11-20 10:00", "11-20 11:00"]


@pytest.mark.parametrize(
    ("missed", "started", "states"),
    [
        ("skip", [], ["late", "late", "late"]),
        ("last", ["11-20 11:00"], ["superseded", "superseded", "started"]),
        ("all", OUTAGE, ["started", "started", "started"]),
    ],
)
@pytest.mark.parametrize("watch_first", [True, False])
def test_after_three_missed_slots_the_policy_decides_what_starts(town, missed, started, states, watch_first):
    ready(town, {**HOURLY, "missed": missed})
    town.clock.set("2026-11-20 11:40")  # down from 08:01 until now
    if watch_first:
        looked, *_ = town.watch()
        assert [f"{due.at.astimezone(town.engine.zone):%m-%d %H:%M}" for due in looked.to_start] == started
    done = []
    for slot in OUTAGE:
        with suppress(NotStarted):
            town.start("job", f"2026-{slot}")
            done.append(slot)
    town.watch("2026-11-20 11:41")
    assert done == started
    assert town.states() == dict(zip(OUTAGE, states, strict=True))
    assert town.told.titles == (["実行されませんでした：job/1（3 回）"] if missed == "skip" else [])


def test_the_last_one_starts_only_within_its_lateness(town):
    ready(town, {**HOURLY, "missed": "last", "max_lateness": "30m"})
    town.clock.set("2026-11-20 11:40")
    with pytest.raises(NotStarted) as late:
        town.start("job", "2026-11-20 11:00")
    assert late.value.data["state"] == "late"
    for lang, word in (("ja", "40 分"), ("en", "40 minutes")):
        assert word in explain(late.value, lang).what
        assert "tema expected" in explain(late.value, lang).next


@pytest.mark.parametrize("now", ["2026-11-20 11:40", "2026-11-20 11:00"])
def test_runs_of_all_queue_behind_each_other(town, now):
    ready(town, {**HOURLY, "missed": "all"}, overlap="skip", steps=(HAND,))
    town.clock.set(now)
    assert len({town.start("job", f"2026-{slot}") for slot in OUTAGE}) == 3


def test_a_short_restart_of_a_frequent_schedule_is_no_alarm(town):
    ready(town, {"cron": "*/5 * * * *"})
    for minute in range(5, 60, 5):
        if minute != 20:
            town.clock.set(f"2026-11-20 08:{minute:02d}")
            town.start("job", f"2026-11-20 08:{minute:02d}")
        town.watch(f"2026-11-20 08:{minute + 1:02d}")
    assert town.states()["11-20 08:20"] == "superseded"
    assert town.told.heard == []


def test_a_held_schedule_does_not_start_and_the_record_names_who_held_it(town):
    ready(town)
    hold = add_hold(town.engine, runbook="job", reason="棚卸し", until=at("2026-11-20 12:00"), actor=ALICE, channel="cli")
    town.clock.set("2026-11-20 09:00")
    with pytest.raises(NotStarted) as held:
        town.start("job", "2026-11-20 09:00")
    assert held.value.data["state"] == "held"
    for lang in ("ja", "en"):
        assert "alice" in explain(held.value, lang).what
        assert "棚卸し" in explain(held.value, lang).what
    town.watch("2026-11-20 10:30")  # 10:00 had no flow run at all
    assert town.states() == {"11-20 09:00": "held", "11-20 10:00": "held"}
    assert town.told.heard == []
    assert [note.body["count"] for note in town.notes("not_run_held")] == [1, 1]
    assert "alice" in town.notes("not_run_held")[0].reason
    assert lift_hold(town.engine, hold, reason="done", actor=BOB, channel="cli")
    assert not lift_hold(town.engine, hold, reason="again", actor=BOB, channel="cli")
    town.clock.set("2026-11-20 11:00")
    assert town.start("job", "2026-11-20 11:00")
    assert [(n.actor, n.reason) for n in (*town.notes("held"), *town.notes("hold_lifted"))] == [
        ("alice", "棚卸し"),
        ("bob", "done"),
    ]


def test_what_was_held_at_its_time_is_not_caught_up_after_the_hold(town):
    ready(town, {**HOURLY, "missed": "last"})
    add_hold(town.engine, runbook="job", schedule="1", reason="work", until=at("2026-11-20 09:10"), actor=ALICE, channel="cli")
    town.clock.set("2026-11-20 09:40")
    with pytest.raises(NotStarted) as held:
        town.start("job", "2026-11-20 09:00")
    assert held.value.data["state"] == "held"


def test_a_hold_of_another_schedule_holds_nothing_here(town):
    ready(town, {**HOURLY, "id": "a"}, {"cron": "30 * * * *", "id": "b"})
    add_hold(town.engine, runbook="job", schedule="a", reason="work", until=None, remind_days=7, actor=ALICE, channel="cli")
    town.clock.set("2026-11-20 08:30")
    assert town.start("job", "2026-11-20 08:30", schedule="b")
    town.clock.set("2026-11-20 09:00")
    with pytest.raises(NotStarted):
        town.start("job", "2026-11-20 09:00", schedule="a")


def test_all_schedules_can_be_held_and_an_open_hold_reminds(town):
    ready(town)
    hold = add_hold(town.engine, reason="move", until=None, remind_days=7, actor=ALICE, channel="cli")
    town.clock.set("2026-11-20 09:00")
    with pytest.raises(NotStarted):
        town.start("job", "2026-11-20 09:00")
    town.watch("2026-11-26 09:00")
    assert town.told.heard == []
    town.watch("2026-11-27 09:00")
    town.watch("2026-11-27 09:01")
    assert town.told.titles == ["保留が続いています：すべての予定"]
    assert hold.id in town.told.heard[0][1]
    town.watch("2026-12-04 09:02")
    assert len(town.told.heard) == 2


def test_the_end_of_a_hold_is_on_the_record(town):
    ready(town)
    add_hold(town.engine, runbook="job", reason="work", until=at("2026-11-20 08:30"), actor=ALICE, channel="cli")
    town.watch("2026-11-20 08:40")
    town.watch("2026-11-20 08:41")
    assert [note.actor for note in town.notes("hold_ended")] == ["temanashi"]


def test_a_skipped_day_does_not_start_and_the_day_after_does(town):
    ready(town, DAILY)
    day = at("2026-11-21 00:00").date()
    skip = add_skip(town.engine, runbook="job", schedule="", day=day, at=None, reason="祝賀会", actor=ALICE, channel="cli")
    town.clock.set("2026-11-20 09:00")
    assert town.start("job", "2026-11-20 09:00")
    town.clock.set("2026-11-21 09:00")
    with pytest.raises(NotStarted) as skipped:
        town.start("job", "2026-11-21 09:00")
    assert skipped.value.data["state"] == "skipped"
    assert "祝賀会" in explain(skipped.value, "ja").what
    town.clock.set("2026-11-22 09:00")
    assert town.start("job", "2026-11-22 09:00")
    assert lift_skip(town.engine, skip, reason="", actor=BOB, channel="cli")
    assert not lift_skip(town.engine, skip, reason="", actor=BOB, channel="cli")
    assert town.notes("skip_lifted")[0].actor == "bob"


def test_skipping_one_moment_leaves_the_others_of_the_day(town):
    ready(town)
    moment = at("2026-11-20 10:00")
    add_skip(town.engine, runbook="job", schedule="1", day=moment.date(), at=moment, reason="x", actor=ALICE, channel="cli")
    town.clock.set("2026-11-20 09:00")
    assert town.start("job", "2026-11-20 09:00")
    town.watch("2026-11-20 10:30")
    assert town.states() == {"11-20 09:00": "started", "11-20 10:00": "skipped"}


def test_nothing_is_counted_twice_after_publishing_withdrawing_and_publishing_again(town):
    ready(town)
    town.clock.set("2026-11-20 08:50")
    file = town.place.root / "runbooks" / "routine" / "job.yaml"
    text = file.read_text()
    file.unlink()
    town.runbook("other", {"cron": "55 * * * *"})
    town.publish()
    town.clock.set("2026-11-20 09:30")  # 09:00 was promised by nobody
    file.write_text(text)
    town.publish()
    town.watch("2026-11-20 10:11")
    assert town.states("job") == {"11-20 10:00": "late"}
    town.watch("2026-11-20 10:12")
    assert list(town.states("job")) == ["11-20 10:00"]


def test_an_occurrence_of_a_withdrawn_runbook_is_settled_without_an_alarm(town):
    ready(town)
    town.watch("2026-11-20 09:01")
    assert town.states() == {"11-20 09:00": "expected"}
    (town.place.root / "runbooks" / "routine" / "job.yaml").unlink()
    town.runbook("other", DAILY)
    town.publish()
    town.watch("2026-11-20 09:02")
    assert town.states("job") == {"11-20 09:00": "superseded"}
    assert town.told.heard == []


def test_an_alarm_of_a_withdrawn_schedule_is_over(town):
    ready(town)
    town.watch("2026-11-20 09:12")
    town.runbook("job", {**HOURLY, "active": False})
    town.publish()
    _, alarmed, _ = town.watch("2026-11-20 09:13")
    assert alarmed.recovered == ["job/1"]


def test_a_second_flow_run_of_the_same_occurrence_does_not_start(town):
    ready(town)
    town.clock.set("2026-11-20 09:00")
    run = town.start("job", "2026-11-20 09:00", flow_run="one")
    assert town.start("job", "2026-11-20 09:00", flow_run="one") == run  # Prefect may run a flow again
    with pytest.raises(NotStarted) as twice:
        town.start("job", "2026-11-20 09:00", flow_run="two")
    assert "one" in explain(twice.value, "en").what


def test_a_flow_run_that_died_before_it_asked_is_missing(town):
    ready(town)
    town.clock.set("2026-11-20 09:00")
    published = town.published
    from temanashi.workspace.beginning import begin, due_occurrence

    begin(
        town.engine,
        published,
        due_occurrence(published, published.runbooks["job"], at("2026-11-20 09:00"), slug="", parameters={}),
        flow_run="dead",
    )
    looked, *_ = town.watch("2026-11-20 09:05")
    assert looked.to_start == []
    town.watch("2026-11-20 09:11")
    assert town.states() == {"11-20 09:00": "missing"}


def test_two_schedules_at_one_moment_are_told_apart(town):
    ready(town, {**HOURLY, "id": "a", "parameters": {}}, {**HOURLY, "id": "b"})
    town.clock.set("2026-11-20 09:00")
    town.start("job", "2026-11-20 09:00", schedule="a", flow_run="fa")
    town.start("job", "2026-11-20 09:00", schedule="b", flow_run="fb")


def test_a_run_of_a_schedule_that_is_gone_is_judged_by_the_strictest_rule(town):
    ready(town)
    town.clock.set("2026-11-20 09:20")
    with pytest.raises(NotStarted) as late:
        town.start("job", "2026-11-20 09:07", schedule="gone")
    assert late.value.data["state"] == "late"
    assert late.value.data["name"] == "job/gone"


def test_days_are_those_of_the_workspace_and_old_rows_are_forgotten(town):
    ready(town, {"at": "25:30"})
    town.clock.set("2026-11-21 01:30")
    town.start("job", "2026-11-21 01:30")
    from temanashi.runs.expected import read_occurrences

    with town.opened.database.reading() as connection:
        [row] = read_occurrences(connection)
    assert row.slot.isoformat() == "2026-11-20"
    assert row.result == "planned"
    town.watch("2027-03-01 12:00")
    assert "11-21 01:30" not in town.states()


def test_a_run_that_overlaps_is_refused(town):
    ready(town, overlap="skip", steps=(HAND,))
    town.clock.set("2026-11-20 09:00")
    town.start("job", "2026-11-20 09:00")
    town.clock.set("2026-11-20 10:00")
    with pytest.raises(Overlapping):
        town.start("job", "2026-11-20 10:00")


def test_a_schedule_that_is_blocked_twice_in_a_row_is_told(town):
    from temanashi.runs.expected import expect, settle_occurrence, stamp
    from temanashi.text import phrase

    ready(town)
    reason = phrase("runs.overlapped", run="r1", actor="alice")
    for hour in (9, 10):
        moment = at(f"2026-11-20 {hour:02d}:00")
        with town.engine.database.transaction() as connection:
            expect(connection, "job", "1", moment, slot=moment.date(), version="v", due=moment, now=moment)
            settle_occurrence(connection, ("job", "1", stamp(moment)), "overlap", reason=reason)
        town.watch(f"2026-11-20 {hour:02d}:01")
        assert len(town.told.heard) == (hour == 10)
    assert "alice" in town.told.heard[0][1]


def test_what_the_calendar_or_the_file_leaves_out_by_now_does_not_start(town):
    ready(town, {**HOURLY, "id": "a"}, {**HOURLY, "id": "b"})
    closed = {"from": "2026-11-20", "to": "2026-11-20", "reason": {"ja": "移転", "en": "Move"}}
    town.runbook("job", {**HOURLY, "id": "a", "active": False}, {**HOURLY, "id": "b", "blackout": [closed]})
    town.publish()
    town.clock.set("2026-11-20 09:00")
    for schedule, word in (("a", "active: false"), ("b", "移転")):
        with pytest.raises(NotStarted) as left_out:
            town.start("job", "2026-11-20 09:00", schedule=schedule, flow_run=schedule)
        assert word in explain(left_out.value, "ja").what


def test_on_postgresql_an_outage_a_hold_and_an_alarm_are_written_down_the_same_way(tmp_path, request, monkeypatch):
    monkeypatch.setenv("TEMA_DATABASE_URL", request.getfixturevalue("postgresql_url"))
    with town_in(tmp_path, "2026-11-20 08:00") as town:
        assert town.opened.database.dialect == "postgresql"
        ready(town, {**HOURLY, "missed": "last"})
        hold = add_hold(town.engine, runbook="job", reason="x", until=at("2026-11-20 10:30"), actor=ALICE, channel="cli")
        town.clock.set("2026-11-20 11:40")
        assert town.start("job", "2026-11-20 11:00")
        town.watch()
        assert town.states() == {"11-20 09:00": "held", "11-20 10:00": "held", "11-20 11:00": "started"}
        assert [look.expected for look in (town.watch("2026-11-20 12:20")[0], town.watch()[0])] == [1, 0]
        assert [due.name for due in town.watch("2026-11-20 12:21")[0].to_start] == ["job/1"]
        town.watch("2026-11-20 12:50")
        assert town.states()["11-20 12:00"] == "missing"
        assert town.told.titles == ["実行されませんでした：job/1（1 回）"]
        assert hold.id
