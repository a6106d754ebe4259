"""Thousands of rows as a few lines: an outage is one line with what is not known, the same finding on many hosts is one line."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from temanashi.reports.morning_changes import Item
from temanashi.reports.morning_words import RANK
from temanashi.runs.check_rows import NOT_RUN, CheckKey, CheckSeen
from temanashi.text.local import LocalText

__all__ = ["SheetLine", "lines_of", "parent_of"]

T = TypeVar("T")
K = TypeVar("K")

CHANGES = ("new", "worse", "lost", "better", "still", "")
NOT_REACHED = "hosts."
"""Reasons of this area say why a host did not answer, whatever was to be measured there."""
PARENT_DOWN = "checks.parent-down"


@dataclass(frozen=True, kw_only=True)
class SheetLine:
    """One line. Of an `outage` `area` is what its hosts share: a jump host, a system, or (empty) the host itself."""

    word: str
    sort: Literal["check", "outage", "run"]
    items: tuple[Item, ...]
    title: LocalText
    area: tuple[Literal["jump", "system", ""], str] = ("", "")
    of_hosts: int = 0

    @property
    def first(self) -> CheckSeen:
        """The row that speaks for all."""
        return self.items[0].row

    @property
    def hosts(self) -> tuple[str, ...]:
        """Each host once."""
        return tuple(dict.fromkeys(item.row.key.target for item in self.items))

    @property
    def checks(self) -> tuple[LocalText, ...]:
        """What is concerned, each name once."""
        return tuple({item.row.key.check: item.row.name for item in self.items}.values())

    @property
    def changes(self) -> Counter[str]:
        """How many are new, worse, and so on."""
        return Counter(item.change for item in self.items if item.change)

    @property
    def longest(self) -> Item:
        """The item that has lasted longest."""
        return max(self.items, key=lambda item: item.since)


def parent_of(row: CheckSeen) -> CheckKey | None:
    """The check below which this one was left out, or None."""
    reason = row.reason or {}
    if row.word != "SKIPPED" or reason.get("key") != PARENT_DOWN:
        return None
    return row.key._replace(check=str((reason.get("data") or {}).get("parent", "")))


def lines_of(
    items: Sequence[Item],
    everything: Iterable[CheckSeen],
    *,
    systems: Mapping[str, str],
    jumps: Mapping[str, tuple[str, ...]],
    titles: Mapping[str, LocalText],
) -> list[SheetLine]:
    """The lines, the worst first, and what is new before what has lasted. `everything` says how many a host or a system has."""
    rows = list(everything)
    out, rest = _outages(items, rows)
    lines = [*_areas(out, rows, systems, jumps), *_findings(rest, titles)]
    return sorted(lines, key=_place)


def _place(line: SheetLine) -> tuple[int, int, int, str]:
    newest = min((CHANGES.index(change) for change in line.changes), default=len(CHANGES))
    return RANK[line.word], newest, -len(line.items), str(line.first.key)


def _outages(items: Sequence[Item], rows: Iterable[CheckSeen]) -> tuple[dict[tuple[str, str], list[Item]], list[Item]]:
    """By host and kind of reason, what is unknown because the host did not answer; and all the rest.

    A host did not answer where its reason says so, or where nothing at all could be measured there, always for one reason. What was
    left out below a check that is unknown is not known either.
    """
    below: dict[CheckKey, list[Item]] = defaultdict(list)
    for item in items:
        if (parent := parent_of(item.row)) is not None:
            below[parent].append(item)
    items = [item for item in items if parent_of(item.row) is None]
    held = Counter((row.key.runbook, row.key.inputs, row.key.target) for row in rows)
    by_host: dict[tuple[str, str, str, str], list[Item]] = defaultdict(list)
    rest = []
    for item in items:
        if item.row.word == "UNKNOWN":
            key = item.row.key
            by_host[key.runbook, key.inputs, key.target, _reason(item)].append(item)
        else:
            rest.append(item)
    out: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for (runbook, inputs, host, reason), mine in by_host.items():
        orphans = [orphan for item in mine for orphan in below.pop(item.row.key, ())]
        whole = len(mine) + len(orphans) == held[runbook, inputs, host]
        if orphans or (len(mine) > 1 and (whole or reason.startswith(NOT_REACHED))):
            out[host, reason] += [*mine, *orphans]
        else:
            rest += mine
    rest += [orphan for orphans in below.values() for orphan in orphans]
    return out, rest


def _reason(item: Item) -> str:
    return str((item.row.reason or {}).get("key", ""))


def _areas(
    out: Mapping[tuple[str, str], list[Item]],
    rows: Iterable[CheckSeen],
    systems: Mapping[str, str],
    jumps: Mapping[str, tuple[str, ...]],
) -> list[SheetLine]:
    hosts = {row.key.target for row in rows}
    behind: dict[str, set[str]] = defaultdict(set)
    of_system: dict[str, set[str]] = defaultdict(set)
    for host in hosts:
        of_system[systems.get(host, "")].add(host)
        for jump in jumps.get(host, ()):
            behind[jump].add(host)
    silent = {host for host, _ in out}
    # Where everybody behind a jump host is silent, that is what they share, whatever their systems.
    dead = [jump for jump, members in behind.items() if len(members) > 1 and members <= silent]

    def area(host: str) -> tuple[Literal["jump", "system", ""], str]:
        jump = next((jump for jump in jumps.get(host, ()) if jump in dead), "")
        if jump:
            return "jump", jump
        return ("system", systems[host]) if systems.get(host) else ("", "")

    groups = _grouped(out.items(), lambda pair: (area(pair[0][0]), pair[0][1]))
    lines = []
    for (where, _), members in groups.items():
        total = len(behind[where[1]] if where[0] == "jump" else of_system[where[1]])
        items = tuple(item for _, mine in members for item in mine)
        lines.append(SheetLine(word="UNKNOWN", sort="outage", items=items, title=items[0].row.name, area=where, of_hosts=total))
    return lines


def _findings(items: Sequence[Item], titles: Mapping[str, LocalText]) -> list[SheetLine]:
    def same(item: Item) -> tuple[str, ...]:
        key, parent = item.row.key, parent_of(item.row)
        if item.row.word == NOT_RUN or parent is not None:
            # What a run did not get to is one finding about the run, and what is below a check one about that check.
            above = parent.check if parent is not None else ""
            return item.row.word, key.runbook, key.inputs, _reason(item), above
        return item.row.word, key.runbook, key.inputs, key.step, key.check

    lines = []
    for group in _grouped(items, same).values():
        first = group[0].row
        ordered = tuple(sorted(group, key=lambda item: (CHANGES.index(item.change) if item.change in CHANGES else 9, item.row.key)))
        run = first.word == NOT_RUN or parent_of(first) is not None
        title = titles.get(first.key.runbook, first.name) if run else first.name
        lines.append(SheetLine(word=first.word, sort="run" if run else "check", items=ordered, title=title))
    return lines


def _grouped(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    found: dict[K, list[T]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return found
