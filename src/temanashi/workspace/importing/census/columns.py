"""Which column of a census sheet holds what, told by its heading."""

from __future__ import annotations

from typing import Literal, NamedTuple

from temanashi.workspace.importing.headings import BRACKETS, normal

__all__ = ["NEEDED", "Columns", "Role", "columns_of"]

Role = Literal[
    "task", "title", "category", "owner", "system", "demand", "persons", "minutes", "least", "most", "kind", "hours", "says", "day"
]
NEEDED: tuple[Role, ...] = ("title", "minutes", "says")

WORDS: dict[Role, str] = {
    "task": "作業id|作業番号|taskid|task id|id",
    "title": "作業名|作業|業務名|業務|作業内容|task|taskname|title|work",
    "category": "分類|作業分類|カテゴリ|カテゴリー|category",
    "owner": "担当|担当者|担当チーム|担当部署|owner|team",
    "system": "システム|対象システム|system",
    "demand": "頻度|月あたりの件数|月件数|件数|周期|回数|frequency|howoften|permonth|demand",
    "persons": "人数|作業人数|persons|people|headcount",
    "minutes": "1回の分数|分数|所要時間|作業時間|時間|1回あたりの時間|ふつう|minutes|duration|likely",
    "least": "最小|最短|least|min|minimum|shortest",
    "most": "最大|最長|most|max|maximum|longest",
    "kind": "区分|種類|作業区分|kind",
    "hours": "時間帯|when|hours|timeofday",
    "says": "申告者|回答者|根拠|聞き取り先|記入者|whosaysso|whosays|says|source|author",
    "day": "申告日|回答日|記入日|日付|date|day",
}
ROLES: dict[str, Role] = {normal(word): role for role, words in WORDS.items() for word in words.split("|")}


class Columns(NamedTuple):
    """The column of each role."""

    roles: dict[Role, int]

    @property
    def missing(self) -> list[Role]:
        """The roles without which there is no census."""
        return [role for role in NEEDED if role not in self.roles]


def columns_of(words: dict[int, list[str]]) -> Columns:
    """The columns under headings; the first of each role."""
    roles: dict[Role, int] = {}
    for column in sorted(words):
        found = next((role for text in words[column] if (role := _role(text)) is not None), None)
        if found is not None:
            roles.setdefault(found, column)
    return Columns(roles)


def _role(text: str) -> Role | None:
    return ROLES.get(normal(text)) or ROLES.get(normal(BRACKETS.sub("", text)))
