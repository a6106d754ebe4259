"""A foreign list beside the hosts of a workspace: what would be added, what would change, and what the list does not have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from temanashi.errors import Location
from temanashi.hosts.inventory import LOCALHOST, Defaults, Host, HostError, Inventory
from temanashi.workspace.hosts_files import SOURCES_FOLDER
from temanashi.workspace.importing.hosts.foreign import ForeignHost, ForeignList, address_of
from temanashi.workspace.yaml_source import YamlSource

__all__ = ["Changed", "Comparison", "compare", "with_ways"]


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A host that is registered: the keys that become different, as (before, after), and the file that it stands in."""

    name: str
    file: str
    fields: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What an import would do. `left` are hosts of the target file that the list does not have; they stay."""

    target: str
    added: Mapping[str, Mapping[str, Any]]
    changed: tuple[Changed, ...]
    same: int
    left: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Members that groups get; a group that is not registered yet is made in the target."""

    @property
    def empty(self) -> bool:
        """Whether nothing would be written."""
        return not (self.added or self.changed or self.groups)


def compare(found: ForeignList, inventory: Inventory, sources: Mapping[str, YamlSource], *, target: str) -> Comparison:
    """What importing a list into a file would do. Ways through hosts that nobody knows become findings of the list."""
    places = {str(name): file for file, source in sources.items() for name in source.data.get("hosts") or {}}
    defaults = _defaults(sources, target, inventory)
    addresses = {host.address: host.name for host in inventory.hosts.values()}
    hosts = with_ways(found, known=inventory.hosts, addresses=addresses)
    added, changed, same = {}, [], 0
    for host in hosts:
        if host.name not in places:
            base = Host.model_validate({"name": host.name, **defaults.under(host.name, {})})
            added[host.name] = {key: after for key, (_, after) in _differences(base, host.fields).items()}
        elif not (fields := _differences(inventory.hosts[host.name], host.fields)):
            same += 1
        elif places[host.name].startswith(SOURCES_FOLDER):
            found.left(host.place, "inventory.from-source", name=host.name)
        else:
            changed.append(Changed(name=host.name, file=places[host.name], fields=fields))
    left = tuple(name for name, file in places.items() if file == target and name not in found.hosts)
    return Comparison(
        target=target, added=added, changed=tuple(changed), same=same, left=left, groups=_groups(found, inventory, set(added))
    )


def _defaults(sources: Mapping[str, YamlSource], target: str, inventory: Inventory) -> Defaults:
    own = sources[target].data.get("defaults") if target in sources else None
    return Defaults.model_validate(own or {}).over(inventory.defaults)


def _differences(host: Host, fields: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Keys that a list fills in differently. Words and variables that a person added stay: lists know only their own."""
    found: dict[str, tuple[Any, Any]] = {}
    for key, value in fields.items():
        before = getattr(host, key)
        if key == "tags":
            after: Any = [*before, *(tag for tag in value if tag not in before)]
        elif key == "variables":
            after = before | value
        else:
            after = value
        plain = list(before) if isinstance(before, tuple) else before
        if after != plain:
            found[key] = (plain, after)
    return found


def with_ways(found: ForeignList, *, known: Iterable[str], addresses: Mapping[str, str]) -> list[ForeignHost]:
    """The hosts of a list with jump hosts by their names; lists often have addresses, or hosts that they do not list.

    `known` are names besides those of the list, `addresses` the names of other hosts by their addresses.
    """
    own = {str(host.fields["address"]): host.name for host in found.hosts.values() if host.fields.get("address")}
    names = {**addresses, **own}
    every = {*known, *found.hosts} - {LOCALHOST}
    made = []
    for host in found.hosts.values():
        jump = [_hop(hop, every, names) for hop in host.fields.get("jump", ())]
        fields = {key: value for key, value in host.fields.items() if key != "jump"}
        if jump and all(jump) and host.name not in jump:
            fields["jump"] = jump
        elif jump:
            found.left(host.place, "inventory.unknown-jump", name=host.name, jump=list(host.fields["jump"]))
        made.append(host._replace(fields=fields))
    return made


def _hop(hop: str, known: set[str], names: Mapping[str, str]) -> str:
    return hop if hop in known else names.get(address_of(hop)[0], "")


def _groups(found: ForeignList, inventory: Inventory, added: set[str]) -> dict[str, tuple[str, ...]]:
    needed = {}
    for name, members in found.groups.items():
        unique = tuple(dict.fromkeys(members))
        if name in inventory.groups:
            unique = tuple(_missing(unique, name, inventory, added))
        if unique:
            needed[name] = unique
    return needed


def _missing(members: Iterable[str], group: str, inventory: Inventory, added: set[str]) -> Iterable[str]:
    """Members that an expression of ours does not choose already."""
    chosen = inventory.selector.chosen(f"group:{group}", at=Location(inventory.file))
    for member in members:
        if member.startswith("group:"):
            if not _within(member, chosen, inventory) and member not in inventory.groups[group]:
                yield member
        elif member in added or member not in chosen:
            yield member


def _within(term: str, chosen: set[str], inventory: Inventory) -> bool:
    try:
        return inventory.selector.chosen(term, at=Location(inventory.file)) <= chosen
    except HostError:
        return False
