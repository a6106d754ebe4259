"""What an `accounts` step says in YAML, and the wish that it means for a person with roles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveFloat, model_validator

from temanashi.accounts.faults import BadAccountValue, RolesSeparated
from temanashi.accounts.names import check_display_name, check_key, check_last_day, check_name, check_shell
from temanashi.accounts.roles import PRIVILEGED_GROUPS, Roles, desired_of, separated
from temanashi.accounts.wide_names import check_employee, check_group, check_login
from temanashi.accounts.wishes import NEVER, Wish
from temanashi.hosts.inventory import Host
from temanashi.runbooks.steps.account_host_wishes import HostSpec, host_wish
from temanashi.runbooks.steps.account_places import EVERYWHERE, HOSTS, Place, by_hosts
from temanashi.runbooks.steps.contract import PlanContext
from temanashi.runbooks.steps.values import filled, is_template, typed
from temanashi.text.local import phrase

__all__ = ["AccountsSpec", "given_values", "role_groups", "wish_of"]

Doing = Literal["join", "set", "disable", "enable", "unlock", "reset"]
SETTING = frozenset({"join", "set", "enable"})
ONLY_SETTING = ("name", "employee", "shell", "roles", "groups", "not_groups", "keys", "until", "on_host")
GIVEN = ("login", *ONLY_SETTING, "last_day")


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Several = Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...])]


class AccountsSpec(BaseModel):
    """`accounts: {do: disable, login: "{{ params.login }}"}`.

    join, set, disable, enable, unlock or reset one account on each host, in one directory of `directories.yaml`, or everywhere:
    on the hosts and in all of those; one that fails or refuses stops no other. `roles` come from `runbooks/site/roles.yaml`:
    groups that any role names and that are not this person's are taken away, all other groups stay.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: Doing = Field(description="join: open or bring to the wish; disable: close everything that opens it; enable: open it again")
    login: str = Field(min_length=1, max_length=200, description="The account; a template")
    directory: str = Field(
        default=HOSTS,
        max_length=200,
        description="linux: local accounts of the hosts; a name of directories.yaml; everywhere: both; a template",
    )
    employee: str | None = Field(
        default=None, max_length=200, description="Employee number, where a directory keeps it; a template"
    )
    name: str | None = Field(default=None, max_length=400, description="Name as people write it; a template")
    shell: str | None = Field(default=None, max_length=400, description="Login shell, by its path; a template")
    roles: Several | None = Field(default=None, description="Roles of the person; templates")
    groups: Several = Field(default=(), description="Groups besides those of the roles; templates")
    not_groups: Several = Field(default=(), description="Groups that it shall not be in; templates")
    keys: Several | None = Field(
        default=None,
        description="Public keys, whole lines, instead of those that are there; [] takes all away; templates",
    )
    last_day: str | None = Field(
        default=None, max_length=200, description='"2027-03-31", or never; disable: closes after that day; a template'
    )
    until: str | None = Field(
        default=None,
        max_length=200,
        description='"2027-03-31 18:00" or a day: what this step gives ends then; where the target cannot end it by itself, '
        "temanashi does; a template",
    )
    on_host: HostSpec | None = Field(default=None, description="What only accounts of hosts have")
    deliver: str | None = Field(
        default=None, min_length=1, max_length=80, description="Channel of the settings that gets the one-time password"
    )
    timeout: PositiveFloat = Field(default=120, le=3600, description="Seconds for one call to a host")

    @model_validator(mode="after")
    def _fits(self) -> AccountsSpec:
        if self.do == "reset" and self.deliver is None:
            raise ValueError(phrase("accounts.reset-needs-channel"))
        if self.deliver is not None and self.do not in {"join", "reset"}:
            raise ValueError(phrase("accounts.no-secret-here", do=self.do))
        if self.do not in SETTING:
            for name in ONLY_SETTING:
                if getattr(self, name):
                    raise ValueError(phrase("accounts.not-with", field=name, do=self.do))
        if self.last_day is not None and self.do not in {*SETTING, "disable"}:
            raise ValueError(phrase("accounts.not-with", field="last_day", do=self.do))
        if self.directory == EVERYWHERE and (self.groups or self.not_groups):
            raise ValueError(phrase("accounts.groups-everywhere"))
        return self

    @property
    def beyond_hosts(self) -> bool:
        """Whether it acts on directories that are no hosts, too: the step has targets even where no host is left."""
        return is_template(self.directory) or not by_hosts(self.directory)


