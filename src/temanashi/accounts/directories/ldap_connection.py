"""A connection to a directory on which we are bound, and searches that come back whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from temanashi.accounts.directories.ldap_answers import bind_fault, ppolicy_control
from temanashi.accounts.directories.ldap_faults import (
    LdapAuthority,
    LdapCertificate,
    LdapEmptyBind,
    LdapNotInstalled,
    LdapRefused,
    LdapUnreachable,
)
from temanashi.accounts.directories.ldap_settings import LdapAccounts
from temanashi.accounts.directory import Reached
from temanashi.accounts.faults import IncompleteRead
from temanashi.errors import TargetError
from temanashi.signin.directory_faults import DirectoryDown, DirectoryMisset
from temanashi.signin.ldap.connecting import connected, ldap3_quietly, prepared
from temanashi.text.local import Phrase, phrase

if TYPE_CHECKING:
    from ldap3 import Connection

__all__ = ["Entry", "Session", "entered"]

PAGED = "1.2.840.113556.1.4.319"
LIMITS = frozenset({"sizeLimitExceeded", "adminLimitExceeded", "timeLimitExceeded"})
OWN_PARTITIONS = ("dc=domaindnszones,", "dc=forestdnszones,", "cn=configuration,")
"""What a search from the top of an Active Directory domain always points to; no people are there."""


class Entry(NamedTuple):
    """An entry: its name in the tree, and the values of its attributes as bytes, by name in small letters."""

    dn: str
    values: dict[str, list[bytes]]

    def all(self, attribute: str) -> list[bytes]:
        """Every value."""
        return self.values.get(attribute.lower(), [])

    def text(self, attribute: str) -> str:
        """The first value; empty where there is none. What is no UTF-8 is shown as such."""
        return next((value.decode("utf-8", "replace") for value in self.all(attribute)), "")


@dataclass(frozen=True)
class Session:
    """One connection, bound. Not for several threads."""

    connection: Connection = field(repr=False)
    settings: LdapAccounts
    where: str

    def search(self, base: str, asked: str, attributes: tuple[str, ...]) -> list[Entry]:
        """Every entry under a base, in pages; raises IncompleteRead where it is not sure that this is all."""
        found, cookie = list[Entry](), None
        while True:
            answer = self._page(base, asked, attributes, cookie)
            entries = list(self._entries(answer))
            # Read before anything else is asked, which has an answer of its own.
            cookie = self._cookie(len(entries))
            found += [self._whole(entry) for entry in entries]
            if not cookie:
                return found

    def entry(self, dn: str, attributes: tuple[str, ...]) -> Entry | None:
        """One entry by its name, or None where there is none; raises IncompleteRead."""
        self._ask(dn, "(objectClass=*)", ldap3_quietly().BASE, attributes)
        said = self._said()
        if said == "noSuchObject":
            return None
        self._complete(said)
        return next(iter(self._entries(self.connection.response or [])), None)

    def add(self, dn: str, attributes: Mapping[str, list[bytes]]) -> None:
        """A new entry; what the directory said is the connection's result."""
        self.connection.add(dn, None, dict(attributes))  # type: ignore[no-untyped-call]

    def modify(self, dn: str, changes: Mapping[str, Any], *, controls: Any = None) -> None:
        """Changes of one entry, in one operation; what the directory said is the connection's result."""
        self.connection.modify(dn, dict(changes), controls=controls)  # type: ignore[no-untyped-call]

    def _page(self, base: str, asked: str, attributes: tuple[str, ...], cookie: bytes | None) -> list[Any]:
        page = {"paged_size": self.settings.page_size, "paged_criticality": True, "paged_cookie": cookie}
        self._ask(base, asked, ldap3_quietly().SUBTREE, attributes, **page)
        self._complete(self._said(), base=base)
        return self.connection.response or []

    def _ask(self, base: str, asked: str, scope: Any, attributes: tuple[str, ...], **page: Any) -> None:
        library = ldap3_quietly()
        try:
            self.connection.search(base, asked, scope, dereference_aliases=library.DEREF_NEVER, attributes=list(attributes), **page)
        except library.core.exceptions.LDAPInvalidFilterError:
            raise self._incomplete(phrase("accounts.ldap-filter", asked=asked[:200])) from None
        except (IndexError, KeyError, TypeError, ValueError):
            # The library does so for what is no LDAP.
            raise self._incomplete(phrase("accounts.read-garbled")) from None

    def _said(self) -> str:
        return str((self.connection.result or {}).get("description", ""))

    def _complete(self, said: str, *, base: str = "") -> None:
        if said in LIMITS:
            raise self._incomplete(phrase("accounts.ldap-size-limit", said=said))
        if said == "noSuchObject":
            raise self._incomplete(phrase("accounts.ldap-no-base", base=base))
        if said == "unavailableCriticalExtension":
            raise self._incomplete(phrase("accounts.ldap-no-paging"))
        if said != "success":
            told = str((self.connection.result or {}).get("message", ""))
            raise self._incomplete(phrase("accounts.ldap-said", said=f"{said} {told}".strip()[:200]))

    def _cookie(self, count: int) -> bytes:
        control = ((self.connection.result or {}).get("controls") or {}).get(PAGED)
        if control is None or count > self.settings.page_size:
            raise self._incomplete(phrase("accounts.ldap-no-paging"))
        return bytes(control["value"]["cookie"] or b"")

    def _entries(self, answer: list[Any]) -> Iterator[Entry]:
        for one in answer:
            if one.get("type") == "searchResEntry":
                yield Entry(one["dn"], {name.lower(): [*(values or [])] for name, values in one["raw_attributes"].items()})
            elif not all(self._own_partition(str(uri)) for uri in one.get("uri", [""])):
                raise self._incomplete(phrase("accounts.ldap-referral", to=str(one.get("uri", ""))[:200]))

    def _own_partition(self, uri: str) -> bool:
        rest = uri.lower().partition("://")[2].partition("/")[2]
        return self.settings.product == "active-directory" and rest.startswith(OWN_PARTITIONS)

    def _whole(self, entry: Entry) -> Entry:
        """An entry whose long attributes came in parts (`member;range=0-1499`), with all of them."""
        for name in [name for name in entry.values if ";range=" in name]:
            attribute, _, asked = name.partition(";range=")
            values, end = entry.values.pop(name), asked.partition("-")[2]
            while end != "*":
                values, end = self._more(entry.dn, attribute, values)
            entry.values[attribute] = values
        return entry

    def _more(self, dn: str, attribute: str, before: list[bytes]) -> tuple[list[bytes], str]:
        found = self.entry(dn, (f"{attribute};range={len(before)}-*",))
        parts = [] if found is None else [(name, values) for name, values in found.values.items() if ";range=" in name]
        if len(parts) != 1 or not parts[0][1] or not parts[0][0].startswith(f"{attribute};range={len(before)}-"):
            raise self._incomplete(phrase("accounts.ldap-range", attribute=attribute))
        [(name, values)] = parts
        return [*before, *values], name.rpartition("-")[2]

    def _incomplete(self, problem: Phrase) -> IncompleteRead:
        return IncompleteRead(self.where, problem)


