"""An import as the new texts of files: what a person wrote there, comments included, stays as it is."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.util import load_yaml_guess_indent

from temanashi.errors import WorkspaceError
from temanashi.text import Lang, say
from temanashi.workspace.faults import Fault, fault_lines
from temanashi.workspace.hosts_files import MAX_HOST_VALUES, load_inventory
from temanashi.workspace.importing.hosts.comparing import Changed, Comparison
from temanashi.workspace.importing.yaml_nodes import yaml_node
from temanashi.workspace.reading import MAX_HOSTS_BYTES
from temanashi.workspace.yaml_source import BadYaml, read_yaml

__all__ = ["CannotMerge", "ImportRefused", "merged_texts", "new_text"]


class CannotMerge(WorkspaceError):
    """A file whose form does not let us change it without changing something else."""

    key = "inventory.cannot-merge"

    def __init__(self, file: str) -> None:
        super().__init__(file=file)


class ImportRefused(WorkspaceError):
    """Files that would not load after the import; nothing was written."""

    key = "inventory.refused"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(count=len(problems), problems=list(problems)[:5])


def merged_texts(comparison: Comparison, texts: Mapping[str, str], *, source: str, lang: Lang) -> dict[str, str]:
    """The new text of every file that changes. `texts` are all lists of hosts by file. Raises CannotMerge and ImportRefused."""
    groups = _groups_by_file(comparison, texts)
    files = dict.fromkeys([*([comparison.target] if comparison.added else []), *(one.file for one in comparison.changed), *groups])
    made = {}
    for file in files:
        changed = [change for change in comparison.changed if change.file == file]
        added = comparison.added if file == comparison.target else {}
        head = say("inventory.head", lang, source=source)
        text = _merged(file, texts.get(file, ""), head, changed, added, groups.get(file, {}))
        if text != texts.get(file):
            made[file] = text
    _loads({**texts, **made}, lang)
    return made


def new_text(head: str, hosts: Mapping[str, Any], groups: Mapping[str, Sequence[str]]) -> str:
    """The text of a file that has these hosts and groups and nothing else."""
    text = f"# {head}\n"
    for section, entries in (("hosts", hosts), ("groups", groups)):
        text = _spliced(text, section, entries) if entries else text
    return text


def _groups_by_file(comparison: Comparison, texts: Mapping[str, str]) -> dict[str, dict[str, tuple[str, ...]]]:
    places = {name: file for file, text in texts.items() for name in _data(text).get("groups") or {}}
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, members in comparison.groups.items():
        found.setdefault(places.get(name, comparison.target), {})[name] = members
    return found


def _data(text: str) -> dict[str, Any]:
    data = read_yaml(text, limit=MAX_HOST_VALUES, quick=True).data if text.strip() else {}
    return data if isinstance(data, dict) else {}


def _merged(
    file: str, text: str, head: str, changed: list[Changed], added: Mapping[str, Any], groups: Mapping[str, tuple[str, ...]]
) -> str:
    expected = _expected(_data(text), changed, added, groups)
    fresh = {section: names for section, names in (("hosts", added), ("groups", groups)) if names}
    before = _data(text).get("groups") or {}
    grown = {name: members for name, members in groups.items() if name in before}
    if "groups" in fresh:
        fresh["groups"] = {name: members for name, members in groups.items() if name not in before}
    if not text:
        text = f"# {head}\n"
    for careful in (False, True):
        made = _edited(text, changed, grown, fresh if careful else {}) if changed or grown or careful else text
        if not careful:
            for section, entries in fresh.items():
                made = _spliced(made, section, entries)
        try:
            if read_yaml(made, limit=MAX_HOST_VALUES, quick=True).data == expected:
                return made
        except BadYaml:
            continue
    raise CannotMerge(file)


def _expected(
    data: dict[str, Any], changed: list[Changed], added: Mapping[str, Any], groups: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    data = deepcopy(data)
    if changed or added:
        hosts = data["hosts"] = data.get("hosts") or {}
        for change in changed:
            hosts[change.name] = {**(hosts[change.name] or {}), **{key: after for key, (_, after) in change.fields.items()}}
        hosts |= {name: dict(fields) or None for name, fields in added.items()}
    if groups:
        known = data["groups"] = data.get("groups") or {}
        for name, members in groups.items():
            known[name] = [*known.get(name, ()), *members]
    return data


def _edited(text: str, changed: list[Changed], grown: Mapping[str, tuple[str, ...]], fresh: Mapping[str, Any]) -> str:
    """Through ruamel, which keeps comments, quotes and order."""
    yaml = _writer()
    yaml.preserve_quotes = True
    data, dash, offset = load_yaml_guess_indent(text, yaml=yaml)
    data = CommentedMap() if data is None else data
    for change in changed:
        if data["hosts"][change.name] is None:
            data["hosts"][change.name] = CommentedMap()
        for key, (_, after) in change.fields.items():
            data["hosts"][change.name][key] = yaml_node(after, readable=True)
    for name, members in grown.items():
        data["groups"][name].extend(members)
    for section, entries in fresh.items():
        if data.get(section) is None:
            data[section] = CommentedMap()
        data[section].update({name: _entry(value) for name, value in entries.items()})
    yaml.indent(mapping=_indent_of(text.splitlines()), sequence=4, offset=2)
    if offset is not None:
        yaml.indent(sequence=dash, offset=offset)
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


def _writer() -> YAML:
    yaml = YAML()
    yaml.width = 100_000
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    # A host of which nothing more is said is a key without a value.
    yaml.representer.add_representer(type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", ""))
    return yaml


def _entry(value: Any) -> Any:
    made = yaml_node(value, readable=True) if value else None
    if isinstance(made, CommentedMap):
        for item in made.values():
            if isinstance(item, (CommentedMap, CommentedSeq)):
                item.fa.set_flow_style()
    return made


def _spliced(text: str, section: str, entries: Mapping[str, Any]) -> str:
    """New entries as lines after the last of a section; every other line stays the same, byte by byte."""
    stream = io.StringIO()
    _writer().dump(CommentedMap((name, _entry(value)) for name, value in entries.items()), stream)
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    start = next((number for number, line in enumerate(lines) if line.rstrip().startswith(f"{section}:")), None)
    if start is None:
        return "".join([*lines, f"{section}:\n", *_indented(stream.getvalue(), 2)])
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or lines[end][0] in " \t#"):
        end += 1
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return "".join([*lines[:end], *_indented(stream.getvalue(), _indent_of(lines[start:end])), *lines[end:]])


def _indent_of(lines: Sequence[str]) -> int:
    """How far the first line under a key stands from it; 2 where there is none."""
    spaces = (len(line) - len(line.lstrip(" ")) for line in lines if line.strip() and not line.lstrip().startswith(("#", "-")))
    return next((count for count in spaces if count), 2)


def _indented(text: str, indent: int) -> list[str]:
    return [" " * indent + line if line.strip() else line for line in text.splitlines(keepends=True)]


def _loads(texts: Mapping[str, str], lang: Lang) -> None:
    """Raise ImportRefused for texts that the loader would refuse."""
    large = [file for file, text in texts.items() if len(text.encode()) > MAX_HOSTS_BYTES]
    if large:
        raise ImportRefused([say("inventory.file-too-large", lang, file=file, limit=MAX_HOSTS_BYTES) for file in large])
    faults: list[Fault] = []
    load_inventory({file: read_yaml(text, limit=MAX_HOST_VALUES, quick=True) for file, text in texts.items()}, faults)
    if faults:
        raise ImportRefused(fault_lines(faults, lang))
