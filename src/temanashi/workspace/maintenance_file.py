"""Loading `runbooks/site/maintenance.yaml`: a window with a mistake keeps nothing quiet, the others count."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from pydantic import ValidationError

from temanashi.calendars import SiteCalendars
from temanashi.errors import Location
from temanashi.hosts.inventory import HostError, Inventory
from temanashi.monitoring.recurring import MaintenanceFile, RecurringWindow
from temanashi.problems import Problem, problems_of, suggestion
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.steps.checks import ChecksSpec
from temanashi.runbooks.steps.values import is_template
from temanashi.text import Lang, phrase
from temanashi.workspace.faults import Fault
from temanashi.workspace.schedules import timing_problems
from temanashi.workspace.yaml_source import YamlSource

__all__ = ["MAINTENANCE", "Written", "check_names", "load_maintenance", "maintenance_faults"]

MAINTENANCE = "runbooks/site/maintenance.yaml"


class Written(NamedTuple):
    """A window that can be read, and its place among those of the file."""

    number: int
    window: RecurringWindow


def load_maintenance(source: YamlSource | None, calendars: SiteCalendars, faults: list[Fault]) -> tuple[Written, ...]:
    """The windows that can be read and whose calendar and time zone are there; what is wrong with the others goes to `faults`."""
    if source is None:
        return ()
    found = _read(source, faults)
    kept, seen = [], set()
    for index, window in found:
        problems = list(timing_problems(window.timing, calendars))
        if window.id in seen:
            problems.append(Problem(("id",), phrase("monitoring.window-twice", name=window.id)))
        seen.add(window.id)
        faults += [_fault(problem.under("windows", index), source) for problem in problems]
        if not problems:
            kept.append(Written(index, window))
    return tuple(kept)


def _read(source: YamlSource, faults: list[Fault]) -> list[Written]:
    data = source.data
    try:
        return [Written(*one) for one in enumerate(MaintenanceFile.model_validate(data).windows)]
    except ValidationError as error:
        problems = problems_of(error, model=MaintenanceFile)
    faults += [_fault(problem, source) for problem in problems]
    broken = {problem.loc[1] for problem in problems if len(problem.loc) > 1 and problem.loc[0] == "windows"}
    listed = data.get("windows")
    if not isinstance(listed, list) or any(problem.loc[:1] != ("windows",) or len(problem.loc) == 1 for problem in problems):
        return []
    return [Written(n, RecurringWindow.model_validate(one)) for n, one in enumerate(listed) if n not in broken]


def maintenance_faults(
    written: Iterable[Written],
    source: YamlSource,
    *,
    inventory: Inventory,
    checks: Collection[str] | None,
    languages: tuple[Lang, ...],
) -> list[Fault]:
    """Hosts and checks that there are not, and languages without the reason.

    `checks` are the names of all there are; None where not all runbooks could be read.
    """
    return [
        _fault(problem.under("windows", index), source)
        for index, window in written
        for problem in (*_places(window, inventory), *_checks(window, checks), *_languages(window, languages))
    ]


def check_names(runbooks: Iterable[Runbook]) -> set[str]:
    """Every name by which a window may call a check: `CHECK`, `RUNBOOK/CHECK` and `RUNBOOK/STEP/CHECK`."""
    found = set()
    for runbook in runbooks:
        for number, item in enumerate(runbook.steps, 1):
            for check in item.spec.items if isinstance(item.spec, ChecksSpec) else ():
                name = str(check.get("id"))
                found |= {name, f"{runbook.id}/{name}", f"{runbook.id}/{item.id or f'step-{number}'}/{name}"}
    return found


def _places(window: RecurringWindow, inventory: Inventory) -> Iterator[Problem]:
    named: Mapping[tuple[str | int, ...], str] = (
        {("systems", n): f"system:{name}" for n, name in enumerate(window.systems)} or {("hosts",): window.selector}
        if window.hosts is not None or window.systems
        else {}
    )
    for loc, selector in named.items():
        try:
            inventory.select(selector)
        except HostError as error:
            yield Problem(loc, Fault.of(error, Location(MAINTENANCE)).message)


def _checks(window: RecurringWindow, known: Collection[str] | None) -> Iterator[Problem]:
    if known is None or any(is_template(name) for name in known):
        return
    for number, pattern in enumerate(window.checks):
        if not any(fnmatchcase(name, pattern) for name in known):
            yield Problem(("checks", number), phrase("monitoring.window-check", name=pattern), suggestion(pattern, known))


def _languages(window: RecurringWindow, languages: tuple[Lang, ...]) -> Iterator[Problem]:
    if missing := window.reason.missing(languages):
        data: dict[str, Any] = {"missing": list(missing), "languages": list(languages)}
        yield Problem(("reason",), phrase("workspace.language", name="reason", **data))


def _fault(problem: Problem, source: YamlSource) -> Fault:
    return Fault(Location(MAINTENANCE, source.line(problem.loc), problem.field), problem.message, problem.close)
