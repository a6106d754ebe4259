"""What an entry of kind `ldap` says in `directories.yaml`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from temanashi.secrets import SecretRef
from temanashi.text.local import phrase

__all__ = ["LdapAccounts"]

WORD = re.compile(r"{([^{}]*)}")
NOT_BY_TEMPLATE = frozenset({"userpassword", "unicodepwd", "useraccountcontrol", "objectclass", "memberof", "pwdreset"})
"""What an entry is, may, or is opened by."""

Attribute = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]
Dn = Annotated[str, StringConstraints(min_length=3, max_length=500, pattern=r"^[A-Za-z][A-Za-z0-9.-]*=[^\x00]+$")]


class LdapAccounts(BaseModel):
    """An LDAP directory. Nothing is sent before TLS, and its certificate is always verified."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    product: Literal["openldap", "active-directory"] = Field(
        default="openldap", description="openldap: with the overlay ppolicy; active-directory: also Samba"
    )
    url: str = Field(
        pattern=r"^ldaps?://[^\s/?#]+/?$",
        description="ldaps://ldap.example.jp, or ldap:// which begins TLS (StartTLS) before anything else",
    )
    ca: str = Field(
        default="", description="File of the certificate authority, relative to the workspace; empty: those of the system"
    )
    timeout: float = Field(default=30, gt=0, le=300, description="Seconds to wait for one answer")
    bind_dn: str = Field(min_length=3, max_length=500, description="Our account there: a distinguished name, or name@domain in AD")
    bind_password: SecretRef = Field(description="Reference to its password")
    user_base: Dn = Field(description="Where people are; new ones come right under it")
    group_base: Dn = Field(description="Where groups are")
    user_filter: str = Field(
        default="", max_length=500, description="Which entries are accounts, where it is not those of the product"
    )
    login_attribute: Attribute | None = Field(default=None, description="uid; Active Directory: sAMAccountName")
    name_attribute: Attribute = Field(default="displayName", description="Name as people write it")
    employee_attribute: Attribute = Field(default="employeeNumber", description="Employee number")
    page_size: int = Field(default=500, ge=1, le=1000, description="Entries of one answer")
    object_classes: tuple[Attribute, ...] = Field(
        default=("inetOrgPerson",), min_length=1, description="Of new entries in OpenLDAP"
    )
    new_attributes: dict[Attribute, str] = Field(
        default_factory=dict, description='More of new entries: {mail: "{login}@example.jp"}; {login}, {name}, {employee}'
    )
    upn_suffix: str = Field(default="", max_length=200, description="Of userPrincipalName in AD; empty: the domain of user_base")
    default_policy: str = Field(
        default="", max_length=500, description="olcPPolicyDefault of OpenLDAP; needed where the server has several policies"
    )
    lockout_minutes: float = Field(
        default=0, ge=0, description="pwdLockoutDuration of OpenLDAP: after that a lock is over by itself; 0: never"
    )
    placeholder: str = Field(
        default="", max_length=500, description="Distinguished name that stands in a group that would be empty"
    )
    privileged_groups: tuple[str, ...] = Field(
        default=(), description="Groups whose members count as privileged, besides those of AD"
    )

    @field_validator("new_attributes")
    @classmethod
    def _known_words(cls, value: dict[str, str]) -> dict[str, str]:
        for attribute, template in value.items():
            unknown = sorted({*WORD.findall(template)} - {"login", "name", "employee"})
            if unknown or attribute.casefold() in NOT_BY_TEMPLATE:
                raise ValueError(phrase("accounts.ldap-new-attribute", attribute=attribute, unknown=unknown or [attribute]))
        return value

    @property
    def login(self) -> str:
        """The attribute with the login."""
        return self.login_attribute or ("sAMAccountName" if self.product == "active-directory" else "uid")
