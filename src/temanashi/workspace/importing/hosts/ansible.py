"""Hosts from what `ansible-inventory --list` prints (JSON), also with `--export`, and from scripts that print the same."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from temanashi.hosts.inventory import LOCALHOST
from temanashi.workspace.importing.hosts.foreign import (
    ForeignHost,
    ForeignList,
    address_of,
    group_name,
    host_name,
    is_secret,
    port_of,
)

__all__ = ["from_ansible", "is_ansible"]

ADDRESS = ("ansible_host", "ansible_ssh_host")
USER = ("ansible_user", "ansible_ssh_user")
PORT = ("ansible_port", "ansible_ssh_port")
ARGUMENTS = ("ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_args")
WITHOUT_SSH = {"winrm", "psrp", "network_cli", "netconf", "httpapi"}
PROXY_JUMP = re.compile(r"(?:ProxyJump[= ]|-J\s*)[\"']?([^\s\"']+)")
PROXY_COMMAND = re.compile(r"ProxyCommand[= ][\"']?\s*ssh\b.*?-W\s*\[?%h\]?:%p\s*(.*?)[\"']?$")
TEMPLATE = re.compile(r"\{\{|\{%")


def is_ansible(data: Any) -> bool:
    """Whether JSON data has the shape of an inventory of Ansible."""
    if not isinstance(data, dict) or not data or "zabbix_export" in data:
        return False
    if isinstance(data.get("_meta"), dict):
        return True
    return all(isinstance(group, dict) and group.keys() & {"hosts", "children", "vars"} for group in data.values())


def from_ansible(data: Mapping[str, Any], *, source: str) -> ForeignList:
    """The hosts and groups of an inventory."""
    return _Reader(data, source).read()


class _Reader:
    def __init__(self, data: Mapping[str, Any], source: str) -> None:
        self._groups = {str(name): group for name, group in data.items() if name != "_meta" and isinstance(group, Mapping)}
        meta = data.get("_meta")
        self._vars: Mapping[str, Any] = _mapping(_mapping(meta).get("hostvars"))
        self._found = ForeignList(source, "ansible")
        self._ignored: Counter[tuple[str, str]] = Counter()
        self._names: dict[str, str] = {}
        self._parents = _parents((name, _children(group)) for name, group in self._groups.items())
        self._inside = _parents((name, _hosts(group)) for name, group in self._groups.items())
        self._with_vars = {name for name, group in self._groups.items() if _mapping(group.get("vars"))}

    def read(self) -> ForeignList:
        members = [str(name) for group in self._groups.values() for name in _hosts(group)]
        for name in dict.fromkeys([*members, *map(str, self._vars)]):
            self._host(name)
        for name, group in self._groups.items():
            self._group(name, group)
        for (key, variable), count in self._ignored.items():
            self._found.left(variable, key, name=variable, count=count)
        return self._found

    def _host(self, given: str) -> None:
        name = host_name(given)
        if not name or name == LOCALHOST:
            key = "inventory.localhost" if name else "inventory.not-a-name"
            self._found.left(given, key, text=given[:80])
            return
        self._names[given] = name
        values = {**self._inherited(given), **_mapping(self._vars.get(given))}
        fields = {key: value for key, value in self._fields(name, values).items() if value}
        self._found.add(ForeignHost(name, fields, given))

    def _inherited(self, host: str) -> dict[str, Any]:
        """With `--export` the variables of groups stand with the groups: those of `all` first, then from parents to children."""
        if not self._with_vars:
            return {}
        inside = set(self._inside.get(host, ())) | {"all"}
        new = set(inside)
        while new:
            new = {parent for name in new for parent in self._parents.get(name, ())} - inside
            inside |= new
        order = sorted(inside & self._with_vars, key=lambda name: (name != "all", self._depth(name), name))
        return {key: value for name in order for key, value in _mapping(self._groups[name].get("vars")).items()}

    def _depth(self, name: str, seen: frozenset[str] = frozenset()) -> int:
        parents = self._parents.get(name, set()) - seen
        return 1 + max((self._depth(parent, seen | {name}) for parent in parents), default=0)

    def _fields(self, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        address, _ = address_of(str(_first(values, ADDRESS)))
        user, port, connection = str(_first(values, USER)), str(_first(values, PORT)), str(values.get("ansible_connection", ""))
        fields: dict[str, Any] = {"address": "" if address == name else address}
        if user and not TEMPLATE.search(user) and not re.search(r"^-|\s", user):
            fields["user"] = user
        elif user:
            self._ignored["inventory.variable-template", "ansible_user"] += 1
        fields["port"] = port_of(port)
        fields["jump"] = self._jump(" ".join(str(values.get(key, "")) for key in ARGUMENTS))
        if connection == "local":
            fields["transport"] = "local"
        elif connection.rpartition(".")[2] in WITHOUT_SSH:
            fields["shell"] = "none"
            fields.pop("port")
        return fields | {"variables": self._variables(values)}

    def _jump(self, arguments: str) -> list[str]:
        if match := PROXY_JUMP.search(arguments):
            return [hop.rpartition("@")[2].partition(":")[0] for hop in match[1].split(",")]
        if match := PROXY_COMMAND.search(arguments):
            words = [part.strip("\"'") for part in match[1].split() if not part.startswith("-")]
            return [words[-1].rpartition("@")[2]] if words else []
        if "Proxy" in arguments:
            self._ignored["inventory.variable-proxy", "ansible_ssh_common_args"] += 1
        return []

    def _variables(self, values: Mapping[str, Any]) -> dict[str, Any]:
        taken = {}
        for name, value in values.items():
            if _holds_secret(name, value):
                self._ignored["inventory.variable-secret", name] += 1
            elif name.startswith(("ansible_", "inventory_")) or name in {"group_names", "groups", "omit", "playbook_dir"}:
                if name not in {*ADDRESS, *USER, *PORT, *ARGUMENTS, "ansible_connection"} and not name.startswith("inventory_"):
                    self._ignored["inventory.variable-ansible", name] += 1
            elif TEMPLATE.search(str(value)):
                self._ignored["inventory.variable-template", name] += 1
            else:
                taken[name] = value
        return taken

    def _group(self, given: str, group: Mapping[str, Any]) -> None:
        if given in {"all", "ungrouped"}:
            return
        name = group_name(given)
        children = [
            f"group:{group_name(str(child))}" for child in _children(group) if str(child) in self._groups and child != "ungrouped"
        ]
        members = [*(self._names[host] for host in map(str, _hosts(group)) if host in self._names), *children]
        if name and members:
            self._found.groups.setdefault(name, []).extend(members)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _hosts(group: Mapping[str, Any]) -> list[Any]:
    hosts = group.get("hosts") or []
    return list(hosts) if isinstance(hosts, (list, Mapping)) else []


def _children(group: Mapping[str, Any]) -> list[Any]:
    children = group.get("children") or []
    return list(children) if isinstance(children, (list, Mapping)) else []


def _parents(groups: Iterable[tuple[str, list[Any]]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for name, members in groups:
        for member in members:
            found[str(member)].add(name)
    return dict(found)


def _first(values: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((value for name in names if isinstance(value := values.get(name), (str, int)) and value != ""), "")


def _holds_secret(name: str, value: Any) -> bool:
    if isinstance(value, Mapping):
        return "__ansible_vault" in value or is_secret(name) or any(_holds_secret(str(key), item) for key, item in value.items())
    return is_secret(name) or (isinstance(value, list) and any(_holds_secret("", item) for item in value))
