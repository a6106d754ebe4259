"""What directories say when a bind or a change fails, as faults of ours.

OpenLDAP: the response control of draft-behera-ldap-password-policy-10, section 6. Active Directory: the code after `data` in
the message of result 49, a Windows system error in hexadecimal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from temanashi.accounts.directories.ldap_faults import (
    LdapBadCredentials,
    LdapDisabled,
    LdapExpired,
    LdapLocked,
    LdapMustChange,
    LdapRefused,
)

__all__ = ["PPOLICY", "assertion_control", "bind_fault", "ppolicy_control", "ppolicy_error", "windows_code"]

PPOLICY = "1.3.6.1.4.1.42.2.27.8.5.1"
ASSERTION = "1.3.6.1.1.12"

Fault = type[LdapBadCredentials | LdapDisabled | LdapExpired | LdapLocked | LdapMustChange | LdapRefused]
WINDOWS: dict[str, Fault] = {
    "525": LdapBadCredentials,  # no such user
    "52e": LdapBadCredentials,
    "530": LdapDisabled,  # not at this hour
    "531": LdapDisabled,  # not from this machine
    "532": LdapExpired,  # the password
    "533": LdapDisabled,
    "701": LdapExpired,  # the account
    "773": LdapMustChange,
    "775": LdapLocked,
}
POLICY: dict[int, Fault] = {0: LdapExpired, 1: LdapLocked, 2: LdapMustChange}
DATA = re.compile(r"\bdata ([0-9a-f]{1,8})\b", re.IGNORECASE)


def ppolicy_control() -> tuple[str, bool, None]:
    """Asks why a bind is refused, and whether the password has to be changed."""
    return (PPOLICY, False, None)


def assertion_control(asked: str) -> tuple[str, bool, bytes]:
    """Only if the entry still matches a filter (RFC 4528)."""
    from ldap3.operation.search import compile_filter, parse_filter  # noqa: PLC0415
    from pyasn1.codec.ber.encoder import encode  # noqa: PLC0415

    parsed = parse_filter(asked, None, auto_escape=False, auto_encode=False, validator=None, check_names=False)  # type: ignore[no-untyped-call]
    return (ASSERTION, True, bytes(encode(compile_filter(parsed.elements[0]))))  # type: ignore[no-untyped-call]


def windows_code(message: str) -> str:
    """The code of Active Directory in a message, `775`; empty where there is none."""
    found = DATA.search(message)
    return found[1].lower().lstrip("0") if found else ""


def ppolicy_error(result: Mapping[str, Any]) -> int | None:
    """The error of the password policy in a response, or None."""
    control = (result.get("controls") or {}).get(PPOLICY)
    value = (control or {}).get("value")
    raw = value if isinstance(value, bytes) else b""
    # SEQUENCE { warning [0] CHOICE OPTIONAL, error [1] ENUMERATED OPTIONAL }: the error is the last element.
    return raw[-1] if len(raw) >= 5 and raw[0] == 0x30 and raw[-3:-1] == b"\x81\x01" else None  # noqa: PLR2004


def bind_fault(result: Mapping[str, Any]) -> Fault | None:
    """What a bind was refused for; None where it was not, and the account may go on to ask."""
    error = ppolicy_error(result)
    said = str(result.get("description", ""))
    if error in POLICY and (said != "success" or error == 2):  # noqa: PLR2004  (must change: bound, and nothing else is let)
        return POLICY[error]
    if said == "success":
        return None
    if said in {"invalidCredentials", "inappropriateAuthentication", "noSuchObject"}:
        return WINDOWS.get(windows_code(str(result.get("message", ""))), LdapBadCredentials)
    return LdapRefused
