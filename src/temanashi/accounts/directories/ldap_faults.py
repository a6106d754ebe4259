"""What an LDAP directory answers that is neither an account nor a change: each with words of its own."""

from __future__ import annotations

from temanashi.errors import TargetError

__all__ = [
    "LdapAuthority",
    "LdapBadCredentials",
    "LdapCertificate",
    "LdapDisabled",
    "LdapEmptyBind",
    "LdapExpired",
    "LdapLocked",
    "LdapMustChange",
    "LdapNotInstalled",
    "LdapRefused",
    "LdapUnreachable",
]


class _Ldap(TargetError):
    def __init__(self, where: str, url: str, detail: str = "") -> None:
        super().__init__(where=where, url=url, detail=detail[:300] or "-")


class LdapUnreachable(_Ldap):
    """It does not answer, or stops answering."""

    key = "accounts.ldap-unreachable"


class LdapCertificate(_Ldap):
    """Its certificate is of no authority that we trust, or of another name: no password was sent."""

    key = "accounts.ldap-certificate"


class LdapAuthority(_Ldap):
    """The file of the certificate authority cannot be read; nothing was sent."""

    key = "accounts.ldap-authority"


class LdapNotInstalled(_Ldap):
    """The library for LDAP is not installed here; nothing was sent."""

    key = "accounts.ldap-not-installed"


class LdapRefused(_Ldap):
    """It refuses what we ask, for a reason that has no words of its own here."""

    key = "accounts.ldap-refused"


class LdapBadCredentials(_Ldap):
    """It does not take the name and password of `bind_dn`."""

    key = "accounts.ldap-bad-credentials"


class LdapExpired(_Ldap):
    """The account of `bind_dn`, or its password, has expired."""

    key = "accounts.ldap-expired"


class LdapMustChange(_Ldap):
    """The password of `bind_dn` has to be changed first."""

    key = "accounts.ldap-must-change"


class LdapLocked(_Ldap):
    """The account of `bind_dn` is locked."""

    key = "accounts.ldap-locked"


class LdapDisabled(_Ldap):
    """The account of `bind_dn` is switched off."""

    key = "accounts.ldap-disabled"


class LdapEmptyBind(_Ldap):
    """The password is empty, or nothing that is seen: it would be an anonymous bind, which succeeds, so that it is never sent."""

    key = "accounts.ldap-empty-bind"
