"""Loading `runbooks/site/directories.yaml`: every mistake with its line; an entry with one disables itself and no other."""

from __future__ import annotations

from temanashi.accounts.directories_file import NO_DIRECTORIES, Directories, read_directories
from temanashi.errors import Location
from temanashi.hosts.inventory import Inventory
from temanashi.text import Lang
from temanashi.workspace.faults import Fault
from temanashi.workspace.yaml_source import YamlSource

__all__ = ["DIRECTORIES", "load_directories"]

DIRECTORIES = "runbooks/site/directories.yaml"


def load_directories(
    source: YamlSource | None, languages: tuple[Lang, ...], faults: list[Fault], *, inventory: Inventory
) -> Directories:
    """What the file says; mistakes go to `faults`."""
    if source is None:
        return NO_DIRECTORIES
    found, problems = read_directories(source.data, languages, hosts=inventory.hosts)
    faults += [Fault(Location(DIRECTORIES, source.line(p.loc), p.field), p.message, p.close) for p in problems]
    return found
