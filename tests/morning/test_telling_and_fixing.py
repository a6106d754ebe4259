"""After the scheduled runs: the sheet in short, the reminder, and the runbook that fixes a finding, asked for and never begun."""

import json
from dataclasses import replace

import pytest

from fixtures_morning import Browser, morning_in
from fixtures_prefect import OPS
from temanashi.books import read_register
from temanashi.hosts.local import LocalTransport
from temanashi.people import Actor
from temanashi.runs.advancing import advance
from temanashi.runs.approvals.faults import NotAnApprover
from temanashi.runs.decisions import decide
from temanashi.runs.reading import recent_runs
from temanashi.workspace.checking import note_checks
from temanashi.workspace.remedies import MONITORING, ask_for_remedies
from temanashi.workspace.requesting import request_again
from temanashi.workspace.telling_sheets import remind_of_confirming, tell_sheet

SATO = Actor(name="佐藤")
FIX = {"id": "free-disk", "params": {"host": "{{ host.name }}"}, "start": "approval"}


@pytest.fixture
def morning(tmp_path):
    with morning_in(tmp_path, settings='confirm_by = "09:00"\nsecond_person = true\nsummary = "notify"') as made:
        made.book()
        made.publish()
        yield made


def told(morning, view):
    failures = tell_sheet(morning.town.opened, view, notifier=morning.town.notifier)
    return failures, morning.town.told.heard


def remind(morning, text):
    morning.town.clock.set(text)
    failures = remind_of_confirming(morning.town.opened, morning.town.published, notifier=morning.town.notifier)
    return [failure.key for failure in failures]


def test_the_sheet_is_told_in_short_the_worst_first_with_a_link(morning):
    morning.says = {("order1", "disk"): "CRITICAL", ("order2", "load"): "WARNING"}
    morning.down = {"books1", "books2"}
    view = morning.run("2026-11-18 07:30", actor=OPS)
    failures, heard = told(morning, view)
    assert failures == []
    ((title, body),) = heard
    assert title == "朝の点検表 11月18日: 異常 1件、確認不能 1件、警告 1件があります"
    lines = body.splitlines()
    assert lines[1].startswith("異常: disk点検 order1")
    assert lines[2].startswith("確認不能: 踏み台 gate1 の先の2台")
    assert lines[3].startswith("警告: load点検 order2")
    assert lines[-1].endswith("/tema/checks/2026-11-18")


def test_what_says_the_same_is_told_once(morning):
    told(morning, morning.run("2026-11-18 07:30"))
    told(morning, morning.run("2026-11-18 07:45"))
    assert len(morning.town.told.heard) == 1
    morning.says = {("order1", "disk"): "CRITICAL"}
    told(morning, morning.run("2026-11-18 07:55"))
    assert len(morning.town.told.heard) == 2


def test_a_run_by_hand_and_one_that_is_not_on_the_sheet_tell_nothing(morning):
    morning.book("other", category="maintenance", schedules=[])
    morning.publish()
    told(morning, morning.run("2026-11-18 07:35", "other"))
    told(morning, morning.run("2026-11-18 07:30", channel="cli"))
    assert morning.town.told.heard == []


def test_nobody_is_told_where_no_channel_is_set(tmp_path):
    with morning_in(tmp_path) as morning:
        morning.book()
        morning.publish()
        assert tell_sheet(morning.town.opened, morning.run("2026-11-18 07:30")) == []


def test_a_reminder_comes_once_after_its_time_on_business_days(morning):
    morning.run("2026-11-18 07:30")
    assert remind(morning, "2026-11-18 08:59") == []
    assert morning.town.told.heard == []
    remind(morning, "2026-11-18 09:00")
    remind(morning, "2026-11-18 09:01")
    ((title, body),) = morning.town.told.heard
    assert title == "朝の点検表（11月18日）が 09:00 までに確認されていません"
    assert "まだだれも確認していません" in body
    remind(morning, "2026-11-21 10:00")  # Saturday
    remind(morning, "2026-11-23 10:00")  # a holiday
    assert len(morning.town.told.heard) == 1


def test_a_reminder_says_who_is_missing_and_nothing_where_nobody_is(morning):
    browser = Browser(morning)
    morning.run("2026-11-18 07:30")
    browser.confirm("2026-11-18", "山田")
    remind(morning, "2026-11-18 09:00")
    assert "確認者の確認がまだ" in morning.town.told.heard[-1][1]
    morning.run("2026-11-19 07:30")
    browser.confirm("2026-11-19", "山田")
    browser.confirm("2026-11-19", "佐藤")
    remind(morning, "2026-11-19 09:00")
    assert len(morning.town.told.heard) == 1
    morning.run("2026-11-20 07:30")
    browser.confirm("2026-11-20", "山田")
    morning.says = {("order1", "disk"): "CRITICAL"}
    morning.run("2026-11-20 08:30")
    remind(morning, "2026-11-20 09:00")
    assert "もう一度確認してください" in morning.town.told.heard[-1][1]


