"""Which column of a procedure holds what, told by its heading, in the words that Japanese and English procedures use."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Generic, Literal, NamedTuple, TypeVar

__all__ = ["Heading", "Ranks", "Role", "heading_of", "normal", "ranked_columns", "ranks_of"]

Role = Literal["number", "step", "title", "owner", "confirmer", "minutes", "note", "command", "expected", "value", "filled"]
"""`value` is noted by the person who does the step; `filled` is filled in by hand each time and is kept by the run itself."""

Unit = Literal["second", "minute", "hour", ""]

WORDS: dict[Role, str] = {
    "number": "no|no.|nо|№|番号|項番|通番|連番|順番|順序|手順番号|手順no|手順no.|作業番号|項|"
    "stepno|stepno.|step#|#|seq|seq.|number|id",
    "step": "作業内容|手順内容|操作内容|実施内容|作業手順|操作手順|対応内容|作業|操作|内容|手順|詳細|作業詳細|手順詳細|やること|"
    "step|steps|procedure|task|action|instruction|instructions|description|details|whattodo|work",
    "title": "作業名|手順名|件名|項目|作業項目|確認項目|点検項目|大項目|中項目|小項目|分類|工程|フェーズ|概要|"
    "title|item|name|summary|phase|section|category",
    "owner": "担当|担当者|作業者|作業担当|作業担当者|実施者|実施担当|主担当|"
    "owner|assignee|person|operator|who|responsible|doneby|incharge",
    "confirmer": "確認者|確認|確認担当|再鑑|再鑑者|検証者|照合者|立会|立会者|立会い|ダブルチェック|レビュー|レビュー者|承認者|"
    "confirmer|checker|reviewer|confirmedby|checkedby|verifiedby|verifier|secondperson|witness",
    "minutes": "所要時間|作業時間|予定時間|想定時間|目安時間|標準時間|見積時間|見込時間|時間|目安|予定|見積|工数|所要|分|"
    "duration|time|minutes|minute|min|mins|estimate|estimatedtime|timerequired|effort|hours",
    "note": "備考|注意|注意事項|注意点|留意点|補足|メモ|参考|コメント|note|notes|remark|remarks|comment|comments|caution",
    "command": "コマンド|実行コマンド|入力コマンド|投入コマンド|command|commands|commandline",
    "expected": "期待値|期待結果|想定結果|期待する結果|確認事項|確認内容|確認ポイント|確認方法|判定基準|合格基準|正常時|"
    "expected|expectedresult|expectedresults|criteria|expectation",
    "value": "記録|記録値|測定値|実測値|値|入力値|記入欄|value|reading|measured|record",
    "filled": "結果|実施結果|確認結果|実績|実施|実施日|実施日時|実施時刻|開始|終了|開始時刻|終了時刻|開始時間|終了時間|完了|済|"
    "チェック|チェック欄|確認日|確認印|印|サイン|日付|状況|進捗|ステータス|✓|✔|☑|□|☐|"
    "result|results|actual|done|check|checked|status|date|start|end|started|ended|signature|sign|ok",
}
ROLES: dict[str, Role] = {word: role for role, words in WORDS.items() for word in words.split("|")}
UNITS: dict[str, Unit] = {"分": "minute", "min": "minute", "mins": "minute", "minutes": "minute", "m": "minute"}
UNITS |= dict.fromkeys(("時間", "時", "h", "hr", "hrs", "hour", "hours", "人時"), "hour")
UNITS |= dict.fromkeys(("秒", "s", "sec", "seconds"), "second")
BRACKETS = re.compile(r"[(\[〔【<](.*?)[)\]〕】>]")


class Heading(NamedTuple):
    """What a column holds, and the unit that its heading names."""

    role: Role
    unit: Unit = ""


def normal(text: str) -> str:
    """A heading without what people write differently: width, case, blanks, marks at its ends."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s_\u3000]+", "", folded).strip("*※:・.、") or folded.strip()


def heading_of(text: str) -> Heading | None:
    """What a heading says; None for a text that is none. `所要時間（分）` and `Time [min]` name their unit."""
    folded = unicodedata.normalize("NFKC", text)
    inside = [normal(found) for found in BRACKETS.findall(folded)]
    word = normal(BRACKETS.sub("", folded))
    role = ROLES.get(word) or ROLES.get(word.removesuffix("欄"))
    if role is None:
        return None
    unit: Unit = next((UNITS[found] for found in inside if found in UNITS), "")
    own: dict[str, Unit] = {
        "分": "minute",
        "minutes": "minute",
        "minute": "minute",
        "min": "minute",
        "mins": "minute",
        "hours": "hour",
    }
    return Heading(role, unit or own.get(word, "")) if role == "minutes" else Heading(role)


_Named = TypeVar("_Named", bound=str)


class Ranks(NamedTuple, Generic[_Named]):
    """What each normal word means, and its rank: of two columns with one role the one with the lower rank has it."""

    words: Mapping[str, tuple[_Named, int]]

    def of(self, text: str) -> tuple[_Named, int] | None:
        """The role and the rank of a heading, also of one with something in brackets; None for an unknown one."""
        return self.words.get(normal(text)) or self.words.get(normal(BRACKETS.sub("", text)))


def ranks_of(words: Mapping[_Named, str]) -> Ranks[_Named]:
    """Of words by role, in the order of their rank, with bars between them."""
    return Ranks({normal(word): (role, rank) for role, several in words.items() for rank, word in enumerate(several.split("|"))})


def ranked_columns(headings: Mapping[int, list[str]], ranks: Ranks[_Named]) -> tuple[dict[_Named, int], dict[int, str]]:
    """The column of each role, and by column the headings that have none."""
    ranked = {}
    for column, texts in headings.items():
        known = next((found for text in texts if (found := ranks.of(text)) is not None), None)
        if known is not None:
            ranked[column] = known
    roles: dict[_Named, int] = {}
    for column in sorted(ranked, key=lambda each: (ranked[each][1], each)):
        roles.setdefault(ranked[column][0], column)
    return roles, {column: texts[0] for column, texts in headings.items() if texts and column not in roles.values()}
