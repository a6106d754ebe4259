"""Load a workspace: every mistake of every file at once, and a broken file disables itself and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from temanashi.accounts.directories_file import Directories
from temanashi.accounts.reviews.register import Register
from temanashi.accounts.roles import Roles
from temanashi.books import KpiWanted, Roadmap, proposed_tasks
from temanashi.calendars import SiteCalendars
from temanashi.errors import Location
from temanashi.hosts.inventory import Inventory
from temanashi.monitoring.recurring import RecurringWindow
from temanashi.monitoring.senders.rules import AlertRules
from temanashi.people import People
from temanashi.problems import Problem, problems_of
from temanashi.runbooks.offering import Offering
from temanashi.runbooks.parsing import BadRunbook, parse_runbook
from temanashi.runbooks.steps.contract import StepKind
from temanashi.settings import Settings, load_settings
from temanashi.text import Lang, phrase
from temanashi.workspace.accounts_file import load_register
from temanashi.workspace.crosschecks import LoadedRunbook, alone_faults, call_faults, remedy_faults, together_faults
from temanashi.workspace.directories_source import load_directories
from temanashi.workspace.directory import people_problems
from temanashi.workspace.faq_examining import runbook_faults
from temanashi.workspace.faq_files import LoadedEntry, load_entries
from temanashi.workspace.faults import Fault, errors_among
from temanashi.workspace.flows import flow_faults, flow_names
from temanashi.workspace.host_sources import with_sources
from temanashi.workspace.hosts_files import MAX_HOST_VALUES, is_hosts_file, load_inventory
from temanashi.workspace.importing.tickets.kinds import TicketKinds
from temanashi.workspace.maintenance_file import Written, check_names, load_maintenance, maintenance_faults
from temanashi.workspace.operations_files import load_alerts, load_kpi, topic_faults
from temanashi.workspace.reading import read_files
from temanashi.workspace.roadmap_file import load_roadmap
from temanashi.workspace.roles_file import load_roles
from temanashi.workspace.tickets_file import load_tickets
from temanashi.workspace.yaml_source import BadYaml, YamlSource, read_yaml

__all__ = ["CALENDAR", "PEOPLE", "Content", "LoadedRunbook", "Workspace", "load_content", "load_workspace"]

SiteModel = TypeVar("SiteModel", bound=BaseModel)
CALENDAR = "runbooks/site/calendar.yaml"
PEOPLE = "runbooks/site/people.yaml"


@dataclass(frozen=True, kw_only=True)
class Content:
    """What the files of a workspace say. `site` holds the data of other site files by bare name."""

    runbooks: dict[str, LoadedRunbook]
    inventory: Inventory
    calendar: SiteCalendars
    maintenance: tuple[RecurringWindow, ...]
    tickets: TicketKinds
    alerts: AlertRules
    kpi: tuple[KpiWanted, ...]
    people: People
    roadmap: Roadmap | None
    roles: Roles
    directories: Directories
    register: Register
    flows: dict[str, str]
    entries: dict[str, LoadedEntry]
    site: dict[str, Any]
    faults: list[Fault]


@dataclass(frozen=True, kw_only=True)
class Workspace(Content):
    """A workspace as its files stand now. Broken files are in `faults` and nowhere else; `texts` are the files as read."""

    settings: Settings
    texts: dict[str, str]

    @property
    def root(self) -> Path:
        """The folder of the workspace."""
        return self.settings.root


def load_workspace(
    root: Path,
    *,
    kinds: Mapping[str, StepKind],
    environ: Mapping[str, str] | None = None,
    earlier: Mapping[str, str] = MappingProxyType({}),
) -> Workspace:
    """The workspace at `root`. Raises BadSettings only: a bad file is a fault among `faults`.

    `earlier` are texts of the live version: of a list from elsewhere that cannot be read now they say which hosts it had.
    """
    settings = load_settings(root, environ=environ)
    read = with_sources(read_files(root), root, lang=settings.language, earlier=earlier)
    content = load_content(read.texts, kinds=kinds, languages=settings.languages)
    faults = [*read.faults, *content.faults]
    return Workspace(**{**vars(content), "faults": faults}, settings=settings, texts=read.texts)


def load_content(
    texts: Mapping[str, str], *, kinds: Mapping[str, StepKind], languages: tuple[Lang, ...], good: Container[str] = ()
) -> Content:
    """What texts by path say; the same code reads the files of today and a version published last year.

    `good` are files that were read without a mistake when they were published: these are read by the quicker parser.
    """
    faults = list(flow_faults(texts))
    site = _site(texts, faults, good)
    lists = [file for file in texts if is_hosts_file(file) and _bare(file) in site]
    inventory = load_inventory({file: site.pop(_bare(file)) for file in lists}, faults)
    calendar = _site_model(SiteCalendars, site.pop("calendar", None), CALENDAR, faults)
    people = _people(site.pop("people", None), faults)
    roadmap = load_roadmap(site.pop("roadmap", None), languages, faults)
    roles = load_roles(site.pop("roles", None), languages, faults)
    directories = load_directories(site.pop("directories", None), languages, faults, inventory=inventory)
    register = load_register(site.pop("accounts", None), people, inventory, languages, faults)
    rules, ticket_kinds = site.pop("maintenance", None), site.pop("tickets", None)
    windows = load_maintenance(rules, calendar, faults)
    flows = {name: file for name, file in flow_names(texts).items() if file not in {f.at.file for f in errors_among(faults)}}
    entries = load_entries(texts, people=people, languages=languages, faults=faults, good=good)
    offers = Offering(inventory=inventory, files=texts, people=people)
    named = [file for file in texts if _is_runbook(file)]
    every = [loaded for file in named if (loaded := _runbook(file, texts[file], kinds, faults, quick=file in good))]
    beside: dict[str, Any] = {"inventory": inventory, "people": people, "languages": languages, "calendars": calendar}
    found = [fault for loaded in every for fault in alone_faults(loaded, offers=offers, **beside)]
    found += _maintenance(windows, rules, texts, every, inventory=inventory, languages=languages)
    tickets = load_tickets(ticket_kinds, {loaded.runbook.task for loaded in every} if _whole(texts, every) else None, faults)
    whole = [loaded.runbook for loaded in every] if _whole(texts, every) else None
    alerts = load_alerts(site.pop("alerts", None), proposed_tasks(whole) if whole is not None else None, faults)
    by_id = {runbook.id: runbook for runbook in whole} if whole is not None else None
    kpi = load_kpi(site.pop("kpi", None), by_id, languages, faults)
    faults += topic_faults(texts, languages)
    runbooks = _sound(every, found, flows=flows, people=people, files=named)
    found += runbook_faults(entries.values(), {name: loaded.runbook for name, loaded in runbooks.items()})
    return Content(
        runbooks=runbooks,
        inventory=inventory,
        calendar=calendar,
        maintenance=tuple(one.window for one in windows),
        tickets=tickets,
        alerts=alerts,
        kpi=kpi,
        people=people,
        roadmap=roadmap,
        roles=roles,
        directories=directories,
        register=register,
        flows=flows,
        entries=entries,
        site={name: source.data for name, source in site.items()},
        faults=[*faults, *found],
    )


def _sound(
    every: list[LoadedRunbook], found: list[Fault], *, flows: Mapping[str, str], people: People, files: list[str]
) -> dict[str, LoadedRunbook]:
    """The runbooks without a mistake by id; mistakes that runbooks have together go to `found`, each sort without those before."""

    def left() -> list[LoadedRunbook]:
        broken = {fault.at.file for fault in errors_among(found)}
        return [loaded for loaded in every if loaded.file not in broken]

    found += together_faults(every, flows=flows)
    found += call_faults(left())
    found += remedy_faults(left(), people=people, files=files)
    return {loaded.runbook.id: loaded for loaded in left()}


def _maintenance(
    windows: tuple[Written, ...],
    source: YamlSource | None,
    texts: Mapping[str, str],
    every: list[LoadedRunbook],
    *,
    inventory: Inventory,
    languages: tuple[Lang, ...],
) -> list[Fault]:
    if source is None:
        return []
    checks = check_names(loaded.runbook for loaded in every) if _whole(texts, every) else None
    return maintenance_faults(windows, source, inventory=inventory, checks=checks, languages=languages)


def _whole(texts: Mapping[str, str], every: list[LoadedRunbook]) -> bool:
    """Whether every runbook could be read."""
    return len(every) == sum(_is_runbook(file) for file in texts)


def _people(source: YamlSource | None, faults: list[Fault]) -> People:
    """Who the site lists. Words that name nobody are told, and add nobody."""
    found = _site_model(People, source, PEOPLE, faults)
    if source is not None:
        faults += _faults(list(people_problems(found)), PEOPLE, source.line)
    return found


def _is_runbook(file: str) -> bool:
    return file.startswith("runbooks/") and file.endswith(".yaml") and not file.startswith("runbooks/site/")


def _source(file: str, text: str, faults: list[Fault], *, quick: bool) -> YamlSource | None:
    try:
        source = read_yaml(text, limit=MAX_HOST_VALUES, quick=True) if is_hosts_file(file) else read_yaml(text, quick=quick)
    except BadYaml as error:
        faults += [Fault(Location(file, flaw.line), flaw.message) for flaw in error.flaws]
        return None
    if isinstance(source.data, dict):
        return source
    faults.append(Fault(Location(file, source.line(())), phrase("workspace.not-a-mapping")))
    return None


def _runbook(file: str, text: str, kinds: Mapping[str, StepKind], faults: list[Fault], *, quick: bool) -> LoadedRunbook | None:
    source = _source(file, text, faults, quick=quick)
    if source is None:
        return None
    try:
        return LoadedRunbook(parse_runbook(source.data, kinds=kinds), file, source.line)
    except BadRunbook as error:
        faults += _faults(error.problems, file, source.line)
    return None


def _faults(problems: list[Problem], file: str, line: Callable[[tuple[str | int, ...]], int]) -> list[Fault]:
    return [Fault(Location(file, line(p.loc), p.field), p.message, p.close) for p in problems]


def _site(texts: Mapping[str, str], faults: list[Fault], good: Container[str]) -> dict[str, YamlSource]:
    found = {}
    for file, text in texts.items():
        if (
            file.startswith("runbooks/site/")
            and file.endswith(".yaml")
            and (source := _source(file, text, faults, quick=file in good))
        ):
            found[_bare(file)] = source
    return found


def _bare(file: str) -> str:
    return file.removeprefix("runbooks/site/").removesuffix(".yaml")


def _site_model(model: type[SiteModel], source: YamlSource | None, file: str, faults: list[Fault]) -> SiteModel:
    """What a site file says; its default where the file is missing or broken."""
    if source is not None:
        try:
            return model.model_validate(source.data)
        except ValidationError as error:
            faults += _faults(problems_of(error, model=model), file, source.line)
    return model.model_validate({})
