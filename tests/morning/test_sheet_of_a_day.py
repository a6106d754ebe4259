"""The sheet of a day from real runs on a real database: what is wrong first, what changed, what nobody knows."""

from dataclasses import replace

import pytest

from fixtures_morning import morning_in
from temanashi.hosts.local import LocalTransport
from temanashi.reports.display import Display
from temanashi.reports.morning_words import SheetWords


@pytest.fixture
def morning(tmp_path):
    with morning_in(tmp_path) as made:
        made.book()
        made.publish()
        yield made


def lines(sheet):
    return [(line.word, line.sort, line.hosts, dict(line.changes)) for line in sheet.lines]


def words(morning, sheet, lang="ja"):
    return SheetWords(sheet, Display(lang, morning.town.opened.settings.zone))


def test_when_all_is_well_it_says_so_and_counts(morning):
    morning.run("2026-11-18 07:30")
    sheet = morning.sheet("2026-11-18", "2026-11-18 08:00")
    assert (sheet.lines, sheet.counts, sheet.word) == ((), {"OK": 15}, "OK")
    assert [run.verdict for run in sheet.material.runs] == ["OK"]
    assert words(morning, sheet).headline() == "すべて正常です（15項目）"
    assert words(morning, sheet, "en").headline() == "All is well (15 checks)"
    assert [(group.system, group.hosts, len(group.checks)) for group in sheet.good] == [
        ("books", ("books1", "books2"), 3),
        ("gates", ("gate1",), 3),
        ("order", ("order1", "order2"), 3),
    ]


def test_the_worst_comes_first_and_the_same_finding_is_one_line(morning):
    morning.says = {("order1", "disk"): "CRITICAL", ("books1", "disk"): "CRITICAL", ("order2", "load"): "WARNING"}
    morning.says["gate1", "memory"] = "UNKNOWN"
    morning.run("2026-11-18 07:30")
    sheet = morning.sheet("2026-11-18", "2026-11-18 08:00")
    assert [(word, hosts) for word, _, hosts, _ in lines(sheet)] == [
        ("CRITICAL", ("books1", "order1")),
        ("UNKNOWN", ("gate1",)),
        ("WARNING", ("order2",)),
    ]
    assert words(morning, sheet).headline() == "異常 1件、確認不能 1件、警告 1件があります"


def test_hosts_behind_a_dead_jump_host_are_one_line_that_says_what_is_not_known(morning):
    morning.down = {"books1", "books2", "order1"}
    morning.run("2026-11-18 07:30")
    sheet = morning.sheet("2026-11-18", "2026-11-18 08:00")
    assert [(line.area, line.hosts, line.of_hosts, len(line.items)) for line in sheet.lines] == [
        (("jump", "gate1"), ("books1", "books2"), 2, 6),
        (("system", "order"), ("order1",), 2, 3),
    ]
    assert sheet.counts == {"OK": 6, "UNKNOWN": 9}
    word = words(morning, sheet)
    assert word.title(sheet.lines[0]) == "踏み台 gate1 の先の2台（2台中）の状態が分かりません"
    assert "分からない項目は6件: disk点検、load点検、memory点検" in word.what(sheet.lines[0])
    assert word.title(sheet.lines[1]) == "order1 の状態が分かりません"


def test_what_changed_since_the_business_day_before_is_told(morning):
    morning.says = {("order1", "disk"): "CRITICAL", ("order1", "load"): "WARNING", ("order2", "load"): "CRITICAL"}
    morning.says |= {("order2", "disk"): "WARNING", ("gate1", "load"): "WARNING"}
    morning.run("2026-11-20 07:30")
    morning.says = {("order1", "disk"): "CRITICAL", ("order1", "load"): "CRITICAL", ("order2", "load"): "WARNING"}
    morning.says |= {("books1", "disk"): "WARNING"}
    morning.down = {"gate1"}
    morning.run("2026-11-24 07:30")  # Saturday to Monday (a holiday) lie between
    sheet = morning.sheet("2026-11-24", "2026-11-24 08:00")
    assert sheet.previous.isoformat() == "2026-11-20"
    found = {item.row.key[4:]: item.change for item in sheet.rows if item.change}
    assert found == {
        ("order1", "disk"): "still",
        ("order1", "load"): "worse",
        ("order2", "load"): "better",
        ("order2", "disk"): "resolved",
        ("books1", "disk"): "new",
        ("gate1", "load"): "lost",
        ("gate1", "disk"): "new",
        ("gate1", "memory"): "new",
    }
    assert words(morning, sheet).change_summary() == (
        "前回（2026年11月20日(金)）から: 新規 3項目、悪化 1項目、測定できず 1項目、改善 1項目、継続 1項目、解消 1項目。"
    )
    assert [item.row.key.target for item in sheet.resolved] == ["order2"]


def test_what_lasts_is_counted_in_business_days(morning):
    morning.says = {("order2", "load"): "WARNING"}
    morning.run("2026-11-17 07:30")
    morning.says["order1", "disk"] = "CRITICAL"
    for day in ("18", "19", "24"):
        morning.run(f"2026-11-{day} 07:30")
    sheet = morning.sheet("2026-11-24")
    since = {item.row.key.target: item.since for item in sheet.rows if item.change == "still"}
    assert since == {"order1": (3, False), "order2": (4, True)}  # of what was before nobody knows
    assert [words(morning, sheet).badges(line) for line in sheet.lines] == ["3営業日目", "4営業日以上"]


