"""Defaults of a file, ways through jump hosts, and mistakes that show when all hosts are seen."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from temanashi.errors import Location
from temanashi.hosts import Inventory, JumpCycle, UnknownHost
from temanashi.hosts.crosschecks import inventory_problems
from temanashi.hosts.inventory import Defaults, HostsFile
from temanashi.text import explain


def inventory(hosts, **more) -> Inventory:
    return Inventory.model_validate({"hosts": hosts, **more})


def route(found: Inventory, name: str) -> list[str]:
    return [host.name for host in found.route(found.hosts[name])]


def problems(found: Inventory) -> list[tuple[tuple[str | int, ...], str, str]]:
    return [(problem.loc, problem.message.text("en"), problem.close) for problem in inventory_problems(found)]


def test_defaults_hold_for_every_host_that_does_not_say_otherwise() -> None:
    defaults = {
        "user": "ops",
        "port": 2222,
        "jump": ["gate"],
        "tags": ["prod"],
        "system": "order",
        "site": "tokyo",
        "variables": {"disk": "/", "owner": "a"},
    }
    own = {"user": "web", "port": 22, "jump": [], "tags": ["web"], "system": "pay", "site": "osaka", "variables": {"disk": "/data"}}
    found = inventory({"db1": None, "web1": own, "gate": {}}, defaults=defaults)
    db1, web1 = found.hosts["db1"], found.hosts["web1"]
    assert (db1.user, db1.port, db1.jump, db1.system, db1.site) == ("ops", 2222, ("gate",), "order", "tokyo")
    assert db1.variables == {"disk": "/", "owner": "a"}
    assert (web1.user, web1.port, web1.jump, web1.system, web1.site) == ("web", 22, (), "pay", "osaka")
    assert web1.variables == {"disk": "/data", "owner": "a"}
    assert (db1.tags, web1.tags) == (("prod",), ("web", "prod"))
    assert found.hosts["gate"].jump == ()
    assert [host.name for host in found.select("site:tokyo")] == ["db1", "gate"]


def test_defaults_leave_this_machine_alone() -> None:
    found = inventory({"here": {"transport": "local"}}, defaults={"user": "ops", "jump": ["gate"], "tags": ["prod"]})
    for name in ("localhost", "here"):
        assert (found.hosts[name].user, found.hosts[name].jump, found.hosts[name].tags) == (None, (), ())


def test_an_inventory_with_defaults_comes_back_from_json_as_it_was() -> None:
    found = inventory({"a": {"jump": []}, "b": {"variables": {"x": 1}}, "g": None}, defaults={"jump": ["g"], "variables": {"y": 2}})
    assert Inventory.model_validate_json(found.model_dump_json()) == found


def test_the_defaults_of_the_site_hold_in_every_file_under_its_own() -> None:
    site = Defaults(user="ops", port=2222, tags=("prod",), variables={"a": 1, "b": 1})
    part = HostsFile.model_validate(
        {"defaults": {"user": "db", "tags": ["db"], "variables": {"b": 2}}, "hosts": {"d": {}}}, context=site
    )
    host = part.hosts["d"]
    assert (host.user, host.port, host.tags, host.variables) == ("db", 2222, ("prod", "db"), {"a": 1, "b": 2})


def test_wrong_defaults_are_told_once_and_not_once_a_host() -> None:
    with pytest.raises(ValidationError) as caught:
        inventory({f"web{n}": {} for n in range(50)}, defaults={"usr": "ops", "port": 0})
    assert [error["loc"] for error in caught.value.errors()] == [("defaults", "port"), ("defaults", "usr")]


def test_a_jump_host_behind_others_is_reached_through_them() -> None:
    found = inventory(
        {"web": {"jump": ["inner"]}, "inner": {"jump": ["middle", "near"]}, "middle": {"jump": ["outer"]}, "outer": {}, "near": {}}
    )
    assert route(found, "web") == ["outer", "middle", "near", "inner"]
    assert route(found, "outer") == []
    assert problems(found) == []


def test_a_way_over_an_unknown_host_is_told_once_with_its_place() -> None:
    found = inventory({"gate": {}, "web1": {"jump": ["gate", "gaet"]}, "web2": {"jump": ["gaet"]}})
    assert problems(found) == [
        (("hosts", "web1", "jump", 1), "jump of web1 names gaet, which is not registered (hosts that say so: 2).", "gate")
    ]
    with pytest.raises(UnknownHost) as caught:
        found.route(found.hosts["web2"])
    assert caught.value.at == Location("runbooks/site/hosts.yaml", field="hosts.web2.jump")


@pytest.mark.parametrize(
    ("hosts", "place", "chain"),
    [
        ({"a": {"jump": ["a"]}}, "a", "a → a"),
        ({"a": {"jump": ["b"]}, "b": {"jump": ["a"]}}, "a", "a → b → a"),
        ({"a": {"jump": ["b", "c", "b"]}, "b": {}, "c": {}}, "b", "b → c → b → a"),
    ],
)
def test_a_way_that_turns_in_a_circle_is_told_where_it_does(hosts, place: str, chain: str) -> None:
    found = inventory(hosts)
    with pytest.raises(JumpCycle) as caught:
        found.route(found.hosts["a"])
    assert caught.value.data["chain"] == chain
    assert ("hosts", place, "jump") in [loc for loc, _, _ in problems(found)]
    for lang in ("ja", "en"):
        told = explain(caught.value, lang)
        assert chain in told.what
        assert "jump: []" in told.next


def test_a_cycle_that_everybody_inherits_is_told_for_those_on_it() -> None:
    found = inventory({**{f"web{n}": {} for n in range(30)}, "gate": {"jump": ["outer"]}, "outer": {}}, defaults={"jump": ["gate"]})
    assert [loc[1] for loc, _, _ in problems(found)] == ["gate", "outer"]


def test_members_of_groups_and_rules_that_name_nobody_are_told() -> None:
    found = inventory(
        {"web1": {}, "db1": {}},
        groups={"front": ["web1", "wbe1"], "all": ["group:front", "tag:db"], "later": ["app*"]},
        exec={"rules": {"tag:prod": "deny", "web1": "approve"}},
    )
    told = problems(found)
    assert [loc for loc, _, _ in told] == [("groups", "front", 1), ("groups", "all", 1), ("exec", "rules", "tag:prod")]
    assert told[0][1].startswith("No host wbe1 is registered; close: web1")


def test_the_strictest_rule_counts_over_many_hosts() -> None:
    found = inventory(
        {"web1": {"tags": ["prod"]}, "web2": {}, "db1": {"exec": "deny"}}, exec={"rules": {"tag:prod": "approve", "*": "allow"}}
    )
    assert [found.exec_rule(host) for host in found.select("web1,web2,db1")] == ["approve", "allow", "deny"]
    assert found.with_local({"x": 1}).exec_rule(found.hosts["web1"]) == "approve"
