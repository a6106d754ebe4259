"""Access for a time: taken away when it is over, tried again where that failed, and told when it is overdue."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from fixtures_clock import StoppedClock
from fixtures_paper import CAPS, Paper, Papers
from fixtures_runs import asking, make_engine, runbook_of
from temanashi.accounts.model import Cap
from temanashi.hosts.inventory import Inventory
from temanashi.notices import Notifier
from temanashi.runs.access_ends import read_ends
from temanashi.runs.advancing import advance
from temanashi.runs.requests import request_run
from temanashi.runs.stopping import stop_everything
from temanashi.workspace.ending_access import end_access

TOKYO = ZoneInfo("Asia/Tokyo")
START = datetime(2026, 11, 20, 9, tzinfo=TOKYO)


@pytest.fixture
def site(tmp_path):
    clock = StoppedClock(START.astimezone(UTC))
    corp = Paper("corp", tmp_path / "corp.json", kind="ldap", caps=CAPS | {Cap.NATIVE_EXPIRY}, clock=clock)
    wiki = Paper("wiki", tmp_path / "wiki.json", clock=clock)
    wiki.groups("Admins", "Editors")
    papers = Papers(corp, wiki)
    engine = make_engine(tmp_path, clock=clock, directories=lambda _: papers)
    told = []

    def deliver(url, *, title, body, recovery):
        told.append((title, body, recovery))
        return True

    notifier = Notifier(
        ("env:X",), database=engine.database, clock=clock, lang="en", secret=lambda _: "json://nobody", deliver=deliver
    )
    known = SimpleNamespace(digest="", inventory=Inventory.model_validate({}), directories=papers)

    def give(**step):
        book = runbook_of([{"id": "it", "accounts": step, "on_failure": "continue"}])
        return advance(engine, request_run(engine, asking(book, limit=("corp", "wiki"))))

    def sweep(published=known):
        return end_access(engine, notifier, published, lang="en")

    def ends(*states):
        with engine.database.reading() as connection:
            return read_ends(connection, states=states or ("open",))

    yield SimpleNamespace(
        engine=engine, clock=clock, corp=corp, wiki=wiki, give=give, sweep=sweep, ends=ends, told=told, known=known
    )
    engine.database.close()


def group_for_an_hour(site, *groups):
    return site.give(do="set", login="sato", directory="wiki", groups=list(groups or ("Admins",)), until="2026-11-20 10:00")


def test_a_group_for_a_time_is_taken_away_before_a_minute_is_over_and_not_before_its_end_comes_near(site):
    site.wiki.put("sato", groups=["Editors"])
    assert group_for_an_hour(site).outcome == "done"
    site.clock.pass_by(3600 - 31)
    assert site.sweep().ended == []
    assert site.wiki.of("sato").groups == ("Admins", "Editors")
    site.clock.pass_by(60)
    assert site.clock.now() - START < timedelta(hours=1, seconds=60)
    assert site.sweep().ended == ["sato at wiki"]
    assert site.wiki.of("sato").groups == ("Editors",)
    assert (site.ends(), [one.group for one in site.ends("ended")]) == ([], ["Admins"])
    assert site.sweep().ended == []
    assert site.told == []


def test_what_cannot_be_taken_away_is_told_once_tried_again_and_told_when_it_is_over(site):
    site.wiki.put("sato")
    group_for_an_hour(site)
    site.wiki.broken = True
    site.clock.pass_by(3600)
    assert site.sweep().ended == []
    assert site.told == []
    for _ in range(3):
        site.clock.pass_by(60)
        assert [one.target for one in site.sweep().overdue] == ["wiki"]
    [(title, body, recovery)] = site.told
    assert "sato at wiki" in title
    assert "torn" in body
    assert not recovery
    assert site.ends()[0].tries == 3  # of four looks; each pause is longer than the one before
    site.wiki.broken = False
    site.clock.pass_by(900)
    assert site.sweep().ended == ["sato at wiki"]
    assert [recovery for _, _, recovery in site.told] == [False, True]


def test_what_became_overdue_while_nothing_ran_is_found_at_the_first_look(site):
    site.wiki.put("sato")
    group_for_an_hour(site)
    site.clock.pass_by(7 * 86_400)
    done = site.sweep(None)
    assert [one.login for one in done.overdue] == ["sato"]
    assert len(site.told) == 1
    assert site.sweep().ended == ["sato at wiki"]


def test_somebody_who_left_is_closed_after_the_last_day_also_where_nothing_ends_by_itself(site):
    site.wiki.put("sato", groups=["Editors"])
    site.corp.put("sato")
    site.give(do="disable", login="sato", directory="everywhere", last_day="2026-11-30")
    group_until_later = {"do": "set", "login": "sato", "directory": "wiki", "groups": ["Admins"], "until": "2026-11-30"}
    site.give(**group_until_later)
    site.clock.pass_by(10 * 86_400)
    assert site.sweep().ended == []
    assert site.corp.of("sato").expires_on == date(2026, 12, 1)
    site.clock.pass_by(86_400)
    assert sorted({*site.sweep().ended}) == ["sato at corp", "sato at wiki"]
    assert not site.wiki.of("sato").enabled
    assert not site.corp.of("sato").enabled


def test_a_group_that_was_never_given_or_was_given_by_somebody_else_is_not_taken_away(site):
    site.wiki.put("sato")
    site.wiki.refuses = True
    group_for_an_hour(site)
    site.wiki.refuses = False
    site.wiki.put("sato", groups=["Admins"])  # by hand, for good, while ours failed
    site.clock.pass_by(3600)
    # Ours failed in mid-step, so that it may have been given: what is not known is taken away.
    assert site.sweep().ended == ["sato at wiki"]


def test_an_account_or_a_place_that_is_gone_has_no_access(site):
    site.wiki.put("sato")
    group_for_an_hour(site)
    site.wiki.write({"accounts": {}, "groups": ["Admins", "Editors"]})
    site.clock.pass_by(3600)
    assert site.sweep().ended == ["sato at wiki"]
    site.wiki.put("sato")
    site.give(do="set", login="sato", directory="wiki", groups=["Editors"], until="2026-11-20 11:00")
    site.clock.pass_by(3700)
    nowhere = SimpleNamespace(digest="", inventory=site.known.inventory, directories=Papers(site.corp))
    assert site.sweep(nowhere).ended == []
    assert "not in the lists" in site.ends()[0].reason or "target-gone" in site.ends()[0].reason


def test_while_everything_is_stopped_nothing_is_taken_away_and_it_is_told(site):
    site.wiki.put("sato")
    group_for_an_hour(site)
    stop_everything(site.engine, actor=asking(runbook_of([{"id": "x", "manual": "x"}])).actor, channel="cli", reason="fire")
    site.clock.pass_by(3700)
    assert [one.login for one in site.sweep().overdue] == ["sato"]
    assert len(site.told) == 1
