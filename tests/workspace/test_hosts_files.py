"""Lists of hosts: several files are one inventory, and a mistake in one of them says its file and line."""

from __future__ import annotations

import pytest

from temanashi.workspace.faults import fault_lines
from temanashi.workspace.yaml_source import BadYaml, read_yaml

HOSTS = "runbooks/site/hosts.yaml"
MORE = "runbooks/site/hosts.d/more.yaml"


def told(folder):
    return fault_lines(folder.load().faults, "en")


def names(folder):
    return list(folder.load().inventory.hosts)


def test_several_files_are_one_inventory(folder):
    folder.write(HOSTS, "defaults: {user: ops}\nhosts:\n  gate:\ngroups: {front: ['web*']}\n")
    folder.write(MORE, "defaults: {port: 2222}\nhosts:\n  web1: {jump: [gate]}\n  web2:\n")
    folder.write("runbooks/site/hosts.d/tokyo/db.yaml", "hosts: {db1: {user: db}}\n")
    loaded = folder.load()
    assert loaded.faults == []
    assert [(host.name, host.user, host.port) for host in loaded.inventory.select("all,!localhost")] == [
        ("gate", "ops", 22),
        ("web1", "ops", 2222),
        ("web2", "ops", 2222),
        ("db1", "db", 22),
    ]
    assert [host.name for host in loaded.inventory.select("group:front")] == ["web1", "web2"]
    assert loaded.site == {}


def test_hosts_d_alone_is_an_inventory(folder):
    folder.write(MORE, "hosts: {web1: }\n")
    assert names(folder) == ["localhost", "web1"]


def test_localhost_may_be_described_in_any_of_them(folder):
    folder.write(HOSTS, "hosts: {web1: }\n")
    folder.write(MORE, "hosts: {localhost: {tags: [here]}}\n")
    assert folder.load().inventory.select("tag:here")[0].transport == "local"


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ("hosts:\n  web2: {prot: 22}\n", f"{MORE}:2  unknown key `prot`. Close: `port`"),
        ("hosts:\n  web1:\n", f"{MORE}:2  host web1 is also in {HOSTS}:2; keep one"),
        ("groups:\n  a: [web1]\n  front: [web1]\n", f"{MORE}:3  group front is also in {HOSTS}:3; keep one"),
        (
            "hosts:\n  web2:\n    jump:\n      - web8\n",
            f"{MORE}:4  jump of web2 names web8, which is not registered (hosts that say so: 1). Close: `web2`",
        ),
        ("hosts:\n  a: {jump: [b]}\n  b: {jump: [a]}\n", f"{MORE}:2  The jump hosts come back to where they began: a → b → a"),
        ("groups:\n  x:\n    - tag:no\n", f"{MORE}:3  No host matches tag:no; close: group:front, group:x"),
        ("exec: {rules: {}}\n", f"{MORE}:1  unknown key `exec`."),
        ("hosts:\n  web2: {port: 22\n", f"{MORE}:3"),
    ],
)
def test_a_mistake_in_one_of_them_has_its_file_and_line_and_empties_the_inventory(folder, more, line):
    folder.write(HOSTS, "hosts:\n  web1: {address: 10.0.0.1}\ngroups: {front: [web1]}\n")
    folder.write(MORE, more)
    assert any(found.startswith(line) for found in told(folder)), told(folder)
    assert names(folder) == ["localhost"]


def test_a_rule_that_protects_nobody_is_told_at_its_line(folder):
    folder.write(HOSTS, "hosts:\n  web1:\nexec:\n  rules:\n    web1: deny\n    tag:prod: approve\n")
    assert told(folder) == [f"{HOSTS}:6  no host matches `tag:prod` of exec.rules"]


@pytest.mark.parametrize(("name", "content"), [("bad.yaml", b"hosts: {\xff: }\n"), ("bad.yml", b"hosts: {web2: }\n")])
def test_a_list_that_cannot_be_read_leaves_no_inventory_that_looks_complete(folder, name, content):
    folder.write(HOSTS, "hosts:\n  web1:\n")
    (folder.root / "runbooks/site/hosts.d").mkdir()
    (folder.root / "runbooks/site/hosts.d" / name).write_bytes(content)
    loaded = folder.load()
    assert list(loaded.inventory.hosts) == ["localhost"]
    assert [fault.at.file for fault in loaded.faults] == [f"runbooks/site/hosts.d/{name}"]
    assert not any(file.startswith("runbooks/site/hosts") for file in loaded.texts)


def test_a_list_of_thousands_is_read_where_a_runbook_of_that_size_is_refused(folder):
    text = "hosts:\n" + "".join(
        f"  web{n}: {{address: 10.0.{n >> 8}.{n & 255}, system: order, tags: [web, tokyo]}}\n" for n in range(8000)
    )
    assert len(text) > 256 * 1024
    folder.write(MORE, text)
    assert len(names(folder)) == 8001
    folder.write("runbooks/routine/large.yaml", text)
    assert [fault.message.key for fault in folder.load().faults] == ["workspace.file-large"]


def test_the_same_mistake_in_thousands_of_hosts_does_not_flood_the_answer(folder):
    folder.write(MORE, "hosts:\n" + "".join(f"  web{n}: {{prt: 1}}\n" for n in range(3000)))
    assert len(folder.load().faults) == 100


@pytest.mark.parametrize(
    "text", ["a: 1\nb: [x, 'y', \"\\u3042\", ~, 0x1F]\nc: {d: &x 1, e: *x}\n", "a: |\n  x\n\n  y\n", "\ufeffa: ! 5\n", "{}"]
)
def test_the_quick_parser_reads_the_same(text):
    quick, strict = read_yaml(text, quick=True), read_yaml(text)
    assert quick.data == strict.data
    assert [quick.line((key,)) for key in strict.data] == [strict.line((key,)) for key in strict.data]


@pytest.mark.parametrize(
    "text", ["a: [", "a: 1\na: 2\n", "a: !!python/object x\n", "---\na: 1\n---\nb: 1\n", "a: *x\n", "", "a: 'x\u2028y"]
)
def test_the_quick_parser_explains_a_mistake_with_the_same_words(text):
    with pytest.raises(BadYaml) as strict:
        read_yaml(text)
    with pytest.raises(BadYaml) as quick:
        read_yaml(text, quick=True)
    assert quick.value.flaws == strict.value.flaws
