"""From many problems to few alerts: an outage is one, whatever it took with it. Pure.

A host of which nothing is known is one thing that is wrong, however many checks it has. Such hosts are an outage of what they share
when at least two of them, and at least half of all hosts that share it, are down: a jump host, a system, a site, a tag. Three and
more that share nothing are an outage of the runbook. The same check wrong on at least three hosts, and on half of those that have
it, is one alert; every other problem is an alert of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from temanashi.checks.parents import UP
from temanashi.monitoring.model import Problem

__all__ = ["Bundle", "Fleet", "GroupKey", "Labels", "Sort", "bundles", "sorted_labels"]

Sort = Literal["jump", "system", "site", "tag", "run", "host", "check", "problem"]
_RANK: tuple[Sort, ...] = ("jump", "system", "site", "tag")
FEWEST_SHARING = 2
FEWEST_APART = 3


class GroupKey(NamedTuple):
    """What an alert is about; as text it is unique among open alerts."""

    sort: Sort
    label: str

    def __str__(self) -> str:
        """`system:order`."""
        return f"{self.sort}:{self.label}"


@dataclass(frozen=True, kw_only=True)
class Labels:
    """What a host shares with others."""

    jump: tuple[str, ...] = ()
    system: str = ""
    site: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """All hosts that are checked, with their labels, and how many hosts have each check (runbook, step, name)."""

    hosts: Mapping[str, Labels] = field(default_factory=dict)
    checked: Mapping[tuple[str, str, str], int] = field(default_factory=dict)

    def labels(self, host: str) -> tuple[GroupKey, ...]:
        """What the host may go down with."""
        return sorted_labels(self.hosts.get(host, Labels()))

    def total(self, key: GroupKey) -> int:
        """How many hosts share it."""
        return sum(key in sorted_labels(labels) for labels in self.hosts.values())


class Bundle(NamedTuple):
    """Problems that are one alert."""

    key: GroupKey
    problems: tuple[Problem, ...]


def sorted_labels(labels: Labels) -> tuple[GroupKey, ...]:
    """Jump hosts first, then the system, the site, and tags."""
    jumps = [GroupKey("jump", name) for name in labels.jump]
    system = [GroupKey("system", labels.system)] if labels.system else []
    site = [GroupKey("site", labels.site)] if labels.site else []
    return (*jumps, *system, *site, *(GroupKey("tag", tag) for tag in labels.tags))


def bundles(new: Iterable[Problem], fleet: Fleet, *, open_keys: Sequence[str] = ()) -> list[Bundle]:
    """Every new problem in one bundle. A problem joins an alert of `open_keys` that it belongs to."""
    found: dict[GroupKey, list[Problem]] = defaultdict(list)
    known = frozenset(open_keys)
    by_host: dict[str, list[Problem]] = defaultdict(list)
    others: list[Problem] = []
    for problem in new:
        if problem.down:
            by_host[problem.key.target].append(problem)
        else:
            others.append(problem)
    for host, key in _outages(by_host, fleet, known).items():
        found[key] += by_host[host]
    for problem, key in _singles(others, fleet, known):
        found[key].append(problem)
    return [Bundle(key, tuple(problems)) for key, problems in found.items()]


def _outages(by_host: Mapping[str, list[Problem]], fleet: Fleet, known: frozenset[str]) -> dict[str, GroupKey]:
    """The outage that each host that is down belongs to."""
    found: dict[str, GroupKey] = {}
    for host, problems in by_host.items():
        belongs = (*fleet.labels(host), GroupKey("host", host), *(GroupKey("run", one.key.runbook) for one in problems))
        joined = next((key for key in belongs if str(key) in known), None)
        if joined is not None:
            found[host] = joined
    left = {host for host in by_host if host not in found}
    while (key := _largest(left, fleet)) is not None:
        together = {host for host in left if key in fleet.labels(host)}
        found |= dict.fromkeys(sorted(together), key)
        left -= together
    apart = len(left) >= FEWEST_APART
    for host in sorted(left):
        runbook = Counter(problem.key.runbook for problem in by_host[host]).most_common(1)[0][0]
        found[host] = GroupKey("run", runbook) if apart else _alone(host, by_host[host])
    return found


def _largest(left: set[str], fleet: Fleet) -> GroupKey | None:
    """The label that takes most of these hosts into one outage; of equals the more telling one, then the one shared by fewer."""
    affected = Counter(key for host in left for key in set(fleet.labels(host)))
    fitting = [
        (-count, _RANK.index(key.sort), total, key)
        for key, count in affected.items()
        if count >= FEWEST_SHARING and count * 2 >= (total := fleet.total(key))
    ]
    return min(fitting)[3] if fitting else None


def _alone(host: str, problems: Sequence[Problem]) -> GroupKey:
    if len(problems) > 1 or problems[0].kind == UP:
        return GroupKey("host", host)
    return GroupKey("problem", str(problems[0].key))


def _singles(others: Sequence[Problem], fleet: Fleet, known: frozenset[str]) -> Iterable[tuple[Problem, GroupKey]]:
    """Problems of hosts that are up: one alert for a check that is wrong on many."""
    same: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for problem in others:
        same[problem.key[:3]].add(problem.key.target)
    for problem in others:
        check = problem.key[:3]
        many = GroupKey("check", "/".join(check))
        count = len(same[check])
        spread = count >= FEWEST_APART and count * 2 >= fleet.checked.get(check, count)
        yield problem, many if spread or str(many) in known else GroupKey("problem", str(problem.key))
