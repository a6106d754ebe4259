"""`sources:` in hosts.yaml: lists that others keep, read again at each publication and frozen in the version."""

from __future__ import annotations

import pytest

from temanashi.checks.registry import parse_check
from temanashi.checks.running import measure
from temanashi.clock import SystemClock
from temanashi.hosts import Command, Inventory
from temanashi.hosts.connecting import connect
from temanashi.hosts.transport import HostLost
from temanashi.secrets import Redactor
from temanashi.text import explain
from temanashi.workspace.faults import errors_among, fault_lines
from temanashi.workspace.hosts_here import hosts_here
from temanashi.workspace.importing.hosts.carrying_over import plan_import
from temanashi.workspace.loading import load_content, load_workspace
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
def test_a_source_that_cannot_be_read_disables_itself_and_one_lost_host_stands_for_it(folder, entry, said):
    folder.write(LIST, "host,ip\nweb1,10.0.0.1\n")
    folder.write("runbooks/site/empty.csv", "nothing\n")
    folder.write(HOSTS, f"hosts: {{gate: }}\nsources:\n  - {entry}\n")
    loaded = folder.load()
    lost = [host for host in loaded.inventory.hosts.values() if host.lost is not None]
    assert [host.name for host in loaded.inventory.hosts.values() if host.lost is None] == ["localhost", "gate"]
    assert [host.name for host in lost] == [f"list-{entry[7:].partition('.')[0]}"]
    [line] = [line for line in told(loaded) if line.startswith(f"{HOSTS}:3")]
    assert said in line
    assert said in lost[0].lost.text("en")
    assert [host.name for host in hosts_here(folder.root).inventory.select("!localhost")] == ["gate", lost[0].name]


def test_the_hosts_that_it_had_in_the_live_version_stay_and_are_never_asked(folder):
    folder.write(LIST, "host,ip,group\nweb1,10.0.0.1,front\nweb2,10.0.0.2,front\n")
    folder.write("runbooks/site/other.csv", "host,ip\ndb1,10.0.0.3\n")
    folder.write(HOSTS, "sources: [{file: other.csv}, {file: list.csv}]\n")
    before = folder.load().texts
    (folder.root / LIST).unlink()
    again = load_workspace(folder.root, kinds={}, earlier=before)
    assert [(host.name, host.lost is not None) for host in again.inventory.select("db1,group:front")] == [
        ("db1", False),
        ("web1", True),
        ("web2", True),
    ]
    kept = load_content(again.texts, kinds={}, languages=("ja", "en")).inventory
    answer = connect(kept.hosts["web1"]).run_all([Command("true")], timeout=1)[0]
    assert isinstance(answer, HostLost)
    assert "list.csv" in explain(answer, "ja").what
    assert "cannot be opened" in explain(answer, "en").what
    # Also where it is not the first look that fails, or another source was added before it.
    folder.write(HOSTS, "sources: [{file: new.csv}, {file: other.csv}, {file: list.csv}]\n")
    third = load_workspace(folder.root, kinds={}, earlier=again.texts)
    assert [host.name for host in third.inventory.select("!localhost") if host.lost is not None] == ["list-new", "web1", "web2"]
    folder.write(LIST, "host,ip,group\nweb1,10.0.0.1,front\n")
    healed = load_workspace(folder.root, kinds={}, earlier=third.texts)
    assert healed.inventory.hosts["web1"].lost is None
    assert "web2" not in healed.inventory.hosts


def test_everything_about_a_lost_host_is_unknown_what_is_seen_from_here_too():
    lost = {"hosts": {"web1": {"address": "127.0.0.1", "lost": {"ja": "読めません", "en": "unreadable"}}}}
    host = Inventory.model_validate(lost).hosts["web1"]
    specs = [parse_check({"id": "up", "kind": "up"}), parse_check({"id": "port", "kind": "tcp", "host": "127.0.0.1", "port": 1})]
    results = measure(specs, host, transport=connect(host), clock=SystemClock(), redactor=Redactor())
    assert [str(result.verdict) for result in results] == ["UNKNOWN", "UNKNOWN"]
    assert all("unreadable" in result.reason.text("en") for result in results)


def test_of_two_sources_with_one_host_the_first_counts_and_both_are_named(folder):
    folder.write(LIST, "host,ip,group\nweb1,10.0.0.1,front\n")
    folder.write("runbooks/site/other.csv", "host,ip,group\nweb1,10.9.9.9,front\nweb2,10.0.0.2,front\n")
    folder.write(HOSTS, "sources:\n  - file: list.csv\n  - file: other.csv\n")
    loaded = folder.load()
    line = f"{HOSTS}:3  (warning) web1 is in list.csv and in other.csv. list.csv counts, because it stands first in `sources`."
    assert told(loaded) == [line]
    assert loaded.inventory.hosts["web1"].address == "10.0.0.1"
    assert [host.name for host in loaded.inventory.select("group:front")] == ["web1", "web2"]


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
