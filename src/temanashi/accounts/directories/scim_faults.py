"""What goes wrong between us and a service that speaks SCIM: a sentence of its own for each, never with the token.

Those under AccountRefused say that nothing was done by that request; after the others that is not known.
"""

from __future__ import annotations

from temanashi.accounts.faults import AccountRefused
from temanashi.errors import TargetError
from temanashi.redaction import one_line

__all__ = [
    "ScimBroken",
    "ScimBusy",
    "ScimCertificate",
    "ScimDenied",
    "ScimForbidden",
    "ScimIgnored",
    "ScimNoCaFile",
    "ScimNonsense",
    "ScimNotFound",
    "ScimRedirect",
    "ScimRefused",
    "ScimSilent",
    "ScimTaken",
    "ScimTokenForm",
    "ScimTooLarge",
    "ScimUnreachable",
]

LONGEST = 200


def _said(detail: str) -> str:
    line = one_line(detail.encode("utf-8", "replace").decode().strip())
    return line[:LONGEST] or "-"


class ScimRefused(AccountRefused):
    """The service said no (400 and what has no sentence of its own); nothing was done."""

    key = "accounts.scim-refused"

    def __init__(self, where: str, detail: str, *, status: int = 0) -> None:
        TargetError.__init__(self, where=where, detail=_said(detail), status=status)


class ScimTokenForm(ScimRefused):
    """What the reference (`detail`) leads to cannot be sent as a token: it has spaces, line ends or other characters."""

    key = "accounts.scim-token-form"


class ScimNoCaFile(ScimRefused):
    """The file with trusted certificates (`detail`) is not there."""

    key = "accounts.scim-no-ca-file"


class ScimDenied(ScimRefused):
    """401: the token is wrong, or its time is over."""

    key = "accounts.scim-denied"


class ScimForbidden(ScimRefused):
    """403: the token is good, and its rights are not enough."""

    key = "accounts.scim-forbidden"


class ScimNotFound(ScimRefused):
    """404: a wrong address, or the account or group is gone."""

    key = "accounts.scim-not-found"


class ScimTaken(ScimRefused):
    """409: the name is taken, perhaps by an account that the token may not see."""

    key = "accounts.scim-taken"


class ScimTooLarge(ScimRefused):
    """413: the service does not take a request of this size."""

    key = "accounts.scim-too-large"


class ScimBusy(ScimRefused):
    """429, also after waiting as long as was asked for."""

    key = "accounts.scim-busy"


class ScimRedirect(ScimRefused):
    """The service points elsewhere; the token goes to nobody else."""

    key = "accounts.scim-redirect"


class ScimCertificate(ScimRefused):
    """The certificate is not one to trust; the token was not sent."""

    key = "accounts.scim-certificate"


class ScimUnreachable(ScimRefused):
    """Nobody answers at the address; nothing was sent."""

    key = "accounts.scim-unreachable"


class ScimIgnored(ScimRefused):
    """The service said yes and the account is not as asked."""

    key = "accounts.scim-ignored"


class _Unknown(TargetError):
    def __init__(self, where: str, detail: str, *, status: int = 0) -> None:
        super().__init__(where=where, detail=_said(detail), status=status)


class ScimSilent(_Unknown):
    """No answer in time, or the connection ended first."""

    key = "accounts.scim-silent"


class ScimBroken(_Unknown):
    """5xx: the service itself is in trouble."""

    key = "accounts.scim-broken"


class ScimNonsense(_Unknown):
    """An answer that is no JSON object, as a page of a proxy or of a sign-in is."""

    key = "accounts.scim-nonsense"
