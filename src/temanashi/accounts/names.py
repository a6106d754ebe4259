"""What an account may be called: allow-lists that hold before anything is asked of a host.

Debian's useradd itself takes `a;id`, `$(id)` and `../x`; a name of ours is a small word of ASCII, everywhere.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from temanashi.accounts.faults import BadAccountValue
from temanashi.text.local import Phrase, phrase

__all__ = [
    "HOME",
    "NAME",
    "DisplayName",
    "GroupName",
    "check_display_name",
    "check_home",
    "check_key",
    "check_last_day",
    "check_name",
    "check_shell",
    "check_uid",
    "fingerprint",
    "fingerprint_of",
]

NAME = r"[a-z_][a-z0-9_-]{0,31}"
"""Logins and groups."""

HOME = r"(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+"
"""Folders of accounts."""

FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}", re.ASCII)
UIDS = (1, 65533)
LONGEST_DISPLAY_NAME = 80
SHELL = re.compile(r"(/[A-Za-z0-9_+-][A-Za-z0-9_.+-]*)+", re.ASCII)
KEY_TYPES = frozenset(
    {
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    }
)
LAST_DAYS = (date(1990, 1, 1), date(2199, 12, 31))
STEERING = frozenset("\u2028\u2029\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Characters that end a line or turn the direction of what is read: a name must not look like another one."""


def check_name(text: str) -> str:
    """A login or the name of a group; raises BadAccountValue."""
    if not re.fullmatch(NAME, text, re.ASCII):
        raise BadAccountValue(text, phrase("accounts.name-form"))
    return text


def check_display_name(text: str) -> str:
    """A name as people write it, in any script; it is one line without a colon. Raises BadAccountValue."""
    problem = _display_problem(text)
    if problem is not None:
        raise BadAccountValue(text, problem)
    return text


def _display_problem(text: str) -> Phrase | None:
    if not text.strip() or len(text) > LONGEST_DISPLAY_NAME:
        return phrase("accounts.display-length", most=LONGEST_DISPLAY_NAME)
    if ":" in text:
        return phrase("accounts.display-colon")
    if any(c in STEERING or unicodedata.category(c) in {"Cc", "Cs", "Cn", "Zl", "Zp"} for c in text):
        return phrase("accounts.display-control")
    return None


def check_shell(text: str) -> str:
    """The path of a login shell; raises BadAccountValue."""
    if not SHELL.fullmatch(text) or len(text) > 200:  # noqa: PLR2004  (no path of a shell is longer)
        raise BadAccountValue(text, phrase("accounts.shell-form"))
    return text


def check_home(text: str) -> str:
    """The path of an account's folder; raises BadAccountValue."""
    if not re.fullmatch(HOME, text, re.ASCII) or len(text) > 200:  # noqa: PLR2004  (as useradd has it)
        raise BadAccountValue(text, phrase("accounts.home-form"))
    return text


def check_uid(text: str) -> int:
    """The number of an account; raises BadAccountValue. Which of them are the system's, each host says by itself."""
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text, re.ASCII) or not UIDS[0] <= int(text) <= UIDS[1]:
        raise BadAccountValue(text, phrase("accounts.uid-form"))
    return int(text)


def check_key(line: str) -> str:
    """A public key as OpenSSH writes it, `TYPE BASE64 [COMMENT]`, without options; raises BadAccountValue."""
    problem = phrase("accounts.key-form", types=sorted(KEY_TYPES))
    kind, _, rest = line.strip().partition(" ")
    blob, _, comment = rest.strip().partition(" ")
    try:
        raw = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        raise BadAccountValue(line, problem) from None
    # RFC 4253, section 6.6: the key itself begins with its type.
    if kind not in KEY_TYPES or not raw.startswith(len(kind).to_bytes(4, "big") + kind.encode()):
        raise BadAccountValue(line, problem)
    if comment and (not comment.isprintable() or len(comment) > 100):  # noqa: PLR2004
        raise BadAccountValue(line, problem)
    return " ".join(part for part in (kind, blob, comment.strip()) if part)


def fingerprint(blob: str) -> str:
    """The SHA-256 fingerprint of a key's base64, as `ssh-keygen -l` prints it."""
    import hashlib  # noqa: PLC0415  (only readers of keys need it)

    try:
        raw = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        raw = blob.encode()
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")


def fingerprint_of(text: str) -> str:
    """The fingerprint of a public key's line, or the text itself where it is a fingerprint; raises BadAccountValue."""
    if FINGERPRINT.fullmatch(text.strip()):
        return text.strip()
    return fingerprint(check_key(text).split(" ")[1])


def check_last_day(text: str) -> date:
    """The last day of an account, `2027-03-31`; raises BadAccountValue."""
    try:
        found = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
    except ValueError:
        found = None
    if found is None or not LAST_DAYS[0] <= found <= LAST_DAYS[1]:
        raise BadAccountValue(text, phrase("accounts.day-form"))
    return found


def _field(text: str) -> str:
    try:
        return check_name(text)
    except BadAccountValue as error:
        raise ValueError(error.data["problem"]) from error


def _display_field(text: str) -> str:
    try:
        return check_display_name(text)
    except BadAccountValue as error:
        raise ValueError(error.data["problem"]) from error


GroupName = Annotated[str, AfterValidator(_field), WithJsonSchema({"type": "string", "pattern": f"^{NAME}$"})]
"""The name of a group or a login in a file."""

DisplayName = Annotated[str, AfterValidator(_display_field)]
