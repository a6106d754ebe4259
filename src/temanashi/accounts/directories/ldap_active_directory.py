"""Active Directory, also as Samba has it ([MS-ADTS] 2.2.16 userAccountControl, 3.1.1.3.1.5 passwords).

Times are counted in 100 ns from 1601. A password goes as UTF-16 in quotes, over TLS only, as everything here.
"""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from temanashi.accounts.directories.ldap_connection import Entry
from temanashi.accounts.directories.ldap_names import new_dn
from temanashi.accounts.directories.ldap_openldap import filled_attributes, first_day_without
from temanashi.accounts.directories.ldap_policies import Enforced
from temanashi.accounts.directories.ldap_product import Mod, State
from temanashi.accounts.directories.ldap_settings import LdapAccounts
from temanashi.accounts.faults import WishRefused
from temanashi.accounts.model import Cap, LastSeen
from temanashi.accounts.one_time import new_secret
from temanashi.accounts.wishes import NEVER, FieldChange, Wish
from temanashi.text.local import phrase

__all__ = ["ActiveDirectory", "encoded_password", "relative_id", "sid_text"]

CONTROL, COMPUTED = "userAccountControl", "msDS-User-Account-Control-Computed"
DISABLED, LOCKOUT, NORMAL, NEVER_EXPIRES = 0x2, 0x10, 0x200, 0x10000
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
FOREVER = frozenset({0, 0x7FFFFFFFFFFFFFFF})
FIRST_OF_PEOPLE = 1000
"""Relative ids below are accounts and groups of the system: Administrator, Guest, krbtgt."""

LONGEST_LOGIN = 20
CAPS = frozenset({Cap.LOCK, Cap.MUST_CHANGE, Cap.NATIVE_EXPIRY, Cap.CAS, Cap.LAST_SEEN, Cap.SWITCH, Cap.NESTED, Cap.EMPLOYEE})


def encoded_password(secret: str) -> bytes:
    """A password as `unicodePwd` takes it."""
    return f'"{secret}"'.encode("utf-16-le")


def sid_text(raw: bytes) -> str:
    """A security identifier as text, `S-1-5-32-544`; empty for what is none ([MS-DTYP] 2.4.2)."""
    if len(raw) < 8 or len(raw) != 8 + 4 * raw[1]:  # noqa: PLR2004  (its head)
        return ""
    parts = [int.from_bytes(raw[8 + 4 * n : 12 + 4 * n], "little") for n in range(raw[1])]
    return "-".join(["S", str(raw[0]), str(int.from_bytes(raw[2:8], "big")), *map(str, parts)])


def relative_id(sid: str) -> int:
    """The last number of an identifier; 0 where there is none."""
    last = sid.rpartition("-")[2]
    return int(last) if last.isdigit() else 0


def _time(text: str) -> datetime | None:
    """A moment, or None for never and for what is none."""
    ticks = int(text) if text.removeprefix("-").isdigit() else 0
    if ticks in FOREVER or ticks < 0:
        return None
    try:
        return EPOCH + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None


