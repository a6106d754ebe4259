"""One step for every place at once: roles give each its groups, and what one refuses is told and stops no other."""

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from fixtures_clock import StoppedClock
from fixtures_paper import CAPS, Paper, Papers
from fixtures_runs import ALICE, asking, make_engine, runbook_of
from temanashi.accounts.faults import BadAccountValue, NothingGiven, UnknownDirectory, WishRefused
from temanashi.accounts.model import Cap
from temanashi.accounts.roles import Roles
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.steps.channels import Channels
from temanashi.runs.access_ends import end_moment, read_ends
from temanashi.runs.advancing import advance
from temanashi.runs.again import failed_targets, request_undo
from temanashi.runs.reading import run_view
from temanashi.runs.requests import dry_run, request_run
from temanashi.text import LANGUAGES

TOKYO = ZoneInfo("Asia/Tokyo")
ROLES = Roles.model_validate(
    {
        "roles": {
            "ops": {"title": "Operations", "ldap": ["運用 部"], "saas": {"wiki": ["Editors"]}},
            "sales": {"title": "Sales", "ldap": ["営業"]},
            "chat": {"title": "Chat", "saas": {"chat": ["all"]}},
        }
    }
)
MORE = {"on_failure": "continue", "fan_out": {"max_failed": "100%"}}


@pytest.fixture
def site(tmp_path):
    """An engine without hosts and with three directories; the company's ends accounts by itself."""
    clock = StoppedClock(datetime(2026, 11, 20, 9, tzinfo=TOKYO))
    corp = Paper("corp", tmp_path / "corp.json", kind="ldap", caps=CAPS | {Cap.NATIVE_EXPIRY}, clock=clock)
    wiki, chat = (Paper(name, tmp_path / f"{name}.json", clock=clock) for name in ("wiki", "chat"))
    corp.groups("運用 部", "営業")
    wiki.groups("Editors")
    chat.groups("all")
    told, failing = [], []

    def deliver(url, *, title, body, recovery):
        told.append((title, body))
        return not failing

    papers = Papers(corp, wiki, chat)
    plain = make_engine(tmp_path, clock=clock, roles=lambda _: ROLES, directories=lambda _: papers)
    channels = {"account-secrets": ("env:X",)}
    channel = Channels(channels, database=plain.database, clock=clock, lang="ja", secret=lambda _: "json://nobody", deliver=deliver)
    engine = type(plain)(**{**vars(plain), "channel": channel})

    def request(step, *, limit=(), targets="localhost", **more):
        step = {"directory": "everywhere", **step}
        book = runbook_of([{"id": "it", "accounts": step, **MORE, **more}], targets=targets)
        return asking(book, limit=limit or ("corp", "wiki", "chat"))

    def go(number):
        result = advance(engine, number)
        with engine.database.reading() as connection:
            view = run_view(connection, number)
            ends = read_ends(connection)
        rows = {row.target: row for step in view.steps for row in step.rows}
        return SimpleNamespace(number=number, outcome=result.outcome, rows=rows, ends=ends)

    def run(step, **more):
        return go(request_run(engine, request(step, **more)))

    yield SimpleNamespace(
        engine=engine, clock=clock, corp=corp, wiki=wiki, chat=chat, run=run, go=go, request=request, told=told, failing=failing
    )
    engine.database.close()


def statuses(done):
    return {name: row.status for name, row in done.rows.items()}


def test_a_joiner_has_an_account_where_the_roles_give_something_and_one_password_for_all(site):
    step = {
        "do": "join",
        "login": "yamada",
        "name": "山田 花子",
        "employee": "00123",
        "roles": ["ops"],
        "deliver": "account-secrets",
    }
    done = site.run(step)
    assert statuses(done) == {"corp": "changed", "wiki": "changed", "chat": "skipped"}
    assert (site.corp.of("yamada").groups, site.wiki.of("yamada").groups, site.chat.of("yamada")) == (
        ("運用 部",),
        ("Editors",),
        None,
    )
    assert site.corp.of("yamada").employee == "00123"
    [(title, body)] = site.told
    assert "corp, wiki" in title
    assert site.corp.secrets == site.wiki.secrets
    assert site.corp.secrets["yamada"] in body
    assert site.wiki.of("yamada").must_change
    again = site.run(step)
    assert statuses(again) == {"corp": "already", "wiki": "already", "chat": "skipped"}
    assert len(site.told) == 1


