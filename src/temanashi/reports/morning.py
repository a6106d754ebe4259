"""The morning sheet (朝の点検表) of a day as data: what is wrong first, what changed since the last one, what is not known."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

from temanashi.reports.morning_changes import Item, Since, changed_items, gone_rows
from temanashi.reports.morning_lines import SheetLine, lines_of, parent_of
from temanashi.reports.morning_words import BAD, ORDER
from temanashi.runs.check_rows import NOT_RUN, CheckKey, CheckSeen, RunSeen
from temanashi.text.local import LocalText, Phrase

__all__ = ["DayMaterial", "GoodGroup", "Mark", "Marks", "MorningSheet", "Occasion", "merged", "morning_sheet"]

COMPLETE = ("done", "unknown")


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """A time at which a schedule means a runbook to run. `state` is that of the occurrence, or `planned`."""

    runbook: str
    title: LocalText
    schedule: str
    at: datetime
    state: str
    reason: Phrase | None = None

    @property
    def ahead(self) -> bool:
        """Whether it is still to come."""
        return self.state == "planned"


@dataclass(frozen=True, kw_only=True)
class DayMaterial:
    """One day: its runs in order of request, the occasions that were `missed`, `left_out` by persons, and still `ahead`.

    `known` says whether what was expected on that day is still on record; where it is not, nobody can say that nothing is missing.
    """

    day: date
    runs: tuple[RunSeen, ...] = ()
    missed: tuple[Occasion, ...] = ()
    left_out: tuple[Occasion, ...] = ()
    ahead: tuple[Occasion, ...] = ()
    known: bool = True


class Mark(NamedTuple):
    """Somebody is on it (対応中), or it is under maintenance (保守中): who, until when, and a note."""

    kind: Literal["acknowledged", "maintenance"]
    by: str = ""
    until: datetime | None = None
    note: str | LocalText = ""


Marks = Callable[[CheckSeen], Mark | None]


class GoodGroup(NamedTuple):
    """Hosts on which the same checks are all well."""

    system: str
    runbook: str
    checks: tuple[LocalText, ...]
    hosts: tuple[str, ...]

    @property
    def total(self) -> int:
        """Checks in all."""
        return len(self.checks) * len(self.hosts)


@dataclass(frozen=True, kw_only=True)
class MorningSheet:
    """The whole sheet. `lines` are what is wrong or not known, the worst first; `counts` count checks by word.

    `digest` stands for what is judged: the verdict of every check with its kind of reason, and what did not run. Figures and
    times are not in it: a check that is made again with the same judgement needs no new confirmation.
    """

    day: date
    previous: date | None
    material: DayMaterial
    lines: tuple[SheetLine, ...]
    resolved: tuple[Item, ...]
    gone: tuple[CheckSeen, ...]
    pending: tuple[SheetLine, ...]
    skipped: tuple[SheetLine, ...]
    good: tuple[GoodGroup, ...]
    rows: tuple[Item, ...]
    counts: Counter[str]
    by_system: tuple[tuple[str, Counter[str]], ...]
    changes: Counter[str]
    digest: str
    systems: Mapping[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Checks in all."""
        return len(self.rows)

    @property
    def broken_off(self) -> tuple[RunSeen, ...]:
        """Runs that ended before they were through."""
        return tuple(run for run in self.material.runs if not run.live and run.state not in COMPLETE)

    @property
    def going_on(self) -> tuple[RunSeen, ...]:
        """Runs that are not over."""
        return tuple(run for run in self.material.runs if run.live)

    @property
    def empty(self) -> bool:
        """Nothing was measured and nothing should have been."""
        return not (self.rows or self.material.missed or self.material.left_out or self.material.runs)

    @property
    def problems(self) -> Counter[str]:
        """Lines by word, with occasions that were missed: what a headline counts."""
        found = Counter(line.word for line in self.lines)
        found[NOT_RUN] += len(self.material.missed)
        return Counter({word: count for word, count in found.items() if count})

    @property
    def bad(self) -> dict[CheckKey, str]:
        """What is not well, by check."""
        return {item.row.key: item.row.word for item in self.rows if item.row.word in BAD}

    @property
    def word(self) -> str:
        """The worst there is: a verdict, or NOT_RUN. Of nothing, NOT_RUN."""
        words = {*self.counts, *self.problems}
        return next((word for word in ORDER if word in words), NOT_RUN)


