"""The monthly report: its data, and the page, JSON and CSV made of it."""

from __future__ import annotations

from temanashi.reports.faces import FACES, Face, as_csv, as_json
from temanashi.reports.html import OFFLINE, Surroundings, render_html
from temanashi.reports.monthly import CheckpointSeen, LedgerHead, MonthlyReport, Workday, monthly_report
from temanashi.reports.trend import TrendMonth
from temanashi.reports.wording import answering_sentence

__all__ = [
    "FACES",
    "OFFLINE",
    "CheckpointSeen",
    "Face",
    "LedgerHead",
    "MonthlyReport",
    "Surroundings",
    "TrendMonth",
    "Workday",
    "answering_sentence",
    "as_csv",
    "as_json",
    "monthly_report",
    "render_html",
]
