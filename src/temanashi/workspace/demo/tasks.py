"""The made-up work of a made-up group: what it takes by hand, and when its automation begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from temanashi.runbooks.model import Category

__all__ = ["MONTHS", "TASKS", "SampleTask"]

MONTHS = 12
"""Full months; the running one follows."""

NEVER = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleTask:
    """`begins`: the month (0 the first) from which runs serve it; `share` of its occasions succeed; `human` seconds a run."""

    id: str
    ja: str
    en: str
    category: Category
    owner: str
    system: str
    minutes: float
    per_target: float = 0
    targets: int = 1
    calendar: str = ""
    per_month: int = 0
    growth: float = 0.0
    begins: int = NEVER
    share: float = 0.0
    human: int = 0
    samples: int = 0
    hours: dict[str, float] = field(default_factory=dict)
    build: int = 0
    signed: bool = True

    @property
    def demand(self) -> dict[str, Any]:
        """As a runbook says it."""
        return {"calendar": self.calendar} if self.calendar else {"per_month": self.per_month}


TASKS = (
    SampleTask(
        id="morning-checks", ja="朝の点検", en="Morning checks", category="routine", owner="運用課", system="共通基盤",
        minutes=45, calendar="business_day", begins=3, share=0.95, human=420, samples=6, hours={"early": 0.6}, build=24,
    ),
    SampleTask(
        id="backup-check", ja="バックアップの確認", en="Backup check", category="routine", owner="運用課", system="共通基盤",
        minutes=25, calendar="business_day", begins=4, share=0.96, human=60, samples=6, build=10,
    ),
    SampleTask(
        id="night-batch", ja="夜間バッチの見届け", en="Night batch", category="routine", owner="運用課", system="約定系",
        minutes=30, calendar="business_day", begins=11, share=0.8, human=90, samples=3, hours={"night": 1.0}, build=40,
    ),
    SampleTask(
        id="account-request", ja="アカウントの作成と変更", en="Account requests", category="account", owner="受付", system="社内AD",
        minutes=20, per_month=34, growth=0.02, begins=4, share=0.65, human=240, samples=7, build=30,
    ),
    SampleTask(
        id="password-reset", ja="パスワードの再設定", en="Password resets", category="account", owner="受付", system="社内AD",
        minutes=8, per_month=60, growth=0.03, begins=1, share=0.85, human=40, build=8,
    ),
    SampleTask(
        id="disk-cleanup", ja="ディスク不足の対応", en="Full disks", category="incident", owner="基盤課", system="Web",
        minutes=35, per_month=12, growth=-0.03, begins=6, share=0.6, human=300, build=16,
    ),
    SampleTask(
        id="log-rotation", ja="ログの整理", en="Log rotation", category="maintenance", owner="基盤課", system="Web",
        minutes=10, per_target=6, targets=10, calendar="week", begins=6, share=0.8, human=300, build=12,
    ),
    SampleTask(
        id="patching", ja="更新プログラムの適用", en="Patching", category="maintenance", owner="基盤課", system="約定系",
        minutes=60, per_target=20, targets=12, calendar="month", begins=12, share=1.0, human=1800, hours={"holiday": 1.0}, build=36,
    ),
    SampleTask(
        id="month-end-report", ja="月次報告の集計", en="Month-end figures", category="routine", owner="運用課", system="共通基盤",
        minutes=300, calendar="month", begins=7, share=1.0, human=1200, samples=2, build=14,
    ),
    SampleTask(
        id="phone-inquiry", ja="電話の問い合わせ", en="Phone inquiries", category="inquiry", owner="受付", system="",
        minutes=12, per_month=55, growth=-0.02,
    ),
    SampleTask(
        id="certificate-watch", ja="証明書の期限確認", en="Certificate expiry", category="routine", owner="基盤課", system="Web",
        minutes=20, calendar="week", begins=9, share=1.0, human=30, signed=False,
    ),
)  # fmt: skip
