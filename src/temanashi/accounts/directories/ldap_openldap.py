"""OpenLDAP with the overlay ppolicy (slapo-ppolicy(5), draft-behera-ldap-password-policy-10).

Off is `pwdAccountLockedTime` 000001010000Z, which no time ends; any other time there is a lock after wrong passwords.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from temanashi.accounts.directories.ldap_connection import Entry
from temanashi.accounts.directories.ldap_names import new_dn
from temanashi.accounts.directories.ldap_policies import SUBENTRY, Enforced
from temanashi.accounts.directories.ldap_product import Mod, State
from temanashi.accounts.directories.ldap_settings import LdapAccounts
from temanashi.accounts.faults import WishRefused
from temanashi.accounts.model import Cap, LastSeen
from temanashi.accounts.wishes import NEVER, FieldChange, Wish
from temanashi.text.local import phrase

__all__ = ["OpenLdap", "filled_attributes", "generalized", "read_generalized"]

OFF = b"000001010000Z"
LOCK, FAILURES, END, MUST = "pwdAccountLockedTime", "pwdFailureTime", "pwdEndTime", "pwdReset"
NEEDED = {"enabled": Enforced.LOCK, "expires_on": Enforced.END, "must_change": Enforced.MUST_CHANGE}
"""What the policy has to do so that a field means anything."""
OPENING = frozenset({("enabled", True), ("expires_on", NEVER), ("must_change", False)})

SUCCESS = ("pwdLastSuccess", "authTimestamp")
CAPS = frozenset({Cap.LOCK, Cap.MUST_CHANGE, Cap.NATIVE_EXPIRY, Cap.CAS, Cap.LAST_SEEN, Cap.SWITCH, Cap.NESTED, Cap.EMPLOYEE})


def read_generalized(text: str) -> datetime | None:
    """A generalized time (RFC 4517, 3.3.13) in UTC, as slapd writes it; None for anything else."""
    digits = text.removesuffix("Z").partition(".")[0]
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC) if text.endswith("Z") else None
    except ValueError:
        return None


def generalized(day: date) -> bytes:
    """The beginning of a UTC day."""
    return day.strftime("%Y%m%d000000Z").encode()


def first_day_without(end: datetime | None) -> date | None:
    """The first UTC day on which nothing is let in any more."""
    if end is None:
        return None
    return end.date() if end.time() == datetime.min.time() else end.date() + timedelta(days=1)


def filled_attributes(wish: Wish, settings: LdapAccounts) -> dict[str, list[bytes]]:
    """What the settings say of new entries, filled in; what comes out empty is left out."""
    known = {"login": wish.login, "name": wish.name or wish.login, "employee": wish.employee or ""}
    filled = {}
    for attribute, template in settings.new_attributes.items():
        text = template
        for name, value in known.items():
            text = text.replace(f"{{{name}}}", value)
        if text:
            filled[attribute] = [text.encode()]
    return filled


class OpenLdap:
    """OpenLDAP."""

    caps = CAPS
    lasting = "entryUUID"
    person_filter = "(objectClass=person)"
    group_filter = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))"

    def attributes(self, settings: LdapAccounts) -> tuple[str, ...]:
        """What is read of an account."""
        return (*self.watched(settings), "cn", FAILURES, SUBENTRY, "pwdChangedTime", *SUCCESS)

    def watched(self, settings: LdapAccounts) -> tuple[str, ...]:
        """What is compared before anything is written."""
        return ("entryUUID", settings.login, settings.name_attribute, settings.employee_attribute, LOCK, END, MUST)

    def facts(self, entry: Entry, settings: LdapAccounts, now: datetime, enforced: frozenset[Enforced]) -> dict[str, Any]:
        """Fields of the account, without its groups."""
        # What the policy does not enforce lets them in all the same.
        locked = entry.text(LOCK) if Enforced.LOCK in enforced else ""
        end = entry.text(END) if Enforced.END in enforced else ""
        since = read_generalized(locked)
        over = since is not None and 0 < settings.lockout_minutes * 60 <= (now - since).total_seconds()
        shut = bool(locked) and locked != OFF.decode() and not over
        return {
            "native_id": entry.text("entryUUID"),
            "name": entry.text(settings.name_attribute) or entry.text("cn"),
            "employee": entry.text(settings.employee_attribute),
            "enabled": locked != OFF.decode(),
            "locked": shut,
            "expires_on": first_day_without(read_generalized(end)),
            "must_change": entry.text(MUST) == "TRUE" and Enforced.MUST_CHANGE in enforced,
            "password": "set" if entry.text("pwdChangedTime") else "unknown",
            # Nobody but the server writes them; it forgets them with the lock.
            "failures": len(entry.all(FAILURES)) if shut else 0,
            "last_seen": _last_seen(entry),
        }

    def mods(self, change: FieldChange, state: State, settings: LdapAccounts) -> list[Mod]:
        """What a change of a field is there."""
        match change.field:
            case "name" | "employee":
                name = settings.name_attribute if change.field == "name" else settings.employee_attribute
                return [Mod(name, state.value(name), (change.after.encode(),) if change.after else ())]
            case "enabled":
                return [Mod(LOCK, state.value(LOCK), () if change.after else (OFF,))]
            case "locked":
                return [Mod(LOCK, state.value(LOCK), ())]
            case "expires_on":
                after = () if change.after == NEVER else (generalized(date.fromisoformat(change.after)),)
                return [Mod(END, state.value(END), after)]
            case "must_change":
                return [Mod(MUST, None, (b"TRUE",) if change.after else ())]
            case _:
                return []

    def refuse(self, wish: Wish, changes: tuple[FieldChange, ...], state: State | None, where: str) -> None:
        """Raise WishRefused for what the policy that applies does not enforce; of a new entry that is asked when it is written."""
        if state is None:
            return
        for change in changes:
            if change.field in NEEDED and (change.field, change.after) not in OPENING:
                needed = NEEDED[change.field]
                if needed not in state.enforced:
                    raise WishRefused(wish.login, where, phrase(f"accounts.ldap-policy-{needed}"))

    def new(self, wish: Wish, settings: LdapAccounts, secret: str | None) -> tuple[str, dict[str, list[bytes]]]:  # noqa: ARG002
        """Distinguished name and attributes of a new entry; its password is set afterwards, so that the server hashes it."""
        name = (wish.name or wish.login).encode()
        attributes = {
            "objectClass": [one.encode() for one in settings.object_classes],
            "cn": [name],
            "sn": [name],
            settings.name_attribute: [name],
            **({settings.employee_attribute: [wish.employee.encode()]} if wish.employee else {}),
            **filled_attributes(wish, settings),
            settings.login: [wish.login.encode()],
        }
        return new_dn(settings.login, wish.login, settings.user_base), attributes


def _last_seen(entry: Entry) -> LastSeen:
    """The newest that is told. Where nothing is, nobody knows whether it is recorded at all."""
    told = [at for name in SUCCESS if (at := read_generalized(entry.text(name))) is not None]
    return max(told) if told else "unknown"
