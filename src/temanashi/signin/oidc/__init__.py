"""Sign-in with accounts of an OpenID Connect provider: authorization code flow with PKCE, state and nonce."""

from temanashi.signin.oidc.provider import Begun, Finished, Oidc

__all__ = ["Begun", "Finished", "Oidc"]
