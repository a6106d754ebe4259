"""Which column of a roster holds what, told by its heading, in the words of Japanese and English personnel systems."""

from __future__ import annotations

from typing import Literal, NamedTuple

from temanashi.workspace.importing.headings import ranked_columns, ranks_of

__all__ = ["Columns", "Role", "columns_of"]

Role = Literal["employee", "login", "name", "roles", "starts_on", "ends_on", "manager", "status"]

# Of two columns with one role the one whose word stands first here has it.
WORDS: dict[Role, str] = {
    "employee": "社員番号|従業員番号|職員番号|社員no|社員no.|社員id|社員コード|従業員コード|従業員id|"
    "職員id|職員コード|人事番号|"
    "employeenumber|employeeno|employeeno.|employeeid|employeecode|staffnumber|staffid|personnelnumber|personnelno|employee|"
    "empno|empid",
    "login": "ログイン名|ログインid|アカウント|アカウント名|ユーザーid|ユーザid|ユーザー名|ユーザ名|login|loginname|"
    "loginid|account|accountname|username|userid|user|uid|samaccountname",
    "name": "氏名|名前|表示名|社員名|従業員名|社員氏名|漢字氏名|displayname|fullname|name|employeename",
    "roles": "役割|ロール|権限|付与役割|role|roles|accessrole|accessroles",
    "starts_on": "入社日|着任日|配属日|異動日|発令日|開始日|適用開始日|利用開始日|startson|startdate|start|"
    "hiredate|hiredon|joiningdate|effectivedate|firstday",
    "ends_on": "退職日|退社日|最終日|最終出社日|最終在籍日|契約終了日|終了日|利用終了日|適用終了日|endson|enddate|end|"
    "lastday|leavingdate|terminationdate|lastworkingday|contractend|contractenddate",
    "manager": "上司|上長|所属長|管理者|責任者|承認者|上司社員番号|manager|manageremployeenumber|supervisor|boss|reportsto",
    "status": "在籍区分|在籍状況|在籍|区分|異動区分|発令区分|状態|ステータス|status|state|employmentstatus",
}
RANKS = ranks_of(WORDS)


class Columns(NamedTuple):
    """The column of each role, and the headings that nobody here reads."""

    roles: dict[Role, int]
    others: dict[int, str]

    @property
    def enough(self) -> bool:
        """Whether people can be told apart, and something is told of them."""
        return bool({"employee", "login"} & {*self.roles}) and len(self.roles) > 1


def columns_of(words: dict[int, list[str]]) -> Columns:
    """The columns under headings; one for each role."""
    return Columns(*ranked_columns(words, RANKS))