def given_values(spec: AccountsSpec, ctx: PlanContext, host: Host | None) -> dict[str, Any]:
    """The step's values, filled in; what is not known yet holds a placeholder."""
    written = spec.model_dump(include={*GIVEN})
    return {name: filled(value, lambda text: typed(ctx, text, host)) for name, value in written.items()}


def wish_of(spec: AccountsSpec, given: dict[str, Any], roles: Roles, place: Place) -> Wish:
    """The wish at a target; raises BadAccountValue, UnknownRole and RolesSeparated before anything is asked of it."""
    hosts = by_hosts(place.kind)
    check = check_name if hosts else check_group
    groups, not_groups = ([check(one) for one in _groups(given[name], hosts=hosts)] for name in ("groups", "not_groups"))
    privileged = False
    if spec.roles is not None:
        mine, others, privileged = role_groups(roles, _words(given["roles"]), place)
        groups += mine
        not_groups += others
    on_host = host_wish(given["on_host"]) if hosts else None
    powerful = PRIVILEGED_GROUPS.intersection([*groups, (on_host or {}).get("primary_group")])
    if hosts and not privileged and powerful:
        raise BadAccountValue(min(powerful), phrase("accounts.privileged-needs-role"))
    return Wish(
        do=spec.do,
        login=(check_name if hosts else check_login)(str(given["login"])),
        name=_if(given["name"], check_display_name),
        employee=_if(given["employee"], check_employee),
        shell=_if(given["shell"], check_shell),
        groups=tuple(sorted(set(groups))),
        not_groups=tuple(sorted({*not_groups} - {*groups})),
        keys=_keys(spec, given),
        expires_on=None if spec.do == "disable" else _expiry(given["last_day"]),
        with_password=spec.do == "join" and spec.deliver is not None,
        privileged=privileged,
        on_host=on_host,
    )


def role_groups(roles: Roles, names: Sequence[str], place: Place) -> tuple[list[str], list[str], bool]:
    """Groups that roles give at a target, those that roles manage there and these do not give, and whether they are privileged.

    Raises UnknownRole and RolesSeparated.
    """
    if (both := separated(roles, names)) is not None:
        raise RolesSeparated(*both)
    desired = desired_of(roles, names)
    if by_hosts(place.kind):
        return list(desired.linux), list(desired.not_linux), desired.privileged
    mine, every = {*desired.saas.get(place.name, ())}, {g for r in roles.roles.values() for g in r.saas.get(place.name, ())}
    if place.kind == "ldap":
        mine |= {*desired.ldap}
        every |= {*desired.ldap, *desired.not_ldap}
    return sorted(mine), sorted(every - mine), desired.privileged


def _groups(value: Any, *, hosts: bool) -> list[str]:
    """Groups of hosts are words; those of other directories may hold blanks."""
    if hosts:
        return _words(value)
    return [part.strip() for one in _flat(value) for part in one.replace("\n", ",").split(",") if part.strip()]


def _keys(spec: AccountsSpec, given: dict[str, Any]) -> tuple[str, ...] | None:
    """None: nothing is said of keys, as by a form field that was left empty. A written `[]` takes all away."""
    lines = _lines(given["keys"])
    return tuple(check_key(line) for line in lines) if lines or spec.keys == () else None


def _if(value: Any, check: Any) -> Any:
    return check(str(value)) if value not in {None, ""} else None


def _expiry(last_day: Any) -> Any:
    """Access ends with the last day, in UTC: the first day without it is the next one."""
    if last_day in {None, "", NEVER}:
        return NEVER if last_day == NEVER else None
    return check_last_day(str(last_day)) + timedelta(days=1)


def _words(value: Any) -> list[str]:
    """A list that may hold lists and texts with commas, as templates give them."""
    return [word for one in _flat(value) for word in one.replace(",", " ").split()]


def _lines(value: Any) -> list[str]:
    return [line for one in _flat(value) for line in one.splitlines() if line.strip()]


def _flat(value: Any) -> Sequence[str]:
    if isinstance(value, (list, tuple)):
        return [one for part in value for one in _flat(part)]
    return [] if value is None else [str(value)]