def _ticks(day: date) -> bytes:
    return str((datetime(day.year, day.month, day.day, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1) * 10).encode()


def _number(values: tuple[bytes, ...]) -> int:
    return int(values[0]) if values else 0


class ActiveDirectory:
    """Active Directory."""

    caps = CAPS
    lasting = "objectGUID"
    person_filter = "(&(objectCategory=person)(objectClass=user))"
    group_filter = "(objectClass=group)"

    def attributes(self, settings: LdapAccounts) -> tuple[str, ...]:
        """What is read of an account."""
        more = ("cn", "objectSid", "primaryGroupID", "lockoutTime", COMPUTED, "badPwdCount", "lastLogonTimestamp", "lastLogon")
        return (*self.watched(settings), *more, "isCriticalSystemObject", "userPrincipalName")

    def watched(self, settings: LdapAccounts) -> tuple[str, ...]:
        """What is compared before anything is written."""
        names = (settings.login, settings.name_attribute, settings.employee_attribute)
        return ("objectGUID", *names, CONTROL, "accountExpires", "pwdLastSet")

    def facts(
        self,
        entry: Entry,
        settings: LdapAccounts,
        now: datetime,  # noqa: ARG002  (AD ends locks itself)
        enforced: frozenset[Enforced],  # noqa: ARG002  (it always does)
    ) -> dict[str, Any]:
        """Fields of the account, without its groups."""
        control, computed = int(entry.text(CONTROL) or 0), int(entry.text(COMPUTED) or 0)
        changed = entry.text("pwdLastSet")
        sid = sid_text(next(iter(entry.all("objectSid")), b""))
        ours = settings.bind_dn.casefold() in {entry.dn.casefold(), entry.text("userPrincipalName").casefold()}
        return {
            "native_id": _guid(entry),
            "name": entry.text(settings.name_attribute) or entry.text("cn"),
            "employee": entry.text(settings.employee_attribute),
            "enabled": not control & DISABLED,
            "locked": bool(computed & LOCKOUT),
            "expires_on": first_day_without(_time(entry.text("accountExpires"))),
            "must_change": changed == "0" and not control & NEVER_EXPIRES,
            "password": "set" if changed not in {"", "0"} else "unknown",
            "failures": int(entry.text("badPwdCount") or 0),
            "last_seen": _last_seen(entry),
            "system": ours or 0 < relative_id(sid) < FIRST_OF_PEOPLE or entry.text("isCriticalSystemObject") == "TRUE",
        }

    def mods(self, change: FieldChange, state: State, settings: LdapAccounts) -> list[Mod]:
        """What a change of a field is there. Bits of userAccountControl that are not meant stay as they are."""
        match change.field:
            case "name" | "employee":
                name = settings.name_attribute if change.field == "name" else settings.employee_attribute
                return [Mod(name, state.value(name), (change.after.encode(),) if change.after else ())]
            case "enabled":
                bits = _number(state.value(CONTROL))
                bits = bits & ~DISABLED if change.after else bits | DISABLED
                return [Mod(CONTROL, state.value(CONTROL), (str(bits).encode(),))]
            case "locked" | "failures":
                return [Mod("lockoutTime", None, (b"0",))]
            case "expires_on":
                after = b"0" if change.after == NEVER else _ticks(date.fromisoformat(change.after))
                return [Mod("accountExpires", state.value("accountExpires"), (after,))]
            case "must_change":
                return [Mod("pwdLastSet", None, (b"0",) if change.after else (b"-1",))]
            case _:
                return []

    def new(self, wish: Wish, settings: LdapAccounts, secret: str | None) -> tuple[str, dict[str, list[bytes]]]:
        """A new entry. It always has a password: one that nobody is told where none was asked for, and never an empty one."""
        name = wish.name or wish.login
        suffix = settings.upn_suffix or ".".join(
            part.strip()[3:] for part in settings.user_base.split(",") if part.strip().lower().startswith("dc=")
        )
        attributes = {
            "objectClass": [b"user"],
            settings.name_attribute: [name.encode()],
            "userPrincipalName": [f"{wish.login}@{suffix}".encode()],
            **({settings.employee_attribute: [wish.employee.encode()]} if wish.employee else {}),
            **filled_attributes(wish, settings),
            settings.login: [wish.login.encode()],
            CONTROL: [str(NORMAL).encode()],
            "unicodePwd": [encoded_password(secret or new_secret())],
            "pwdLastSet": [b"0"],
        }
        return new_dn("CN", wish.login, settings.user_base), attributes

    def refuse(self, wish: Wish, changes: tuple[FieldChange, ...], state: State | None, where: str) -> None:
        """Raise WishRefused for what AD would take and then not do."""
        if state is None and len(wish.login) > LONGEST_LOGIN:
            raise WishRefused(wish.login, where, phrase("accounts.ldap-long-login", most=LONGEST_LOGIN))
        forced = any(one.field == "must_change" and one.after for one in changes)
        if forced and state is not None and _number(state.value(CONTROL)) & NEVER_EXPIRES:
            raise WishRefused(wish.login, where, phrase("accounts.ldap-password-never-expires"))


def _guid(entry: Entry) -> str:
    raw = next(iter(entry.all("objectGUID")), b"")
    return str(uuid.UUID(bytes_le=raw)) if len(raw) == 16 else ""  # noqa: PLR2004  (its length)


def _last_seen(entry: Entry) -> LastSeen:
    """The newest of what is replicated (up to two weeks late) and what this server saw; unknown where neither is told."""
    told = [at for name in ("lastLogonTimestamp", "lastLogon") if (at := _time(entry.text(name))) is not None]
    return max(told) if told else "unknown"