@contextmanager
def entered(reached: Reached, settings: LdapAccounts) -> Iterator[Session]:
    """A connection over verified TLS, bound as `bind_dn`; raises the faults of LDAP, and SecretMissing."""
    if find_spec("ldap3") is None:
        raise LdapNotInstalled(reached.where, settings.url)
    password, named = prepared(reached.secrets(settings.bind_password)), (reached.where, settings.url)
    if not password:
        raise LdapEmptyBind(*named)
    try:
        with connected(settings, reached.root, read_only=False) as connection:
            # A password that was refused is not sent again: that is how accounts get locked.
            with reached.refusals.trying(settings.url, settings.bind_dn, password.decode("utf-8", "replace")):
                fault = _bind(connection, settings, password, reached.where)
                if fault is not None and not isinstance(fault, LdapRefused):
                    raise fault
            if fault is not None:
                raise fault
            yield Session(connection, settings, reached.where)
    except DirectoryDown as error:
        reason = str(error.data["reason"])
        raise (LdapCertificate if reason == "certificate" else LdapUnreachable)(*named, reason) from error
    except DirectoryMisset as error:
        raise LdapAuthority(*named, settings.ca) from error


def _bind(connection: Connection, settings: LdapAccounts, password: bytes, where: str) -> TargetError | None:
    library = ldap3_quietly()
    controls = [ppolicy_control()] if settings.product == "openldap" else None
    connection.rebind(
        user=settings.bind_dn, password=password, authentication=library.SIMPLE, read_server_info=False, controls=controls
    )
    result = dict(connection.result or {})
    fault = bind_fault(result)
    return (
        None if fault is None else fault(where, settings.url, f"{result.get('description')} {result.get('message') or ''}".strip())
    )
