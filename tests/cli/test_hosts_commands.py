"""`tema hosts list`, `show` and `import` as a person types them."""

from __future__ import annotations

import json

import pytest

HOSTS = {
    "defaults": {"user": "ops"},
    "hosts": {
        "web1": {"address": "10.0.0.1", "jump": ["gate"], "tags": ["web"], "system": "受注", "site": "tokyo", "note": "表"},
        "web2": {"address": "fe80::1", "port": 2222, "system": "受注"},
        "gate": {"user": "jump", "variables": {"zone": "dmz"}},
        "win1": {"shell": "none"},
    },
    "groups": {"front": ["web*"]},
    "exec": {"rules": {"tag:web": "approve"}},
}


@pytest.fixture
def tema(tema):
    tema.write("runbooks/site/hosts.yaml", json.dumps(HOSTS, ensure_ascii=False, indent=1))
    return tema


def test_hosts_are_listed_below_each_other_with_the_way_to_them(tema):
    done = tema.run("hosts", "list")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "5 hosts",
        "  localhost  this machine",
        "  web1       ops@10.0.0.1 via gate  受注  tokyo  web  表",
        "  web2       ops@[fe80::1]:2222     受注",
        "  gate       jump@gate",
        "  win1       win1 (no shell)",
    ]


def test_a_selector_narrows_the_list_and_a_mistake_in_it_has_a_suggestion(tema):
    assert [host["name"] for host in tema.json("hosts", "list", "system:受注,!tag:web")] == ["web2"]
    done = tema.run("hosts", "list", "group:frnt")
    assert done.returncode == 2
    assert "No host matches group:frnt; close: group:front" in done.stderr


def test_one_host_is_told_with_its_place_groups_and_rule(tema):
    done = tema.run("hosts", "show", "web1")
    for line in (
        "Reached as  ops@10.0.0.1 via gate",
        "Groups      front",
        "tema exec   approve",
        "Written in  runbooks/site/hosts.yaml:6",
    ):
        assert f"  {line}" in done.stdout.splitlines()
    assert "  変数            zone=dmz" in tema.run("--lang", "ja", "hosts", "show", "gate").stdout.splitlines()
    shown = tema.json("hosts", "show", "web1")
    assert (shown["route"], shown["groups"], shown["line"]) == (["gate"], ["front"], 6)
    assert tema.json("hosts", "show", "localhost")["file"] == ""
    missing = tema.run("hosts", "show", "web9")
    assert (missing.returncode, "close: web2" in missing.stderr) == (2, True)


def test_lists_with_mistakes_are_not_shown_as_if_they_were_all(tema):
    tema.write("runbooks/site/hosts.d/more.yaml", "hosts: {a: {prt: 1}}\n")
    done = tema.run("hosts", "list")
    assert done.returncode == 2
    assert "runbooks/site/hosts.d/more.yaml:1" in done.stderr


def test_a_list_is_imported_after_a_look_at_what_it_changes(tema, tmp_path):
    tema.write("list.csv", "ホスト名,IP,グループ,資産番号\nweb1,10.0.0.9,front,A-1\nweb5,10.0.0.5,back,A-2\n")
    before = (tmp_path / "runbooks/site/hosts.yaml").read_text()
    look = tema.run("hosts", "import", "list.csv", "--dry-run")
    assert look.returncode == 1
    assert not (tmp_path / "runbooks/site/hosts.d").exists()
    assert (tmp_path / "runbooks/site/hosts.yaml").read_text() == before
    for line in ("  + web5  address: 10.0.0.5", "  ~ web1  address: 10.0.0.1 → 10.0.0.9", "  + group:back  web5"):
        assert line in look.stdout.splitlines()
    assert '× D1: The column "資産番号" was not taken over (2 values).' in look.stdout
    done = tema.run("--lang", "ja", "hosts", "import", "list.csv")
    assert done.returncode == 1
    assert "追加 1 台、変更 1 台、同じ 0 台。" in done.stdout
    assert "tema publish" in done.stderr
    assert [host["name"] for host in tema.json("hosts", "list", "group:back,web1")] == ["web1", "web5"]
    again = tema.json("hosts", "import", "list.csv")
    assert (again["written"], again["same"], again["complete"]) == (False, 2, False)


def test_a_list_that_is_taken_over_whole_ends_with_zero(tema):
    tema.write("list.csv", "host,ip\nweb5,10.0.0.5\n")
    done = tema.json("hosts", "import", "list.csv", "-o", "hosts.yaml")
    assert (done["written"], done["complete"], done["target"]) == (True, True, "runbooks/site/hosts.yaml")
    assert done["left"] == ["web1", "web2", "gate", "win1"]
    assert tema.run("hosts", "import", "list.csv").returncode == 0


@pytest.mark.parametrize("words", [("none.csv",), ("list.csv", "--format", "xls"), ("list.csv", "-o", "people.yaml")])
def test_a_mistake_ends_with_two_and_writes_nothing(tema, words):
    tema.write("list.csv", "host,ip\nweb5,10.0.0.5\n")
    done = tema.run("hosts", "import", *words)
    assert done.returncode == 2
    assert "Next:" in done.stderr
    assert not (tema.root / "runbooks/site/hosts.d").exists()


def test_a_list_from_elsewhere_that_cannot_be_read_leaves_its_hosts_unknown_and_everything_else_as_it_is(tema):
    tema.write("runbooks/site/list.csv", "host,ip\nweb1,127.0.0.1\n")
    tema.write("runbooks/site/hosts.yaml", "sources: [{file: list.csv}]\nhosts: {web2: {transport: local}}\n")
    word = {"id": "word", "kind": "tcp", "host": "127.0.0.1", "port": 1, "optional": True}
    tema.runbook("look", steps=[{"id": "files", "checks": [word]}], targets="web*")
    tema.run("publish")
    (tema.root / "runbooks/site/list.csv").unlink()
    done = tema.run("publish")
    assert "list.csv" in done.stdout + done.stderr
    shown = json.loads(tema.run("run", "look", "--json").stdout)
    rows = {row["target"]: row for step in shown["steps"] for row in step["rows"]}
    assert rows["web1"]["verdict"] == "UNKNOWN"
    assert "list.csv" in json.dumps(rows["web1"], ensure_ascii=False)
    assert rows["web2"]["verdict"] == "SKIPPED"
    assert [host["name"] for host in tema.json("hosts", "list", "!localhost")] == ["web2", "list-list"]
