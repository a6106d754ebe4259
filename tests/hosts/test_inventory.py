"""Hosts, groups and the expressions that choose among them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from temanashi.errors import Location
from temanashi.hosts import (
    Command,
    Inventory,
    LocalTransport,
    NoShell,
    NothingSelected,
    UnknownGroup,
    UnknownHost,
    connect,
)
from temanashi.text import explain

DATA = {
    "hosts": {
        "web1": {"address": "10.0.0.1", "tags": ["web", "tokyo"], "system": "order", "user": "ops", "port": 2222, "jump": ["gate"]},
        "web2": {"tags": ["web", "osaka"], "system": "order", "variables": {"disk": "/data"}},
        "db1": {"system": "ledger"},
        "gate": None,
        "win1": {"shell": "none"},
    },
    "groups": {"front": ["web*"], "all-order": ["group:front", "db1"], "loop": ["group:loop", "gate"]},
}


@pytest.fixture
def inventory() -> Inventory:
    return Inventory.model_validate(DATA)


def names(inventory: Inventory, expression: str) -> list[str]:
    return [host.name for host in inventory.select(expression)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("web1", ["web1"]),
        ("localhost", ["localhost"]),
        ("web2, web1", ["web1", "web2"]),
        ("web*", ["web1", "web2"]),
        ("web[2]", ["web2"]),
        ("tag:web", ["web1", "web2"]),
        ("tag:web,!tag:osaka", ["web1"]),
        ("system:order", ["web1", "web2"]),
        ("group:front", ["web1", "web2"]),
        ("group:all-order,!web1", ["web2", "db1"]),
        ("group:loop", ["gate"]),
        ("!localhost,!win1", ["web1", "web2", "db1", "gate"]),
        ("all,!w*", ["localhost", "db1", "gate"]),
        ("tag:*o", ["web1"]),
        ("system:*", ["web1", "web2", "db1"]),
        ("group:f*", ["web1", "web2"]),
        ("system:order,&tag:tokyo", ["web1"]),
        ("&system:order,&tag:osaka", ["web2"]),
        ("web*,&system:order,!web1", ["web2"]),
        (" web1 , , web2 ", ["web1", "web2"]),
    ],
)
def test_an_expression_chooses_hosts_in_the_order_of_the_inventory(inventory, expression: str, expected: list[str]) -> None:
    assert names(inventory, expression) == expected


def test_localhost_is_there_without_any_configuration() -> None:
    (host,) = Inventory().select("localhost")
    assert (host.transport, host.address, host.shell) == ("local", "127.0.0.1", "posix")


def test_localhost_can_be_described_further() -> None:
    (host,) = Inventory.model_validate({"hosts": {"localhost": {"tags": ["demo"]}}}).select("tag:demo")
    assert (host.name, host.transport) == ("localhost", "local")


def test_the_address_of_a_host_is_its_name_unless_it_says_otherwise(inventory) -> None:
    assert [host.address for host in inventory.select("web1,web2")] == ["10.0.0.1", "web2"]
    assert inventory.select("web2")[0].variables == {"disk": "/data"}


def test_an_empty_file_is_an_inventory() -> None:
    assert names(Inventory.model_validate({}), "all") == ["localhost"]
    assert names(Inventory.model_validate({"hosts": None, "groups": None}), "all") == ["localhost"]


@pytest.mark.parametrize(
    ("expression", "error", "english"),
    [
        ("web9", UnknownHost, "No host web9 is registered; close: web2"),
        ("zzz", UnknownHost, "No host zzz is registered; close: localhost, web1, web2, db1, gate"),
        ("group:fronts", UnknownGroup, "No host matches group:fronts; close: group:front"),
        ("tag:wep", UnknownGroup, "No host matches tag:wep; close: tag:web"),
        ("colour:red", UnknownGroup, "No host matches colour:red; close:"),
        ("x*", NothingSelected, '"x*" leaves no host to act on.'),
        ("web1,!web1", NothingSelected, '"web1,!web1" leaves no host to act on.'),
        ("", NothingSelected, '"" leaves no host to act on.'),
        ("tag:zz*", NothingSelected, '"tag:zz*" leaves no host to act on.'),
        ("web1,&web2", NothingSelected, '"web1,&web2" leaves no host to act on.'),
        ("all,&web9", UnknownHost, "No host web9 is registered"),
        ("all,!tag:wep", UnknownGroup, "No host matches tag:wep; close: tag:web"),
    ],
)
def test_an_expression_that_chooses_nothing_is_an_error_with_close_names(inventory, expression: str, error, english: str) -> None:
    with pytest.raises(error) as caught:
        inventory.select(expression, at=Location("runbooks/a.yaml", 7, "targets"))
    assert english in explain(caught.value, "en").what
    assert explain(caught.value, "en").where == "runbooks/a.yaml:7 (targets)"
    for lang in ("ja", "en"):
        told = explain(caught.value, lang)
        assert told.next
        assert "{" not in told.what + told.next


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"hosts": {"web1": {"prot": 22}}}, ("hosts", "web1", "prot")),
        ({"hosts": {"web1": {"port": 70000}}}, ("hosts", "web1", "port")),
        ({"hosts": {"web1": {"address": "-oProxyCommand=x"}}}, ("hosts", "web1", "address")),
        ({"hosts": {"web1": {"user": "-l root"}}}, ("hosts", "web1", "user")),
        ({"hosts": {"-bad": {}}}, ("hosts", "-bad", "[key]")),
        ({"hosts": {"a,b": {}}}, ("hosts", "a,b", "[key]")),
        ({"hosts": {"web1": {"tags": ["a,b"]}}}, ("hosts", "web1", "tags", 0)),
        ({"hosts": {"web1": {"tags": ["!a"]}}}, ("hosts", "web1", "tags", 0)),
        ({"hosts": {"web1": {"system": " a"}}}, ("hosts", "web1", "system")),
        ({"hosts": {"web1": {"jump": ["-x"]}}}, ("hosts", "web1", "jump", 0)),
        ({"defaults": {"port": 70000}, "hosts": {"web1": {}}}, ("defaults", "port")),
        ({"defaults": ["x"]}, ("defaults",)),
        ({"hosts": ["web1"]}, ("hosts",)),
        ({"hosts": {"web1": "10.0.0.1"}}, ("hosts", "web1")),
        ({"groups": {"a": "web1"}}, ("groups", "a")),
        ({"host": {}}, ("host",)),
    ],
)
def test_a_mistake_in_the_file_is_found_where_it_is(data, place) -> None:
    with pytest.raises(ValidationError) as caught:
        Inventory.model_validate(data)
    assert place in [error["loc"] for error in caught.value.errors()]


def test_a_host_has_one_name() -> None:
    with pytest.raises(ValidationError, match="calls itself"):
        Inventory.model_validate({"hosts": {"web1": {"name": "web2"}}})


def test_only_mappings_are_inventories() -> None:
    with pytest.raises(ValidationError):
        Inventory.model_validate(["web1"])
    with pytest.raises(ValidationError):
        Inventory.model_validate({"hosts": {"a": ["x"]}})


def test_an_inventory_comes_back_from_json_as_it_was(inventory) -> None:
    assert Inventory.model_validate_json(inventory.model_dump_json()) == inventory


@pytest.mark.parametrize(("name", "error"), [("win1", NoShell)])
def test_a_host_that_cannot_be_entered_answers_each_command_with_the_reason(inventory, name: str, error) -> None:
    transport = connect(inventory.select(name)[0])
    with pytest.raises(error) as caught:
        transport.run(Command("true"), timeout=1)
    assert [type(answer) for answer in transport.run_all([Command("true")] * 2, timeout=1)] == [error, error]
    for lang in ("ja", "en"):
        told = explain(caught.value, lang)
        assert name in told.what
        assert told.next


def test_localhost_is_reached_without_ssh(inventory) -> None:
    assert isinstance(connect(inventory.select("localhost")[0]), LocalTransport)
