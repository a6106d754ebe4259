"""Writing to an LDAP directory: what was read is compared by the server itself, in the same operation that changes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from temanashi.accounts.directories.ldap_active_directory import CONTROL, encoded_password
from temanashi.accounts.directories.ldap_answers import assertion_control
from temanashi.accounts.directories.ldap_connection import Entry, Session
from temanashi.accounts.directories.ldap_groups import MEMBERS, READ, member_attribute
from temanashi.accounts.directories.ldap_names import equals
from temanashi.accounts.directories.ldap_policies import read_policies
from temanashi.accounts.directories.ldap_product import Mod, Product, State, read_state
from temanashi.accounts.faults import AccountConflict, AccountRefused, WishRefused
from temanashi.accounts.model import Account, Snapshot
from temanashi.accounts.wishes import NEVER, FieldChange, Wish
from temanashi.signin.ldap.connecting import ldap3_quietly
from temanashi.text.local import phrase

__all__ = ["Writing", "took"]

CHANGED_MEANWHILE = frozenset(
    {"noSuchAttribute", "attributeOrValueExists", "assertionFailed", "noSuchObject", "entryAlreadyExists"}
)
AFTER_THE_PASSWORD = frozenset({"must_change", "locked", "failures"})


@dataclass(frozen=True)
class Writing:
    """One wish, written on one connection."""

    session: Session
    product: Product
    wish: Wish

    def do(self, changes: tuple[FieldChange, ...], account: Account | None, secret: str | None) -> None:
        """All changes, the account itself first; raises AccountConflict, AccountRefused and WishRefused."""
        groups = next((one for one in changes if one.field == "groups"), None)
        # Found before anything is written: a group that is not there, or may not be empty, stops everything.
        before, after = ({*groups.before}, {*groups.after}) if groups else (set[str](), set[str]())
        added, removed = self._groups(after - before), self._groups(before - after)
        for entry in removed:
            if self._is_last(entry) and not self.session.settings.placeholder:
                name = entry.text("cn")
                raise WishRefused(self.wish.login, self.session.where, phrase("accounts.ldap-last-member", group=name))
        if account is None:
            if not self._is_ad:
                nobody = State("", {}, read_policies(self.session).default)
                self.product.refuse(self.wish, changes, nobody, self.session.where)
            dn = self._new(changes, secret)
        else:
            state = read_state(account.state)
            dn = state.dn
            self._existing(changes, state, secret)
        for entry in removed:
            self._member(entry, dn, add=False)
        for entry in added:
            self._member(entry, dn, add=True)

    def _new(self, changes: tuple[FieldChange, ...], secret: str | None) -> str:
        dn, attributes = self.product.new(self.wish, self.session.settings, secret)
        self.session.add(dn, attributes)
        self._answer()
        rest = tuple(one for one in changes if one.field in {"expires_on", "enabled"})
        if secret is not None and not self._is_ad:
            rest += tuple(one for one in changes if one.field in {"password", "must_change"})
        self._existing(rest, State(dn, {}), secret)
        return dn

    @property
    def _is_ad(self) -> bool:
        return self.session.settings.product == "active-directory"

    def _existing(self, changes: tuple[FieldChange, ...], state: State, secret: str | None) -> None:
        fresh = secret is not None and any(one.field == "password" and one.after == "new" for one in changes)
        first = [one for one in changes if not (fresh and one.field in AFTER_THE_PASSWORD)]
        self._modify(state, self._mods(first, state), guarded=fresh)
        if fresh and secret is not None:
            self._password(state, [one for one in changes if one.field in AFTER_THE_PASSWORD], secret)

    def _mods(self, changes: Iterable[FieldChange], state: State) -> list[Mod]:
        """One for each attribute: two changes may mean the same."""
        every = [mod for one in changes for mod in self.product.mods(one, state, self.session.settings)]
        return [*{mod.attribute: mod for mod in every}.values()]

    def _password(self, state: State, rest: list[FieldChange], secret: str) -> None:
        mods = [mod._replace(before=None) for mod in self._mods(rest, state)]
        if self._is_ad:
            self._modify(state, [Mod("unicodePwd", None, (encoded_password(secret),)), *mods])
            return
        # The server hashes it, and judges it by its policy; a change is then forced by ourselves, which takes no right to manage.
        self.session.connection.extend.standard.modify_password(user=state.dn, new_password=secret.encode())
        self._answer()
        self._modify(state._replace(values={}), mods)

    def _modify(self, state: State, mods: list[Mod], *, guarded: bool = False) -> None:
        library = ldap3_quietly()
        changes: dict[str, list[tuple[str, list[bytes]]]] = {}
        for attribute, before, after in mods:
            if before == after:
                continue
            if before is None:
                changes[attribute] = [(library.MODIFY_REPLACE, [*after])]
            else:
                wanted = ((library.MODIFY_DELETE, before), (library.MODIFY_ADD, after))
                changes[attribute] = [(how, [*values]) for how, values in wanted if values]
        if self._is_ad and changes and CONTROL not in changes and (bits := state.value(CONTROL)):
            # AD knows no assertions: a value that is taken away and put back holds it to what was read.
            changes[CONTROL] = [(library.MODIFY_DELETE, [*bits]), (library.MODIFY_ADD, [*bits])]
        if not changes and guarded and not self._is_ad:
            # Nothing but the question whether it still is as it was: the operation for passwords cannot ask.
            changes = {"pwdReset": [(library.MODIFY_REPLACE, [*state.value("pwdReset")])]}
        if changes:
            self.session.modify(state.dn, changes, controls=self._held(state))
            self._answer()

    def _held(self, state: State) -> Any:
        """Only if the entry is as it was read, whatever is written."""
        if self._is_ad or not state.values:
            return None
        parts = [equals(name, one.decode()) for name, values in state.values.items() for one in values]
        parts += [f"(!({name}=*))" for name, values in state.values.items() if not values]
        return [assertion_control(f"(&{''.join(parts)})")]

    def _groups(self, names: Iterable[str]) -> list[Entry]:
        return [self._group(name) for name in sorted(names)]

    def _group(self, name: str) -> Entry:
        settings = self.session.settings
        asked = f"(&{self.product.group_filter}{equals('cn', name)})"
        # Groups of AD may be empty, and have very many members.
        found = self.session.search(settings.group_base, asked, READ if self._is_ad else (*READ, *MEMBERS))
        if len(found) != 1:
            raise AccountConflict(self.wish.login, self.session.where)
        return found[0]

    def _is_last(self, group: Entry) -> bool:
        """Whether it would be empty, which groups of names may not be."""
        attribute = member_attribute(group)
        return not self._is_ad and attribute in MEMBERS and len(group.all(attribute)) == 1

    def _member(self, group: Entry, dn: str, *, add: bool) -> None:
        library, attribute = ldap3_quietly(), member_attribute(group)
        value = self.wish.login if attribute == "memberUid" else dn
        how = library.MODIFY_ADD if add else library.MODIFY_DELETE
        changes = {attribute: [(how, [value.encode()])]}
        if not add and self._is_last(group):
            changes[attribute].append((library.MODIFY_ADD, [self.session.settings.placeholder.encode()]))
        self.session.modify(group.dn, changes)
        # Who is in already, or out already, is as wished.
        self._answer(already=frozenset({"attributeOrValueExists" if add else "noSuchAttribute", "entryAlreadyExists"}))

    def _answer(self, *, already: frozenset[str] = frozenset()) -> None:
        result = dict(self.session.connection.result or {})
        said = str(result.get("description", ""))
        if said == "success" or said in already:
            return
        if said in CHANGED_MEANWHILE:
            raise AccountConflict(self.wish.login, self.session.where)
        raise AccountRefused(self.wish.login, self.session.where, f"{said} {result.get('message') or ''}")


def took(wish: Wish, changes: tuple[FieldChange, ...], seen: Snapshot, after: Snapshot) -> None:
    """What was written is read again: a directory that says yes and does not do it is told. Raises what `Writing` does."""
    account, before = after.account(wish.login), seen.account(wish.login)
    if account is None:
        raise AccountConflict(wish.login, after.where)
    expected = {one.field: one.after for one in changes}
    if before is not None and account.enabled != expected.get("enabled", before.enabled):
        raise AccountConflict(wish.login, after.where)
    expires = NEVER if account.expires_on is None else account.expires_on.isoformat()
    now = {
        "name": account.name,
        "employee": account.employee,
        "expires_on": expires,
        "must_change": account.must_change,
        "locked": account.locked,
    }
    for field, value in now.items():
        if field in expected and expected[field] != value:
            raise AccountRefused(wish.login, after.where, f"{field}: {value}")
    groups = next((one for one in changes if one.field == "groups"), None)
    if groups is not None:
        added, removed = {*groups.after} - {*groups.before}, {*groups.before} - {*groups.after}
        # Others may have changed groups that are nothing to this wish.
        if not added <= {*account.groups} or removed & {*account.groups}:
            raise AccountRefused(wish.login, after.where, f"groups: {', '.join(account.groups)}")