def test_a_check_that_nobody_makes_any_more_is_told_and_is_no_good_news(morning):
    morning.says = {("order1", "memory"): "CRITICAL"}
    morning.run("2026-11-18 07:30")
    morning.book(checks=("disk", "load"))
    morning.publish()
    morning.run("2026-11-19 07:30")
    sheet = morning.sheet("2026-11-19", "2026-11-19 08:00")
    assert {row.key.check for row in sheet.gone} == {"memory"}
    assert len(sheet.gone) == 5
    assert sheet.resolved == ()


def test_what_was_not_run_is_never_green(morning):
    sheet = morning.sheet("2026-11-18", "2026-11-18 07:00")
    assert words(morning, sheet).headline() == "点検はこれからです"
    sheet = morning.sheet("2026-11-18", "2026-11-18 08:00")
    assert [(one.runbook, one.state) for one in sheet.material.missed] == [("morning", "missing")]
    assert (sheet.word, words(morning, sheet).headline()) == ("NOT_RUN", "未実施 1件があります")
    sheet = morning.sheet("2026-11-21", "2026-11-21 08:00")
    assert (sheet.empty, words(morning, sheet).headline()) == (True, "この日の点検はありません")


def test_a_run_made_by_hand_later_makes_up_for_a_missed_one(morning):
    morning.town.watch("2026-11-18 07:00")
    morning.town.watch("2026-11-18 08:00")
    assert morning.town.states() == {"11-18 07:30": "late"}
    assert len(morning.sheet("2026-11-18", "2026-11-18 08:01").material.missed) == 1
    morning.run("2026-11-18 08:10")
    sheet = morning.sheet("2026-11-18", "2026-11-18 08:30")
    assert (sheet.material.missed, [one.state for one in sheet.material.left_out]) == ((), ["made-up"])
    assert sheet.word == "OK"


def test_another_run_replaces_what_it_measured_and_nothing_else(morning):
    morning.says = {("order1", "disk"): "CRITICAL", ("order2", "disk"): "CRITICAL"}
    first = morning.run("2026-11-18 07:30")
    morning.says = {("order2", "disk"): "CRITICAL"}
    again = morning.run("2026-11-18 09:00", limit=("order1",))
    sheet = morning.sheet("2026-11-18", "2026-11-18 09:30")
    assert [line.hosts for line in sheet.lines] == [("order2",)]
    assert sheet.total == 15
    assert {item.row.run for item in sheet.rows} == {first.id, again.id}
    assert morning.sheet("2026-11-18").digest != ""


def test_two_runs_with_other_inputs_do_not_answer_for_each_other(morning):
    branch = [{"name": "branch", "title": {"ja": "支店", "en": "Branch"}}]
    morning.book("by-branch", parameters=branch, schedules=[], targets="order1", checks=("disk",))
    morning.publish()
    morning.says = {("order1", "disk"): "CRITICAL"}
    morning.run("2026-11-18 07:40", "by-branch", inputs={"branch": "tokyo"})
    morning.says = {}
    morning.run("2026-11-18 07:45", "by-branch", inputs={"branch": "osaka"})
    sheet = morning.sheet("2026-11-18", "2026-11-18 08:00")
    assert [line.first.key.inputs for line in sheet.lines] == ["branch=tokyo"]
    assert sheet.counts == {"CRITICAL": 1, "OK": 1}


def test_a_run_of_the_night_after_belongs_to_the_day_before(morning):
    morning.book("night", schedules=[{"at": "25:30", "days": "business_day"}], targets="order1", checks=("disk",))
    morning.publish()
    morning.run("2026-11-19 01:30", "night", slot="2026-11-18")
    assert "night" in {item.row.key.runbook for item in morning.sheet("2026-11-18", "2026-11-19 02:00").rows}
    assert "night" not in {item.row.key.runbook for item in morning.sheet("2026-11-19").rows}


def test_a_run_that_stopped_half_way_leaves_its_checks_not_run(morning):
    morning.town.runbook(
        "halves",
        steps=(
            {"id": "stop", "command": {"run": ["false"]}, "targets": "localhost"},
            {"id": "look", "checks": [{"id": "disk", "kind": "nagios_plugin", "run": ["probe", "disk"]}]},
        ),
        targets="order1,order2",
    )
    morning.publish()
    scripted = morning.town.engine.connect
    morning.town.engine = replace(
        morning.town.engine,
        connect=lambda host, stop: LocalTransport(host=host.name, stop=stop) if host.name == "localhost" else scripted(host, stop),
    )
    view = morning.run("2026-11-18 07:35", "halves")
    assert view.state == "failed"
    sheet = morning.sheet("2026-11-18", "2026-11-18 07:36")
    assert [(word, sort, hosts) for word, sort, hosts, _ in lines(sheet)] == [("NOT_RUN", "run", ("order1", "order2"))]
    assert [run.runbook for run in sheet.broken_off] == ["halves"]


def test_only_chosen_runbooks_are_on_the_sheet_where_some_are_chosen(tmp_path):
    with morning_in(tmp_path, settings='runbooks = ["evening"]') as morning:
        morning.book()
        morning.book("evening", category="maintenance")
        morning.publish()
        morning.run("2026-11-18 07:30")
        morning.run("2026-11-18 07:31", "evening")
        sheet = morning.sheet("2026-11-18", "2026-11-18 08:00")
        assert {run.runbook for run in sheet.material.runs} == {"evening"}
