"""An inquiry of the past as a file tells it, and what of it may be kept."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from temanashi.faq.masking import mask
from temanashi.faq.searching.folding import language_of
from temanashi.redaction import MASK, visible
from temanashi.text.local import Lang

__all__ = ["Asked", "PastInquiry", "asked_of"]

LONGEST = 400
"""Characters of a body that are looked at: the question stands at the top, logs and disclaimers below."""
LONGEST_PHRASING = 120
LONGEST_ANSWER = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PastInquiry:
    """A row or a mail. `place` is where it stands; `people` are names that must not be kept; `minutes` is None where not told."""

    place: str
    title: str = ""
    body: str = ""
    answer: str = ""
    minutes: float | None = None
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is kept of an inquiry: nothing personal. `phrasing` is how it was asked, `text` what it is compared by."""

    place: str
    lang: Lang
    phrasing: str
    text: str
    answer: str
    minutes: float | None


# Mail programs put what was answered below one of these lines.
_BELOW = re.compile(
    r"^(?:>|-{3,} ?(?:Original Message|Forwarded|転送|元のメッセージ)|_{10,}|-- ?$|差出人:|From: |On .{5,80} wrote:"
    r"|.{4,60}のメール:)",
    re.MULTILINE,
)
_GREETING = re.compile(
    r"^(?:いつも|大変)?(?:お世話になって|お世話様|お疲れ(?:様|さま)|おつかれさま|おはようござい|こんにちは|はじめまして|突然|至急の?ご連絡|ご担当)"
    r"[^。\n]{0,40}(?:。|\n|$)"
    r"|^[^。\n]{0,24}(?:部|課|室|係|支店|グループ|チーム|会社|店)[^。\n]{0,4}の[^。\nがをにはもでい]{1,8}です(?:。|、|\n|$)"
    r"|^[^。\n]{1,16}(?:と申します|でございます)(?:。|\n|$)"
    r"|^[^\n。]{1,20}(?:様|さん|各位|御中|殿)(?:、|\n|$)"
    r"|^(?:hi|hello|dear|good (?:morning|afternoon))\b[^\n.]{0,30}(?:[,.!\n]|$)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:(?:以上、?|どうぞ|何卒|お手数[^。\n]{0,12}|ご?(?:対応|確認|教示)[^。\n]{0,6})\s?){0,4}(?:よろしく|宜しく)[^。\n]{0,20}"
    r"|以上です|(?:many )?thanks\b.{0,40}|thank you\b.{0,40}|(?:best|kind) regards.{0,60}|sincerely.{0,60})[。.!！\s]*$",
    re.IGNORECASE | re.DOTALL,
)
_SUBJECT = re.compile(
    r"^(?:\s*(?:re|fw|fwd|転送|返信)\s*[:：]"
    r"|\s*[\[【(][^\]】)\n]{0,12}(?:依頼|至急|緊急|質問|問い?合わ?せ|相談|urgent|request|#?\d+)[^\]】)\n]{0,12}[\]】)])+",
    re.IGNORECASE,
)
_EMPTY_TITLE = re.compile(
    r"(?:お?問い?合わ?せ|ご?質問|ご?相談|ご?依頼|お願い|教えてください|help|question|request|problem|issue|hi|hello|至急|緊急|無題|件名なし|その他)?"
    r"(?:です|の件|について|があります|事項)?[。!！.?？\s]*",
    re.IGNORECASE,
)


def asked_of(inquiry: PastInquiry) -> Asked | None:
    """What may be kept of an inquiry; None where it asks nothing: empty, or greetings only."""
    title = _SUBJECT.sub("", _plain(inquiry.title)).strip()
    title = "" if _EMPTY_TITLE.fullmatch(title) else title
    body = _question_in(_plain(inquiry.body))
    text = f"{title}\n{body}".strip()
    if not re.search(r"\w", text):
        return None
    phrasing = " ".join((title or _first_sentence(body)).split())
    kept = _without_people(phrasing, inquiry.people)
    if not re.sub(rf"[\W{MASK}]+", "", kept):
        return None
    return Asked(
        place=inquiry.place,
        lang=language_of(text),
        phrasing=kept[:LONGEST_PHRASING].strip(),
        text=_without_people(text, inquiry.people).replace(MASK, " "),
        answer=_without_people(_question_in(_plain(inquiry.answer), longest=LONGEST_ANSWER), inquiry.people),
        minutes=inquiry.minutes,
    )


def _plain(text: str) -> str:
    once = visible(unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    return once.strip()


def _question_in(body: str, *, longest: int = LONGEST) -> str:
    """The body without what was quoted, the greetings at its top and the thanks at its end."""
    if (found := _BELOW.search(body)) is not None:
        body = body[: found.start()]
    body = body[: longest * 3].strip()
    for _ in range(6):
        shorter = _GREETING.sub("", body, count=1).strip()
        if shorter == body:
            break
        body = shorter
    return _CLOSING.sub("", body)[:longest].strip()


def _first_sentence(body: str) -> str:
    parts = [part.strip() for part in re.split(r"[。\n]|(?<=[.?!？！])\s", body)]
    long_enough = [part for part in parts if len(part) > 3]  # noqa: PLR2004  (a word such as `急ぎ` says nothing)
    return (long_enough or [*parts, ""])[0]


def _without_people(text: str, people: tuple[str, ...]) -> str:
    """Masked: secrets, numbers and addresses of persons, and the names that the file itself tells."""
    masked = mask(text, mail=True).text
    for name in sorted({part for person in people for part in _names(person)}, key=lambda part: (-len(part), part)):
        masked = re.sub(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])", MASK, masked, flags=re.IGNORECASE)
    return masked


def _names(person: str) -> list[str]:
    """A name, and its parts: a mail says 山田 where the list says 山田 花子. A single letter or kanji would blank other words."""
    whole = person.strip()
    parts = [whole, *re.split(r"[\s\u3000・,]+", whole)]
    return [part for part in parts if len(part) >= 2 and not part.isdigit()]  # noqa: PLR2004
