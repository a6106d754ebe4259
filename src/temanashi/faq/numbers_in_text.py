"""Numbers that point to a person: card numbers, Japanese phone numbers, the individual number (マイナンバー).

Texts come with full-width characters narrowed. Each finder yields (start, end).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["card_numbers", "my_numbers", "phone_numbers"]

_DASH = "\\-\u2010-\u2015\u2212\u30fc\uff70"
"""People type every kind of dash, and the long vowel mark, between the parts of a number."""

_RUN = re.compile(rf"(?<![0-9A-Za-z_.])[0-9](?:[ {_DASH}]?[0-9]){{11,22}}(?![0-9A-Za-z_])")
_NOT_DIGIT = re.compile(r"[^0-9]")
# Issuers and their lengths: ISO/IEC 7812 ranges of Visa, Mastercard, Amex, JCB, Diners, Discover, UnionPay.
_ISSUER = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12}|62\d{14,17}"
)

_CUE = re.compile(r"(?:マイナンバー|ﾏｲﾅﾝﾊﾞｰ|個人番号|my ?number)[^0-9\n]{0,10}$", re.IGNORECASE)
_TWELVE = re.compile(
    rf"(?<![0-9A-Za-z_.{_DASH}#])(?<![0-9] )[0-9]{{4}}([ {_DASH}]?)[0-9]{{4}}\1[0-9]{{4}}(?![0-9A-Za-z_{_DASH}])(?! [0-9])"
)
_DATED = re.compile(r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
"""A day at the beginning: 202611210001 is the first ticket of a day."""

_BEFORE = r"(?<![0-9A-Za-z_.#/+\-])"
_AFTER = r"(?![0-9A-Za-z_]|[.\-/][0-9])"
_PHONES = tuple(
    re.compile(pattern)
    for pattern in (
        # +81 90-1234-5678, +81(0)3 1234 5678
        rf"(?<![0-9A-Za-z+])\+81[ {_DASH}]?(?:\(0\)|0)?[ {_DASH}]?[1-9](?:[ {_DASH}]?[0-9]){{8,9}}{_AFTER}",
        # 090-1234-5678, 03-1234-5678, 0120 123 456, 03ー1234ー5678
        rf"{_BEFORE}\(?0[0-9]{{1,4}}\)?[ {_DASH}][0-9]{{1,4}}[ {_DASH}][0-9]{{3,4}}{_AFTER}",
        # (03)1234-5678, 03(1234)5678
        rf"{_BEFORE}(?:\(0[0-9]{{1,4}}\) ?[0-9]{{1,4}}[ {_DASH}]?|0[0-9]{{1,4}} ?\([0-9]{{1,4}}\) ?)[0-9]{{4}}{_AFTER}",
        # 09012345678
        rf"{_BEFORE}0[5-9]0[0-9]{{8}}{_AFTER}",
    )
)
_BARE_FIXED = re.compile(
    r"((?:電話|でんわ|TEL|ＴＥＬ|phone|call|連絡先|携帯)[^0-9\n]{0,12})(0[1-9][0-9]{8})(?![0-9A-Za-z_])", re.IGNORECASE
)
"""Ten digits alone are a ticket as often as a fixed line: only where the text says that one can call there."""


def card_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Numbers of an issuer's length and beginning that have the right check digit (Luhn, ISO/IEC 7812-1)."""
    for found in _RUN.finditer(text):
        digits = _NOT_DIGIT.sub("", found[0])
        if _ISSUER.fullmatch(digits) and _luhn(digits):
            yield found.span()


def my_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Twelve digits with the right check digit, and any twelve that the text calls an individual number."""
    for found in _TWELVE.finditer(text):
        digits = _NOT_DIGIT.sub("", found[0])
        called = _CUE.search(text[max(0, found.start() - 24) : found.start()])
        if called or (len(set(digits)) > 1 and _checked(digits) and not _DATED.match(digits)):
            yield found.span()


def phone_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Phone numbers of Japan as people write them: fixed, mobile, IP, free of charge; with +81 and without."""
    for pattern in _PHONES:
        for found in pattern.finditer(text):
            digits = _NOT_DIGIT.sub("", found[0])
            if found[0].startswith("+") or len(digits) == (11 if re.match("0[5-9]0", digits) else 10):
                yield found.span()
    for found in _BARE_FIXED.finditer(text):
        yield found.span(2)


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    return (sum(int(digit) for digit in digits[-1::-2]) + sum(each - 9 if each > 9 else each for each in doubled)) % 10 == 0  # noqa: PLR2004


def _checked(digits: str) -> bool:
    """The check digit of the individual number (Ordinance 85 of the Ministry of Internal Affairs, 2014, article 5)."""
    weights = (2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6)
    rest = sum(weight * int(digit) for weight, digit in zip(weights, reversed(digits[:11]), strict=True)) % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)
