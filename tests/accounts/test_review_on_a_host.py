"""`tema review snapshot` and `open` where there is something to read, and something that is away."""

import json

import pytest

from cli.conftest import InProcess
from fixtures_account_site import AccountSite
from pages.conftest import Seen, Visitor


@pytest.fixture(scope="module")
def tema(tmp_path_factory, linuxhost):
    patch = pytest.MonkeyPatch()
    root = tmp_path_factory.mktemp("host")
    made = InProcess(root, patch)
    site = AccountSite(root, linuxhost, dead=True)
    with site.opened():
        pass
    made.write("people.csv", "ログイン名,氏名,退職日\nhana,管理 花子,\n")
    yield made
    patch.undo()


def test_a_snapshot_tells_what_was_read_what_was_not_and_what_changed(tema, linuxhost):
    first = tema.run("review", "snapshot", "--as", "hana")
    assert first.returncode == 3
    assert "linux1" in first.stdout
    assert "read for the first time" in first.stdout
    assert "The accounts of dead1 could not be read" in first.stdout
    assert "Nothing was changed outside temanashi" in first.stdout
    linuxhost.inside("useradd", "driftcli")
    second = json.loads(tema.run("review", "snapshot", "--as", "hana", "--json").stdout)
    assert [one["where"] for one in second["not_read"]] == ["dead1"]
    assert [(one["login"], one["change"]) for one in second["drift"]] == [("driftcli", "added")]
    linuxhost.inside("usermod", "-c", "Somebody", "driftcli")
    third = tema.run("review", "snapshot", "--as", "hana")
    assert "linux1: driftcli was changed (name - → Somebody)" in third.stdout


def test_opening_tells_what_was_found_and_what_is_missing(tema):
    made = tema.run("review", "open", "--roster", "people.csv", "--title", "Half", "--as", "hana")
    assert made.returncode == 3
    assert "orphan" in made.stdout
    assert "dead1 could not be read" in made.stdout
    assert "--keep-plain" in made.stderr
    shown = json.loads(tema.run("review", "show", "--json").stdout)
    assert shown["review"]["title"] == "Half"
    assert shown["review"]["roster"]["source"] == "people.csv"


def test_a_review_is_opened_on_the_page_with_a_roster(tmp_path, linuxhost):
    site = AccountSite(tmp_path / "site", linuxhost)
    with site.opened() as installation:
        visitor = Visitor(None, installation, Seen())
        roster = {"roster": ("people.csv", "ログイン名,氏名\nhana,管理 花子\n".encode())}
        more = {"data": {"name": "管理 花子", "title": "下期"}, "headers": {"origin": "http://testserver"}}
        answer = visitor.http.post("/reviews?lang=ja", files=roster, **more)
        assert answer.status_code == 303
        page = visitor.get(answer.headers["location"].removeprefix("/tema")).text
    assert "下期: あと" in page
    assert "people.csv（1人）" in page
