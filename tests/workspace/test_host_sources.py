"""`sources:` in hosts.yaml: lists that others keep, read again at each publication and frozen in the version."""

from __future__ import annotations

import pytest

from temanashi.workspace.faults import errors_among, fault_lines
from temanashi.workspace.hosts_here import HostsBroken, hosts_here
from temanashi.workspace.importing.hosts.carrying_over import plan_import
from temanashi.workspace.loading import load_content
from temanashi.workspace.schema import hosts_schema

HOSTS = "runbooks/site/hosts.yaml"
LIST = "runbooks/site/list.csv"


def told(loaded):
    return fault_lines(loaded.faults, "en")


def test_a_source_is_read_at_each_load_and_stands_in_the_version_as_it_was(folder, tmp_path_factory):
    file = tmp_path_factory.mktemp("share") / "サーバ 一覧.csv"
    file.write_text("ホスト名,IP,踏み台,グループ\nweb1,10.0.0.1,10.0.0.254,front\nweb2,10.0.0.2,,front\n", encoding="cp932")
    folder.write(HOSTS, f"defaults: {{user: ops}}\nsources:\n  - file: {file}\nhosts: {{gate: {{address: 10.0.0.254}}}}\n")
    first = folder.load()
    assert first.faults == []
    assert [(h.name, h.user, h.jump) for h in first.inventory.select("group:front")] == [
        ("web1", "ops", ("gate",)),
        ("web2", "ops", ()),
    ]
    assert [name for name in first.texts if "sources" in name] == ["runbooks/site/hosts.d/.sources/0-サーバ-一覧.yaml"]
    file.write_text("ホスト名,IP\nweb3,10.0.0.3\n", encoding="cp932")
    assert [host.name for host in folder.load().inventory.select("web*")] == ["web3"]
    kept = load_content(first.texts, kinds={}, languages=("ja", "en"))
    assert [host.name for host in kept.inventory.select("web*")] == ["web1", "web2"]


def test_the_same_content_is_the_same_text(folder):
    folder.write(LIST, "host,ip\nweb1,10.0.0.1\n")
    folder.write(HOSTS, "sources: [{file: list.csv}]\n")
    assert folder.load().texts == folder.load().texts


def test_what_is_written_by_hand_wins_and_that_is_told(folder):
    folder.write(LIST, "host,ip,group\nweb1,10.0.0.1,front\nweb2,10.0.0.2,front\n")
    folder.write(HOSTS, "sources: [{file: list.csv, format: csv}]\nhosts: {web1: {address: 10.9.9.9}}\ngroups: {front: [web2]}\n")
    loaded = folder.load()
    assert told(loaded) == [f"{HOSTS}:1  (warning) web1 is also written by hand, and that counts."]
    assert loaded.inventory.hosts["web1"].address == "10.9.9.9"
    assert [host.name for host in loaded.inventory.select("group:front")] == ["web2"]


def test_what_was_not_understood_is_a_warning_at_the_line_of_the_source(folder):
    folder.write(LIST, "host,ip,rack\nweb1,nowhere!,a\n")
    folder.write(HOSTS, "hosts: {}\nsources:\n  - file: list.csv\n")
    loaded = folder.load()
    assert errors_among(loaded.faults) == []
    assert [line.split("  ")[0] for line in told(loaded)] == [f"{HOSTS}:3"] * 2
    assert "web1" in loaded.inventory.hosts


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{file: none.csv}", "cannot be opened"),
        ("{file: list.csv, format: xlsx}", "workbook"),
        ("{file: empty.csv}", "no list of hosts"),
    ],
)
def test_a_source_that_cannot_be_read_leaves_no_inventory_that_looks_complete(folder, entry, said):
    folder.write(LIST, "host,ip\nweb1,10.0.0.1\n")
    folder.write("runbooks/site/empty.csv", "nothing\n")
    folder.write(HOSTS, f"hosts: {{gate: }}\nsources:\n  - {entry}\n")
    loaded = folder.load()
    assert list(loaded.inventory.hosts) == ["localhost"]
    assert not any(name.startswith("runbooks/site/hosts") for name in loaded.texts)
    [line] = [line for line in told(loaded) if line.startswith(f"{HOSTS}:3")]
    assert said in line
    with pytest.raises(HostsBroken):
        hosts_here(folder.root)


@pytest.mark.parametrize("written", ["sources: list.csv\n", "sources: [{fiel: x}]\n", "sources: [{file: x, format: xls}]\n"])
def test_a_mistake_in_sources_is_told_like_any_other(folder, written):
    folder.write(HOSTS, written)
    assert told(folder.load())[0].startswith(f"{HOSTS}:1")


def test_hosts_of_a_source_are_not_imported_a_second_time(folder):
    folder.write(LIST, "host,ip\nweb1,10.0.0.1\n")
    folder.write(HOSTS, "sources: [{file: list.csv}]\n")
    other = folder.root / "other.csv"
    other.write_text("host,ip\nweb1,10.0.0.9\nweb2,10.0.0.2\n")
    planned = plan_import(folder.root, other, lang="en")
    assert list(planned.comparison.added) == ["web2"]
    assert planned.comparison.changed == ()
    assert [finding.message.key for finding in planned.found.findings] == ["inventory.from-source"]


def test_editors_know_sources():
    assert "sources" in hosts_schema()["properties"]
