"""Hosts from a host export of Zabbix 5 to 7 (YAML, XML or JSON): Zabbix documentation, "Configuration export/import, Hosts"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

from temanashi.hosts.inventory import LOCALHOST
from temanashi.text import phrase
from temanashi.workspace.importing.headings import normal
from temanashi.workspace.importing.hosts.columns import RANKS
from temanashi.workspace.importing.hosts.foreign import ForeignHost, ForeignList, address_of, folded, group_name, host_name, word
from temanashi.workspace.importing.hosts.sheets import BadHostList

__all__ = ["from_zabbix", "is_zabbix", "xml_data"]

LISTS = frozenset(
    {"groups", "host_groups", "hosts", "interfaces", "items", "macros", "tags", "template_groups", "templates", "triggers"}
)
ROOT = "zabbix_export"
SNMP, AGENT = {"SNMP", "2"}, {"ZABBIX", "1", "AGENT", ""}
DISABLED = {"DISABLED", "1"}
MAX_NOTE = 200


def is_zabbix(data: Any) -> bool:
    """Whether data is an export of Zabbix."""
    return isinstance(data, dict) and isinstance(data.get(ROOT), dict)


def xml_data(text: str, *, source: str) -> dict[str, Any]:
    """An XML export as the same data that JSON and YAML have; raises BadHostList."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadHostList(source, problem=phrase("inventory.document-type"))
    try:
        root = fromstring(text)  # noqa: S314  (texts with a document type were refused: no entities can grow)
    except ParseError as error:
        raise BadHostList(source, problem=phrase("inventory.bad-xml", detail=str(error))) from error
    return {root.tag: _plain(root)}


def _plain(element: Element) -> Any:
    if element.tag in LISTS:
        return [_plain(child) for child in element]
    return {child.tag: _plain(child) for child in element} if len(element) else (element.text or "").strip()


def from_zabbix(data: Mapping[str, Any], *, source: str) -> ForeignList:
    """The hosts and host groups of an export. Templates, items, macros and proxies are not ours to take."""
    found = ForeignList(source, "zabbix")
    unread: Counter[str] = Counter()
    for entry in _entries(data[ROOT].get("hosts")):
        _host(entry, found, unread)
    for part, count in unread.items():
        found.noted(part, f"inventory.zabbix-{part}", count=count)
    return found


def _entries(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _host(entry: Mapping[str, Any], found: ForeignList, unread: Counter[str]) -> None:
    given = str(entry.get("host") or entry.get("name") or "")
    name = host_name(given)
    if not name or name == LOCALHOST:
        found.left(given or "-", "inventory.localhost" if name else "inventory.not-a-name", text=given[:80])
        return
    unread.update(part for part in ("templates", "macros", "proxy") if entry.get(part))
    groups = [str(group.get("name", "")) for group in _entries(entry.get("groups"))]
    fields = dict(_fields(entry, name, given, groups, found))
    found.add(ForeignHost(name, {key: value for key, value in fields.items() if value}, given))
    for group in filter(None, map(group_name, groups)):
        found.groups.setdefault(group, []).append(name)


def _fields(entry: Mapping[str, Any], name: str, given: str, groups: list[str], found: ForeignList) -> Iterator[tuple[str, Any]]:
    interfaces = sorted(_entries(entry.get("interfaces")), key=_rank)
    address = _address(interfaces[0]) if interfaces else ""
    if interfaces and not address:
        found.left(given, "inventory.zabbix-interface")
    yield "address", "" if address == name else address
    system, site, tags = _tags(entry)
    inventory = entry.get("inventory")
    kept = inventory if isinstance(inventory, Mapping) else {}
    yield "system", system
    yield "site", site or word(str(kept.get("location", "")))
    if str(entry.get("status", "")).upper() in DISABLED:
        found.noted(given, "inventory.zabbix-disabled", name=name)
        tags.append("disabled")
    yield "tags", list(dict.fromkeys(tags))
    shown = str(entry.get("name") or "")
    note = " / ".join(part for part in (shown if shown != given else "", str(entry.get("description") or "")) if part)
    yield "note", " ".join(note.split())[:MAX_NOTE]
    os = str(kept.get("os") or kept.get("os_short") or "").strip()
    yield "variables", {"os": os} if os else {}
    templates = [str(template.get("name", "")) for template in _entries(entry.get("templates"))]
    if any("windows" in text.casefold() for text in (*groups, *templates, os)):
        found.noted(given, "inventory.windows", name=name)
        yield "shell", "none"
    elif interfaces and all(str(one.get("type", "")).upper() in SNMP for one in interfaces):
        found.noted(given, "inventory.zabbix-snmp", name=name)
        yield "shell", "none"


def _rank(interface: Mapping[str, Any]) -> tuple[bool, bool]:
    """The agent's interface first, and of several the one that Zabbix uses by default."""
    default = str(interface.get("default", "YES")).upper() in {"YES", "1"}
    return str(interface.get("type", "")).upper() not in AGENT, not default


def _address(interface: Mapping[str, Any]) -> str:
    by_name = str(interface.get("useip", "YES")).upper() in {"NO", "0"}
    order = ("dns", "ip") if by_name else ("ip", "dns")
    return next((address for key in order if (address := address_of(str(interface.get(key) or ""))[0])), "")


def _tags(entry: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """A tag that is named like a system or a site is one; others become `name=value`."""
    system = site = ""
    tags = []
    for tag in _entries(entry.get("tags")):
        name, value = folded(str(tag.get("tag", ""))), folded(str(tag.get("value") or ""))
        role = RANKS.get(normal(name), ("",))[0]
        if role == "system" and value and not system:
            system = word(value)
        elif role == "site" and value and not site:
            site = word(value)
        elif made := word(f"{name}={value}" if value else name):
            tags.append(made)
    return system, site, tags
