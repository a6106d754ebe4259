"""Groups of an LDAP directory, who is in them, and which are in others; and which of them are powerful."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from temanashi.accounts.directories.ldap_active_directory import relative_id, sid_text
from temanashi.accounts.directories.ldap_connection import Entry, Session
from temanashi.accounts.directories.ldap_names import any_of, dn_key, equals
from temanashi.accounts.directories.ldap_product import Product

__all__ = ["MEMBERS", "Groups", "member_attribute", "read_groups", "read_groups_of"]

MEMBERS = ("member", "uniqueMember")
LOGINS = "memberUid"
READ = ("cn", "objectClass", "objectSid")
POWERFUL = frozenset({512, 518, 519, 520, 526, 527})
"""Domain Admins, Schema Admins, Enterprise Admins, Group Policy Creator Owners, Key Admins ([MS-DTYP] 2.4.2.4)."""
POWERFUL_BUILT_IN = frozenset({544, 548, 549, 550, 551})
"""Administrators, Account, Server, Print and Backup Operators."""


def member_attribute(entry: Entry) -> str:
    """Where a group has its members."""
    classes = {one.decode("utf-8", "replace").casefold() for one in entry.all("objectClass")}
    if classes & {"groupofnames", "group"}:
        return "member"
    return "uniqueMember" if "groupofuniquenames" in classes else LOGINS


@dataclass
class Groups:
    """What is known of groups. `names`: entry by name; two of the same name are called by their whole names instead."""

    names: dict[str, Entry] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    nested: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def of(self, login: str) -> tuple[str, ...]:
        """Groups in which somebody is directly."""
        return tuple(sorted(name for name, members in self.members.items() if login in members))

    def around(self, mine: Iterable[str]) -> frozenset[str]:
        """These groups and all that they are in."""
        found, todo = set[str](), [*mine]
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += [outer for outer, inner in self.nested.items() if name in inner]
        return frozenset(found)

    def primary(self, sid: str, primary_id: str) -> str:
        """The name of the primary group of an account of Active Directory."""
        wanted = f"{sid.rpartition('-')[0]}-{primary_id}"
        return next((name for name, entry in self.names.items() if _sid(entry) == wanted), "") if primary_id else ""

    def powerful(self, mine: Iterable[str], named: Iterable[str]) -> str:
        """Which of these groups give power over others, in words; empty: none."""
        wanted = {one.casefold() for one in named}
        found = [n for n in self.around(mine) if n.casefold() in wanted or _is_powerful(_sid(self.names[n]))]
        return ", ".join(sorted(found))


def _sid(entry: Entry) -> str:
    return sid_text(next(iter(entry.all("objectSid")), b""))


def _is_powerful(sid: str) -> bool:
    last = relative_id(sid)
    return last in POWERFUL_BUILT_IN if sid.startswith("S-1-5-32-") else last in POWERFUL


def _named(entries: list[Entry]) -> dict[str, Entry]:
    by_name = defaultdict(list)
    for entry in entries:
        by_name[entry.text("cn")].append(entry)
    named = dict[str, Entry]()
    for name, found in by_name.items():
        named |= {name: found[0]} if len(found) == 1 and name else {one.dn: one for one in found}
    return named


def read_groups(session: Session, product: Product, people: Mapping[str, str]) -> Groups:
    """Every group with all of its members. `people`: logins by distinguished name, of everybody who was read."""
    settings = session.settings
    groups = Groups(_named(session.search(settings.group_base, product.group_filter, (*READ, *MEMBERS, LOGINS))))
    by_key = {dn_key(dn): login for dn, login in people.items()}
    by_group = {dn_key(entry.dn): name for name, entry in groups.names.items()}
    small = {login.casefold(): login for login in people.values()}
    nobody = dn_key(settings.placeholder)
    for name, entry in groups.names.items():
        groups.members[name] |= {small.get(one.casefold(), one) for one in _texts(entry, LOGINS)}
        for dn in (one for attribute in MEMBERS for one in _texts(entry, attribute)):
            # Names are mostly spelled alike; to compare them otherwise takes longer.
            key = () if dn in people else dn_key(dn)
            if dn in people or key in by_key:
                groups.members[name].add(people.get(dn) or by_key[key])
            elif key in by_group:
                groups.nested[name].add(by_group[key])
            elif key != nobody:
                groups.members[name].add(dn)
    return groups


def _texts(entry: Entry, attribute: str) -> list[str]:
    return [one.decode("utf-8", "replace") for one in entry.all(attribute)]


def read_groups_of(session: Session, product: Product, people: Mapping[str, str]) -> Groups:
    """Every group by name, and of members only these people and the groups through which they are in others."""
    settings = session.settings
    groups = Groups(_named(session.search(settings.group_base, product.group_filter, READ)))
    by_group = {dn_key(entry.dn): name for name, entry in groups.names.items()}
    for dn, login in people.items():
        direct = _holding(session, product, [dn], login)
        for entry in direct:
            groups.members[by_group.get(dn_key(entry.dn), entry.dn)].add(login)
        todo, visited = direct, set[str]()
        while todo := [entry for entry in todo if entry.dn not in visited]:
            visited |= {entry.dn for entry in todo}
            outer = [(inner, found) for inner in todo for found in _holding(session, product, [inner.dn])]
            for inner, found in outer:
                if {dn_key(inner.dn), dn_key(found.dn)} <= {*by_group}:
                    groups.nested[by_group[dn_key(found.dn)]].add(by_group[dn_key(inner.dn)])
            todo = [found for _, found in outer]
    return groups


def _holding(session: Session, product: Product, names: list[str], login: str = "") -> list[Entry]:
    """Groups with one of these members."""
    asked = [equals(attribute, dn) for attribute in MEMBERS for dn in names]
    asked += [equals(LOGINS, login)] if login else []
    return session.search(session.settings.group_base, f"(&{product.group_filter}{any_of(asked)})", READ)
