"""Mistakes among hosts that only show when all of them are seen: ways that lead nowhere, groups and rules that name nobody."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Literal

from temanashi.errors import Location
from temanashi.hosts.inventory import Inventory, JumpCycle, UnknownHost
from temanashi.hosts.selecting import HostError
from temanashi.problems import Problem, suggestion
from temanashi.text.local import phrase

__all__ = ["inventory_problems"]

UNKNOWN = {"jump": "hosts.jump-unknown", "parents": "hosts.parent-unknown"}
SUGGESTED = 20
"""Unknown names for which a close one is looked for; among thousands of hosts each look takes a tenth of a second."""


def inventory_problems(inventory: Inventory) -> list[Problem]:
    """What is wrong, each with the path to it: one problem a cause, however many hosts it concerns."""
    return [
        *_unknown_hosts(inventory, "jump"),
        *_unknown_hosts(inventory, "parents"),
        *_cycles(inventory),
        *_groups(inventory),
        *_rules(inventory),
    ]


def _unknown_hosts(inventory: Inventory, field: Literal["jump", "parents"]) -> Iterator[Problem]:
    named: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for host in inventory.hosts.values():
        for index, name in enumerate(getattr(host, field)):
            if name not in inventory.hosts:
                named[name].append((host.name, index))
    for number, (name, users) in enumerate(named.items()):
        close = suggestion(name, inventory.hosts) if number < SUGGESTED else ""
        first, index = users[0]
        message = phrase(UNKNOWN[field], name=name, host=first, count=len(users))
        yield Problem(("hosts", first, field, index), message, close)


def _cycles(inventory: Inventory) -> Iterator[Problem]:
    seen: set[str] = set()
    for host in inventory.hosts.values():
        try:
            inventory.route(host)
        except JumpCycle as error:
            again = next(name for name, times in Counter(error.chain).items() if times > 1)
            if again not in seen:
                seen.add(again)
                yield Problem(("hosts", again, "jump"), phrase(error.key, **error.data))
        except UnknownHost:  # told by itself
            continue


def _groups(inventory: Inventory) -> Iterator[Problem]:
    for name, members in inventory.groups.items():
        here = Location(inventory.file, field=f"groups.{name}")
        for index, term in enumerate(members):
            try:
                inventory.selector.chosen(term, at=here)
            except HostError as error:
                if error.at == here:  # a mistake of a group within this one is told there
                    yield Problem(("groups", name, index), phrase(error.key, **error.data))


def _rules(inventory: Inventory) -> Iterator[Problem]:
    for selector in inventory.exec.rules:
        try:
            inventory.select(selector)
        except HostError:  # a rule that protects nothing would be taken for one that does
            yield Problem(("exec", "rules", selector), phrase("hosts.exec-rule", selector=selector))
