"""How a service that speaks SCIM is reached and what its accounts are called there, as `directories.yaml` says it."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from temanashi.secrets import SecretRef
from temanashi.text.local import phrase

__all__ = ["ScimSettings", "checked_url"]

PRINTABLE = r"^[\x21-\x7e]+$"
LOGIN = "{login}"


def checked_url(value: str) -> str:
    """The address without a slash at its end: https, or http to this machine alone. Raises ValueError with a Phrase."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(phrase("accounts.scim-url", url=value)) from None
    odd = "@" in parts.netloc or port == 0 or re.search(r"[?#\\]", value) or {".", ".."}.intersection(parts.path.split("/"))
    if odd or not parts.hostname or parts.scheme not in {"http", "https"}:
        raise ValueError(phrase("accounts.scim-url", url=value))
    if parts.scheme == "http" and not _loopback(parts.hostname):
        raise ValueError(phrase("accounts.scim-url-plain", url=value))
    return value.rstrip("/")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _pattern(value: str) -> str:
    if value.count(LOGIN) != 1:
        raise ValueError(phrase("accounts.scim-pattern", value=value))
    return value


ScimUrl = Annotated[str, StringConstraints(pattern=PRINTABLE, max_length=1000), AfterValidator(checked_url)]
ProxyUrl = Annotated[str, StringConstraints(pattern=r"^http://[A-Za-z0-9.\-\[\]:]+$", max_length=300)]
NamePattern = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._@{}+-]+$", max_length=200), AfterValidator(_pattern)]
AttributePath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9:._$-]*$", max_length=300)]
"""`lastLogin`, `meta.lastAccess` or `urn:...:2.0:User:lastLogin`."""


class ScimSettings(BaseModel):
    """`{kind: scim, url: https://example.com/scim/v2, token: "env:TOKEN"}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: ScimUrl = Field(description="Address that ends before /Users: https, or http to 127.0.0.1 alone")
    token: SecretRef = Field(description="Where the bearer token is: env:NAME, file:PATH or prefect:BLOCK")
    ca: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="File of trusted certificates (PEM), seen from the workspace, instead of the well-known ones",
    )
    proxy: ProxyUrl | None = Field(default=None, description="Proxy to go through, http://proxy.example:8080")
    user_name: NamePattern = Field(default=LOGIN, description='What a login is called there: "{login}@example.com"')
    email: NamePattern | None = Field(default=None, description="Mail address that a new account gets; none where empty")
    name_order: Literal["family-first", "given-first"] = Field(
        default="family-first", description="Which word of a name with two is the family name, where a service wants it apart"
    )
    employee: Literal["externalId", "employeeNumber", "none"] = Field(
        default="externalId", description="Attribute that holds the employee number"
    )
    last_seen: AttributePath | None = Field(
        default=None, description="Attribute with the time of the last sign-in; without it that time is unknown"
    )
    privileged: tuple[str, ...] = Field(default=(), description="Groups whose members may do everything there")
    members: Literal["listed", "asked"] = Field(
        default="listed", description="asked: the service tells members only when a group is asked for by itself"
    )
    page: int = Field(
        default=100, ge=0, le=1000, description="Entries asked for at once; 0 says no number, for services that fail when asked so"
    )
