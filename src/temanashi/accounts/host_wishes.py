"""What only local accounts of hosts have: number, folder, first group, groups that are made, and single keys that come and go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from temanashi.accounts.faults import WishRefused
from temanashi.accounts.model import Account, Snapshot
from temanashi.accounts.names import HOME, GroupName, fingerprint_of
from temanashi.accounts.wishes import FieldChange, Wish, differences
from temanashi.text.local import phrase

__all__ = ["HostWish", "host_differences"]

Fingerprint = Annotated[str, StringConstraints(pattern=r"^SHA256:[A-Za-z0-9+/]{43}$")]


class HostWish(BaseModel):
    """More that is wished for an account of a host; None is "as it is".

    `uid` and `home` (absolute) are given to a new account and never become others. `exact_groups`: in no other groups than those
    of the wish. `create_groups`: groups that the host lacks are made. `add_keys` are whole lines, `drop_keys` fingerprints: other
    keys stay. Where both are said the new key must be able to open the account before the old one goes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    uid: Annotated[int, Field(ge=1, lt=65534)] | None = None
    home: Annotated[str, StringConstraints(pattern=f"^{HOME}$", max_length=200)] | None = None
    primary_group: GroupName | None = None
    exact_groups: bool = False
    create_groups: bool = False
    add_keys: tuple[str, ...] = ()
    drop_keys: tuple[Fingerprint, ...] = ()

    @model_validator(mode="after")
    def _another_key(self) -> HostWish:
        if {fingerprint_of(line) for line in self.add_keys} & {*self.drop_keys}:
            raise ValueError(phrase("accounts.same-key"))
        return self


def host_differences(wish: Wish, more: HostWish, seen: Snapshot) -> tuple[FieldChange, ...]:
    """What has to become another on a host; raises WishRefused. Groups that are made come first."""
    account = seen.account(wish.login)
    primary = {more.primary_group} if more.primary_group is not None else set()
    missing = sorted(({*wish.groups} | primary) - {*seen.groups})
    if more.create_groups and wish.do in {"join", "set", "enable"}:
        seen = seen.model_copy(update={"groups": {**seen.groups, **dict.fromkeys(missing, ())}})
    elif primary - {*seen.groups}:
        raise WishRefused(wish.login, seen.where, phrase("accounts.no-group", groups=missing))
    if account is not None and not account.system:
        _stays(more, account, wish, seen)
    plain = differences(_with_groups(wish, more, account), seen)
    made = (FieldChange(field="new_groups", before=[], after=missing),) if missing and more.create_groups else ()
    return (*made, *plain, *_itself(more, account), *_keys(more, account))


def _stays(more: HostWish, account: Account, wish: Wish, seen: Snapshot) -> None:
    if more.uid is not None and str(more.uid) != account.native_id:
        raise WishRefused(wish.login, seen.where, phrase("accounts.uid-stays", uid=account.native_id))
    if more.home is not None and more.home != account.home:
        raise WishRefused(wish.login, seen.where, phrase("accounts.home-stays", home=account.home))


def _with_groups(wish: Wish, more: HostWish, account: Account | None) -> Wish:
    """The first group is no further one, and exactly these groups means none of the others."""
    groups = {*wish.groups} - {more.primary_group}
    others = {*account.groups} - groups if account is not None and more.exact_groups else set()
    return wish.model_copy(update={"groups": tuple(sorted(groups)), "not_groups": tuple(sorted({*wish.not_groups} | others))})


def _itself(more: HostWish, account: Account | None) -> Iterator[FieldChange]:
    if account is None:
        if more.uid is not None:
            yield FieldChange(field="uid", before=None, after=more.uid)
        if more.home is not None:
            yield FieldChange(field="home", before=None, after=more.home)
    before = account.primary_group if account is not None else None
    if more.primary_group is not None and more.primary_group != before:
        yield FieldChange(field="primary_group", before=before, after=more.primary_group)


def _keys(more: HostWish, account: Account | None) -> Iterator[FieldChange]:
    before = {*account.keys} if account is not None else set()
    after = (before | {fingerprint_of(line) for line in more.add_keys}) - {*more.drop_keys}
    if after != before:
        yield FieldChange(field="keys", before=sorted(before), after=sorted(after))
