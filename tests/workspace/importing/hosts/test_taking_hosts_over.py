"""An import into the files of a workspace: what is added and changed, and what a person wrote there stays."""

from __future__ import annotations

import json

import pytest

from temanashi.text import explain
from temanashi.workspace.hosts_here import HostsBroken, hosts_here
from temanashi.workspace.importing.hosts.carrying_over import NotAHostsFile, plan_import, write_import
from temanashi.workspace.importing.hosts.merging import CannotMerge, ImportRefused
from temanashi.workspace.writing import CannotWrite, replace_all
from temanashi.workspace.yaml_source import read_yaml

MAIN = "runbooks/site/hosts.yaml"
WRITTEN = """\
# Our hosts. 手で書いた一覧
defaults: {user: ops, port: 2222}
hosts:
    web01:   # the old one
        address: 10.0.0.1    # do not touch
        tags:
            - "web"
        variables: {disk: /data}
    web02: {address: '10.0.0.2'}
    web03:
    # the last of them

# groups follow
groups:
    front:
        - web01
exec: {rules: {web01: approve}}
"""


@pytest.fixture
def place(tmp_path):
    class Place:
        root = tmp_path / "workspace"

        def write(self, name, text):
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

        def read(self, name):
            return (self.root / name).read_text(encoding="utf-8")

        def csv(self, text, name="list.csv"):
            (tmp_path / name).write_text(text, encoding="utf-8")
            return tmp_path / name

        def plan(self, text, *, name="list.csv", **how):
            return plan_import(self.root, self.csv(text, name), lang="en", **how)

        def take(self, text, **how):
            planned = self.plan(text, **how)
            write_import(planned)
            return planned

        def inventory(self):
            return hosts_here(self.root).inventory

    made = Place()
    made.root.mkdir()
    return made


def ansible(hosts, **groups):
    return json.dumps({"_meta": {"hostvars": hosts}, **{name: {"hosts": members} for name, members in groups.items()}})


def test_a_first_list_becomes_a_file_of_its_own_that_loads(place):
    planned = place.take(
        "host,ip,port,system\nweb01,10.0.0.1,22,order\nweb02,10.0.0.2,2222,order\n123,10.0.0.3,,\n", name="サーバ 一覧.csv"
    )
    assert list(planned.texts) == ["runbooks/site/hosts.d/サーバ-一覧.yaml"]
    text = place.read("runbooks/site/hosts.d/サーバ-一覧.yaml")
    assert text.startswith("# Made from サーバ 一覧.csv by `tema hosts import`.")
    assert "  web01: {address: 10.0.0.1, system: order}\n" in text
    assert [(h.name, h.address, h.port) for h in place.inventory().select("!localhost")] == [
        ("web01", "10.0.0.1", 22),
        ("web02", "10.0.0.2", 2222),
        ("123", "10.0.0.3", 22),
    ]


def test_the_same_list_a_second_time_changes_nothing(place):
    text = ansible({"web01": {"ansible_host": "10.0.0.1", "x": {"y": [1]}}, "web02": {}}, front=["web01"], back=["web02"])
    first = place.take(text, name="a.json")
    again = place.plan(text, name="a.json")
    assert again.comparison.empty
    assert again.texts == {}
    assert again.comparison.same == 2
    assert first.comparison.groups == {"front": ("web01",), "back": ("web02",)}


