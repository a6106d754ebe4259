"""Passwords, tokens and keys that somebody typed into a question. Texts come with full-width characters narrowed.

Each finder yields (start, end) of the secret alone: the word before it stays, so that the question can still be understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["keys", "passwords", "tokens"]

_WORD = (
    r"(?:(?:ワンタイム|仮|新しい|初期|旧)?(?:パスワード|ぱすわーど|ﾊﾟｽﾜｰﾄﾞ|パスコード|パスフレーズ|暗証番号|認証コード|確認コード|合言葉)"
    r"|(?<![A-Za-z])(?:pass ?words?|passwd|passwort|pass ?code|pass ?phrase|pass|pwd|pw|pin(?:コード| ?code)?)(?![A-Za-z]))"
)
_ABOUT = r"(?:\s?\([^()\n]{0,20}\))?"
_TYPED = r"[!-~]{1,128}"
"""Characters that a keyboard has; a password in kana is seen in quotes only."""

_STRONG = re.compile(rf"{_WORD}{_ABOUT}\s{{0,3}}(?:[:=→⇒]|->|=>)\s{{0,3}}[\"'「『【]?({_TYPED})", re.IGNORECASE)
_WEAK = re.compile(
    rf"{_WORD}{_ABOUT}[ \t]{{0,3}}(?:は|が|を|に|\bis\b|\bwas\b|\bto\b|,|、)?[ \t]{{0,3}}[\"'「『【]?(?![:;<=>→⇒])({_TYPED})",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    rf"{_WORD}{_ABOUT}\s{{0,3}}(?:は|が|を|:|=|is|was)\s{{0,3}}[「『\"']([^\s「」『』\"'\n]{{4,40}})[」』\"']", re.IGNORECASE
)
_SAID = re.compile(
    rf"{_WORD}{_ABOUT}[ \t]{{0,3}}(?:は|を|に)[ \t]{{0,3}}([!-~]{{4,64}})[ \t]?(?:です|でした|に(?:変更|設定|し)|にして)",
    re.IGNORECASE,
)
_AFTER_ID = re.compile(
    r"(?:ID|ログイン|ユーザー?名?|account)\s?[/・]\s?(?:PW|PASS|パスワード)\s?[:=]?\s?[!-~]{1,64}\s?[/・]\s?([!-~]{3,128})",
    re.IGNORECASE,
)
_TRAILING = re.compile(r"[\"').,;:!?\]}>]+$")

_BEARER = re.compile(r"(?<![A-Za-z])(?:Bearer|Basic)[ \t]{1,3}([A-Za-z0-9._~+/=\-]{8,4096})", re.IGNORECASE)
_NAMED = re.compile(
    r"(?:(?<![A-Za-z])(?:[a-z0-9]{1,20}[_\-]){0,4}"
    r"(?:token|secret|api[ _\-]?key|access[ _\-]?key|client[ _\-]?secret)(?:[_\-](?:id|key))?"
    r"|トークン|シークレット|APIキー|アクセスキー)\s{0,3}(?:[:=]|は|is)\s{0,3}[\"'「]?([A-Za-z0-9._~+/=\-]{8,512})",
    re.IGNORECASE,
)
_KNOWN = re.compile(
    r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|glpat-[A-Za-z0-9_\-]{16,64}"
    r"|xox[abeoprs]-[A-Za-z0-9\-]{10,255}|sk-[A-Za-z0-9_\-]{20,255}|AIza[A-Za-z0-9_\-]{35}|ya29\.[A-Za-z0-9_\-]{20,512}"
    r"|npm_[A-Za-z0-9]{30,64}|pypi-[A-Za-z0-9_\-]{30,255}|tema_[A-Za-z0-9_\-]{20,64}"
    r"|eyJ[A-Za-z0-9_\-]{8,4096}\.[A-Za-z0-9_\-]{4,8192}\.?[A-Za-z0-9_\-]{0,4096})"
)
_IN_URL = re.compile(r"://[^\s/:@]{1,64}:([^\s/@●]{1,128})@")

_PRIVATE = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PRIVATE_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_AWS_ID = re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])")
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=_.\-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_.\-])")


def passwords(text: str) -> Iterator[tuple[int, int]]:
    """What stands after a word for a password, where it looks like one and not like the next word of the sentence."""
    for found in _STRONG.finditer(text):
        if len(_bare(found[1])) >= 3 and not _plain(found[1], strong=True):  # noqa: PLR2004
            yield _inner(found)
    for found in _WEAK.finditer(text):
        if len(_bare(found[1])) >= 4 and not _plain(found[1], strong=False):  # noqa: PLR2004
            yield _inner(found)
    for found in _QUOTED.finditer(text):
        if sum(each.isdigit() for each in found[1]) >= 2:  # noqa: PLR2004
            yield found.span(1)
    yield from (found.span(1) for found in _SAID.finditer(text))
    yield from (_inner(found) for found in _AFTER_ID.finditer(text))


def tokens(text: str) -> Iterator[tuple[int, int]]:
    """Tokens of services: after `Bearer` or a name that says so, by their known beginnings, and passwords in addresses."""
    for found in _BEARER.finditer(text):
        if _mixed(found[1]):
            yield found.span(1)
    for found in _NAMED.finditer(text):
        if _mixed(found[1]):
            yield found.span(1)
    yield from (found.span() for found in _KNOWN.finditer(text))
    yield from (found.span(1) for found in _IN_URL.finditer(text))


def keys(text: str) -> Iterator[tuple[int, int]]:
    """Private keys, whole or cut off, and access keys of a cloud."""
    at = 0
    while found := _PRIVATE.search(text, at):
        end = _PRIVATE_END.search(text, found.end())
        at = end.end() if end else len(text)
        yield found.start(), at
    yield from (found.span() for found in _AWS_ID.finditer(text))
    for found in _AWS_SECRET.finditer(text):
        kinds = (str.isupper, str.islower, str.isdigit)
        if all(any(kind(each) for each in found[0]) for kind in kinds) and found[0].count("/") <= 4:  # noqa: PLR2004
            yield found.span()


# What follows a colon in a sentence about passwords without being one.
_TALK = re.compile(
    r"(?:reset|forgotten|forgot|changed?|expired?|wrong|incorrect|invalid|locked?|required|unknown|none|n/a|yes|no|not|the|my|same|"
    r"please|help|error|failed|policy|manager|outlook|windows|teams|zoom|vpn|wi-?fi|mail|login|how|what|why|where|cannot|can't|"
    r"8文字以上|https?://.*)",
    re.IGNORECASE,
)


def _plain(word: str, *, strong: bool) -> bool:
    """Whether this is a word of the sentence: after a colon one that people write there, else any without digit or sign."""
    bare = _bare(word)
    if _TALK.fullmatch(bare):
        return True
    if strong:
        return False
    has_digit = any(each.isdigit() for each in bare)
    if bare.isdigit():
        return len(bare) < 4 or len(bare) > 12  # noqa: PLR2004
    letters = re.sub(r"[^A-Za-z]", "", bare)
    # Microsoft 365 and OK/NG are words; hunter2, P@ssword and aX9 are not.
    sign = any(each in "!@#$%^&*_+=~|\\?<>" for each in word.rstrip("?!"))
    return not (letters and (has_digit or sign)) or _code(bare)


def _code(word: str) -> bool:
    """An error code, a version or a product with its number, as people quote them beside the word password."""
    return bool(
        re.fullmatch(r"(?:0x[0-9A-Fa-f]+|[A-Z]{2,5}-?[0-9]{2,5}|v?[0-9]+(?:\.[0-9]+)+|(?:Windows|Office|iOS|M)[0-9]+)", word)
    )


def _mixed(word: str) -> bool:
    return any(each.isdigit() for each in word) and any(each.isalpha() for each in word)


def _bare(word: str) -> str:
    return _TRAILING.sub("", word)


def _inner(found: re.Match[str]) -> tuple[int, int]:
    """The secret with the signs at its end that may be part of it, but not a bracket or quotation mark that closes a sentence."""
    start, end = found.span(1)
    while end > start + 1 and found.string[end - 1] in "\"')]}>,;":
        end -= 1
    return start, end
