"""The ID token: its signature, and every claim that OpenID Connect Core 1.0 (3.1.3.7) says to look at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from temanashi.signin.directory_faults import TokenNotTrusted
from temanashi.signin.oidc.discovery import Discovery

__all__ = ["claim_at", "proven_claims", "texts"]

LEEWAY_SECONDS = 60
"""By so much the two clocks may differ."""


def proven_claims(
    token: Any, discovery: Discovery, *, client_id: str, nonce: str, access_token: str, now: datetime
) -> dict[str, Any]:
    """What an ID token says; raises TokenNotTrusted, DirectoryDown and DirectoryMisset."""
    from authlib.oidc.core import CodeIDToken  # noqa: PLC0415  (the extra `oidc` brings it)
    from joserfc.errors import JoseError  # noqa: PLC0415

    if not isinstance(token, str):
        raise TokenNotTrusted("id_token")
    issuer = discovery.provider().issuer
    header, claims = _signed(token, discovery)
    options: dict[str, Any] = {
        "iss": {"essential": True, "value": issuer},
        "sub": {"essential": True},
        "aud": {"essential": True, "value": client_id},
        "exp": {"essential": True},
        "iat": {"essential": True},
    }
    params = {"nonce": nonce, "client_id": client_id, "access_token": access_token}
    try:
        checked = CodeIDToken(claims, header, options, params)  # type: ignore[no-untyped-call,unused-ignore]
        checked.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError) as error:
        raise TokenNotTrusted(_reason(error)) from error
    if not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255:  # noqa: PLR2004  (OIDC Core, 2: at most 255)
        raise TokenNotTrusted("sub")
    return claims


def _signed(token: str, discovery: Discovery) -> tuple[dict[str, Any], dict[str, Any]]:
    from joserfc import jwt  # noqa: PLC0415
    from joserfc.errors import InvalidKeyIdError, JoseError  # noqa: PLC0415

    algorithms = discovery.provider().algorithms
    try:
        try:
            found = jwt.decode(token, discovery.keys(), algorithms=algorithms)
        except InvalidKeyIdError:  # the provider changed its keys
            found = jwt.decode(token, discovery.keys(again=True), algorithms=algorithms)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise TokenNotTrusted(_reason(error)) from error
    return dict(found.header), dict(found.claims)


def _reason(error: Exception) -> str:
    """The kind of fault, and the claim; never what the token said."""
    claim = getattr(error, "claim", "")
    return f"{type(error).__name__}{f' ({claim})' if isinstance(claim, str) and claim else ''}"


def claim_at(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, else by the way through objects that its dots say; None where there is none."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def texts(value: Any) -> frozenset[str]:
    """The texts of a claim that is one, or a list of them."""
    listed = value if isinstance(value, list) else [value]
    return frozenset(one for one in listed if isinstance(one, str))
