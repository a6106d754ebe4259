"""Which column of a list of tickets holds what, told by its heading, in the words of Japanese and English ticket systems."""

from __future__ import annotations

from typing import Literal, NamedTuple

from temanashi.workspace.importing.headings import ranked_columns, ranks_of

__all__ = ["NEEDED", "Columns", "Role", "columns_of"]

Role = Literal["key", "day", "kind", "targets", "status", "person", "reason"]
NEEDED: tuple[Role, ...] = ("key", "day", "kind")

# Of two columns with one role the one whose word stands first here has it: a list with チケット番号 and No means the former.
WORDS: dict[Role, str] = {
    "key": "チケット番号|チケットid|チケットno|チケットno.|チケット|管理番号|"
    "受付番号|依頼番号|申請番号|案件番号|起票番号|整理番号|"
    "問い合わせ番号|問合せ番号|インシデント番号|リクエスト番号|"
    "ticketnumber|ticketid|ticketno|ticket|issuekey|issueid|requestid|"
    "requestnumber|incidentid|incidentnumber|caseid|casenumber|key|キー|番号|number|id|no|no.|№|#",
    "day": "受付日|受付日時|受付|発生日|発生日時|依頼日|依頼日時|申請日|申請日時|"
    "起票日|起票日時|問い合わせ日|問合せ日|登録日|登録日時|"
    "作成日|作成日時|receivedat|received|openedat|opened|opendate|"
    "created|createdat|createdon|createddate|creationdate|datecreated|"
    "reportedat|reported|requestedat|日時|日付|date",
    "kind": "種別|作業種別|依頼種別|申請種別|チケット種別|分類|作業分類|カテゴリ|カテゴリー|作業|作業名|区分|"
    "requesttype|"
    "issuetype|tickettype|category|kind|type|task",
    "targets": "台数|対象台数|件数|対象件数|対象数|数量|ホスト数|アカウント数|人数|targets|"
    "numberoftargets|hosts|count|quantity|qty",
    "status": "状態|ステータス|対応状況|状況|status|state",
    "person": "依頼者|依頼者名|依頼元|申請者|申請者名|起票者|報告者|問い合わせ者|"
    "requester|requestername|requestedby|requestor|"
    "requestedfor|reporter|openedby|caller",
    "reason": "取消理由|取り消し理由|却下理由|キャンセル理由|中止理由|理由|cancelreason|cancellationreason|cancelledreason|"
    "rejectionreason|reason",
}
RANKS = ranks_of(WORDS)


class Columns(NamedTuple):
    """The column of each role, and the headings that nobody here reads."""

    roles: dict[Role, int]
    others: dict[int, str]

    @property
    def missing(self) -> list[Role]:
        """The roles without which there are no tickets."""
        return [role for role in NEEDED if role not in self.roles]


def columns_of(words: dict[int, list[str]]) -> Columns:
    """The columns under headings; one for each role."""
    return Columns(*ranked_columns(words, RANKS))
