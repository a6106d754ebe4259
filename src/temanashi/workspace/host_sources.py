"""Lists of hosts that others keep (`sources:` in hosts.yaml): read at each publication, frozen in the version as a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from temanashi.errors import Location, TemanashiError
from temanashi.hosts.inventory import HostSource
from temanashi.text import Lang, say
from temanashi.workspace.faults import Fault, errors_among
from temanashi.workspace.hosts_files import HOSTS, MAX_HOST_VALUES, SOURCES_FOLDER, is_hosts_file
from temanashi.workspace.reading import Files
from temanashi.workspace.yaml_source import BadYaml, YamlSource, read_yaml

__all__ = ["with_sources"]

NOT_A_NAME = re.compile(r"[^\w.-]+")
TOLD = 20
"""Findings of one list that are told as warnings; `tema hosts import FILE --dry-run` shows all."""


def with_sources(read: Files, root: Path, *, lang: Lang) -> Files:
    """The files with a text for each source. Where one cannot be read no list of hosts is left: the others are not all hosts."""
    written = {name: found for name, text in read.texts.items() if is_hosts_file(name) and (found := _parsed(text)) is not None}
    entries = written[HOSTS].data.get("sources") if HOSTS in written else None
    if not isinstance(entries, list):
        return read
    texts, faults = dict(read.texts), list(read.faults)
    for index, entry in enumerate(entries):
        try:
            source = HostSource.model_validate(entry)
        except ValidationError:  # told when the file is read as an inventory
            continue
        at = Location(HOSTS, written[HOSTS].line(("sources", index)), f"sources.{index}")
        stem = NOT_A_NAME.sub("-", Path(source.file).stem)
        name = f"{SOURCES_FOLDER}{index}-{stem}.yaml"
        try:
            texts[name] = _text(source, root, written, lang=lang, at=at, faults=faults)
        except TemanashiError as error:
            faults.append(Fault.of(error, at))
    if any(fault.at.field.startswith("sources.") for fault in errors_among(faults)):
        texts = {name: text for name, text in texts.items() if not is_hosts_file(name)}
    return Files(texts, faults)


def _parsed(text: str) -> YamlSource | None:
    try:
        found = read_yaml(text, limit=MAX_HOST_VALUES, quick=True)
    except BadYaml:  # told when the file is loaded
        return None
    return found if isinstance(found.data, dict) else None


def _text(
    source: HostSource, root: Path, written: Mapping[str, YamlSource], *, lang: Lang, at: Location, faults: list[Fault]
) -> str:
    from temanashi.workspace.importing.hosts.comparing import with_ways  # noqa: PLC0415  (few workspaces have sources)
    from temanashi.workspace.importing.hosts.merging import new_text  # noqa: PLC0415
    from temanashi.workspace.importing.hosts.reading import read_host_list  # noqa: PLC0415

    file = root / "runbooks/site" / Path(source.file).expanduser()
    found = read_host_list(file, given=source.format)
    mine = dict(_entries(written, "hosts"))
    addresses = {str(fields["address"]): name for name, fields in mine.items() if isinstance(fields, dict) and "address" in fields}
    hosts = with_ways(found, known=mine, addresses=addresses)
    for host in hosts:
        if host.name in mine:  # what is written by hand wins, whole
            found.noted(host.place, "inventory.source-overridden", name=host.name)
    groups = {name: members for name, members in found.groups.items() if name not in dict(_entries(written, "groups"))}
    faults += [Fault(at, finding.message, level="warning") for finding in found.findings[:TOLD]]
    kept = {host.name: dict(host.fields) for host in hosts if host.name not in mine}
    return new_text(say("inventory.head-source", lang, source=found.source), kept, groups)


def _entries(written: Mapping[str, YamlSource], section: str) -> Iterator[tuple[str, Any]]:
    for source in written.values():
        entries = source.data.get(section)
        yield from entries.items() if isinstance(entries, dict) else ()