def merged(runs: Iterable[RunSeen]) -> dict[CheckKey, CheckSeen]:
    """Each check as its newest run has it. A run that did not get so far takes nothing away from one before it."""
    found: dict[CheckKey, CheckSeen] = {}
    for run in runs:
        for row in run.rows:
            if row.word != NOT_RUN or row.key not in found:
                found[row.key] = row
    return found


def morning_sheet(
    today: DayMaterial,
    before: DayMaterial | None = None,
    *,
    since: Mapping[CheckKey, Since] | None = None,
    mark: Marks = lambda _: None,
) -> MorningSheet:
    """The sheet of a day beside that of the last business day with checks (None: there is nothing to compare with)."""
    now = merged(today.runs)
    then = merged(before.runs) if before is not None and before.runs else None
    systems = _systems(today.runs)
    items = changed_items(now, then, since or {}, mark)
    bad = [item for item in items if item.row.word in BAD]
    unknown = {item.row.key for item in bad if item.row.word == "UNKNOWN"}
    orphans = [item for item in items if parent_of(item.row) in unknown]
    titles = {run.runbook: run.title for run in today.runs}
    lines = lines_of([*bad, *orphans], now.values(), systems=systems, jumps=_jumps(today.runs), titles=titles)
    return MorningSheet(
        day=today.day,
        previous=before.day if then is not None and before is not None else None,
        material=today,
        lines=tuple(lines),
        resolved=tuple(item for item in items if item.change == "resolved"),
        gone=tuple(gone_rows(now, then or {})),
        pending=tuple(_only("PENDING", items, systems, titles)),
        skipped=tuple(_only("SKIPPED", [item for item in items if parent_of(item.row) not in unknown], systems, titles)),
        good=tuple(_good(items, systems)),
        rows=tuple(items),
        counts=Counter(row.word for row in now.values()),
        by_system=tuple(_by_system(now.values(), systems)),
        changes=Counter(item.change for item in items if item.change),
        digest=_digest(now.values(), today),
        systems=systems,
    )


def _systems(runs: Sequence[RunSeen]) -> dict[str, str]:
    return {host: system for run in runs for host, system in run.systems.items()}


def _jumps(runs: Sequence[RunSeen]) -> dict[str, tuple[str, ...]]:
    return {host: jump for run in runs for host, jump in run.jumps.items()}


def _only(word: str, items: Sequence[Item], systems: Mapping[str, str], titles: Mapping[str, LocalText]) -> list[SheetLine]:
    mine = [item for item in items if item.row.word == word]
    return lines_of(mine, (), systems=systems, jumps={}, titles=titles)


def _by_system(rows: Iterable[CheckSeen], systems: Mapping[str, str]) -> list[tuple[str, Counter[str]]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[systems.get(row.key.target, "")][row.word] += 1
    return sorted(found.items(), key=lambda pair: (pair[0] == "", pair[0]))


def _good(items: Sequence[Item], systems: Mapping[str, str]) -> list[GoodGroup]:
    by_host: dict[tuple[str, str, str], list[CheckSeen]] = defaultdict(list)
    for item in items:
        if item.row.word == "OK":
            key = item.row.key
            by_host[key.runbook, key.inputs, key.target].append(item.row)
    groups: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[tuple[str, list[CheckSeen]]]] = defaultdict(list)
    for (runbook, _, host), rows in by_host.items():
        same = tuple((row.key.step, row.key.check) for row in rows)
        groups[systems.get(host, ""), runbook, same].append((host, rows))
    found = [
        GoodGroup(
            system,
            runbook,
            tuple(row.name for row in members[0][1]),
            tuple(dict.fromkeys(host for host, _ in members)),
        )
        for (system, runbook, _), members in groups.items()
    ]
    return sorted(found, key=lambda group: (group.system == "", group.system, group.runbook, -len(group.hosts)))


def _digest(rows: Iterable[CheckSeen], material: DayMaterial) -> str:
    told = sorted("\x1f".join((*map(str, row.key), row.word, str((row.reason or {}).get("key", "")))) for row in rows)
    told += [
        f"{one.runbook}\x1f{one.schedule}\x1f{one.at.isoformat()}\x1f{one.state}" for one in (*material.missed, *material.left_out)
    ]
    return "sha256:" + hashlib.sha256("\x1e".join((material.day.isoformat(), *told)).encode("utf-8", "replace")).hexdigest()
