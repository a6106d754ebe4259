"""Which column of a list of past inquiries holds what, in the words of Japanese and English ticket systems."""

from __future__ import annotations

import unicodedata
from typing import Literal, NamedTuple

from temanashi.workspace.importing.headings import BRACKETS, UNITS, Unit, normal

__all__ = ["PastColumns", "PastRole", "past_columns"]

PastRole = Literal["title", "question", "answer", "minutes"]

# Of two columns with one role the one whose word stands first here has it.
WORDS: dict[PastRole, str] = {
    "title": "件名|タイトル|題名|表題|概要|要約|問い合わせ件名|問合せ件名|お問い合わせ件名|subject|title|summary|shortdescription",
    "question": "質問|質問内容|問い合わせ内容|問合せ内容|お問い合わせ内容|問合わせ内容|問い合わせ|問合せ|お問い合わせ|依頼内容|"
    "相談内容|申告内容|受付内容|内容|詳細|本文|"
    "question|questiontext|inquiry|enquiry|request|description|body|message|details|content",
    "answer": "回答|回答内容|対応内容|対処|対処方法|処置|処置内容|解決方法|解決策|対応|対応結果|返信|返答|"
    "answer|reply|response|resolution|resolutionnotes|closenotes|solution|comment|comments",
    "minutes": "対応時間|対応工数|作業時間|所要時間|工数|処理時間|所要|対応分|時間|分|"
    "minutes|minute|min|mins|timespent|timeworked|handlingtime|handletime|duration|effort|worklog|hours",
}
NAMES = (
    "依頼者|依頼者名|依頼元|申請者|申請者名|起票者|報告者|問い合わせ者|問合せ者|質問者|氏名|名前|お名前|社員名|利用者|利用者名|"
    "担当|担当者|担当者名|対応者|対応者名|受付者|回答者|連絡先氏名|requester|requestername|requestedby|requestor|requestedfor|"
    "reporter|openedby|caller|name|username|fullname|customer|user|assignee|assignedto|agent|owner|author|from"
)
PEOPLE = frozenset(normal(word) for word in NAMES.split("|"))
RANKS: dict[str, tuple[PastRole, int]] = {
    normal(word): (role, rank) for role, words in WORDS.items() for rank, word in enumerate(words.split("|"))
}
HOURS = frozenset({"hours"})


class PastColumns(NamedTuple):
    """The column of each role, those with names of people, and the unit that the heading of the minutes names."""

    roles: dict[PastRole, int]
    people: tuple[int, ...]
    unit: Unit

    @property
    def asks(self) -> bool:
        """Whether there is anything that was asked."""
        return "title" in self.roles or "question" in self.roles


def past_columns(words: dict[int, list[str]]) -> PastColumns:
    """The columns under headings; one for each role."""
    ranked: dict[int, tuple[PastRole, int]] = {}
    people = []
    for column, texts in words.items():
        known = next((found for text in texts if (found := _role(text)) is not None), None)
        if known is not None:
            ranked[column] = known
        elif any(_word(text) in PEOPLE for text in texts):
            people.append(column)
    roles: dict[PastRole, int] = {}
    for column in sorted(ranked, key=lambda each: (ranked[each][1], each)):
        roles.setdefault(ranked[column][0], column)
    unit = _unit(words[roles["minutes"]]) if "minutes" in roles else ""
    return PastColumns(roles, tuple(people), unit)


def _word(text: str) -> str:
    return normal(BRACKETS.sub("", unicodedata.normalize("NFKC", text)))


def _role(text: str) -> tuple[PastRole, int] | None:
    return RANKS.get(normal(text)) or RANKS.get(_word(text))


def _unit(texts: list[str]) -> Unit:
    """`対応時間（時間）` counts hours; a heading that names no unit counts minutes."""
    inside = [normal(found) for text in texts for found in BRACKETS.findall(unicodedata.normalize("NFKC", text))]
    named: Unit = next((UNITS[found] for found in inside if found in UNITS), "")
    return named or ("hour" if any(_word(text) in HOURS for text in texts) else "")
