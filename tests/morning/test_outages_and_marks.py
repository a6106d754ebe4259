"""What is below a silent check, who is on a finding, what is under maintenance, and links to what fixes it."""

from datetime import timedelta

import pytest

from fixtures_morning import Browser, at, morning_in
from fixtures_prefect import OPS
from temanashi.monitoring.acknowledging import acknowledge
from temanashi.monitoring.maintenance import add_window
from temanashi.monitoring.store import read_problems
from temanashi.reports.display import Display
from temanashi.reports.morning_words import SheetWords
from temanashi.workspace.afterwards import _body
from temanashi.workspace.checking import note_checks
from temanashi.workspace.remedies import ask_for_remedies

FIX = {"id": "free-disk", "params": {"host": "{{ host.name }}"}}


@pytest.fixture
def morning(tmp_path):
    with morning_in(tmp_path) as made:
        yield made


def below(morning):
    """Checks that depend on `up`."""
    items = [{"id": "ready", "kind": "nagios_plugin", "run": ["probe", "ready"]}]
    items += [{"id": name, "kind": "nagios_plugin", "run": ["probe", name], "parents": ["ready"]} for name in ("disk", "load")]
    morning.town.runbook("morning", steps=({"id": "look", "checks": items},), targets="order1,order2,gate1")
    morning.publish()


def test_what_is_below_a_check_that_is_unknown_is_not_known_either_and_one_line(morning):
    below(morning)
    morning.down = {"order1", "order2"}
    morning.run("2026-11-18 07:30")
    sheet = morning.sheet("2026-11-18", "2026-11-18 08:00")
    assert [(line.word, line.sort, line.hosts, len(line.items)) for line in sheet.lines] == [
        ("UNKNOWN", "outage", ("order1", "order2"), 6)
    ]
    assert sheet.skipped == ()
    assert sheet.word == "UNKNOWN"


def test_what_is_below_a_check_that_is_critical_is_told_in_one_line_as_left_out(morning):
    below(morning)
    morning.says = {("order1", "ready"): "CRITICAL", ("order2", "ready"): "CRITICAL"}
    morning.run("2026-11-18 07:30")
    sheet = morning.sheet("2026-11-18", "2026-11-18 08:00")
    assert [(line.word, line.sort, line.hosts) for line in sheet.lines] == [("CRITICAL", "check", ("order1", "order2"))]
    assert [(line.sort, len(line.items)) for line in sheet.skipped] == [("run", 4)]


def test_a_problem_that_was_there_and_is_now_left_out_is_not_resolved(morning):
    below(morning)
    morning.says = {("order1", "disk"): "CRITICAL"}
    morning.run("2026-11-18 07:30")
    morning.down = {"order1"}
    morning.run("2026-11-19 07:30")
    sheet = morning.sheet("2026-11-19", "2026-11-19 08:00")
    assert sheet.resolved == ()
    assert sheet.changes["lost"] == 1


@pytest.fixture
def known(morning):
    morning.book(checks=("disk",))
    morning.publish()
    morning.says = {("order1", "disk"): "CRITICAL", ("gate1", "disk"): "CRITICAL"}
    morning.run("2026-11-18 07:30")
    note_checks(morning.town.opened)
    opened, clock = morning.town.opened, morning.town.clock
    with opened.database.transaction() as connection:
        mine = [one for one in read_problems(connection) if one.key.target == "order1"]
        until = at("2026-11-18 12:00")
        acknowledge(connection, opened.ledger, mine, until=until, reason="増設中", actor=OPS, channel="cli", clock=clock)
        add_window(
            connection,
            opened.ledger,
            inventory=morning.town.published.inventory,
            selector="gate1",
            since=clock.now(),
            until=clock.now() + timedelta(hours=2),
            reason="更改",
            actor=OPS,
            channel="cli",
            clock=clock,
        )
    return morning


def test_who_is_on_it_and_what_is_under_maintenance_is_told(known):
    sheet = known.sheet("2026-11-18", "2026-11-18 08:00")
    word = SheetWords(sheet, Display("ja", known.town.opened.settings.zone))
    (line,) = sheet.lines
    assert sorted(word.marks(line)) == [
        "保守中（2026年11月18日(水) 09:30まで）更改 1",
        "対応中（ops 2026年11月18日(水) 12:00まで）増設中 1",
    ]
    text = Browser(known).get("/checks?lang=ja").text
    assert "対応中（ops 2026年11月18日(水) 12:00まで）増設中" in text
    assert known.sheet("2026-11-18", "2026-11-18 13:00").lines[0].items[1].mark is None


def test_of_another_day_nobody_is_said_to_be_on_it(known):
    sheet = known.sheet("2026-11-18", "2026-11-19 08:00")
    assert [item.mark for item in sheet.rows] == [None] * 5


def test_a_mark_does_not_take_a_confirmation_away(known):
    before = known.sheet("2026-11-18", "2026-11-18 08:00").digest
    assert known.sheet("2026-11-18", "2026-11-18 13:00").digest == before


@pytest.fixture
def fixable(morning):
    parameters = [
        {"name": "host", "title": {"ja": "サーバー", "en": "Server"}},
        {"name": "days", "type": "integer", "title": {"ja": "日数", "en": "Days"}, "default": 7},
        {"name": "token", "type": "secret", "title": {"ja": "鍵", "en": "Token"}, "required": False},
    ]
    step = {"id": "go", "command": ["echo", "{{ params.host }}", "{{ params.days }}"]}
    title = {"ja": "ディスクを空ける", "en": "Free disk space"}
    morning.town.place.runbook("free-disk", step, category="incident", title=title, parameters=parameters)
    morning.book(each={"runbook": FIX}, checks=("disk",))
    morning.publish()
    morning.says = {("order1", "disk"): "CRITICAL"}
    return morning