def test_a_reminder_that_nobody_got_is_tried_again(morning):
    morning.run("2026-11-18 07:30")
    morning.town.told.works = False
    assert remind(morning, "2026-11-18 09:00") == ["notices.not-delivered"]
    morning.town.told.works = True
    remind(morning, "2026-11-18 09:01")
    assert len(morning.town.told.heard) == 1


@pytest.fixture
def fixable(morning):
    """A check that asks for the runbook which frees a disk; 佐藤 approves."""
    site = morning.town.place.root / "runbooks" / "site" / "people.yaml"
    site.write_text("people: {sato: {name: 佐藤}}\nroles: {approver: [sato]}\n", encoding="utf-8")
    morning.town.place.runbook(
        "free-disk",
        {"id": "go", "command": ["touch", str(morning.town.place.root / "freed")], "targets": "localhost"},
        category="incident",
        approve="role:approver",
        parameters=[{"name": "host", "title": {"ja": "サーバー", "en": "Server"}}],
    )
    morning.book(each={"runbook": FIX}, checks=("disk",))
    morning.publish()
    scripted = morning.town.engine.connect
    local = {"localhost"}
    morning.town.engine = replace(
        morning.town.engine,
        connect=lambda host, stop: LocalTransport(host=host.name, stop=stop) if host.name in local else scripted(host, stop),
    )
    return morning


def look(morning, when):
    """A run, and what follows it."""
    view = morning.run(when)
    note_checks(morning.town.opened)
    failures = ask_for_remedies(morning.town.opened, view, engine=morning.town.engine)
    with morning.town.opened.database.reading() as connection:
        runs = [run for run in recent_runs(connection, limit=100) if run.runbook == "free-disk"]
    return [failure.text("en") for failure in failures], runs


def test_a_critical_check_asks_for_the_runbook_that_fixes_it_once_a_problem(fixable):
    fixable.says = {("order1", "disk"): "CRITICAL", ("order2", "disk"): "WARNING"}
    failures, runs = look(fixable, "2026-11-18 07:30")
    assert failures == []
    ((run),) = runs
    assert (run.state, run.inputs, run.channel, run.actor.kind) == ("waiting", {"host": "order1"}, "alert", "system")
    assert (run.wait.kind, run.ticket[:8]) == ("approval", "problem-")
    assert "order1 disk点検" in run.request_reason
    assert len(look(fixable, "2026-11-18 07:40")[1]) == 1
    decide(fixable.town.engine, run.id, actor=SATO, channel="page", verdict="refused", note="あとで")
    assert len(look(fixable, "2026-11-18 07:50")[1]) == 1  # refused is answered
    fixable.says = {}
    look(fixable, "2026-11-18 08:00")
    fixable.says = {("order1", "disk"): "CRITICAL"}
    assert len(look(fixable, "2026-11-18 08:10")[1]) == 2  # another problem


def test_what_is_asked_for_by_itself_is_never_begun_without_approval(fixable):
    fixable.says = {("order1", "disk"): "CRITICAL"}
    look(fixable, "2026-11-18 07:30")
    assert not (fixable.town.place.root / "freed").exists()


def test_what_cannot_be_asked_for_is_told_and_stops_nothing(fixable):
    site = fixable.town.place.root / "runbooks" / "site" / "people.yaml"
    site.write_text("people: {sato: {name: 佐藤, left: 2026-11-01}}\nroles: {approver: [sato]}\n", encoding="utf-8")
    fixable.town.publish()
    fixable.says = {("order1", "disk"): "CRITICAL"}
    failures, runs = look(fixable, "2026-11-18 07:30")
    assert runs == []
    assert len(failures) == 1
    assert failures[0].startswith("The runbook 'free-disk' could not be asked for")


def fixes(fixable):
    return {"id": "go", "command": ["touch", str(fixable.town.place.root / "freed")], "targets": "localhost"}


def without_approval(fixable, **remedy):
    """The runbook itself asks for nobody's approval."""
    fixable.town.place.runbook("free-disk", fixes(fixable), category="incident")
    fixable.book(each={"runbook": {"id": "free-disk", "start": "approval", **remedy}}, checks=("disk",))
    fixable.publish()
    fixable.says = {("order1", "disk"): "CRITICAL"}