def test_a_password_that_did_not_arrive_is_set_nowhere_else(site):
    site.failing.append(True)
    step = {"do": "join", "login": "yamada", "roles": ["ops"], "deliver": "account-secrets"}
    done = site.run(step, fan_out={"max_failed": "100%", "batch": 1})
    assert {row.status for name, row in done.rows.items() if name != "chat"} == {"failed"}
    assert len({*site.corp.secrets, *site.wiki.secrets}) == 1
    assert len(site.told) == 1


def test_a_mover_is_opened_where_the_new_roles_need_it_and_loses_what_the_old_ones_gave(site):
    site.corp.put("sato", groups=["運用 部", "kept"])
    site.wiki.put("sato", groups=["Editors"])
    done = site.run({"do": "set", "login": "sato", "roles": ["sales", "chat"]})
    assert statuses(done) == {"corp": "changed", "wiki": "changed", "chat": "changed"}
    assert site.corp.of("sato").groups == ("kept", "営業")
    assert site.wiki.of("sato").groups == ()
    assert site.chat.of("sato").groups == ("all",)


def test_a_leaver_is_closed_everywhere_also_where_one_place_fails(site):
    for place in (site.corp, site.wiki, site.chat):
        place.put("sato")
    site.wiki.refuses = True
    site.chat.broken = True
    plan = dry_run(site.engine, site.request({"do": "disable", "login": "sato"}))
    texts = {change.target: change.summary.text("en") for change in plan.changes}
    assert texts["corp"].startswith("Close sato on corp")
    assert "not read yet" in texts["chat"] or "torn" in texts["chat"]
    done = site.run({"do": "disable", "login": "sato"})
    assert statuses(done) == {"corp": "changed", "wiki": "failed", "chat": "unknown"}
    assert done.outcome != "done"
    assert not site.corp.of("sato").enabled
    assert failed_targets(site.engine, done.number) == ("chat", "wiki")
    site.wiki.refuses = site.chat.broken = False
    again = site.run({"do": "disable", "login": "sato"}, limit=failed_targets(site.engine, done.number))
    assert statuses(again) == {"chat": "changed", "wiki": "changed"}


def test_what_only_one_place_refuses_is_told_there(site):
    site.corp.put("sato", enabled=False)
    site.wiki.put("sato", failures=3)
    done = site.run({"do": "unlock", "login": "sato"})
    assert statuses(done) == {"corp": "failed", "wiki": "changed", "chat": "skipped"}
    assert "corp" in done.rows["corp"].reason.text("en")


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ({"do": "join", "login": "x", "roles": []}, NothingGiven),
        ({"do": "unlock", "login": "x"}, NothingGiven),
        ({"do": "set", "login": "x", "name": "X"}, NothingGiven),
        ({"do": "unlock", "login": "x", "directory": "corp"}, WishRefused),
        ({"do": "unlock", "login": "x", "directory": "crop"}, UnknownDirectory),
        ({"do": "join", "login": "a;id"}, BadAccountValue),
        ({"do": "join", "login": "x", "until": "soon"}, BadAccountValue),
        ({"do": "join", "login": "x", "until": "2026-11-19"}, BadAccountValue),
        ({"do": "set", "login": "x", "directory": "corp", "groups": ["*)(uid=*"]}, BadAccountValue),
    ],
)
def test_what_means_nothing_anywhere_is_no_plan(site, step, wrong):
    with pytest.raises(wrong) as caught:
        dry_run(site.engine, site.request(step))
    assert caught.value.key


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"do": "set", "login": "x", "directory": "everywhere", "groups": ["a"]}, "directory: everywhere"),
        ({"do": "unlock", "login": "x", "last_day": "2027-01-01"}, "last_day"),
        ({"do": "disable", "login": "x", "until": "2027-01-01"}, "until"),
        ({"do": "disable", "login": "x", "directory": "everywher"}, "everywher"),
        ({"do": "disable", "login": "x", "directory": "a b"}, "a b"),
    ],
)
def test_what_cannot_be_meant_is_found_when_the_file_is_read(value, said):
    parsed = step_kinds()["accounts"].parse(value)
    assert parsed.spec is None
    assert said in parsed.problems[0].message.text("en")


