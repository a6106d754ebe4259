"""Roles as data, the difference field by field, and what was read: no host is needed for these."""

import json
import sys
from datetime import UTC, date, datetime

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from temanashi.accounts import Account, Roles, Scope, Snapshot, Wish, desired_of, differences, directory
from temanashi.accounts.directories.linux_reading import read_snapshot
from temanashi.accounts.directory import directory_kind, installed_directories
from temanashi.accounts.faults import DirectoryNotLoaded, IncompleteRead, NoSuchDirectory, UnknownRole, WishRefused
from temanashi.accounts.names import fingerprint
from temanashi.accounts.one_time import new_secret
from temanashi.accounts.wishes import told
from temanashi.hosts.transport import Result
from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.text import LANGUAGES, explain
from temanashi.workspace.creating import init_workspace
from temanashi.workspace.faults import fault_lines
from temanashi.workspace.live import live_roles
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import publish
from temanashi.workspace.schema import write_schemas
from temanashi.workspace.yaml_source import read_yaml

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
GOOD = """\
roles:
  ops:
    title: {ja: 運用, en: Operations}
    linux: [ops, adm]
    ldap: [ops]
    saas: {wiki: [editors]}
    privileged: true
  desk:
    title: {ja: 事務, en: Back office}
    linux: [desk]
    never_with: [ops]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("roles") / "site"
    init_workspace(root)
    return root


def loaded(site, text, lang="en"):
    (site / "runbooks/site/roles.yaml").write_text(text, encoding="utf-8")
    found = load_workspace(site, kinds=step_kinds())
    return fault_lines(found.faults, lang), found.roles


def test_a_person_has_the_groups_of_all_roles_and_loses_those_of_others(site):
    faults, roles = loaded(site, GOOD)
    assert faults == []
    mine = desired_of(roles, ["desk"])
    assert (mine.linux, mine.not_linux, mine.ldap, mine.not_ldap) == (("desk",), ("adm", "ops"), (), ("ops",))
    assert not mine.privileged
    both = desired_of(roles, ["ops", "desk"])
    assert (both.linux, both.not_linux, both.saas, both.privileged) == (("adm", "desk", "ops"), (), {"wiki": ("editors",)}, True)
    with pytest.raises(UnknownRole, match="close: desk"):
        desired_of(roles, ["dsk"])


BROKEN = [
    (("linux: [desk]", "linux: [Desk]"), 10, "small letter"),
    (("linux: [desk]", "linux: [desk, desk]"), 10, "twice"),
    (("linux: [desk]", "linux: [docker]"), 10, "privileged: true"),
    (("linux: [desk]", "liunx: [desk]"), 10, "linux"),
    (("never_with: [ops]", "never_with: [osp]"), 11, "osp"),
    (("never_with: [ops]", "never_with: [desk]"), 11, "desk"),
    (("title: {ja: 事務, en: Back office}", "title: {en: Back office}"), 9, "ja"),
    (("saas: {wiki: [editors]}", "saas: {wiki: ['a:b']}"), 6, "a:b"),
    (("linux: [desk]", "ldap: [Domain Admins]"), 10, "Domain Admins"),
]


@pytest.mark.parametrize(("change", "line", "word"), BROKEN, ids=[change[1] for change, _, _ in BROKEN])
def test_a_mistake_is_told_with_its_line_and_takes_only_the_roles_away(site, change, line, word):
    for lang in LANGUAGES:
        faults, roles = loaded(site, GOOD.replace(*change, 1), lang)
        assert roles.roles == {}
        [fault] = faults
        assert f"roles.yaml:{line}" in fault
    assert word in fault


def test_the_schema_takes_what_the_loader_takes(site, tmp_path):
    write_schemas(tmp_path / "schemas")
    schema = Draft202012Validator(json.loads((tmp_path / "schemas/roles.schema.json").read_text()))
    assert list(schema.iter_errors(read_yaml(GOOD).data)) == []
    assert list(schema.iter_errors(read_yaml(GOOD.replace("[desk]", "[Desk]", 1)).data)) != []


def test_what_is_published_is_what_runs_see(tmp_path):
    root = tmp_path / "site"
    init_workspace(root)
    with open_installation(root) as installation:
        with installation.database.reading() as connection:
            assert live_roles(connection).roles == {}
        (root / "runbooks/site/roles.yaml").write_text(GOOD, encoding="utf-8")
        content = load_workspace(root, kinds=step_kinds())
        publish(installation.database, installation.ledger, content, actor=Actor(name="alice"), clock=installation.clock)
        with installation.database.reading() as connection:
            assert sorted(installation.engine().roles(connection).roles) == ["desk", "ops"]


def account(**more):
    return Account(**{"login": "hanako", "native_id": "1001", "shell": "/bin/sh", "password": "set", **more})


def seen(*accounts, **more):
    fields = {"where": "web1", "groups": {"ops": ()}, "scope": Scope(logins=("hanako",)), "taken_at": NOW}
    return Snapshot(accounts=accounts, **{**fields, **more})


def changed(do, found, **more):
    return {c.field: c.after for c in differences(Wish(do=do, login="hanako", **more), seen(*([found] if found else [])))}


def test_the_difference_names_each_field_that_becomes_another():
    assert changed("set", account(name="A"), name="B", groups=("ops",)) == {"name": "B", "groups": ["ops"]}
    assert changed("set", account(groups=("ops",)), groups=("ops",)) == {}
    assert changed("set", account(primary_group="ops"), groups=("ops",)) == {}
    assert changed("disable", account(password="none", shell="/usr/sbin/nologin", expires_on=date(2026, 11, 21))) == {}
    assert changed("disable", account(password="empty", expires_on=date(2026, 11, 22)))["expires_on"] == "1970-01-02"
    assert changed("disable", None) == {}
    assert changed("enable", account(expires_on=date(2026, 1, 1), shell="/bin/false", password="locked")) == {
        "password": "set",
        "shell": "/bin/bash",
        "expires_on": "never",
    }
    assert changed("join", None)["shell"] == "/bin/bash"
    assert changed("restore", account(name="B"), before=account().facts()) == {"name": ""}
    assert changed("restore", account(password="locked", aside=True), before=account(jobs=True).facts())["aside"] is False


@pytest.mark.parametrize(
    ("wish", "found", "more"),
    [
        (Wish(do="set", login="hanako"), account(system=True), {}),
        (Wish(do="set", login="hanako"), None, {}),
        (Wish(do="join", login="hanako"), None, {"foreign": ("hanako",)}),
        (Wish(do="join", login="hanako"), account(expires_on=date(2026, 1, 1)), {}),
        (Wish(do="reset", login="hanako"), account(expires_on=date(2026, 1, 1)), {}),
        (Wish(do="unlock", login="hanako"), account(password="none"), {}),
        (Wish(do="set", login="hanako", groups=("nobody-has-it",)), account(), {}),
    ],
)
def test_what_does_not_fit_the_account_is_refused(wish, found, more):
    with pytest.raises(WishRefused):
        differences(wish, seen(*([found] if found else []), **more))


def test_who_was_not_read_is_not_taken_for_absent():
    with pytest.raises(KeyError):
        differences(Wish(do="disable", login="somebody"), seen())


def test_every_field_has_words_in_both_languages():
    wishes = [("disable", account(keys=("SHA256:x",), jobs=True, sessions=2, groups=("ops",))), ("reset", account(failures=1))]
    wishes += [("restore", account(aside=True))]
    for do, found in wishes:
        more = {"before": account().facts()} if do == "restore" else {}
        for change in differences(Wish(do=do, login="hanako", **more), seen(found)):
            for lang in LANGUAGES:
                assert not told(change).text(lang).startswith("accounts.")


LINES = ["T:2:1000", "A:hanako:1001:1001:hanako:花子:/home/hanako:/bin/sh:set:20000::ops", "G:ops:200:hanako", "L", "E"]


def read(lines, **more):
    text = "\n".join(lines) + "\n"
    return read_snapshot(Result(0, stdout=text.encode(), **more), where="web1", scope=Scope(), now=NOW)


def test_what_was_printed_is_read():
    [found] = read(LINES).accounts
    assert (found.login, found.name, found.groups, found.password, found.last_seen) == (
        "hanako",
        "花子",
        ("ops",),
        "set",
        "unknown",
    )
    [found] = read([*LINES[:3], "L:hanako  pts/0  10.0.0.1  Fri Nov 20 09:01:02 +0900 2026", *LINES[3:]]).accounts
    assert found.last_seen == datetime(2026, 11, 20, 0, 1, 2, tzinfo=UTC)
    [found] = read([*LINES[:3], "K:hanako:AAAA", "F:hanako:3", "P:hanako:2", "C:hanako", "S:hanako:keys", *LINES[3:]]).accounts
    assert (found.keys, found.failures, found.sessions, found.jobs, found.aside) == ((fingerprint("AAAA"),), 3, 2, True, True)


@pytest.mark.parametrize(
    ("lines", "more"),
    [
        (LINES, {"truncated": True}),
        (LINES[:-1], {}),
        (LINES[1:], {}),
        (["T:1:1000", *LINES[1:]], {}),
        ([*LINES, "E"], {}),
        ([], {}),
        ([*LINES[:2], "something else", *LINES[2:]], {}),
        ([*LINES[:2], "F:hanako:many", *LINES[2:]], {}),
        (["T:2:1000", "A:hanako:1001:1001", *LINES[2:]], {}),
    ],
)
def test_a_read_that_is_not_whole_is_refused(lines, more):
    with pytest.raises(IncompleteRead, match="not taken for absent"):
        read(lines, **more)


def test_a_public_fingerprint_is_that_of_openssh():
    blob = "AAAAC3NzaC1lZDI1NTE5AAAAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
    assert fingerprint(blob).startswith("SHA256:")
    assert fingerprint("not base64").startswith("SHA256:")


def test_one_time_passwords_differ_and_satisfy_common_rules():
    made = {new_secret() for _ in range(200)}
    assert len(made) == 200
    for one in made:
        assert len(one) == 23
        assert not set(one) & set("0O1lIio")
        assert all(any(kind(c) for c in group) for group in one.split("-") for kind in (str.islower, str.isupper, str.isdigit))


STEPS = [
    ({"do": "reset", "login": "a"}, "deliver"),
    ({"do": "disable", "login": "a", "deliver": "x"}, "deliver"),
    ({"do": "disable", "login": "a", "shell": "/bin/sh"}, "shell"),
    ({"do": "delete", "login": "a"}, "delete"),
    ({"do": "set", "login": "a", "directory": "lniux"}, "linux"),
    ({"do": "set", "login": "a", "logn": "b"}, "logn"),
]


@pytest.mark.parametrize(("step", "word"), STEPS)
def test_a_step_that_makes_no_sense_is_told_when_the_file_is_read(step, word):
    parsed = step_kinds()["accounts"].parse(step)
    assert parsed.spec is None
    assert word in " ".join(problem.message.text("en") + problem.close for problem in parsed.problems)


def test_linux_is_a_kind_of_directory_and_what_is_not_installed_is_told():
    assert "linux" in installed_directories()
    with pytest.raises(NoSuchDirectory, match="close: linux"):
        directory_kind("linx")


@pytest.fixture
def other_package(tmp_path, monkeypatch):
    """A package that brings a kind of directory that works, one that does not, and one under a name of ours."""
    info = tmp_path / "phonebook-1.0.dist-info"
    info.mkdir()
    (tmp_path / "phonebook_accounts.py").write_text("class Kind:\n    name = 'phonebook'\n\nKIND = Kind()\n", encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: phonebook\nVersion: 1.0\n", encoding="utf-8")
    points = "phonebook = phonebook_accounts:KIND\nbroken = phonebook_nowhere:KIND\nlinux = phonebook_accounts:KIND\n"
    (info / "entry_points.txt").write_text(f"[temanashi.directories]\n{points}", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    directory._loaded.cache_clear()
    yield
    monkeypatch.undo()
    directory._loaded.cache_clear()
    sys.modules.pop("phonebook_accounts", None)


@pytest.mark.usefixtures("other_package")
def test_another_package_brings_a_directory_and_one_that_cannot_be_loaded_is_told_with_its_package():
    assert directory_kind("phonebook").name == "phonebook"
    assert directory_kind("linux").name == "linux"
    assert type(directory_kind("linux")) is not type(directory_kind("phonebook"))
    with pytest.raises(DirectoryNotLoaded, match="phonebook_nowhere") as caught:
        directory_kind("broken")
    assert "package phonebook" in explain(caught.value, "en").next
    parsed = step_kinds()["accounts"].parse({"do": "set", "login": "a", "directory": "broken"})
    assert parsed.spec is None
    assert "phonebook_nowhere" in parsed.problems[0].message.text("ja")


def test_roles_are_closed_and_frozen():
    with pytest.raises(ValidationError):
        Roles.model_validate({"roles": {"a": {"title": "A", "lnux": []}}})
