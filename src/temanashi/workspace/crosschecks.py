"""Mistakes that only show when runbooks are seen with their folder, their neighbours, the hosts and the listed languages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel

from temanashi.calendars import SiteCalendars
from temanashi.errors import Location
from temanashi.hosts.inventory import HostError, Inventory
from temanashi.people import People
from temanashi.problems import Problem
from temanashi.runbooks.calls import call_problems
from temanashi.runbooks.model import Minutes, Runbook, StepItem
from temanashi.runbooks.offering import Offering
from temanashi.runbooks.remedies import remedy_problems, remedy_warnings
from temanashi.text import Lang, LocalText, phrase
from temanashi.workspace.check_calendars import check_calendar_problems
from temanashi.workspace.choice_checks import choice_problems
from temanashi.workspace.directory import rights_problems
from temanashi.workspace.faults import Fault
from temanashi.workspace.schedules import schedule_problems

__all__ = ["LoadedRunbook", "alone_faults", "call_faults", "remedy_faults", "together_faults"]


@dataclass(frozen=True, slots=True)
class LoadedRunbook:
    """A runbook and the file it stands in; `line` finds the line of a path into its data."""

    runbook: Runbook
    file: str
    line: Callable[[tuple[str | int, ...]], int]

    def fault(self, problem: Problem) -> Fault:
        """A problem of the runbook at its place in the file."""
        return Fault(Location(self.file, self.line(problem.loc), problem.field), problem.message, problem.close)


def alone_faults(
    loaded: LoadedRunbook,
    *,
    inventory: Inventory,
    people: People,
    languages: tuple[Lang, ...],
    calendars: SiteCalendars,
    offers: Offering,
) -> list[Fault]:
    """What is wrong with one runbook where it stands."""
    runbook = loaded.runbook
    problems = [*_folder(loaded), *_languages(runbook, languages), *_targets(loaded, inventory), *rights_problems(runbook, people)]
    problems += [*choice_problems(runbook, offers), *check_calendar_problems(runbook, calendars)]
    return [loaded.fault(problem) for problem in (*problems, *schedule_problems(runbook, calendars, offers))]


def together_faults(runbooks: Iterable[LoadedRunbook], *, flows: Mapping[str, str]) -> list[Fault]:
    """What is wrong among runbooks: which of two with one name is meant nobody can know, so neither runs."""
    every = list(runbooks)
    return [*_same_names(every, flows), *_different_minutes(every)]


def call_faults(runbooks: Iterable[LoadedRunbook]) -> list[Fault]:
    """Calls that lead nowhere, among runbooks that are well otherwise. A caller that falls out may leave others without theirs."""
    left = {loaded.runbook.id: loaded for loaded in runbooks}
    found: list[Fault] = []
    while True:
        known = {name: loaded.runbook for name, loaded in left.items()}
        faults = {
            name: [loaded.fault(problem) for problem in call_problems(loaded.runbook, known)] for name, loaded in left.items()
        }
        bad = {name for name, mine in faults.items() if mine}
        if not bad:
            return found
        found += [fault for mine in faults.values() for fault in mine]
        left = {name: loaded for name, loaded in left.items() if name not in bad}


def remedy_faults(runbooks: Iterable[LoadedRunbook], *, people: People, files: Collection[str]) -> list[Fault]:
    """What is wrong with the runbooks that checks offer. `files` are all that there are, broken ones too."""
    every = list(runbooks)
    known = {loaded.runbook.id: loaded.runbook for loaded in every}
    broken = {PurePosixPath(file).stem for file in files} - set(known)
    told = [(loaded, p) for loaded in every for p in remedy_problems(loaded.runbook, known, people=people, broken=broken)]
    found = [loaded.fault(problem) for loaded, problem in told]
    warned = [(loaded, p) for loaded in every for p in remedy_warnings(loaded.runbook, known, broken=broken)]
    return [*found, *(replace(loaded.fault(problem), level="warning") for loaded, problem in warned)]


def _folder(loaded: LoadedRunbook) -> Iterator[Problem]:
    folder = PurePosixPath(loaded.file).parts[1]
    if folder != loaded.runbook.category:
        yield Problem(("category",), phrase("workspace.wrong-folder", folder=folder, category=loaded.runbook.category))


def _languages(runbook: Runbook, languages: tuple[Lang, ...]) -> Iterator[Problem]:
    for loc, text in _texts(runbook, ()):
        if missing := text.missing(languages):
            name = str(loc[-1]) if loc else ""
            yield Problem(loc, phrase("workspace.language", name=name, missing=list(missing), languages=list(languages)))


def _texts(value: Any, loc: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], LocalText]]:
    if isinstance(value, LocalText):
        yield loc, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            # A file says the kind's name where the model says `spec`.
            shown = value.kind if isinstance(value, StepItem) and name == "spec" else name
            if not (isinstance(value, Runbook) and name == "data"):
                yield from _texts(getattr(value, name), (*loc, shown))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*loc, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _texts(item, (*loc, index))


def _targets(loaded: LoadedRunbook, inventory: Inventory) -> Iterator[Problem]:
    runbook = loaded.runbook
    own = [(("steps", index, "targets"), item.targets) for index, item in enumerate(runbook.steps) if item.targets]
    for loc, selector in [(("targets",), runbook.targets), *own]:
        if "{{" in selector:
            continue
        try:
            inventory.select(selector, at=Location(loaded.file, loaded.line(loc)))
        except HostError as error:
            yield Problem(loc, Fault.of(error, Location(loaded.file)).message)


def _same_names(every: list[LoadedRunbook], flows: Mapping[str, str]) -> Iterator[Fault]:
    by_function: dict[str, list[LoadedRunbook]] = defaultdict(list)
    for loaded in every:
        by_function[loaded.runbook.function].append(loaded)
    for name, group in by_function.items():
        for loaded in group:
            others = [other for other in group if other is not loaded]
            same = [o.file for o in others if o.runbook.id == loaded.runbook.id]
            alike = [o for o in others if o.runbook.id != loaded.runbook.id]
            if same:
                yield loaded.fault(Problem(("id",), phrase("workspace.duplicate-id", id=loaded.runbook.id, files=same)))
            for other in alike:
                data = {"id": loaded.runbook.id, "other": other.runbook.id, "file": other.file}
                yield loaded.fault(Problem(("id",), phrase("workspace.colliding-id", **data)))
            if name in flows:
                yield loaded.fault(Problem(("id",), phrase("workspace.flow-collides", id=loaded.runbook.id, file=flows[name])))


def _different_minutes(every: list[LoadedRunbook]) -> Iterator[Fault]:
    by_task: dict[str, list[LoadedRunbook]] = defaultdict(list)
    for loaded in every:
        if loaded.runbook.toil.minutes != Minutes():
            by_task[loaded.runbook.task].append(loaded)
    for task, group in by_task.items():
        first = group[0]
        for loaded in group[1:]:
            mine, theirs = loaded.runbook.toil, first.runbook.toil
            if (mine.minutes, mine.persons) != (theirs.minutes, theirs.persons):
                loc = ("toil", "minutes")
                at = Location(loaded.file, loaded.line(loc), "toil.minutes")
                yield Fault(at, phrase("workspace.different-minutes", task=task, file=first.file), level="warning")
