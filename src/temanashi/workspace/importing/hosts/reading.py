"""A file of hosts in whatever form it is, recognised by its content."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

from temanashi.errors import InputError
from temanashi.text import phrase
from temanashi.workspace.hosts_files import MAX_HOST_VALUES
from temanashi.workspace.importing.delimited import BadDelimited, decoded
from temanashi.workspace.importing.hosts.ansible import from_ansible, is_ansible
from temanashi.workspace.importing.hosts.foreign import ForeignList
from temanashi.workspace.importing.hosts.sheets import BadHostList, NoHosts, from_csv, from_excel
from temanashi.workspace.importing.hosts.zabbix import from_zabbix, is_zabbix, xml_data
from temanashi.workspace.importing.workbook import OLE
from temanashi.workspace.yaml_source import BadYaml, read_yaml

__all__ = ["FORMATS", "CannotReadList", "Format", "ListTooLarge", "UnknownFormat", "known_format", "read_host_list"]

Format = Literal["xlsx", "csv", "ansible", "zabbix"]
FORMATS: tuple[Format, ...] = get_args(Format)
MAX_TEXT = 50_000_000
"""Bytes: an export of ten thousand hosts with their items has some thirty million."""
ZIP = b"PK\x03\x04"


class UnknownFormat(InputError):
    """A format that is none of ours."""

    key = "inventory.unknown-format"

    def __init__(self, given: str) -> None:
        super().__init__(given=given, known=list(FORMATS))


class CannotReadList(InputError):
    """A file that the operating system does not let us read."""

    key = "inventory.cannot-read"

    def __init__(self, file: str, *, reason: str) -> None:
        super().__init__(file=file, reason=reason)


class ListTooLarge(InputError):
    """A file that is larger than any list of hosts."""

    key = "inventory.too-large"

    def __init__(self, file: str, *, limit: int) -> None:
        super().__init__(file=file, limit=limit)


def known_format(given: str) -> Format | None:
    """The format that a person named, None for none; raises UnknownFormat."""
    found = next((name for name in FORMATS if name == given), None)
    if given and found is None:
        raise UnknownFormat(given)
    return found


def read_host_list(file: Path, *, given: Format | None = None) -> ForeignList:
    """The hosts of a file. Raises CannotReadList, ListTooLarge, BadHostList, NoHosts, and what `read_workbook` raises."""
    try:
        with file.open("rb") as stream:
            head = stream.read(len(OLE))
        if given == "xlsx" or (given is None and (head.startswith(ZIP) or head == OLE)):
            return _not_empty(from_excel(file))
        if file.stat().st_size > MAX_TEXT:
            raise ListTooLarge(file.name, limit=MAX_TEXT)
        raw = file.read_bytes()
    except OSError as error:
        raise CannotReadList(str(file), reason=error.strerror or type(error).__name__) from error
    return _not_empty(_of_text(_text_of(raw, file.name), file.name, given))


def _not_empty(found: ForeignList) -> ForeignList:
    """A list without a single line is more likely a file of another kind than a company without hosts."""
    if not found.hosts and not found.findings:
        raise NoHosts(found.source)
    return found


def _text_of(raw: bytes, name: str) -> str:
    try:
        return decoded(raw)
    except BadDelimited as error:
        raise BadHostList(name, problem=error.problem) from error


def _of_text(text: str, name: str, given: Format | None) -> ForeignList:
    start = text.lstrip()[:1]
    if given == "csv":
        return from_csv(text, source=name)
    if start == "<":
        return _recognised(xml_data(text, source=name), name, given)
    if start in {"{", "["}:
        return _recognised(_json(text, name), name, given)
    if given is not None or any(line.startswith("zabbix_export:") for line in text.splitlines()[:50]):
        return _recognised(_yaml(text, name), name, given)
    return from_csv(text, source=name)


def _recognised(data: Any, name: str, given: Format | None) -> ForeignList:
    known: dict[str, tuple[Callable[[Any], bool], Callable[..., ForeignList]]] = {
        "zabbix": (is_zabbix, from_zabbix),
        "ansible": (is_ansible, from_ansible),
    }
    for form, (recognises, read) in known.items():
        if given in {None, form} and recognises(data):
            return read(data, source=name)
    raise NoHosts(name)


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadHostList(name, problem=phrase("inventory.bad-json", detail=str(error)[:200])) from error


def _yaml(text: str, name: str) -> Any:
    try:
        return read_yaml(text, limit=4 * MAX_HOST_VALUES, quick=True).data
    except BadYaml as error:
        flaw = error.flaws[0]
        raise BadHostList(name, problem=phrase("inventory.bad-yaml", line=flaw.line, problem=flaw.message)) from error
