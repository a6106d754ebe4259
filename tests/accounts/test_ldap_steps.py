"""`accounts` steps on a real OpenLDAP server: through the engine with its records, and at a terminal."""

import json
import re
import shutil
from types import SimpleNamespace

import pytest

from fixtures_accounts_slapd import OUR_PASSWORD, PERSON_PASSWORD
from fixtures_runs import ALICE, asking, make_engine, runbook_of
from fixtures_terminal import Terminal
from temanashi.accounts.directories_file import read_directories
from temanashi.accounts.roles import Roles
from temanashi.runbooks.steps.channels import Channels
from temanashi.runs.advancing import advance
from temanashi.runs.again import request_undo
from temanashi.runs.reading import run_view
from temanashi.runs.requests import dry_run, request_run
from temanashi.secrets import Redactor
from temanashi.text import LANGUAGES


@pytest.fixture(scope="module")
def roles(accounts_slapd):
    """Two roles with a group each, one of whose names holds spaces and Japanese."""
    ops, desk = accounts_slapd.group("p0030"), accounts_slapd.group("p0030", cn=f"営業 部 {accounts_slapd.login()}")
    said = {"ops": {"title": "Operations", "ldap": [ops]}, "desk": {"title": "Desk", "ldap": [desk]}}
    return SimpleNamespace(ops=ops, desk=desk, loaded=Roles.model_validate({"roles": said}))


def entry(slapd):
    return {"kind": "ldap", "title": "Company", **slapd.settings().model_dump(mode="json", exclude_defaults=True)}


@pytest.fixture
def site(tmp_path, accounts_slapd, roles):
    told = []

    def deliver(url, *, title, body, recovery):
        told.append((title, body))
        return True

    found, problems = read_directories({"directories": {"corp": entry(accounts_slapd)}}, ("en",))
    assert problems == []
    plain = make_engine(
        tmp_path,
        redactor=Redactor(),
        roles=lambda _: roles.loaded,
        directories=lambda _: found,
        root=accounts_slapd.folder,
        secret={"env:LDAP_PASSWORD": OUR_PASSWORD, "env:X": "json://nobody"}.__getitem__,
    )
    channel = Channels(
        {"account-secrets": ("env:X",)},
        database=plain.database,
        clock=plain.clock,
        lang="en",
        secret=lambda _: "json://nobody",
        deliver=deliver,
    )
    engine = type(plain)(**{**vars(plain), "channel": channel})

    def request(step):
        return asking(runbook_of([{"id": "it", "accounts": {"directory": "corp", **step}}]))

    def go(number):
        result = advance(engine, number)
        with engine.database.reading() as connection:
            rows = [row for step in run_view(connection, number).steps for row in step.rows]
        return SimpleNamespace(number=number, outcome=result.outcome, statuses=[row.status for row in rows])

    def run(step):
        return go(request_run(engine, request(step)))

    yield SimpleNamespace(engine=engine, run=run, go=go, request=request, told=told, folder=tmp_path)
    engine.database.close()


def test_a_leaver_is_refused_the_run_undone_and_let_in_again(site, accounts_slapd):
    login = accounts_slapd.person()
    step = {"do": "disable", "login": login}
    before = accounts_slapd.whole()
    [change] = dry_run(site.engine, site.request(step)).changes
    assert accounts_slapd.whole() == before
    assert {change.summary.text(lang).count("corp") for lang in LANGUAGES} == {1}
    done = site.run(step)
    assert (done.outcome, done.statuses) == ("done", ["changed"])
    assert accounts_slapd.signs_in(accounts_slapd.dn(login), PERSON_PASSWORD) == "locked"
    assert site.run(step).statuses == ["already"]
    undone = site.go(request_undo(site.engine, done.number, actor=ALICE, channel="cli", reason="by mistake"))
    assert (undone.outcome, undone.statuses) == ("done", ["changed"])
    assert accounts_slapd.signs_in(accounts_slapd.dn(login), PERSON_PASSWORD) == "success"