@pytest.mark.parametrize(("lang", "title"), [("ja", "ディスクを空ける"), ("en", "Free disk space")])
def test_the_run_page_and_the_sheet_offer_the_runbook_with_its_form_filled_in(fixable, lang, title):
    view = fixable.run("2026-11-18 07:30")
    fixable.town.clock.set("2026-11-18 08:00")
    browser = Browser(fixable)
    for path in (f"/runs/{view.id}?lang={lang}", f"/checks?lang={lang}"):
        text = browser.get(path).text
        assert text.count(title) == 1, path
        assert f"/tema/runbooks/free-disk/run?lang={lang}&amp;p.host=order1&amp;reason=order1" in text


def test_the_link_fills_the_form_in_and_never_a_secret(fixable):
    text = Browser(fixable).get("/runbooks/free-disk/run?lang=en&p.host=order1&p.token=env:X&p.other=1&reason=full%20disk").text
    assert 'name="p.host"' in text
    assert 'value="order1"' in text
    assert 'value="7"' in text
    assert "env:X" not in text
    assert "full disk" in text
    assert "alert" not in text.partition("<main")[2].partition("<form")[0]
    assert 'value="7"' in Browser(fixable).get("/runbooks/free-disk/run?lang=en").text


def test_a_message_about_a_run_has_the_address_of_the_form(fixable):
    view = fixable.run("2026-11-18 07:30")
    body = _body(view, fixable.town.opened.settings)
    assert "order1 disk: " in body
    assert (
        f"対処の手順書: http://127.0.0.1:{fixable.town.opened.settings.port}/tema/runbooks/free-disk/run?lang=ja&p.host=order1"
        in body
    )


def problem_of(morning):
    note_checks(morning.town.opened)
    with morning.town.opened.database.reading() as connection:
        (found,) = read_problems(connection)
    return found.id


def test_the_address_of_an_alert_leads_to_the_form_filled_in_and_later_to_nothing(fixable):
    fixable.run("2026-11-18 07:30")
    problem, browser = problem_of(fixable), Browser(fixable)
    page = browser.get("/problems?lang=en").text
    assert f"/tema/problems/{problem}/remedy?lang=en" in page
    assert "What fixes it: free-disk" in page
    led = browser.get(f"/problems/{problem}/remedy?lang=en")
    assert led.status_code == 303
    assert led.headers["location"].startswith("/tema/runbooks/free-disk/run?lang=en&p.host=order1&reason=order1")
    fixable.says = {}
    fixable.run("2026-11-18 07:40")
    note_checks(fixable.town.opened)
    for gone in (problem, "nothing"):
        assert browser.get(f"/problems/{gone}/remedy?lang=en").headers["location"] == "/tema/problems?lang=en"


def test_the_address_of_an_alert_leads_to_the_run_that_was_asked_for(fixable):
    site = fixable.town.place.root / "runbooks" / "site" / "people.yaml"
    site.write_text("people: {sato: {name: 佐藤}}\nroles: {approver: [sato]}\n", encoding="utf-8")
    fixable.book(each={"runbook": {**FIX, "start": "approval"}}, checks=("disk",))
    fixable.publish()
    view = fixable.run("2026-11-18 07:30")
    problem = problem_of(fixable)
    assert ask_for_remedies(fixable.town.opened, view, engine=fixable.town.engine) == []
    location = Browser(fixable).get(f"/problems/{problem}/remedy?lang=en").headers["location"]
    assert location.startswith("/tema/runs/")
    assert "free disk space" in Browser(fixable).get(location.removeprefix("/tema")).text.lower()


def test_a_remedy_that_was_withdrawn_is_not_offered(fixable):
    view = fixable.run("2026-11-18 07:30")
    fixable.book(checks=("disk",))
    (fixable.town.place.root / "runbooks" / "incident" / "free-disk.yaml").unlink()
    fixable.publish()
    browser = Browser(fixable)
    assert "free-disk" not in browser.get(f"/runs/{view.id}?lang=ja").text
    assert "free-disk" not in browser.get("/checks/2026-11-18?lang=ja").text


def test_maintenance_that_comes_again_is_on_the_sheet_in_the_readers_language(morning):
    morning.book(checks=("disk",))
    rule = (
        'windows:\n  - {id: works, hosts: order1, at: "07:00", days: business_day, length: 2h, owner: ops,'
        " reason: {ja: 定例作業, en: Works}}\n"
    )
    file = morning.town.place.root / "runbooks/site/maintenance.yaml"
    file.write_text(rule, encoding="utf-8")
    morning.publish()
    morning.says = {("order1", "disk"): "CRITICAL"}
    morning.run("2026-11-18 07:30")
    sheet = morning.sheet("2026-11-18", "2026-11-18 08:00")
    told = [SheetWords(sheet, Display(lang, morning.town.opened.settings.zone)).marks(sheet.lines[0])[0] for lang in ("ja", "en")]
    assert told[0] == "保守中（2026年11月18日(水) 09:00まで）定例作業"
    assert told[1].endswith("Works")
    assert morning.sheet("2026-11-18", "2026-11-18 09:30").lines[0].items[0].mark is None
