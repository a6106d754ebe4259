"""From a name and a password to whom the directory vouches for."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from temanashi.secrets import resolve
from temanashi.settings_directories import LdapSettings
from temanashi.signin.admission import Vouched
from temanashi.signin.directory_faults import DirectoryMisset, MissingExtra
from temanashi.signin.faults import SignInFailed
from temanashi.signin.ldap.connecting import bound, connected, ldap3_quietly

if TYPE_CHECKING:
    from ldap3 import Connection

__all__ = ["Ldap"]

LONGEST_NAME, LONGEST_PASSWORD = 100, 200
MOST_GROUPS = 1000


class Found(NamedTuple):
    """An entry: its name in the tree, and the values of its attributes as bytes."""

    dn: str
    values: dict[str, list[bytes]]

    def text(self, attribute: str) -> str:
        """The first value; bytes that are no text in hexadecimal; empty where there is none."""
        value = next(iter(self.values.get(attribute.lower(), ())), b"")
        try:
            text = value.decode()
        except UnicodeDecodeError:
            return value.hex()
        return text if text.isprintable() else value.hex()


class Ldap:
    """One directory. Every sign-in has connections of its own. Raises MissingExtra."""

    def __init__(self, settings: LdapSettings, *, root: Path, secret: Callable[[str], str] = resolve) -> None:
        if find_spec("ldap3") is None:
            raise MissingExtra("ldap")
        self.settings, self._root, self._secret = settings, root, secret

    def vouch(self, name: str, password: str) -> Vouched:
        """Whose name and password these are; raises SignInFailed, DirectoryDown, DirectoryMisset and SecretMissing."""
        settings, name = self.settings, name.strip()
        if not name or not password or len(name) > LONGEST_NAME or len(password) > LONGEST_PASSWORD:
            raise SignInFailed
        with connected(settings, self._root) as searching:
            self._enter(searching)
            found = self._person(searching, name)
            # A name that nobody has takes the same way, so that the time does not tell.
            dn = found.dn if found is not None else f"cn={secrets.token_hex(8)},{settings.user_base}"
            with connected(settings, self._root) as theirs:
                if not bound(theirs, dn, password, url=settings.url) or found is None:
                    raise SignInFailed
                return self._vouched(found, self._groups(searching if settings.bind_dn else theirs, found, name))

    def _vouched(self, found: Found, groups: frozenset[str]) -> Vouched:
        settings = self.settings
        username, subject = found.text(settings.username_attribute), found.text(settings.id_attribute)
        for attribute, value in ((settings.username_attribute, username), (settings.id_attribute, subject)):
            if not value:
                raise DirectoryMisset(settings.url, attribute)
        return Vouched(
            way="ldap",
            directory=settings.url,
            subject=subject,
            username=username,
            name=found.text(settings.name_attribute),
            groups=groups,
        )

    def look_up(self, name: str) -> Vouched | None:
        """Who has this user name now, without a password; None where nobody has, or more than one. Raises as `vouch` does.

        What an anonymous search does not show of groups is not known: see `knows_groups`.
        """
        with connected(self.settings, self._root) as searching:
            self._enter(searching)
            found = self._person(searching, name)
            if found is None:
                return None
            return self._vouched(found, self._groups(searching, found, name) if self.knows_groups else frozenset())

    @property
    def knows_groups(self) -> bool:
        """Whether groups can be read without the person's own password."""
        return bool(self.settings.bind_dn) or not self.settings.group_base

    def _enter(self, connection: Connection) -> None:
        if self.settings.bind_password is None:
            return
        if not bound(connection, self.settings.bind_dn, self._secret(self.settings.bind_password), url=self.settings.url):
            raise DirectoryMisset(self.settings.url, "bind_dn")

    def _person(self, connection: Connection, name: str) -> Found | None:
        settings = self.settings
        wanted = {settings.name_attribute, settings.username_attribute, settings.id_attribute}
        found = self._search(connection, settings.user_base, _filled(settings.user_filter, name=name), wanted, most=2)
        return found[0] if len(found) == 1 else None

    def _groups(self, connection: Connection, person: Found, name: str) -> frozenset[str]:
        settings = self.settings
        if not settings.group_base:
            return frozenset()
        asked = _filled(settings.group_filter, dn=person.dn, name=person.text(settings.username_attribute) or name)
        found = self._search(connection, settings.group_base, asked, {settings.group_attribute}, most=MOST_GROUPS)
        return frozenset(group.text(settings.group_attribute) for group in found) - {""}

    def _search(self, connection: Connection, base: str, asked: str, attributes: set[str], *, most: int) -> list[Found]:
        library = ldap3_quietly()
        try:
            connection.search(base, asked, library.SUBTREE, attributes=sorted(attributes), size_limit=most)
        except library.core.exceptions.LDAPInvalidFilterError as error:
            raise DirectoryMisset(self.settings.url, asked) from error
        said = (connection.result or {}).get("description")
        if said not in {"success", "sizeLimitExceeded"}:
            raise DirectoryMisset(self.settings.url, f"{base}: {said}")
        entries: list[Any] = [entry for entry in connection.response or [] if entry.get("type") == "searchResEntry"]
        return [Found(e["dn"], {n.lower(): list(v) for n, v in e["raw_attributes"].items()}) for e in entries]


def _filled(template: str, **values: str) -> str:
    """A filter with its values escaped (RFC 4515, 3)."""
    from ldap3.utils.conv import escape_filter_chars  # noqa: PLC0415

    for name, value in values.items():
        template = template.replace(f"{{{name}}}", escape_filter_chars(value))
    return template
