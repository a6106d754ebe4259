"""Roles as data: which groups on Linux hosts, in LDAP and in SaaS come with one. `runbooks/site/roles.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from temanashi.accounts.faults import UnknownRole
from temanashi.accounts.names import GroupName
from temanashi.accounts.wide_names import AnyGroup
from temanashi.problems import Problem, suggestion
from temanashi.text.local import Lang, LocalText, phrase

__all__ = [
    "NO_ROLES",
    "POWERFUL_IN_DIRECTORIES",
    "PRIVILEGED_GROUPS",
    "Desired",
    "Role",
    "Roles",
    "RolesFile",
    "desired_of",
    "role_problems",
    "separated",
]

PRIVILEGED_GROUPS = frozenset(
    {
        "root",
        "sudo",
        "wheel",
        "admin",
        "adm",
        "disk",
        "shadow",
        "docker",
        "lxd",
        "libvirt",
        "kmem",
        "incus-admin",
        "systemd-journal",
    }
)
"""Groups of Linux whose members are root, can become it, or read what only root should."""

POWERFUL_IN_DIRECTORIES = frozenset(
    {
        "account operators",
        "administrators",
        "backup operators",
        "dnsadmins",
        "domain admins",
        "domain controllers",
        "enterprise admins",
        "enterprise key admins",
        "group policy creator owners",
        "key admins",
        "print operators",
        "schema admins",
        "server operators",
    }
)
"""Groups of Active Directory whose members rule the domain or can come to, in small letters."""

RoleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$", max_length=60)]
SaasName = Annotated[str, StringConstraints(pattern=r"^[^\s:/\\\x00-\x1f](?:[^:\\\x00-\x1f]*[^\s:\\\x00-\x1f])?$", max_length=100)]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(_Closed):
    """What comes with one role."""

    title: LocalText
    linux: tuple[GroupName, ...] = Field(default=(), description="Groups on Linux hosts; they must exist there")
    ldap: tuple[AnyGroup, ...] = Field(default=(), description="Groups in LDAP, by cn")
    saas: dict[RoleName, tuple[SaasName, ...]] = Field(default_factory=dict, description="Groups or plans, by service")
    privileged: bool = Field(default=False, description="Must be said where a group gives rights of root")
    never_with: tuple[RoleName, ...] = Field(default=(), description="Roles that the same person must not have (職務分掌)")


def _none_is_empty(value: Any) -> Any:
    return {} if value is None else value


class RolesFile(_Closed):
    """`runbooks/site/roles.yaml`."""

    roles: Annotated[dict[RoleName, Role], BeforeValidator(_none_is_empty)] = Field(default_factory=dict)


class Desired(_Closed):
    """What a person with some roles has, and what is managed by roles but not theirs."""

    roles: tuple[str, ...]
    linux: tuple[str, ...]
    not_linux: tuple[str, ...]
    ldap: tuple[str, ...]
    not_ldap: tuple[str, ...]
    saas: dict[str, tuple[str, ...]]
    privileged: bool


class Roles(RolesFile):
    """Roles of the workspace, by name."""

    def known(self, names: Sequence[str]) -> dict[str, Role]:
        """These roles; raises UnknownRole."""
        for name in names:
            if name not in self.roles:
                raise UnknownRole(name, known=self.roles)
        return {name: self.roles[name] for name in names}


NO_ROLES = Roles()


def desired_of(roles: Roles, names: Sequence[str]) -> Desired:
    """What a person with these roles has everywhere; groups that no role names are nobody's business here. Raises UnknownRole."""
    mine = roles.known(names)
    linux = sorted({group for role in mine.values() for group in role.linux})
    ldap = sorted({group for role in mine.values() for group in role.ldap})
    saas: dict[str, set[str]] = {}
    for role in mine.values():
        for service, groups in role.saas.items():
            saas.setdefault(service, set()).update(groups)
    return Desired(
        roles=tuple(sorted(mine)),
        linux=tuple(linux),
        not_linux=tuple(sorted({g for role in roles.roles.values() for g in role.linux} - {*linux})),
        ldap=tuple(ldap),
        not_ldap=tuple(sorted({g for role in roles.roles.values() for g in role.ldap} - {*ldap})),
        saas={service: tuple(sorted(groups)) for service, groups in sorted(saas.items())},
        privileged=any(role.privileged for role in mine.values()),
    )


def role_problems(roles: Roles, languages: tuple[Lang, ...]) -> Iterator[Problem]:
    """What is wrong among roles: unsaid privileges, a group named twice, separated roles that do not exist, missing languages."""
    for name, role in roles.roles.items():
        at = ("roles", name)
        yield from (problem.under(*at) for problem in _group_problems(role))
        for number, other in enumerate(role.never_with):
            if other not in roles.roles or other == name:
                yield Problem(
                    (*at, "never_with", number), phrase("accounts.separated-unknown", role=other), suggestion(other, roles.roles)
                )
        if missing := role.title.missing(languages):
            told: dict[str, Any] = {"missing": list(missing), "languages": list(languages)}
            yield Problem((*at, "title"), phrase("workspace.language", name="title", **told))


def _group_problems(role: Role) -> Iterator[Problem]:
    powerful = [("linux", group) for group in role.linux if group in PRIVILEGED_GROUPS]
    powerful += [("ldap", group) for group in role.ldap if group.casefold() in POWERFUL_IN_DIRECTORIES]
    for sort, groups in (("linux", role.linux), ("ldap", role.ldap)):
        for number, group in enumerate(groups):
            if group in groups[:number]:
                yield Problem((sort, number), phrase("accounts.group-twice", group=group))
            if (sort, group) in powerful and not role.privileged:
                yield Problem((sort, number), phrase("accounts.privilege-unsaid", group=group))


def separated(roles: Roles, names: Sequence[str]) -> tuple[str, str] | None:
    """Two of these roles that the same person must not have, or None."""
    for name, role in roles.known(names).items():
        for other in role.never_with:
            if other in names:
                return name, other
    return None
