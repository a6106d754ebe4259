"""Lists of hosts that others keep (`sources:` in hosts.yaml): read at each publication, frozen in the version as a text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import ValidationError

from temanashi.errors import Location, TemanashiError
from temanashi.hosts.inventory import HostSource
from temanashi.text import LANGUAGES, Lang, LocalText, phrase, say
from temanashi.workspace.faults import Fault
from temanashi.workspace.hosts_files import HOSTS, MAX_HOST_VALUES, SOURCES_FOLDER, is_hosts_file
from temanashi.workspace.reading import Files
from temanashi.workspace.yaml_source import BadYaml, YamlSource, read_yaml

__all__ = ["with_sources"]

NOT_A_NAME = re.compile(r"[^\w.-]+")
TOLD = 20
"""Findings of one list that are told as warnings; `tema hosts import FILE --dry-run` shows all."""


class _Part(NamedTuple):
    """What one source says: the name of its text, its head, hosts with their fields, and groups. `lost`: it was said before."""

    name: str
    head: str
    hosts: dict[str, Any]
    groups: dict[str, tuple[str, ...]]
    lost: LocalText | None = None


def with_sources(read: Files, root: Path, *, lang: Lang, earlier: Mapping[str, str] = MappingProxyType({})) -> Files:
    """The files with a text for each source.

    A source that cannot be read disables itself and nothing else: the hosts that it had in the live version (`earlier`, its texts
    by name) stay as lost, so that they are UNKNOWN and neither green nor gone; of one that was never read a single lost host stands
    for all. Of two sources with one host the first counts.
    """
    written = {name: found for name, text in read.texts.items() if is_hosts_file(name) and (found := _parsed(text)) is not None}
    entries = written[HOSTS].data.get("sources") if HOSTS in written else None
    if not isinstance(entries, list):
        return read
    texts, faults, parts = dict(read.texts), list(read.faults), []
    taken: dict[str, str] = {}
    for index, entry in enumerate(entries):
        try:
            source = HostSource.model_validate(entry)
        except ValidationError:  # told when the file is read as an inventory
            continue
        at = Location(HOSTS, written[HOSTS].line(("sources", index)), f"sources.{index}")
        name = f"{SOURCES_FOLDER}{index}-{_stem(source)}.yaml"
        try:
            part = _part(name, source, root, written, lang=lang, at=at, faults=faults)
        except TemanashiError as error:
            faults.append(Fault.of(error, at))
            part = _lost(name, source, Fault.of(error, at), earlier, written)
        faults += _shared(part, source, taken, at)
        parts.append(part)
    return Files(texts | _texts(parts), faults)


def _shared(part: _Part, source: HostSource, taken: dict[str, str], at: Location) -> Iterator[Fault]:
    """Take away hosts that a source before this one has, and say which of the two counts."""
    twice = [name for name in part.hosts if name in taken]
    for name in twice[:TOLD]:
        message = phrase("inventory.source-twice", name=name, first=taken[name], second=source.file)
        yield Fault(at, message, level="warning")
    for name in twice:
        del part.hosts[name]
    taken.update(dict.fromkeys(part.hosts, source.file))


def _texts(parts: list[_Part]) -> dict[str, str]:
    """One text a source. A group that several have stands in the first of them, with the members of all."""
    from temanashi.workspace.importing.hosts.merging import new_text  # noqa: PLC0415  (as below)

    members: dict[str, dict[str, None]] = {}
    for part in parts:
        for name, mine in part.groups.items():
            members.setdefault(name, {}).update(dict.fromkeys(mine))
    found = {}
    for part in parts:
        groups = {name: tuple(members.pop(name)) for name in part.groups if name in members}
        mark = f"lost: {json.dumps(part.lost.model_dump(), ensure_ascii=False)}\n" if part.lost is not None else ""
        found[part.name] = new_text(part.head, part.hosts, groups) + mark
    return found


def _stem(source: HostSource) -> str:
    return NOT_A_NAME.sub("-", Path(source.file).stem)


def _lost(name: str, source: HostSource, fault: Fault, earlier: Mapping[str, str], written: Mapping[str, YamlSource]) -> _Part:
    """What is left of a source that cannot be read: its hosts of before, known by name and never asked."""
    same = [text for known, text in earlier.items() if known.partition("-")[2] == name.partition("-")[2]]
    text = earlier.get(name) or next(iter(same), "")
    before = _parsed(text) if text else None
    reason = LocalText.model_validate(
        {lang: say("inventory.source-lost", lang, file=source.file, problem=fault.message.text(lang)) for lang in LANGUAGES}
    )
    head = f"{source.file}"
    if before is None:
        stands_for_all = "list-" + _stem(source).strip("-")
        return _Part(name, head, {stands_for_all: {"shell": "none"}}, {}, reason)
    mine, groups = dict(_entries(written, "hosts")), dict(_entries(written, "groups"))
    hosts = {host: fields for host, fields in (before.data.get("hosts") or {}).items() if host not in mine}
    kept = {group: tuple(members) for group, members in (before.data.get("groups") or {}).items() if group not in groups}
    return _Part(name, head, hosts, kept, reason)


def _parsed(text: str) -> YamlSource | None:
    try:
        found = read_yaml(text, limit=MAX_HOST_VALUES, quick=True)
    except BadYaml:  # told when the file is loaded
        return None
    return found if isinstance(found.data, dict) else None


def _part(
    name: str,
    source: HostSource,
    root: Path,
    written: Mapping[str, YamlSource],
    *,
    lang: Lang,
    at: Location,
    faults: list[Fault],
) -> _Part:
    from temanashi.workspace.importing.hosts.comparing import with_ways  # noqa: PLC0415  (few workspaces have sources)
    from temanashi.workspace.importing.hosts.reading import read_host_list  # noqa: PLC0415

    file = root / "runbooks/site" / Path(source.file).expanduser()
    found = read_host_list(file, given=source.format)
    mine = dict(_entries(written, "hosts"))
    addresses = {str(fields["address"]): name for name, fields in mine.items() if isinstance(fields, dict) and "address" in fields}
    hosts = with_ways(found, known=mine, addresses=addresses)
    for host in hosts:
        if host.name in mine:  # what is written by hand wins, whole
            found.noted(host.place, "inventory.source-overridden", name=host.name)
    written_groups = dict(_entries(written, "groups"))
    groups = {group: tuple(members) for group, members in found.groups.items() if group not in written_groups}
    faults += [Fault(at, finding.message, level="warning") for finding in found.findings[:TOLD]]
    kept = {host.name: dict(host.fields) for host in hosts if host.name not in mine}
    return _Part(name, say("inventory.head-source", lang, source=found.source), kept, groups)


def _entries(written: Mapping[str, YamlSource], section: str) -> Iterator[tuple[str, Any]]:
    for source in written.values():
        entries = source.data.get(section)
        yield from entries.items() if isinstance(entries, dict) else ()
