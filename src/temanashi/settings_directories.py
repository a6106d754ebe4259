"""Other ways to sign in: `[tool.temanashi.gate.oidc]` and `[tool.temanashi.gate.ldap]`, directories of people elsewhere."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from temanashi.people import Role
from temanashi.secrets import SecretRef
from temanashi.text.local import LocalText, phrase

__all__ = ["EVERYBODY", "DirectorySettings", "LdapSettings", "OidcSettings"]

EVERYBODY = "*"
"""Stands for everybody of a directory, where its groups are mapped to roles."""


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Roles = Annotated[tuple[Role, ...], BeforeValidator(_listed), Field(min_length=1)]


class DirectorySettings(BaseModel):
    """What every directory has: who of it gets which role, and how its way in is called."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: dict[str, Roles] = Field(
        default_factory=dict,
        description='Roles by group of the directory; "*" is everybody, e.g. { "*" = "staff", ops = "operator" }',
    )
    admin_from_groups: bool = Field(
        default=False, description="A group may give the role admin too, without the second person whom a change of roles takes"
    )
    label: LocalText | None = Field(default=None, description="How this way in is called on the sign-in page")
    ca: str = Field(
        default="", description="File of the certificate authority, relative to the workspace; empty: those of the system"
    )
    timeout: float = Field(default=10, gt=0, le=60, description="Seconds to wait for the directory")

    @model_validator(mode="after")
    def _admin_is_named(self) -> DirectorySettings:
        groups = sorted(group for group, roles in self.roles.items() if "admin" in roles)
        if groups and (not self.admin_from_groups or EVERYBODY in groups):
            raise ValueError(phrase("settings.admin-from-groups", group=groups[0]))
        return self

    def roles_for(self, groups: Collection[str]) -> frozenset[Role]:
        """The roles of somebody who is in these groups."""
        return frozenset(role for group, roles in self.roles.items() if group == EVERYBODY or group in groups for role in roles)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class OidcSettings(DirectorySettings):
    """A provider of OpenID Connect: Keycloak, Microsoft Entra ID, Google Workspace, and others."""

    issuer: str = Field(
        pattern=r"^https?://[^\s?#]+$",
        description="Its address exactly as it calls itself, e.g. https://login.example.jp/realms/corp",
    )
    client_id: str = Field(min_length=1, max_length=300, description="Under which name the provider knows us")
    client_secret: SecretRef | None = Field(
        default=None, description="Reference to our secret at the provider; none for a public client"
    )
    scopes: tuple[str, ...] = Field(default=("openid", "profile", "email"), description="What we ask for")
    username_claim: str = Field(
        default="preferred_username", min_length=1, description="Claim with the user name; it becomes the name here"
    )
    domain: str = Field(default="", description="Where user names end in @domain: the only one that is taken, cut off (example.jp)")
    groups_claim: str = Field(
        default="groups", min_length=1, description="Claim with the groups; dots lead into objects (realm_access.roles)"
    )

    @field_validator("issuer")
    @classmethod
    def _over_tls(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
            raise ValueError(phrase("settings.issuer-without-tls", value=value))
        return value

    @field_validator("scopes")
    @classmethod
    def _asks_who(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return value if "openid" in value else ("openid", *value)


class LdapSettings(DirectorySettings):
    """An LDAP directory: OpenLDAP, Active Directory. Nothing is sent before TLS, and its certificate is always verified."""

    url: str = Field(
        pattern=r"^ldaps?://[^\s/?#]+/?$",
        description="ldaps://ldap.example.jp, or ldap:// which begins TLS (StartTLS) before anything else",
    )
    bind_dn: str = Field(default="", description="Account that searches; empty: anonymous")
    bind_password: SecretRef | None = Field(default=None, description="Reference to the password of that account")
    user_base: str = Field(min_length=3, description="Where people are, e.g. ou=people,dc=example,dc=jp")
    user_filter: str = Field(
        default="(uid={name})",
        description="Finds one person; {name} is what was typed, escaped. Active Directory: (sAMAccountName={name})",
    )
    name_attribute: str = Field(default="cn", min_length=1, description="Attribute with the name as people write it")
    id_attribute: str = Field(
        default="entryUUID", min_length=1, description="Attribute that stays when somebody is renamed. Active Directory: objectGUID"
    )
    username_attribute: str = Field(
        default="uid", min_length=1, description="Attribute with the user name. Active Directory: sAMAccountName"
    )
    group_base: str = Field(default="", description="Where groups are; empty: groups are not looked up")
    group_filter: str = Field(default="(member={dn})", description="Finds the groups of a person; {dn} and {name} are escaped")
    group_attribute: str = Field(default="cn", min_length=1, description="Attribute with the name of a group")
    recheck_minutes: int = Field(
        default=60, ge=0, le=1440, description="How often people who are signed in are looked up again; 0: only when they sign in"
    )

    @model_validator(mode="after")
    def _whole(self) -> LdapSettings:
        if "{name}" not in self.user_filter:
            raise ValueError(phrase("settings.ldap-filter", name="user_filter", part="{name}"))
        if self.group_base and not {"{dn}", "{name}"} & {part for part in ("{dn}", "{name}") if part in self.group_filter}:
            raise ValueError(phrase("settings.ldap-filter", name="group_filter", part="{dn}"))
        if bool(self.bind_dn) != (self.bind_password is not None):
            raise ValueError(phrase("settings.ldap-bind"))
        if not self.group_base and set(self.roles) - {EVERYBODY}:
            raise ValueError(phrase("settings.ldap-groups"))
        return self
