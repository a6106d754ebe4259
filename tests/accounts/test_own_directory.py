"""temanashi's own users leave with everybody else: stopped, signed out, without tokens; and nothing else is done to them there."""

import pytest

from fixtures_account_site import AccountSite
from temanashi.accounts.faults import AccountConflict, AccountRefused, WishRefused
from temanashi.accounts.model import Scope
from temanashi.accounts.wishes import Wish
from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runs.advancing import advance
from temanashi.runs.again import request_undo
from temanashi.runs.reading import run_view
from temanashi.runs.requests import RunRequest, request_run
from temanashi.signin.tokens import find_token, make_token
from temanashi.signin.users import add_user, disable_user, read_user
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.live import live_inventory, live_people
from temanashi.workspace.version_rows import live_version

HANA = Actor(name="管理 花子")


@pytest.fixture
def opened(tmp_path):
    site = AccountSite(tmp_path / "site")
    site.register(policy={})
    with site.opened() as installation:
        yield installation


def user(installation, name, *roles):
    book = book_of(installation)
    with installation.database.transaction() as connection:
        told = {"people": live_people(connection), "actor": HANA, "channel": "cli"}
        add_user(book, connection, name, password="long enough to be one", roles=roles, **told)
        return make_token(book, connection, "mine", user=name, scopes=["read"], until=None, actor=HANA, channel="cli")[1]


def state(installation, name):
    with installation.database.reading() as connection:
        return read_user(connection, name).state


def run(installation, step):
    engine = installation.engine()
    data = {
        "id": "leave",
        "title": "Leave",
        "description": "x",
        "category": "account",
        "owner": "ops",
        "targets": "localhost",
        "toil": {"demand": "request"},
        "steps": [{"id": "close", "accounts": step, "on_failure": "continue"}],
    }
    with installation.database.reading() as connection:
        version, inventory = live_version(connection).digest, live_inventory(connection)
    book = parse_runbook(data, kinds=step_kinds())
    request = RunRequest(runbook=book, workspace_version=version, inventory=inventory, inputs={}, actor=HANA, channel="cli")
    number = request_run(engine, request)
    advance(engine, number)
    with installation.database.reading() as connection:
        rows = {row.target: row for one in run_view(connection, number).steps for row in one.rows}
    return number, rows["temanashi"]


def directory(installation):
    engine = installation.engine()
    with installation.database.reading() as connection:
        return engine.directories(connection).opened("temanashi", clock=installation.clock)


def test_who_leaves_a_named_place_leaves_their_user_and_tokens_too_and_an_undo_lets_them_in(opened):
    user(opened, "boss", "admin")
    secret = user(opened, "taro", "staff")
    number, row = run(opened, {"do": "disable", "login": "taro", "directory": "temanashi"})
    assert row.status == "changed"
    assert state(opened, "taro") == "disabled"
    with opened.database.reading() as connection:
        assert find_token(connection, secret, now=opened.clock.now()) is None
    assert run(opened, {"do": "disable", "login": "taro", "directory": "temanashi"})[1].status == "already"
    engine = opened.engine()
    advance(engine, request_undo(engine, number, actor=HANA, channel="cli"))
    assert state(opened, "taro") == "active"


def test_a_user_is_known_by_another_name_of_the_same_person(opened):
    user(opened, "boss", "admin")
    user(opened, "taro", "staff")
    seen = directory(opened).read(Scope(logins=("taro", "nobody")))
    assert [one.native_id for one in seen.accounts] == ["taro"]
    every = directory(opened).read(Scope())
    assert {one.login for one in every.accounts} == {"boss", "taro"}
    assert every.account("taro").groups == ("staff",)


def test_the_last_admin_stays_and_what_changed_meanwhile_is_a_conflict(opened):
    user(opened, "boss", "admin")
    user(opened, "taro", "staff")
    own = directory(opened)
    wish = Wish(do="disable", login="boss")
    seen = own.read(Scope(logins=("boss",)))
    with pytest.raises(AccountRefused):
        own.apply(wish, own.plan(wish, seen), seen, secret=None)
    assert state(opened, "boss") == "active"
    wish = Wish(do="disable", login="taro")
    seen = own.read(Scope(logins=("taro",)))
    changes = own.plan(wish, seen)
    with opened.database.transaction() as connection:
        disable_user(book_of(opened), connection, "taro", actor=HANA, channel="cli")
    with pytest.raises(AccountConflict):
        own.apply(wish, changes, seen, secret=None)


def test_anything_but_leaving_and_coming_back_is_refused_there(opened):
    user(opened, "boss", "admin")
    user(opened, "taro", "staff")
    own = directory(opened)
    seen = own.read(Scope(logins=("taro", "nobody")))
    for deed in ("reset", "unlock", "set"):
        with pytest.raises(WishRefused):
            own.plan(Wish(do=deed, login="taro"), seen)
    assert own.plan(Wish(do="disable", login="nobody"), seen) == ()
    with pytest.raises(WishRefused):
        own.plan(Wish(do="enable", login="nobody"), seen)


def test_leaving_everywhere_means_our_users_too_and_joining_does_not(opened):
    user(opened, "boss", "admin")
    user(opened, "taro", "staff")
    _, row = run(opened, {"do": "disable", "login": "taro", "directory": "everywhere"})
    assert row.status == "changed"
    assert state(opened, "taro") == "disabled"


def test_without_any_user_there_is_no_such_place(opened):
    engine = opened.engine()
    with opened.database.reading() as connection:
        assert "temanashi" not in engine.directories(connection).names
