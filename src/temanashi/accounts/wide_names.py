"""Names in directories that are no hosts: people sign in there as `taro.yamada` or by mail address, and groups are called 営業 部.

Linux stays with its own, narrower form (`names.py`); every kind of directory checks again what it takes.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from temanashi.accounts.faults import BadAccountValue
from temanashi.text.local import phrase

__all__ = ["EMPLOYEE", "LOGIN", "AnyGroup", "AnyLogin", "Employee", "check_employee", "check_group", "check_login"]

LOGIN = r"[A-Za-z0-9_](?:[A-Za-z0-9_.@+-]{0,98}[A-Za-z0-9_-])?"
EMPLOYEE = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,38}[A-Za-z0-9])?"
LONGEST_GROUP = 100
PUNCTUATION = frozenset(" _-.&'()@+/・（）")
"""Nothing that a filter, a distinguished name or a shell reads as its own, except what is escaped everywhere."""


def check_login(text: str) -> str:
    """A login in any directory; raises BadAccountValue."""
    if not re.fullmatch(LOGIN, text, re.ASCII):
        raise BadAccountValue(text, phrase("accounts.login-form"))
    return text


def check_employee(text: str) -> str:
    """An employee number; raises BadAccountValue."""
    if not re.fullmatch(EMPLOYEE, text, re.ASCII):
        raise BadAccountValue(text, phrase("accounts.employee-form"))
    return text


def check_group(text: str) -> str:
    """The name of a group in any directory, in any script; raises BadAccountValue."""
    if not 1 <= len(text) <= LONGEST_GROUP or text != text.strip() or text[0] in "-.@+/" or not all(map(_fits, text)):
        raise BadAccountValue(text, phrase("accounts.group-form", most=LONGEST_GROUP))
    return text


def _fits(char: str) -> bool:
    return char in PUNCTUATION or unicodedata.category(char)[0] in "LMN"


def _login_field(text: str) -> str:
    try:
        return check_login(text)
    except BadAccountValue as error:
        raise ValueError(error.data["problem"]) from error


def _employee_field(text: str) -> str:
    try:
        return check_employee(text)
    except BadAccountValue as error:
        raise ValueError(error.data["problem"]) from error


def _group_field(text: str) -> str:
    try:
        return check_group(text)
    except BadAccountValue as error:
        raise ValueError(error.data["problem"]) from error


AnyLogin = Annotated[str, AfterValidator(_login_field), WithJsonSchema({"type": "string", "pattern": f"^{LOGIN}$"})]
"""A login of any directory."""

AnyGroup = Annotated[
    str,
    AfterValidator(_group_field),
    WithJsonSchema({"type": "string", "pattern": r"^[^\s.@+/-]([^\x00-\x1f]*[^\s])?$", "maxLength": LONGEST_GROUP}),
]
"""The name of a group of any directory."""

Employee = Annotated[str, AfterValidator(_employee_field), WithJsonSchema({"type": "string", "pattern": f"^{EMPLOYEE}$"})]
"""An employee number."""
