"""What an `http` check sends, and how it proves who it is: secrets are references until the request leaves."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from temanashi.checks.fields import AbsolutePath, ServerName
from temanashi.checks.means import Means
from temanashi.checks.reaching import Way, place_of
from temanashi.secrets import SecretRef
from temanashi.text.local import phrase

__all__ = ["Auth", "HeaderName", "HeaderValue", "Reach", "Url", "authorization", "content_of"]


def _web(value: str) -> str:
    try:
        place_of(value)
    except ValueError:
        raise ValueError(phrase("checks.bad-url", url=value)) from None
    if "@" in urlsplit(value).netloc:
        raise ValueError(phrase("checks.url-with-password"))
    return value


Url = Annotated[str, StringConstraints(pattern=r"^[^\s\x00-\x1f]+$", max_length=4000), AfterValidator(_web)]
"""An http or https address without a user name and password."""

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", max_length=200)]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e\t]*$", max_length=4000)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Auth(_Frozen):
    """Who asks: `{user: monitor, password: "env:PW"}` (Basic) or `{bearer: "file:/etc/tema/token"}`."""

    user: str | None = Field(default=None, pattern=r"^[^:\x00-\x1f]+$", max_length=200, description="User name (Basic)")
    password: SecretRef | None = Field(default=None, description="Where the password is: env:NAME, file:PATH or prefect:BLOCK")
    bearer: SecretRef | None = Field(default=None, description="Where the token is: env:NAME, file:PATH or prefect:BLOCK")

    @model_validator(mode="after")
    def _one_way(self) -> Auth:
        if (self.bearer is None) == (self.user is None) or (self.user is None) != (self.password is None):
            raise ValueError(phrase("checks.auth-one-way"))
        return self


class Reach(_Frozen):
    """How a server is reached, the same for every kind that speaks HTTP."""

    ca_file: AbsolutePath | None = Field(default=None, description="Trusted certificates (PEM) instead of the machine's own")
    client_cert: AbsolutePath | None = Field(default=None, description="Certificate (PEM) to show to the server")
    client_key: AbsolutePath | None = Field(default=None, description="Its key, where the certificate's file does not hold it")
    client_password: SecretRef | None = Field(default=None, description="Where the password of the key is")
    proxy: Url | None = Field(
        default=None, description="Proxy to go through; none by default, also where the environment names one"
    )
    address: ServerName | None = Field(
        default=None, description="Name or address to connect to instead of the URL's: one server behind a load balancer"
    )

    def way(self, means: Means) -> Way:
        """The way with its secret; raises SecretMissing."""
        return Way(
            ca_file=self.ca_file,
            client_cert=self.client_cert,
            client_key=self.client_key,
            client_password=means.secret(self.client_password) if self.client_password else "",
            proxy=self.proxy,
            address=self.address,
            trust=means.trust,
        )


def authorization(auth: Auth | None, secret: Callable[[str], str]) -> dict[str, str]:
    """The header (RFC 7617, RFC 6750), or none; raises SecretMissing."""
    if auth is None:
        return {}
    if auth.bearer is not None:
        return {"Authorization": f"Bearer {secret(auth.bearer)}"}
    pair = f"{auth.user}:{secret(auth.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def content_of(send: JsonValue) -> tuple[bytes, str]:
    """What is sent and its media type: text as it is, anything else as JSON."""
    if isinstance(send, str):
        return send.encode(), "text/plain; charset=utf-8"
    return json.dumps(send, ensure_ascii=False).encode(), "application/json"