def test_a_host_is_changed_where_it_stands_and_all_else_stays(place):
    place.write(MAIN, WRITTEN)
    planned = place.take("host,ip,tags,os,port\nweb01,10.9.9.9,prod,Debian,2222\nweb02,10.0.0.2,,,\nweb03,10.0.0.3,,,\n")
    assert [(one.name, one.fields) for one in planned.comparison.changed] == [
        (
            "web01",
            {
                "address": ("10.0.0.1", "10.9.9.9"),
                "tags": (["web"], ["web", "prod"]),
                "variables": ({"disk": "/data"}, {"disk": "/data", "os": "Debian"}),
            },
        ),
        ("web03", {"address": ("web03", "10.0.0.3")}),
    ]
    assert list(planned.texts) == [MAIN]
    text = place.read(MAIN)
    for kept in (
        "# Our hosts. 手で書いた一覧",
        "# the old one",
        "# do not touch",
        "'10.0.0.2'",
        "# the last of them",
        "# groups follow",
        "exec: {rules: {web01: approve}}",
    ):
        assert kept in text
    data = read_yaml(text).data
    assert data["hosts"]["web01"] == {
        "address": "10.9.9.9",
        "tags": ["web", "prod"],
        "variables": {"disk": "/data", "os": "Debian"},
    }
    assert data["hosts"]["web03"] == {"address": "10.0.0.3"}
    assert {**data, "hosts": 0} == {**read_yaml(WRITTEN).data, "hosts": 0}


def test_new_hosts_in_a_written_file_leave_every_line_of_it(place):
    place.write(MAIN, WRITTEN)
    planned = place.take(
        ansible({"new": {"ansible_host": "10.0.0.7", "ansible_user": "ops", "ansible_port": 22}}, later=["new"]),
        target="hosts.yaml",
    )
    lines = place.read(MAIN).splitlines()
    assert [line for line in lines if line not in WRITTEN.splitlines()] == [
        "    new: {address: 10.0.0.7, port: 22}",
        "    later: [new]",
    ]
    assert [line for line in lines if line in WRITTEN.splitlines()] == WRITTEN.splitlines()
    assert lines.index("    new: {address: 10.0.0.7, port: 22}") == lines.index("    # the last of them") + 1
    assert planned.comparison.left == ("web01", "web02", "web03")


@pytest.mark.parametrize(
    "written",
    ["hosts: {a: {tags: [x]}, b: }\n", "hosts:\n", "groups: {g: [localhost]}", "hosts: {}\n", "hosts:\n  a:\n  b: {port: 23}"],
)
def test_new_hosts_are_added_to_any_form_of_file(place, written):
    place.write(MAIN, written)
    before = read_yaml(written).data
    place.take("host,ip,group\nnew1,10.0.0.1,g\nnew2,10.0.0.2,\n", target=MAIN)
    after = read_yaml(place.read(MAIN)).data
    assert after["hosts"] == {**(before.get("hosts") or {}), "new1": {"address": "10.0.0.1"}, "new2": {"address": "10.0.0.2"}}
    assert after["groups"]["g"] == [*(before.get("groups") or {}).get("g", []), "new1"]


def test_groups_that_are_registered_get_only_who_is_missing(place):
    place.write(MAIN, "hosts: {web01: , web02: , db01: }\ngroups:\n  front: ['web*']  # by name\n  back: [db01]\n")
    planned = place.take(
        json.dumps(
            {
                "front": {"hosts": ["web01", "web02"]},
                "back": {"hosts": ["db01", "web02", "new"], "children": ["front"]},
                "all": {"children": ["back"]},
            }
        )
    )
    assert planned.comparison.groups == {"back": ("web02", "new", "group:front")}
    text = place.read(MAIN)
    assert "# by name" in text
    assert read_yaml(text).data["groups"]["back"] == ["db01", "web02", "new", "group:front"]
    assert [host.name for host in place.inventory().select("group:back")] == ["web01", "web02", "db01", "new"]


def test_ways_are_found_by_name_or_address_and_unknown_ones_are_left_out(place):
    place.write(MAIN, "hosts: {gate: {address: 10.0.0.254}}\n")
    planned = place.take(
        "host,ip,jump\nweb01,10.0.0.1,10.0.0.254\nweb02,10.0.0.2,inner > gate\nweb03,10.0.0.3,nobody\n"
        "web04,,web04\ninner,10.0.0.9,\n"
    )
    assert [(host.name, host.jump) for host in place.inventory().select("web*")] == [
        ("web01", ("gate",)),
        ("web02", ("inner", "gate")),
        ("web03", ()),
        ("web04", ()),
    ]
    assert [finding.place for finding in planned.found.findings] == ["A4", "A5"]
    assert not planned.complete


