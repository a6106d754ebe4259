"""What an `accounts` step finds at a target, and the wish that fits there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from temanashi.accounts.faults import BadAccountValue
from temanashi.accounts.model import Account, Cap, Scope, Snapshot
from temanashi.accounts.names import NAME, check_last_day
from temanashi.accounts.wide_names import LOGIN
from temanashi.accounts.wishes import NEVER, FieldChange, Wish
from temanashi.runbooks.steps.account_directories import opened_directory
from temanashi.runbooks.steps.account_places import EVERYWHERE, Place, opened
from temanashi.runbooks.steps.account_wishes import AccountsSpec
from temanashi.runbooks.steps.contract import Effects
from temanashi.text.local import Phrase, phrase

__all__ = ["Looked", "NotHere", "end_of", "first_day_without", "look", "never_there", "until_text"]

OWN_USERS = "temanashi"
"""Our own users: leaving everywhere means them too, and nothing else does."""

MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]([01]\d|2[0-3]):([0-5]\d))?", re.ASCII)


@dataclass(frozen=True)
class NotHere:
    """Why nothing is done at a target."""

    why: Phrase


@dataclass(frozen=True)
class Looked:
    """What was seen, the wish that fits it, the difference, and what ends there and when."""

    seen: Snapshot
    wish: Wish
    changes: tuple[FieldChange, ...]
    ends: dict[str, Any] | None = None


def until_text(given: str, today: date) -> str:
    """`2027-03-31` or `2027-03-31T18:00`, in the time of the workspace; raises BadAccountValue."""
    found = MOMENT.fullmatch(given.strip())
    if found is None:
        raise BadAccountValue(given, phrase("accounts.until-form"))
    if check_last_day(found[1]) < today:
        raise BadAccountValue(given, phrase("accounts.until-past"))
    return found[1] if found[2] is None else f"{found[1]}T{found[2]}:{found[3]}"


def end_of(spec: AccountsSpec, given: dict[str, Any], today: date) -> str:
    """When what the step does ends, or begins: the day after which an account closes. Empty: now and for good."""
    if spec.do == "disable":
        last_day = str(given["last_day"] or "")
        return last_day if last_day not in {"", NEVER} and check_last_day(last_day) >= today else ""
    return until_text(str(given["until"]), today) if given["until"] else ""


def never_there(spec: AccountsSpec, given: dict[str, Any], place: Place) -> NotHere | None:
    """Why a host is left out where everywhere is meant: directories have logins like `taro.yamada`, hosts of ours do not."""
    login = str(given["login"])
    wide = re.fullmatch(LOGIN, login, re.ASCII) and not re.fullmatch(NAME, login, re.ASCII)
    if spec.directory != EVERYWHERE or place.host is None or not wide:
        return None
    return NotHere(phrase("accounts.not-a-host-login", where=place.name, login=login))


def look(effects: Effects, spec: AccountsSpec, place: Place, wish: Wish, end: str, *, seconds: float) -> Looked | NotHere:
    """Read the account there and compare; raises WishRefused, TargetError, UnknownDirectory."""
    if place.host is not None:
        directory = opened(effects, place.host, place.kind, seconds)
    else:
        directory = opened_directory(effects, place.name, timeout=seconds)
    seen = directory.read(Scope(logins=(wish.login,)))
    account = seen.account(wish.login)
    if spec.directory == EVERYWHERE:
        fitting = _everywhere(spec, place, wish, account)
        if isinstance(fitting, NotHere):
            return fitting
        wish = fitting
    if account is None and _only_takes_away(wish):
        return NotHere(phrase("accounts.not-there", where=place.name, login=wish.login))
    wish, ends = _ending(wish, account, seen, end, native=Cap.NATIVE_EXPIRY in directory.caps)
    return Looked(seen, wish, directory.plan(wish, seen), ends)


def _everywhere(spec: AccountsSpec, place: Place, wish: Wish, account: Account | None) -> Wish | NotHere:
    """An account is opened where the roles give something; where there is none and nothing is given, nothing is done."""
    if place.kind == OWN_USERS and wish.do != "disable":
        return NotHere(phrase("accounts.own-users"))
    if account is not None or wish.do == "disable":
        return wish
    gives = spec.roles is None or bool(wish.groups)
    if wish.do in {"join", "set"} and gives and (spec.roles is not None or wish.do == "join"):
        return wish.model_copy(update={"do": "join"})
    key = "accounts.nothing-given" if wish.do in {"join", "set"} and spec.roles is not None else "accounts.not-there"
    return NotHere(phrase(key, where=place.name, login=wish.login))


def _only_takes_away(wish: Wish) -> bool:
    """Whether it only takes groups away: who has no account has no groups."""
    return bool(wish.not_groups) and wish == Wish(do="set", login=wish.login, not_groups=wish.not_groups)


def _ending(wish: Wish, account: Account | None, seen: Snapshot, end: str, *, native: bool) -> tuple[Wish, dict[str, Any] | None]:
    """The wish with what the target can end by itself, and what is to be ended by us."""
    if not end or (account is None and wish.do != "join"):
        return wish, None
    if wish.do == "disable":
        if account is None or account.closed(seen.today):
            return wish, None
        dated = Wish(do="set", login=wish.login, expires_on=_sooner(account, end) if native else None)
        return dated, {"at": end, "do": "disable", "groups": []}
    if account is None:
        return wish.model_copy(update={"expires_on": first_day_without(end)}), {"at": end, "do": "disable", "groups": []}
    added = sorted({*wish.groups} - {*account.groups, account.primary_group})
    return wish, {"at": end, "do": "leave", "groups": added, "kept": sorted({*wish.groups} - {*added})}


def first_day_without(end: str) -> date:
    """The first day on which there is no access any more, for targets that end it by themselves: whole days only."""
    return date.fromisoformat(end[:10]) + timedelta(days=1)


def _sooner(account: Account, end: str) -> date | None:
    """The native end, unless the account ends before that anyway."""
    wanted = first_day_without(end)
    return wanted if account.expires_on is None or account.expires_on > wanted else None
