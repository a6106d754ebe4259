"""Loading `runbooks/site/directories.yaml`: every mistake with its line; an entry with one disables itself and no other."""

from __future__ import annotations

from pathlib import Path

from temanashi.accounts.directories_file import NO_DIRECTORIES, Directories, read_directories
from temanashi.errors import Location, WorkspaceError
from temanashi.hosts.inventory import Inventory
from temanashi.text import Lang
from temanashi.workspace.faults import Fault
from temanashi.workspace.reading import read_files
from temanashi.workspace.yaml_source import BadYaml, YamlSource, read_yaml

__all__ = ["DIRECTORIES", "DirectoriesBroken", "directories_here", "load_directories"]

DIRECTORIES = "runbooks/site/directories.yaml"


class DirectoriesBroken(WorkspaceError):
    """The file is no YAML, or no mapping."""

    key = "accounts.directories-broken"

    def __init__(self, place: str) -> None:
        super().__init__(place=place)


def load_directories(
    source: YamlSource | None, languages: tuple[Lang, ...], faults: list[Fault], *, inventory: Inventory
) -> Directories:
    """What the file says; mistakes go to `faults`."""
    if source is None:
        return NO_DIRECTORIES
    found, problems = read_directories(source.data, languages, hosts=inventory.hosts)
    faults += [Fault(Location(DIRECTORIES, source.line(p.loc), p.field), p.message, p.close) for p in problems]
    return found


def directories_here(root: Path, languages: tuple[Lang, ...], *, inventory: Inventory) -> Directories:
    """As the file has them now, published or not; raises DirectoriesBroken."""
    text = read_files(root).texts.get(DIRECTORIES)
    if text is None:
        return NO_DIRECTORIES
    try:
        source = read_yaml(text)
    except BadYaml as error:
        raise DirectoriesBroken(f"{DIRECTORIES}:{error.flaws[0].line}") from error
    if not isinstance(source.data, dict):
        raise DirectoriesBroken(f"{DIRECTORIES}:1")
    return load_directories(source, languages, [], inventory=inventory)