def test_a_list_that_would_not_load_is_refused_and_nothing_is_written(place):
    with pytest.raises(ImportRefused) as caught:
        place.take("host,jump\na,b\nb,a\n")
    assert "come back to where they began: a → b → a" in explain(caught.value, "en").what
    assert explain(caught.value, "ja").next
    assert list(place.root.iterdir()) == []


def test_a_file_with_aliases_is_not_changed_behind_their_back(place):
    text = "hosts:\n  a: &one {tags: [x]}\n  b: *one\n"
    place.write(MAIN, text)
    with pytest.raises(CannotMerge) as caught:
        place.take("host,ip\na,10.0.0.1\n")
    assert MAIN in explain(caught.value, "en").what
    assert "-o hosts.d/" in explain(caught.value, "ja").next
    assert place.read(MAIN) == text


@pytest.mark.parametrize(
    ("text", "at"), [("hosts: [", f"{MAIN}:1"), ("- a\n", f"{MAIN}:1"), ("hosts: {a: {prt: 1}}\n", f"{MAIN}:1 (hosts.a.prt)")]
)
def test_a_list_with_mistakes_is_not_compared(place, text, at):
    place.write(MAIN, text)
    with pytest.raises(HostsBroken) as caught:
        place.plan("host\nweb01\n")
    assert at in explain(caught.value, "en").what
    assert "tema validate" in explain(caught.value, "ja").next


def test_a_list_that_cannot_be_read_is_not_compared(place):
    place.write("runbooks/site/hosts.d/x.yml", "hosts: {}\n")
    with pytest.raises(HostsBroken):
        place.plan("host\nweb01\n")


@pytest.mark.parametrize("target", ["../x.yaml", "people.yaml", "hosts.d/../x.yaml", "/etc/hosts.yaml", "hosts.d/x.yml"])
def test_a_target_that_holds_no_hosts_is_refused(place, target):
    with pytest.raises(NotAHostsFile) as caught:
        place.plan("host\nweb01\n", target=target)
    assert MAIN in explain(caught.value, "en").next


@pytest.mark.parametrize(
    "target", ["hosts.d/x.yaml", "./hosts.d/x.yaml", "runbooks/site/hosts.d/x.yaml", "ROOT/runbooks/site/hosts.d/x.yaml"]
)
def test_a_target_is_named_in_several_ways(place, target):
    planned = place.plan("host\nweb01\n", target=target.replace("ROOT", str(place.root)))
    assert list(planned.texts) == ["runbooks/site/hosts.d/x.yaml"]


def test_texts_of_strangers_stay_text(place):
    hostile = {
        "n1": "{{ 1 }}",
        "n2": "a: b",
        "n3": "# x",
        "n4": "!!python/x",
        "n5": "*a",
        "n6": "yes",
        "n7": "1e5",
        "n8": "|",
        "n9": "'\"\\",
    }
    place.take(ansible({name: {"v": value} for name, value in hostile.items() if "{{" not in value}))
    assert {host.name: host.variables["v"] for host in place.inventory().select("n*")} == {
        k: v for k, v in hostile.items() if k != "n1"
    }


def test_thousands_of_hosts_are_taken_over_at_once(place):
    place.take("host,ip,system,group\n" + "".join(f"web{n},10.0.{n >> 8}.{n & 255},s{n % 9},g{n % 3}\n" for n in range(3000)))
    assert len(place.inventory().select("group:g0,group:g1,group:g2")) == 3000


def test_files_are_replaced_whole_and_keep_their_mode(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("old")
    file.chmod(0o640)
    replace_all(tmp_path, {"a.yaml": "new", "deep/b.yaml": "b"})
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o640)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.yaml", "b.yaml", "deep"]


def test_where_one_file_cannot_be_made_none_is_touched(tmp_path):
    (tmp_path / "a.yaml").write_text("old")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotWrite):
        replace_all(tmp_path, {"a.yaml": "new", "file/b.yaml": "b"})
    assert (tmp_path / "a.yaml").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.yaml", "file"]
