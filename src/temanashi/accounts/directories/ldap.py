"""Accounts of an LDAP directory: OpenLDAP with ppolicy, and Active Directory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from temanashi.accounts.directories.ldap_active_directory import ActiveDirectory, sid_text
from temanashi.accounts.directories.ldap_connection import Entry, Session, entered
from temanashi.accounts.directories.ldap_groups import Groups, read_groups, read_groups_of
from temanashi.accounts.directories.ldap_names import any_of, dn_key, equals
from temanashi.accounts.directories.ldap_openldap import OpenLdap
from temanashi.accounts.directories.ldap_policies import Enforced, Policies, read_policies, suffix_of
from temanashi.accounts.directories.ldap_product import Product, kept_state, read_state
from temanashi.accounts.directories.ldap_settings import LdapAccounts
from temanashi.accounts.directories.ldap_writing import Writing, took
from temanashi.accounts.directory import Directory, Reached
from temanashi.accounts.faults import BadAccountValue, IncompleteRead
from temanashi.accounts.model import Account, Cap, Scope, Snapshot
from temanashi.accounts.roles import POWERFUL_IN_DIRECTORIES
from temanashi.accounts.wide_names import check_group, check_login
from temanashi.accounts.wishes import FieldChange, Wish, differences
from temanashi.text.local import phrase

__all__ = ["KIND", "LdapDirectory"]

AT_ONCE = 50
"""Logins of one filter; of more, everybody is read."""


@dataclass(frozen=True)
class LdapDirectory:
    """The accounts of one directory."""

    reached: Reached
    settings: LdapAccounts

    @property
    def _product(self) -> Product:
        return ActiveDirectory() if self.settings.product == "active-directory" else OpenLdap()

    @property
    def caps(self) -> frozenset[Cap]:
        """What it can do."""
        return self._product.caps

    def read(self, scope: Scope) -> Snapshot:
        """Accounts with their groups; raises IncompleteRead and other TargetErrors."""
        for login in scope.logins:
            check_login(login)
        with entered(self.reached, self.settings) as session:
            return self._read(session, scope)

    def plan(self, wish: Wish, seen: Snapshot) -> tuple[FieldChange, ...]:
        """What has to become another; raises WishRefused, and BadAccountValue for names that no directory takes."""
        check_login(wish.login)
        named = self._as_there(wish, seen)
        changes = differences(named, seen, caps=self.caps)
        account = seen.account(wish.login)
        self._refuse_power(named, account)
        self._product.refuse(named, changes, read_state(account.state) if account else None, seen.where)
        return changes

    def _refuse_power(self, wish: Wish, account: Account | None) -> None:
        """Power over others comes only by a role that says so; what was there before may come back."""
        powerful = POWERFUL_IN_DIRECTORIES | {one.casefold() for one in self.settings.privileged_groups}
        fresh = [one for one in wish.groups if one.casefold() in powerful and (account is None or one not in account.groups)]
        if fresh and not wish.privileged and wish.do != "restore":
            raise BadAccountValue(fresh[0], phrase("accounts.privileged-needs-role"))

    def _as_there(self, wish: Wish, seen: Snapshot) -> Wish:
        """The wish with groups as the directory spells them: it does not care for capitals."""
        spelled = {name.casefold(): name for name in seen.groups}

        def there(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(spelled.get(check_group(name).casefold(), name) for name in names)

        return wish.model_copy(update={"groups": there(wish.groups), "not_groups": there(wish.not_groups)})

    def apply(self, wish: Wish, changes: tuple[FieldChange, ...], seen: Snapshot, *, secret: str | None) -> Snapshot:
        """Do it to what was seen, and read afresh; raises AccountConflict and AccountRefused."""
        with entered(self.reached, self.settings) as session:
            Writing(session, self._product, wish).do(changes, seen.account(wish.login), secret)
            after = self._read(session, Scope(logins=(wish.login,)))
        took(wish, changes, seen, after)
        return after

    def _read(self, session: Session, scope: Scope) -> Snapshot:
        entries = self._people(session, scope)
        spelled = {login.casefold(): login for login in scope.logins}
        logins = {entry.dn: self._login(entry, spelled) for entry in entries}
        if scope.logins:
            entries = [entry for entry in entries if logins[entry.dn] in scope.logins]
            logins = {entry.dn: logins[entry.dn] for entry in entries}
            self._only_once(logins.values())
        policies = self._policies(session)
        groups = (read_groups_of if scope.logins else read_groups)(session, self._product, logins)
        return Snapshot(
            where=self.reached.where,
            accounts=tuple(self._account(entry, logins[entry.dn], groups, policies) for entry in entries),
            groups={name: tuple(sorted(groups.members.get(name, ()))) for name in groups.names},
            nested={name: tuple(sorted(inner)) for name, inner in sorted(groups.nested.items()) if inner},
            scope=scope,
            foreign=self._elsewhere(session, scope, logins.values()),
            taken_at=self.reached.clock.now().astimezone(UTC),
        )

    def _people(self, session: Session, scope: Scope) -> list[Entry]:
        settings, asked = self.settings, self.settings.user_filter or self._product.person_filter
        some = any_of(equals(settings.login, login) for login in scope.logins) if len(scope.logins) <= AT_ONCE else ""
        wanted = some if scope.logins and some else f"({settings.login}=*)"
        found = session.search(settings.user_base, f"(&{asked}{wanted})", self._product.attributes(settings))
        for entry in found:
            if not entry.text(settings.login) or not entry.all(self._product.lasting):
                raise IncompleteRead(self.reached.where, phrase("accounts.ldap-hidden", dn=entry.dn[:200]))
        return found

    def _login(self, entry: Entry, spelled: dict[str, str]) -> str:
        """As it was asked for, else in small letters: the directory does not care for capitals. Of several the one asked for."""
        told = [one.decode("utf-8", "replace").casefold() for one in entry.all(self.settings.login)]
        return next((spelled[one] for one in told if one in spelled), min(told))

    def _elsewhere(self, session: Session, scope: Scope, here: Iterable[str]) -> tuple[str, ...]:
        """Logins that another part of an Active Directory domain has: each is there once, for people, groups and machines."""
        missing = sorted({*scope.logins} - {*here})
        if self.settings.product != "active-directory" or not missing:
            return ()
        asked = any_of(equals(self.settings.login, login) for login in missing)
        taken = session.search(suffix_of(self.settings.user_base), asked, (self.settings.login,))
        names = {entry.text(self.settings.login).casefold() for entry in taken}
        return tuple(login for login in missing if login.casefold() in names)

    def _only_once(self, logins: Iterable[str]) -> None:
        found = list(logins)
        if twice := sorted({one for one in found if found.count(one) > 1}):
            raise IncompleteRead(self.reached.where, phrase("accounts.ldap-twice", login=twice[0]))

    def _policies(self, session: Session) -> Policies:
        if self.settings.product == "active-directory":
            return Policies({}, frozenset(Enforced))
        return read_policies(session)

    def _account(self, entry: Entry, login: str, groups: Groups, policies: Policies) -> Account:
        settings, product = self.settings, self._product
        enforced = policies.of(entry)
        facts = product.facts(entry, settings, self.reached.clock.now(), enforced)
        sid = sid_text(next(iter(entry.all("objectSid")), b""))
        primary, mine = groups.primary(sid, entry.text("primaryGroupID")), groups.of(login)
        ours = dn_key(entry.dn) == dn_key(settings.bind_dn)
        return Account(
            login=login,
            **{**facts, "system": bool(facts.get("system")) or ours},
            primary_group=primary,
            groups=mine,
            privileged=groups.powerful([*mine, *([primary] if primary else [])], settings.privileged_groups),
            state=kept_state(entry, product.watched(settings), enforced),
        )


class _Ldap:
    name = "ldap"
    settings = LdapAccounts

    def open(self, reached: Reached) -> Directory:
        if not isinstance(reached.settings, LdapAccounts):
            raise TypeError(reached.where)
        return LdapDirectory(reached, reached.settings)


KIND = _Ldap()
