"""The way to the provider and back: an address to go to, and from what comes back whom the provider vouches for."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from temanashi.clock import Clock
from temanashi.secrets import resolve
from temanashi.settings_directories import OidcSettings
from temanashi.signin.admission import Vouched
from temanashi.signin.directory_faults import (
    BadOutsideName,
    BadTicket,
    DirectoryDown,
    DirectoryMisset,
    DirectoryRefused,
    MissingExtra,
    TokenNotTrusted,
)
from temanashi.signin.oidc.asking import ask
from temanashi.signin.oidc.discovery import Discovery
from temanashi.signin.oidc.tickets import Ticket, Tickets
from temanashi.signin.oidc.tokens import claim_at, proven_claims, texts

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

__all__ = ["Begun", "Finished", "Oidc"]

OURS = frozenset({"invalid_client", "unauthorized_client", "invalid_request", "unsupported_grant_type", "invalid_scope"})
"""What providers answer where the settings are wrong, not the person (RFC 6749, 5.2)."""


@dataclass(frozen=True)
class Begun:
    """Where the browser goes, and what it keeps meanwhile."""

    address: str
    ticket: str


@dataclass(frozen=True)
class Finished:
    """Who came back, where they wanted to go, and what the provider wants to hear when they sign out."""

    who: Vouched
    following: str
    hint: str


class Oidc:
    """One provider. `back` is our address for its answers. Safe to share between threads; raises MissingExtra."""

    def __init__(
        self, settings: OidcSettings, *, back: str, root: Path, clock: Clock, secret: Callable[[str], str] = resolve
    ) -> None:
        if find_spec("authlib") is None or find_spec("requests") is None:
            raise MissingExtra("oidc")
        self.settings = settings
        self._back, self._clock, self._secret = back, clock, secret
        self._ca: str | bool = str(root / settings.ca) if settings.ca else True
        self._tickets = Tickets(clock)
        self._discovery = Discovery(settings.issuer, session=self._session, clock=clock)

    def _session(self, *, secret: str | None = None, method: str | None = None) -> OAuth2Session:
        from authlib.integrations.requests_client import OAuth2Session  # noqa: PLC0415  (the extra `oidc` brings it)

        session = OAuth2Session(
            self.settings.client_id,
            secret,
            token_endpoint_auth_method=method,
            scope=" ".join(self.settings.scopes),
            redirect_uri=self._back,
            code_challenge_method="S256",
            default_timeout=self.settings.timeout,
        )
        session.verify = self._ca
        return session

    def begin(self, following: str) -> Begun:
        """The first way; `following` is an address of ours for afterwards. Raises DirectoryDown and DirectoryMisset."""
        ticket, provider = Ticket.new(following), self._discovery.provider()
        with self._session() as session:
            address, _ = session.create_authorization_url(
                provider.authorize, state=ticket.state, code_verifier=ticket.verifier, nonce=ticket.nonce
            )
        return Begun(str(address), self._tickets.seal(ticket))

    def finish(self, answer: Mapping[str, str], sealed: str) -> Finished:
        """The way back: the query of the provider's answer, and what the browser kept.

        Raises BadTicket, DirectoryRefused, TokenNotTrusted, DirectoryDown, DirectoryMisset and SecretMissing.
        """
        ticket = self._tickets.take(sealed, answer.get("state", ""))
        issuer = self.settings.issuer
        # Another provider's answer, slipped in (RFC 9207).
        if "iss" in answer and not hmac.compare_digest(answer["iss"].encode(), issuer.encode()):
            raise TokenNotTrusted("iss")
        if answer.get("error"):
            raise DirectoryRefused(_word(answer["error"]))
        if not answer.get("code"):
            raise BadTicket
        token = self._exchanged(answer["code"], ticket)
        access = token.get("access_token")
        claims = proven_claims(
            token.get("id_token"),
            self._discovery,
            client_id=self.settings.client_id,
            nonce=ticket.nonce,
            access_token=access if isinstance(access, str) else "",
            now=self._clock.now(),
        )
        return Finished(self._vouched(self._completed(claims, access)), ticket.following, str(token["id_token"]))

    def _exchanged(self, code: str, ticket: Ticket) -> dict[str, Any]:
        """The tokens for a code, which the provider gives once."""
        import requests  # noqa: PLC0415
        from authlib.common.errors import AuthlibBaseError  # noqa: PLC0415

        settings, provider = self.settings, self._discovery.provider()
        secret = self._secret(settings.client_secret) if settings.client_secret is not None else None
        method = "none" if secret is None else "client_secret_post" if provider.post_secret else "client_secret_basic"
        try:
            with self._session(secret=secret, method=method) as session:
                told: dict[str, Any] = session.fetch_token(
                    provider.token,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=ticket.verifier,
                    redirect_uri=self._back,
                    allow_redirects=False,
                    verify=session.verify,
                )
        except AuthlibBaseError as error:
            word = _word(str(error.error))
            if word in OURS:
                raise DirectoryMisset(settings.issuer, word) from error
            raise DirectoryRefused(word) from error
        except (requests.RequestException, ValueError) as error:
            raise DirectoryDown(settings.issuer, type(error).__name__) from error
        return told

    def _completed(self, claims: dict[str, Any], access: Any) -> dict[str, Any]:
        """With what only the provider's page about the person says, where the token leaves something out that we need."""
        names = (self.settings.username_claim, *([self.settings.groups_claim] if self.settings.roles else []))
        address = self._discovery.provider().userinfo
        if not address or not isinstance(access, str) or all(claim_at(claims, name) is not None for name in names):
            return claims
        with self._session() as session:
            told = ask(session, address, issuer=self.settings.issuer, headers={"Authorization": f"Bearer {access}"})
        if told.get("sub") != claims["sub"]:  # OpenID Connect Core 1.0, 5.3.2
            raise TokenNotTrusted("userinfo")
        return {**told, **claims}

    def _vouched(self, claims: Mapping[str, Any]) -> Vouched:
        settings = self.settings
        username = claim_at(claims, settings.username_claim)
        if not isinstance(username, str) or not username:
            raise DirectoryMisset(settings.issuer, settings.username_claim)
        if settings.domain:
            username, _, domain = username.rpartition("@")
            if not username or domain.lower() != settings.domain.lower():
                raise BadOutsideName(f"{username}@{domain}")
        name = claims.get("name")
        return Vouched(
            way="oidc",
            directory=settings.issuer,
            subject=claims["sub"],
            username=username,
            name=name if isinstance(name, str) else "",
            groups=texts(claim_at(claims, settings.groups_claim)),
        )

    def farewell(self, hint: str, *, back: str) -> str:
        """Where a browser goes to sign out there too (RP-Initiated Logout 1.0); empty where the provider has no such page."""
        try:
            address = self._discovery.provider().end_session
        except (DirectoryDown, DirectoryMisset):
            logging.getLogger("temanashi.signin").warning("the provider was not told of a sign-out")
            return ""
        if not address:
            return ""
        about = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back, "id_token_hint": hint}
        return f"{address}{'&' if '?' in address else '?'}{urlencode(about)}"


def _word(text: str) -> str:
    """An error code of the provider's, as one that can be shown."""
    return "".join(sign for sign in text if sign.isascii() and (sign.isalnum() or sign in "_-."))[:60] or "-"
