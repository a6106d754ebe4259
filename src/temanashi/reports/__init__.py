"""The monthly report: its data, and the page, JSON and CSV made of it."""

from __future__ import annotations

from temanashi.reports.faces import as_csv, as_json
from temanashi.reports.html import render_html
from temanashi.reports.monthly import CheckpointSeen, LedgerHead, MonthlyReport, monthly_report
from temanashi.reports.wording import answering_sentence

__all__ = [
    "CheckpointSeen",
    "LedgerHead",
    "MonthlyReport",
    "answering_sentence",
    "as_csv",
    "as_json",
    "monthly_report",
    "render_html",
]
