"""Which column of a list of hosts holds what, told by its heading, in the words that Japanese and English lists use."""

from __future__ import annotations

from typing import Literal, NamedTuple

from temanashi.workspace.importing.headings import BRACKETS, normal
from temanashi.workspace.importing.hosts.foreign import folded, is_secret

__all__ = ["Columns", "Role", "columns_of", "role_of"]

Role = Literal[
    "name", "address", "user", "port", "jump", "system", "site", "group", "tag", "note", "os", "status", "secret", "number"
]

# Of two columns with one role the one whose word stands first here has it: a list with ホスト名 and サーバ名 means the former.
WORDS: dict[Role, str] = {
    "name": "hostname|ホスト名|ホスト|host|hosts|inventory_hostname|ノード名|nodename|node|ノード|サーバ名|"
    "サーバー名|servername|サーバ|サーバー|server|servers|機器名|マシン名|machinename|machine|コンピュータ名|"
    "コンピューター名|computername|device|devicename|装置名|name|名称|名前",
    "address": "管理ip|管理ipアドレス|管理アドレス|managementip|接続先|接続先ip|接続先アドレス|ansiblehost|ipアドレス|"
    "ip|ipaddress|ipaddr|ipv4|ipv4アドレス|ipv4address|アドレス|address|addr|サービスip|業務ip|fqdn|dns|"
    "dns名|dnsname",
    "user": "接続ユーザ|接続ユーザー|ログインユーザ|ログインユーザー|ログインid|ログイン名|sshユーザ|sshユーザー|"
    "sshuser|loginuser|ansibleuser|ユーザ|ユーザー|ユーザ名|ユーザー名|ユーザid|ユーザーid|アカウント|user|"
    "username|login|account",
    "port": "sshポート|sshport|ansibleport|接続ポート|ポート|ポート番号|port|portnumber",
    "jump": "踏み台|踏台|踏み台サーバ|踏み台サーバー|踏台サーバ|踏み台ホスト|経由|経由サーバ|経由ホスト|経由先|"
    "ジャンプ|ジャンプホスト|ジャンプサーバ|jump|jumphost|jumpserver|proxyjump|bastion|bastionhost|via",
    "system": "システム|システム名|対象システム|業務システム|業務システム名|業務|業務名|サービス名|アプリケーション|"
    "system|systemname|application|app",
    "site": "拠点|拠点名|設置拠点|設置場所|設置|サイト|データセンター|データセンタ|dc|ロケーション|所在地|場所|site|"
    "location|datacenter|datacentre",
    "group": "グループ|グループ名|ホストグループ|group|groups|hostgroup|hostgroups",
    "tag": "タグ|tag|tags|役割|ロール|role|roles|環境|環境区分|環境名|本番開発区分|env|environment|stage|tier",
    "note": "備考|説明|用途|利用用途|メモ|摘要|補足|コメント|note|notes|description|remark|remarks|comment|comments|purpose|memo",
    "os": "os|os名|os種別|osバージョン|オペレーティングシステム|operatingsystem|osname|osversion|platform",
    "status": "状態|ステータス|稼働|稼働状況|稼働状態|運用状態|状況|有効|有効無効|利用状況|status|state|enabled|active|lifecycle",
    "secret": "",
    "number": "no|no.|№|番号|項番|通番|連番|#|seq|id|項",
}
MANY: frozenset[Role] = frozenset({"tag", "group", "note", "secret", "number"})
"""Roles of several columns at once."""
RANKS: dict[str, tuple[Role, int]] = {
    normal(word): (role, rank) for role, words in WORDS.items() for rank, word in enumerate(words.split("|")) if word
}


class Columns(NamedTuple):
    """What each column of a table holds. `others` have headings that nobody here knows."""

    roles: dict[int, Role]
    others: dict[int, str]

    def of(self, role: Role) -> list[int]:
        """The columns with a role, from the left."""
        return sorted(column for column, found in self.roles.items() if found == role)


def role_of(text: str) -> tuple[Role, int] | None:
    """What a heading says, and its rank among the words for it; None for a text that is none."""
    plain = folded(text)
    if len(plain) <= 20 and is_secret(plain):  # noqa: PLR2004  (longer is a sentence, not a heading)
        return "secret", 0
    return RANKS.get(normal(plain)) or RANKS.get(normal(BRACKETS.sub("", plain)))


def columns_of(words: dict[int, list[str]]) -> Columns:
    """The columns under headings. Several columns may hold tags, groups or notes; of the rest each role has one column."""
    ranked: dict[int, tuple[Role, int]] = {}
    others: dict[int, str] = {}
    for column, texts in words.items():
        known = next((found for text in texts if (found := role_of(text)) is not None), None)
        if known is not None:
            ranked[column] = known
        elif texts:
            others[column] = texts[0]
    roles: dict[int, Role] = {}
    for column in sorted(ranked, key=lambda column: (ranked[column][1], column)):
        role, _ = ranked[column]
        if role in MANY or role not in roles.values():
            roles[column] = role
        else:
            others[column] = words[column][0]
    return Columns(roles, others)