def test_joiner_and_mover_have_the_groups_of_their_roles_three_times_over(site, accounts_slapd, roles):
    login = accounts_slapd.login()
    join = {"do": "join", "login": login, "name": "山田 花子", "employee": "E-1", "roles": ["ops"], "deliver": "account-secrets"}
    assert site.run(join).statuses == ["changed"]
    [(title, body)] = site.told
    assert login in title
    [secret] = re.findall(r"\b\w{5}(?:-\w{5}){3}\b", body)
    assert accounts_slapd.signs_in(accounts_slapd.dn(login), secret) == "must-change"
    move = {"do": "set", "login": login, "roles": ["desk"]}
    assert site.run(move).statuses == ["changed"]
    after = accounts_slapd.whole()
    assert [site.run(move).statuses for _ in range(3)] == [["already"]] * 3
    assert accounts_slapd.whole() == after
    assert accounts_slapd.directory().read(scope_of(login)).account(login).groups == (roles.desk,)
    files = b"".join(path.read_bytes() for path in site.folder.rglob("*") if path.is_file())
    assert login.encode() in files
    assert secret.encode() not in files
    assert OUR_PASSWORD.encode() not in files


def scope_of(login):
    from temanashi.accounts.model import Scope

    return Scope(logins=(login,))


def test_a_plan_that_is_no_longer_so_is_a_conflict(site, accounts_slapd):
    login = accounts_slapd.person()
    number = request_run(site.engine, site.request({"do": "set", "login": login, "name": "Planned"}))
    with accounts_slapd.as_root() as root:
        root.modify(accounts_slapd.dn(login), {"employeeNumber": [("MODIFY_REPLACE", ["Z-9"])]})
    done = site.go(number)
    assert done.statuses == ["conflict"]
    assert accounts_slapd.directory().read(scope_of(login)).account(login).name == login


@pytest.fixture
def terminal(tmp_path, accounts_slapd):
    made = Terminal(tmp_path)
    shutil.copy(accounts_slapd.folder / "ca.pem", tmp_path / "ca.pem")
    broken = {"kind": "ldap", "title": {"ja": "だめ", "en": "Broken"}}
    corp = {**entry(accounts_slapd), "title": {"ja": "社内", "en": "Company"}}
    made.write("runbooks/site/directories.yaml", json.dumps({"directories": {"corp": corp, "other": broken}}))
    return made


def test_accounts_of_a_directory_are_listed_and_what_cannot_be_read_is_told(terminal, accounts_slapd):
    login = accounts_slapd.person(displayName="一覧 花子")
    with accounts_slapd.as_root() as root:
        root.modify(accounts_slapd.dn(login), {"pwdAccountLockedTime": [("MODIFY_REPLACE", ["000001010000Z"])]})
    secret = {"LDAP_PASSWORD": OUR_PASSWORD}
    found = terminal.run("account", "list", "corp", "--login", login, env=secret)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.splitlines()[1].split("  ") == ["corp", login, "一覧 花子", "閉鎖", "-"]
    told = terminal.run("account", "list", "corp", "--json", env=secret)
    accounts = json.loads(told.stdout)["directories"]["corp"]["accounts"]
    assert len(accounts) > 200
    assert "state" not in accounts[0]
    wrong = terminal.run("account", "list", "corp", env={"LDAP_PASSWORD": "wrong"})
    assert wrong.returncode == 3
    assert "bind_dn" in wrong.stderr
    other = terminal.run("account", "list", "other")
    assert other.returncode == 3
    assert "directories.yaml" in other.stderr


@pytest.mark.parametrize("text", ["directories: [", "a list\n"])
def test_a_file_that_is_no_yaml_is_told(terminal, text):
    terminal.write("runbooks/site/directories.yaml", text)
    found = terminal.run("account", "list", "corp")
    assert found.returncode not in {0, 3}
    assert "directories.yaml:1" in found.stderr
