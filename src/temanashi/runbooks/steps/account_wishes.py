"""What an `accounts` step says in YAML, and the wish that it means for a person with roles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveFloat, model_validator

from temanashi.accounts.faults import BadAccountValue, RolesSeparated
from temanashi.accounts.names import check_display_name, check_key, check_last_day, check_name, check_shell
from temanashi.accounts.roles import PRIVILEGED_GROUPS, Roles, desired_of, separated
from temanashi.accounts.wishes import NEVER, Wish
from temanashi.hosts.inventory import Host
from temanashi.runbooks.steps.account_host_wishes import HostSpec, host_wish
from temanashi.runbooks.steps.contract import PlanContext
from temanashi.runbooks.steps.values import filled, typed
from temanashi.text.local import phrase

__all__ = ["AccountsSpec", "given_values", "wish_of"]

Doing = Literal["join", "set", "disable", "enable", "unlock", "reset"]
SETTING = frozenset({"join", "set", "enable"})
ONLY_SETTING = ("name", "shell", "roles", "groups", "not_groups", "keys", "last_day", "on_host")


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Several = Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...])]


class AccountsSpec(BaseModel):
    """`accounts: {do: disable, login: "{{ params.login }}"}`.

    join, set, disable, enable, unlock or reset one account on each host. `roles` come from `runbooks/site/roles.yaml`: groups that
    any role names and that are not this person's are taken away, all other groups stay.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: Doing = Field(description="join: open or bring to the wish; disable: close everything that opens it; enable: open it again")
    login: str = Field(min_length=1, max_length=200, description="The account; a template")
    directory: str = Field(default="linux", max_length=60, description="Kind of directory; linux: local accounts of the hosts")
    name: str | None = Field(default=None, max_length=400, description="Name as people write it; a template")
    shell: str | None = Field(default=None, max_length=400, description="Login shell, by its path; a template")
    roles: Several | None = Field(default=None, description="Roles of the person; templates")
    groups: Several = Field(default=(), description="Groups besides those of the roles; templates")
    not_groups: Several = Field(default=(), description="Groups that it shall not be in; templates")
    keys: Several | None = Field(
        default=None,
        description="Public keys, whole lines, instead of those that are there; [] takes all away; templates",
    )
    last_day: str | None = Field(default=None, max_length=200, description='"2027-03-31", or never; a template')
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
        return self


def given_values(spec: AccountsSpec, ctx: PlanContext, host: Host) -> dict[str, Any]:
    """The step's values, filled in; what is not known yet holds a placeholder."""
    written = spec.model_dump(include={"login", *ONLY_SETTING})
    return {name: filled(value, lambda text: typed(ctx, text, host)) for name, value in written.items()}


def wish_of(spec: AccountsSpec, given: dict[str, Any], roles: Roles) -> Wish:
    """The wish; raises BadAccountValue, UnknownRole and RolesSeparated before anything is asked of a host."""
    groups = [check_name(one) for one in _words(given["groups"])]
    not_groups = {check_name(one) for one in _words(given["not_groups"])}
    privileged = False
    if spec.roles is not None:
        names = _words(given["roles"])
        if (both := separated(roles, names)) is not None:
            raise RolesSeparated(*both)
        desired = desired_of(roles, names)
        groups += desired.linux
        not_groups |= {*desired.not_linux}
        privileged = desired.privileged
    on_host = host_wish(given["on_host"])
    if not privileged and (powerful := PRIVILEGED_GROUPS.intersection([*groups, (on_host or {}).get("primary_group")])):
        raise BadAccountValue(min(powerful), phrase("accounts.privileged-needs-role"))
    return Wish(
        do=spec.do,
        login=check_name(str(given["login"])),
        name=_if(given["name"], check_display_name),
        shell=_if(given["shell"], check_shell),
        groups=tuple(sorted(set(groups))),
        not_groups=tuple(sorted(not_groups - {*groups})),
        keys=_keys(spec, given),
        expires_on=_expiry(given["last_day"]),
        with_password=spec.do == "join" and spec.deliver is not None,
        on_host=on_host,
    )


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
