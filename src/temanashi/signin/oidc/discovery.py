"""What the provider says of itself (OpenID Connect Discovery 1.0) and its keys, asked for when they are needed and kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from temanashi.clock import Clock
from temanashi.signin.directory_faults import DirectoryMisset
from temanashi.signin.oidc.asking import ask, checked_address

if TYPE_CHECKING:
    from joserfc.jwk import KeySet
    from requests import Session

__all__ = ["ALGORITHMS", "Discovery", "Provider"]

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Signatures that only the provider can make: neither `none`, nor those with a secret that we hold too."""

KEPT_SECONDS = 3600.0
KEYS_AGAIN_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Where the provider is asked for what. `end_session` and `userinfo` may be empty."""

    issuer: str
    authorize: str
    token: str
    keys: str
    userinfo: str
    end_session: str
    algorithms: tuple[str, ...]
    post_secret: bool


class Discovery:
    """The provider's document and keys, kept for an hour; keys are asked for again when one is missing."""

    def __init__(self, issuer: str, *, session: Callable[[], Session], clock: Clock) -> None:
        self._issuer, self._session, self._clock = issuer, session, clock
        self._lock = threading.Lock()
        self._provider: tuple[float, Provider] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def provider(self) -> Provider:
        """Raises DirectoryDown and DirectoryMisset."""
        with self._lock:
            if self._provider is None or self._clock.monotonic() - self._provider[0] > KEPT_SECONDS:
                self._provider = (self._clock.monotonic(), self._asked())
            return self._provider[1]

    def _asked(self) -> Provider:
        issuer = self._issuer
        with self._session() as session:
            document = ask(session, issuer.rstrip("/") + "/.well-known/openid-configuration", issuer=issuer)
        if document.get("issuer") != issuer:
            raise DirectoryMisset(issuer, f"issuer: {str(document.get('issuer'))[:200]}")
        offered = document.get("id_token_signing_alg_values_supported", ["RS256"])
        algorithms = tuple(sorted(ALGORITHMS & {str(one) for one in offered})) if isinstance(offered, list) else ()
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if not algorithms:
            raise DirectoryMisset(issuer, "id_token_signing_alg_values_supported")

        def optional(name: str) -> str:
            return checked_address(document, name, issuer=issuer) if document.get(name) else ""

        return Provider(
            issuer=issuer,
            authorize=checked_address(document, "authorization_endpoint", issuer=issuer),
            token=checked_address(document, "token_endpoint", issuer=issuer),
            keys=checked_address(document, "jwks_uri", issuer=issuer),
            userinfo=optional("userinfo_endpoint"),
            end_session=optional("end_session_endpoint"),
            algorithms=algorithms,
            post_secret=isinstance(methods, list) and "client_secret_basic" not in methods,
        )

    def keys(self, *, again: bool = False) -> KeySet:
        """The provider's public keys; `again`: asked for anew, where they are not quite fresh. Raises DirectoryDown and -Misset."""
        from joserfc.errors import JoseError  # noqa: PLC0415  (the extra `oidc` brings it)
        from joserfc.jwk import KeySet  # noqa: PLC0415

        address = self.provider().keys
        with self._lock:
            age = self._clock.monotonic() - self._keys[0] if self._keys is not None else None
            if self._keys is None or age is None or age > (KEYS_AGAIN_SECONDS if again else KEPT_SECONDS):
                with self._session() as session:
                    found: Any = ask(session, address, issuer=self._issuer)
                try:
                    self._keys = (self._clock.monotonic(), KeySet.import_key_set(found))
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    raise DirectoryMisset(self._issuer, "jwks_uri") from error
            return self._keys[1]
