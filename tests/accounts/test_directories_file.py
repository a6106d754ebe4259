"""Directories that are no hosts, as data; what a directory without shells and keys is asked; names that it may have."""

import json
import sys
from datetime import UTC, datetime

import pytest
from jsonschema import Draft202012Validator

from fixtures_hostile import hostile_strings
from temanashi.accounts import Account, Scope, Snapshot, Wish, differences, directory
from temanashi.accounts.directories_file import Directories
from temanashi.accounts.faults import BadAccountValue, BrokenDirectory, UnknownDirectory
from temanashi.accounts.model import Cap
from temanashi.accounts.wide_names import check_employee, check_group, check_login
from temanashi.clock import SystemClock
from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.text import LANGUAGES, explain
from temanashi.workspace.creating import init_workspace
from temanashi.workspace.faults import fault_lines
from temanashi.workspace.live import live_directories
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import publish
from temanashi.workspace.schema import write_schemas
from temanashi.workspace.yaml_source import read_yaml

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CODE = """
from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    room: str


class Kind:
    name = "phonebook"
    settings = Settings

    def open(self, reached):
        return reached


KIND = Kind()
"""
GOOD = """\
directories:
  book:
    kind: phonebook
    title: {ja: 電話帳, en: Phone book}
    room: "101"
  second:
    kind: phonebook
    title: {ja: 二番, en: Second}
    room: "102"
"""
BROKEN = [
    (("room: '101'", "rom: '101'"), 5, "room"),
    (("kind: phonebook", "kind: phonebok"), 3, "phonebook"),
    (("kind: phonebook", "kind: linux"), 3, "host"),
    (("kind: phonebook", "kind: broken"), 3, "nowhere"),
    (("  book:", "  localhost:"), 2, "localhost"),
    (("  book:", "  Book_1:"), 2, "Book_1"),
    (("title: {ja: 電話帳, en: Phone book}", "title: {en: Phone book}"), 4, "ja"),
    (("    kind: phonebook\n", ""), 2, "kind"),
]