def freed(fixable):
    return (fixable.town.place.root / "freed").exists()


@pytest.mark.parametrize("remedy", [{"approve": "group:leads"}, {}], ids=["the check's", "the site's"])
def test_where_the_runbook_asks_for_nobody_the_approvers_of_the_check_or_of_the_site_are_asked(fixable, remedy):
    site = fixable.town.place.root / "runbooks" / "site" / "people.yaml"
    people = "people: {sato: {name: 佐藤}, ito: {name: 伊藤}}\ngroups: {leads: [ito]}\nroles: {approver: [sato]}\n"
    site.write_text(people, encoding="utf-8")
    without_approval(fixable, **remedy)
    failures, (run,) = look(fixable, "2026-11-18 07:30")
    assert (failures, run.state, run.wait.kind) == ([], "waiting", "approval")
    who, other = ("ito", "sato") if remedy else ("sato", "ito")
    with pytest.raises(NotAnApprover):
        decide(fixable.town.engine, run.id, actor=Actor(name=other), channel="page", verdict="approved")
    advance(fixable.town.engine, run.id)
    assert not freed(fixable)
    decide(fixable.town.engine, run.id, actor=Actor(name=who), channel="page", verdict="approved")
    advance(fixable.town.engine, run.id)
    assert freed(fixable)


def test_asked_for_again_after_a_refusal_it_still_needs_the_approval(fixable):
    without_approval(fixable)
    _, (run,) = look(fixable, "2026-11-18 07:30")
    decide(fixable.town.engine, run.id, actor=SATO, channel="page", verdict="refused", note="あとで")
    advance(fixable.town.engine, run.id)
    again = request_again(fixable.town.opened, fixable.town.engine, run.id, actor=MONITORING, channel="alert")
    advance(fixable.town.engine, again)
    assert not freed(fixable)
    decide(fixable.town.engine, again, actor=SATO, channel="page", verdict="approved")
    advance(fixable.town.engine, again)
    assert freed(fixable)


def test_a_remedy_whose_runbook_needs_no_approval_any_more_still_waits_for_the_sites_approvers(fixable):
    fixable.says = {("order1", "disk"): "CRITICAL"}
    view = fixable.run("2026-11-18 07:30")
    note_checks(fixable.town.opened)
    fixable.book(checks=("disk",))
    fixable.town.place.runbook(
        "free-disk",
        fixes(fixable),
        category="incident",
        parameters=[{"name": "host", "title": {"ja": "サーバー", "en": "Server"}}],
    )
    fixable.publish()
    ask_for_remedies(fixable.town.opened, view, engine=fixable.town.engine)
    with fixable.town.opened.database.reading() as connection:
        (run,) = [run for run in recent_runs(connection) if run.runbook == "free-disk"]
    assert run.state == "waiting"
    assert not freed(fixable)


def demanded(fixable, source="alerts"):
    """The checks' remedy is a task whose demand is its alerts; what was recorded of it so far."""
    file = fixable.town.place.root / "runbooks/incident/free-disk.yaml"
    told = json.loads(file.read_text(encoding="utf-8")) | {"toil": {"demand": {"source": source}}}
    file.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    fixable.publish()

    def recorded():
        opened = fixable.town.opened
        with opened.database.reading() as connection:
            register = read_register(opened.ledger, connection, zone=opened.settings.zone)
        return list(register.requested.get("free-disk", {}).values())

    return recorded


def test_an_alert_is_one_recorded_occasion_of_the_task_that_fixes_it(fixable):
    recorded = demanded(fixable)
    fixable.says = {("order1", "disk"): "CRITICAL"}
    _, (run,) = look(fixable, "2026-11-18 07:30")
    (one,) = recorded()
    assert (one.source, str(one.day), one.targets, one.slot) == ("alerts", "2026-11-18", 1, run.slot)
    look(fixable, "2026-11-18 07:40")
    assert len(recorded()) == 1
    fixable.says = {}
    look(fixable, "2026-11-18 08:00")
    fixable.says = {("order1", "disk"): "CRITICAL"}
    look(fixable, "2026-11-19 07:30")
    assert [str(unit.day) for unit in recorded()] == ["2026-11-18", "2026-11-19"]


def test_alerts_are_no_demand_where_the_task_names_another_recorder(fixable):
    recorded = demanded(fixable, "tickets")
    fixable.says = {("order1", "disk"): "CRITICAL"}
    look(fixable, "2026-11-18 07:30")
    assert recorded() == []
