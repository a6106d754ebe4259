"""The files that list hosts: `runbooks/site/hosts.yaml` and those of `runbooks/site/hosts.d/`, together one inventory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from pydantic import ValidationError

from temanashi.errors import Location
from temanashi.hosts.crosschecks import inventory_problems
from temanashi.hosts.inventory import Defaults, HostsFile, Inventory
from temanashi.problems import Problem, problems_of
from temanashi.text import phrase
from temanashi.workspace.faults import Fault, errors_among
from temanashi.workspace.yaml_source import YamlSource

__all__ = ["HOSTS", "HOSTS_FOLDER", "MAX_HOST_VALUES", "SOURCES_FOLDER", "is_hosts_file", "load_inventory"]

HOSTS = "runbooks/site/hosts.yaml"
HOSTS_FOLDER = "runbooks/site/hosts.d/"
SOURCES_FOLDER = f"{HOSTS_FOLDER}.sources/"
"""Where texts of lists from elsewhere stand in a version; in the folder of a workspace hidden files are not read."""
MAX_HOST_VALUES = 500_000
"""Values of one list of hosts after aliases are followed."""
SAID = 100
"""Faults of hosts that are told; a list that a program wrote wrongly has the same one thousands of times."""

ModelT = TypeVar("ModelT", bound=HostsFile)


def is_hosts_file(name: str) -> bool:
    """Whether a file of the workspace lists hosts."""
    return name == HOSTS or (name.startswith(HOSTS_FOLDER) and name.endswith(".yaml"))


def load_inventory(sources: Mapping[str, YamlSource], faults: list[Fault]) -> Inventory:
    """The inventory of all lists. With a mistake in any of them it is empty: runs over the hosts that are left would look green."""
    found: list[Fault] = []
    broken = {fault.at.file for fault in errors_among(faults)}
    main = _model(Inventory, HOSTS, sources, None, found) or Inventory()
    others = sorted(file for file in sources if file != HOSTS)
    parts = {file: part for file in others if (part := _model(HostsFile, file, sources, main.defaults, found)) is not None}
    if not found:
        found += _twice(sources)
    if not found:
        inventory = main.joined(parts.values())
        found += [_placed(problem, sources) for problem in inventory_problems(inventory)]
        if not found and not any(is_hosts_file(file) for file in broken):
            return inventory
    faults += found[:SAID]
    return Inventory()


def _model(
    model: type[ModelT], file: str, sources: Mapping[str, YamlSource], defaults: Defaults | None, found: list[Fault]
) -> ModelT | None:
    if file not in sources:
        return None
    try:
        return model.model_validate(sources[file].data, context=defaults)
    except ValidationError as error:
        found += [_fault(problem, file, sources[file]) for problem in problems_of(error, model=model)]
    return None


def _fault(problem: Problem, file: str, source: YamlSource) -> Fault:
    return Fault(Location(file, source.line(problem.loc), problem.field), problem.message, problem.close)


def _placed(problem: Problem, sources: Mapping[str, YamlSource]) -> Fault:
    """A problem of the whole inventory in the file that the name stands in."""
    section, name = str(problem.loc[0]), problem.loc[1]
    file = next((file for file, source in sources.items() if name in (source.data.get(section) or {})), HOSTS)
    return _fault(problem, file, sources[file])


def _twice(sources: Mapping[str, YamlSource]) -> Iterator[Fault]:
    for section, key in (("hosts", "hosts.twice"), ("groups", "hosts.group-twice")):
        first: dict[str, Location] = {}
        for file in sorted(sources, key=lambda name: (name != HOSTS, name)):
            for name in sources[file].data.get(section) or {}:
                here = Location(file, sources[file].line((section, name)), f"{section}.{name}")
                if name in first:
                    place = f"{first[name].file}:{first[name].line}"
                    yield Fault(here, phrase(key, name=name, place=place))
                first.setdefault(name, here)
