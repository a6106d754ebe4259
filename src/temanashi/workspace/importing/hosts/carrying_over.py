"""`tema hosts import`: a foreign list into the files of a workspace, or what that would do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from temanashi.errors import InputError
from temanashi.text import Lang
from temanashi.workspace.hosts_files import HOSTS, HOSTS_FOLDER, is_hosts_file
from temanashi.workspace.hosts_here import hosts_here
from temanashi.workspace.importing.hosts.comparing import Comparison, compare
from temanashi.workspace.importing.hosts.foreign import ForeignList, folded
from temanashi.workspace.importing.hosts.merging import merged_texts
from temanashi.workspace.importing.hosts.reading import Format, read_host_list
from temanashi.workspace.writing import replace_all

__all__ = ["Imported", "NotAHostsFile", "plan_import", "write_import"]


class NotAHostsFile(InputError):
    """A target that the workspace would not read hosts from."""

    key = "inventory.not-a-hosts-file"

    def __init__(self, given: str) -> None:
        super().__init__(given=given, main=HOSTS, folder=HOSTS_FOLDER)


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A list that was read, what it would change, and the new texts by file; nothing is written yet."""

    root: Path
    found: ForeignList
    comparison: Comparison
    texts: dict[str, str]

    @property
    def complete(self) -> bool:
        """Whether everything was taken over with its meaning."""
        return all(finding.kind == "noted" for finding in self.found.findings)


def plan_import(root: Path, file: Path, *, lang: Lang, given: Format | None = None, target: str = "") -> Imported:
    """Read a list and compare it with the workspace; raises what reading and merging raise, HostsBroken and NotAHostsFile."""
    found = read_host_list(file, given=given)
    place = _target(root, target) if target else _default_target(file, found)
    texts, sources, inventory = hosts_here(root)
    comparison = compare(found, inventory, sources, target=place)
    made = {} if comparison.empty else merged_texts(comparison, texts, source=found.source, lang=lang)
    return Imported(root=root, found=found, comparison=comparison, texts=made)


def write_import(planned: Imported) -> list[Path]:
    """Write the files, all or none; raises CannotWrite."""
    return replace_all(planned.root, planned.texts)


def _default_target(file: Path, found: ForeignList) -> str:
    stem = re.sub(r"[^\w.-]+", "-", folded(file.stem)).strip("-.")
    return f"{HOSTS_FOLDER}{stem or found.format}.yaml"


def _target(root: Path, given: str) -> str:
    """A path relative to the workspace, also from `hosts.d/x.yaml` or a whole path; raises NotAHostsFile."""
    path = Path(given)
    name = (
        path.relative_to(root).as_posix() if path.is_absolute() and path.is_relative_to(root) else PurePosixPath(given).as_posix()
    )
    name = name if name.startswith("runbooks/") else f"runbooks/site/{name.removeprefix('./')}"
    if not is_hosts_file(name) or ".." in name.split("/"):
        raise NotAHostsFile(given)
    return name
