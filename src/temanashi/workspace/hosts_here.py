"""The hosts as the files have them now, published or not: what the commands for hosts work with."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from temanashi.errors import Location, WorkspaceError
from temanashi.hosts.inventory import Host, Inventory
from temanashi.text import Lang
from temanashi.workspace.faults import Fault, errors_among
from temanashi.workspace.host_sources import with_sources
from temanashi.workspace.hosts_files import HOSTS, MAX_HOST_VALUES, is_hosts_file, load_inventory
from temanashi.workspace.reading import read_files
from temanashi.workspace.yaml_source import BadYaml, YamlSource, read_yaml

__all__ = ["HostsBroken", "HostsHere", "hosts_here"]


class HostsBroken(WorkspaceError):
    """The lists of hosts have mistakes already; a list that cannot be read cannot be compared."""

    key = "inventory.broken"

    def __init__(self, places: list[str]) -> None:
        super().__init__(places=places[:5])


class HostsHere(NamedTuple):
    """The texts of all lists, their data with lines, and the inventory that they are together."""

    texts: dict[str, str]
    sources: dict[str, YamlSource]
    inventory: Inventory

    def place(self, host: Host) -> Location | None:
        """Where a host is written; None for one that nobody wrote (`localhost`)."""
        for file, source in self.sources.items():
            if host.name in (source.data.get("hosts") or {}):
                return Location(file, source.line(("hosts", host.name)))
        return None


def hosts_here(root: Path, *, lang: Lang = "ja") -> HostsHere:
    """Read the lists of a workspace and what its sources say now; raises HostsBroken."""
    files = with_sources(read_files(root), root, lang=lang)
    texts = {name: text for name, text in files.texts.items() if is_hosts_file(name)}
    lists = [fault for fault in errors_among(files.faults) if fault.at.file.startswith(HOSTS.removesuffix(".yaml"))]
    # A list from elsewhere that cannot be read now disables itself only.
    broken = [str(fault.at) for fault in lists if not fault.at.field.startswith("sources.")]
    sources: dict[str, YamlSource] = {}
    for name, text in texts.items():
        try:
            sources[name] = read_yaml(text, limit=MAX_HOST_VALUES, quick=True)
        except BadYaml as error:
            broken.append(f"{name}:{error.flaws[0].line}")
    broken += [f"{name}:1" for name, source in sources.items() if not isinstance(source.data, dict)]
    faults: list[Fault] = []
    inventory = Inventory() if broken else load_inventory(sources, faults)
    if broken or faults:
        raise HostsBroken([*broken, *(str(fault.at) for fault in faults)])
    return HostsHere(texts, sources, inventory)
