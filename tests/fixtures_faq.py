"""A small FAQ in a workspace: an answer for everyone, one for a group, and one that a runbook does."""

from __future__ import annotations

import json

__all__ = ["FAQ_PEOPLE", "PC", "PNG", "SALARY", "VPN", "with_faq", "write_entry_file"]

ENTRY = """---
id: {id}
owner: {owner}
audience: {audience}
verified_on: 2026-04-01
{more}
ja:
  question: {ja}
  phrasings: [{phrasings}]
en:
  question: {en}
  phrasings: [{english}]
---

# ja

1. 手順の一つ目。

{body}

# en

1. The first step.

{body}
"""
VPN = {
    "id": "vpn-connect",
    "owner": "sato",
    "audience": "everyone",
    "more": "",
    "ja": "VPN に接続できません",
    "phrasings": "VPN つながらない, 自宅から会社のネットワークに入れない",
    "en": "I cannot connect to the VPN",
    "english": "vpn does not connect, cannot reach the office network from home",
    "body": "![画面](./images/vpn.png) <script>alert(1)</script> {{7*7}} [手順](../pc/reset-pc.md) ![x](http://evil.example/x.png)",
}
SALARY = VPN | {
    "id": "salary-slip",
    "audience": '["group:hr"]',
    "owner": "hanako",
    "ja": "給与明細の訂正の方法",
    "phrasings": "給与明細 間違い, 給与明細 直す",
    "en": "How to correct a salary slip",
    "english": "salary slip wrong, correct pay slip",
    "body": "秘密の手順",
}
PC = VPN | {
    "id": "reset-pc",
    "ja": "PC のパスワードを忘れました",
    "phrasings": "パスワード忘れた, ログインできない",
    "en": "I forgot the password of my PC",
    "english": "forgot password, cannot log in",
    "body": "依頼してください。",
    "more": "escalate_to: group:helpdesk\nrunbook: {id: reset, parameters: {host: localhost}}",
}
FAQ_PEOPLE = {
    "people": {
        "taro": {"name": "田中 太郎", "mail": "taro@example.jp"},
        "sato": {"name": "佐藤 次郎", "mail": "sato@example.jp"},
        "hanako": {"name": "鈴木 花子"},
    },
    "groups": {"hr": ["hanako"], "helpdesk": ["sato"]},
}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def write_entry_file(place, entry):
    folder = place.root / "faq" / {"vpn-connect": "network", "salary-slip": "hr"}.get(entry["id"], "pc")
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / f"{entry['id']}.md").write_text(ENTRY.replace("{{7*7}}", "{{{{7*7}}}}").format(**entry), encoding="utf-8")
    (folder / "images" / "vpn.png").write_bytes(PNG)


def with_faq(place):
    """The entries, the people, and the runbooks that they name; nothing is published yet."""
    for entry in (VPN, SALARY, PC):
        write_entry_file(place, entry)
    (place.root / "runbooks" / "site").mkdir(parents=True, exist_ok=True)
    (place.root / "runbooks" / "site" / "people.yaml").write_text(json.dumps(FAQ_PEOPLE, ensure_ascii=False), encoding="utf-8")
    place.runbook(
        "reset",
        {"id": "go", "manual": {"text": {"ja": "直す", "en": "Reset"}, "minutes": 5}},
        parameters=[{"name": "host", "type": "string", "title": {"ja": "PC", "en": "PC"}, "default": "x"}],
    )
    place.runbook(
        "answer-inquiry",
        {"id": "go", "manual": {"text": {"ja": "答える", "en": "Answer"}, "minutes": 5}},
        toil={"demand": {"source": "inquiries"}, "minutes": 10},
        category="inquiry",
    )