@pytest.fixture(scope="module", autouse=True)
def phonebook(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    info = folder / "phonebook-1.0.dist-info"
    info.mkdir()
    (folder / "phonebook_directories.py").write_text(CODE, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: phonebook\nVersion: 1.0\n", encoding="utf-8")
    points = "phonebook = phonebook_directories:KIND\nbroken = phonebook_nowhere:KIND\n"
    (info / "entry_points.txt").write_text(f"[temanashi.directories]\n{points}", encoding="utf-8")
    sys.path.insert(0, str(folder))
    directory._loaded.cache_clear()
    yield
    sys.path.remove(str(folder))
    sys.modules.pop("phonebook_directories", None)
    directory._loaded.cache_clear()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("directories") / "site"
    init_workspace(root)
    return root


def loaded(site, text, lang="en"):
    (site / "runbooks/site/directories.yaml").write_text(text, encoding="utf-8")
    found = load_workspace(site, kinds=step_kinds())
    return fault_lines(found.faults, lang), found.directories


def test_what_the_file_says_is_opened_by_name_with_the_settings_of_its_kind(site):
    faults, found = loaded(site, GOOD)
    assert (faults, found.names) == ([], ("book", "second"))
    reached = found.opened("book", clock=SystemClock(), root=site, secrets=str.upper)
    assert (reached.where, reached.settings.room, reached.root, reached.transport) == ("book", "101", site, None)
    with pytest.raises(TypeError, match="book"):
        _ = reached.host
    with pytest.raises(UnknownDirectory, match="close: second"):
        found.opened("secnd", clock=SystemClock())


@pytest.mark.parametrize(("change", "line", "word"), BROKEN, ids=[change[1][:20] for change, _, _ in BROKEN])
def test_a_mistake_is_told_with_its_line_and_takes_only_its_own_entry_away(site, change, line, word):
    text = GOOD.replace('"101"', "'101'").replace(*change, 1)
    for lang in LANGUAGES:
        faults, found = loaded(site, text, lang)
        assert f"directories.yaml:{line}" in "\n".join(faults)
        assert [*found.entries] == ["second"]
    assert word in "\n".join(faults)
    [name] = found.broken
    with pytest.raises(BrokenDirectory) as caught:
        found.entry(name)
    assert all("directories.yaml" in explain(caught.value, lang).what for lang in LANGUAGES)


def test_a_file_that_says_something_else_is_told(site):
    assert "directory" in loaded(site, "directory: {}\n")[0][0]
    assert "directories" in loaded(site, "directories: [a]\n")[0][0]
    assert loaded(site, "directories:\n") == ([], Directories())


def test_the_schema_takes_what_the_loader_takes(site, tmp_path):
    write_schemas(tmp_path / "schemas")
    schema = Draft202012Validator(json.loads((tmp_path / "schemas/directories.schema.json").read_text()))
    assert list(schema.iter_errors(read_yaml(GOOD).data)) == []
    assert list(schema.iter_errors({"directories": None})) == []
    assert list(schema.iter_errors(read_yaml(GOOD.replace("room", "rom", 1)).data)) != []


def test_what_is_published_is_what_runs_see(tmp_path):
    root = tmp_path / "site"
    init_workspace(root)
    with open_installation(root) as installation:
        with installation.database.reading() as connection:
            assert live_directories(connection).names == ()
        (root / "runbooks/site/directories.yaml").write_text(GOOD, encoding="utf-8")
        content = load_workspace(root, kinds=step_kinds())
        publish(installation.database, installation.ledger, content, actor=Actor(name="alice"), clock=installation.clock)
        engine = installation.engine()
        with installation.database.reading() as connection:
            assert engine.directories(connection).names == ("book", "second")
        assert engine.root == root


NAMES = ["taro.yamada", "Taro_Yamada", "0012345", "yamada@example.jp", "a", "y+x@example.jp"]
NO_NAMES = ["", ".a", "a.", "a b", "a)(uid=*", "*", "a\x00", "山田", "a,dc=x", "a" * 101, "-a", "a\\2a", "a\n", "ａ", "a\u200bb"]
GROUPS = ["Domain Admins", "営業 部", "ops_1", "R&D", "経理（東京）", "O'Brien team", "a/b"]
NO_GROUPS = [
    "",
    " a",
    "a ",
    "a\n",
    "a)(cn=*",
    "*",
    "a,b",
    "a=b",
    "a\\b",
    "a;b",
    "#a",
    "-a",
    "\u202eops",
    "a\x00",
    "a" * 101,
    "<a>",
    'a"b',
]


def test_names_that_people_have_in_directories_pass_and_others_do_not():
    assert [check_login(one) for one in NAMES] == NAMES
    assert [check_group(one) for one in GROUPS] == GROUPS
    assert check_employee("E-00123") == "E-00123"
    refused = [(check_login, one) for one in NO_NAMES] + [(check_group, one) for one in NO_GROUPS] + [(check_employee, "1 2")]
    for check, text in refused:
        with pytest.raises(BadAccountValue) as caught:
            check(text)
        assert all(explain(caught.value, lang).next for lang in LANGUAGES)
    steering = set('\\*=,;<>"#\x00\n\r`$|!~:?[]{}%^')
    assert all(not steering & set(text) for text in hostile_strings("/tmp/x", 400) if _passes(check_group, text))


def _passes(check, text):
    try:
        check(text)
    except BadAccountValue:
        return False
    return True


SWITCHED = frozenset({Cap.SWITCH, Cap.LOCK, Cap.MUST_CHANGE, Cap.EMPLOYEE})


def changed(do, found, caps=SWITCHED, **more):
    groups = {"営業 部": ()}
    seen = Snapshot(where="book", groups=groups, scope=Scope(), taken_at=NOW, accounts=(found,) if found else ())
    return {one.field: one.after for one in differences(Wish(do=do, login="h.yamada", **more), seen, caps=caps)}


def account(**more):
    return Account(**{"login": "h.yamada", "native_id": "x", "password": "set", **more})


def test_a_directory_with_a_switch_is_asked_for_nothing_that_it_does_not_know():
    full = {"shell": "/bin/sh", "keys": (), "expires_on": "never", "groups": ("営業 部",), "employee": "7"}
    assert changed("join", None, **full) == {"account": "h.yamada", "employee": "7", "groups": ["営業 部"]}
    assert changed("set", account(keys=("SHA256:x",)), **full) == {"employee": "7", "groups": ["営業 部"]}
    assert changed("set", account(), frozenset({Cap.SWITCH}), employee="7") == {}
    assert changed("disable", account()) == {"enabled": False}
    assert changed("disable", account(enabled=False)) == {}
    assert changed("enable", account(enabled=False)) == {"enabled": True}
    assert changed("unlock", account(locked=True, failures=3)) == {"locked": False, "failures": 0}
    assert changed("reset", account(), frozenset({Cap.SWITCH})) == {"password": "new"}
    before = account(employee="6", enabled=False).facts()
    assert changed("restore", account(employee="7"), before=before) == {"employee": "6", "enabled": False}
    with pytest.raises(Exception, match="closed"):
        changed("reset", account(enabled=False))


def test_members_are_found_through_groups_in_groups_and_a_circle_ends():
    groups = {"a": ("x",), "b": ("y",), "c": ("z",), "d": ()}
    nested = {"a": ("b",), "b": ("c",), "c": ("a",)}
    seen = Snapshot(where="w", accounts=(), groups=groups, nested=nested, scope=Scope(), taken_at=NOW)
    assert seen.members("a") == {"x", "y", "z"}
    assert seen.members("d") == seen.members("none") == frozenset()