def test_somebody_who_leaves_later_is_ended_by_the_place_itself_and_for_the_rest_by_us(site):
    site.corp.put("sato")
    site.wiki.put("sato")
    step = {"do": "disable", "login": "sato", "last_day": "2027-03-31"}
    plan = dry_run(site.engine, site.request(step))
    for lang in LANGUAGES:
        assert all("2027-03-31" in change.summary.text(lang) for change in plan.changes if change.target != "chat")
        assert all("accounts." not in change.summary.text(lang) for change in plan.changes)
    done = site.run(step)
    assert site.corp.of("sato").expires_on == date(2027, 4, 1)
    assert site.wiki.of("sato").enabled
    assert {(end.target, end.group) for end in done.ends} == {("corp", ""), ("wiki", "")}
    assert {end.ends_at.astimezone(TOKYO).isoformat() for end in done.ends} == {"2027-04-01T00:00:00+09:00"}
    again = site.run(step)
    assert len(again.ends) == 2


def test_an_undone_leaver_is_not_closed_later(site):
    site.corp.put("sato")
    done = site.run({"do": "disable", "login": "sato", "last_day": "2027-03-31"})
    assert len(done.ends) == 1
    undone = site.go(request_undo(site.engine, done.number, actor=ALICE, channel="cli", reason="stays"))
    assert undone.ends == []
    assert site.corp.of("sato").expires_on is None


def test_a_day_that_is_over_closes_at_once(site):
    site.wiki.put("sato")
    done = site.run({"do": "disable", "login": "sato", "last_day": "2026-11-19"})
    assert not site.wiki.of("sato").enabled
    assert done.ends == []


def test_groups_for_a_time_are_noted_and_what_somebody_had_before_is_theirs(site):
    site.wiki.put("sato", groups=["Editors"])
    site.wiki.groups("Admins")
    step = {"do": "set", "login": "sato", "directory": "wiki", "groups": ["Editors", "Admins"], "until": "2026-11-20 18:00"}
    done = site.run(step)
    [end] = done.ends
    assert (end.group, end.ends_at) == ("Admins", datetime(2026, 11, 20, 9, tzinfo=ZoneInfo("UTC")))
    later = site.run({**step, "until": "2026-11-21"})
    [end] = later.ends
    assert end.ends_at.astimezone(TOKYO) == datetime(2026, 11, 22, tzinfo=TOKYO)
    assert site.run({**step, "until": None}).ends == []  # now for good


def test_an_account_for_a_time_ends_where_the_place_can_and_for_the_rest_by_us(site):
    done = site.run({"do": "join", "login": "temp", "roles": ["ops"], "until": "2026-11-30 18:00"})
    assert site.corp.of("temp").expires_on == date(2026, 12, 1)
    assert {(end.target, end.group) for end in done.ends} == {("corp", ""), ("wiki", "")}
    assert done.ends[0].ends_at == datetime(2026, 11, 30, 9, tzinfo=ZoneInfo("UTC"))


def test_an_end_is_on_record_before_anything_is_given(site):
    """What dies in mid-step leaves an end without access, never access without an end."""
    site.wiki.put("sato")
    site.wiki.groups("Admins")
    site.wiki.refuses = True
    done = site.run({"do": "set", "login": "sato", "directory": "wiki", "groups": ["Admins"], "until": "2026-11-21"})
    assert statuses(done) == {"wiki": "failed"}
    assert [end.group for end in done.ends] == ["Admins"]


def test_a_day_ends_with_its_last_second_in_the_zone_of_the_workspace():
    assert end_moment("2026-11-20", TOKYO) == datetime(2026, 11, 20, 15, tzinfo=ZoneInfo("UTC"))
    assert end_moment("2026-11-20T18:30", TOKYO) - end_moment("2026-11-20T18:00", TOKYO) == timedelta(minutes=30)
