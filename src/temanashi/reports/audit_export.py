"""Entries of the ledger for spreadsheets and programs, as streams: CSV, XLSX and JSON lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from temanashi.audit.entries import EntryView
from temanashi.people.identity_check import tell_identity
from temanashi.reports.audit_words import AuditWords
from temanashi.reports.faces import guarded
from temanashi.text import say

__all__ = ["FORMATS", "csv_stream", "json_stream", "write_xlsx"]

FORMATS = ("csv", "xlsx", "jsonl")
MOST_ROWS = 1_000_000
"""A sheet of Excel holds 1,048,576 rows."""

FONT = {"font_name": "Yu Gothic", "font_size": 10}
OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""A name that begins with `=` is a text, whoever gave it."""

_COLUMNS: tuple[tuple[str, int], ...] = (
    ("seq", 8), ("when", 20), ("kind", 12), ("outcome", 14), ("runbook", 24), ("actor", 20), ("assurance", 10),
    ("beneficiary", 20), ("identity", 20), ("approvers", 24), ("channel", 10), ("ticket", 16), ("reason", 30), ("system", 14),
    ("team", 12), ("hosts", 30), ("mode", 10), ("privileged", 10), ("emergency", 10), ("ended", 20), ("run", 38), ("version", 20),
    ("records", 8), ("event", 38), ("hash", 40),
)  # fmt: skip


def csv_stream(entries: Iterable[EntryView], words: AuditWords) -> Iterator[bytes]:
    """One row an entry; UTF-8 with a byte order mark and CRLF, and no cell that a spreadsheet takes for a formula."""
    yield b"\xef\xbb\xbf" + _row([words.say(f"export-{name}") for name, _ in _COLUMNS])
    for entry in entries:
        yield _row([guarded(text) for text in _cells(entry, words)])


def json_stream(entries: Iterable[EntryView]) -> Iterator[bytes]:
    """One JSON object a line, with the names of the ledger."""
    for entry in entries:
        yield entry.model_dump_json().encode() + b"\n"


def write_xlsx(file: Path, entries: Iterable[EntryView], words: AuditWords, *, note: Callable[[int], None] = lambda _: None) -> int:
    """Write a workbook and give how many entries are in it, at most 1,000,000; `note` hears of each thousand."""
    book = xlsxwriter.Workbook(str(file), OPTIONS)
    head, text = book.add_format({**FONT, "bold": True, "bottom": 1}), book.add_format(FONT)
    sheet = book.add_worksheet(words.say("title")[:31])
    for column, (name, width) in enumerate(_COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, words.say(f"export-{name}"), head)
    sheet.freeze_panes(1, 0)
    count = 0
    for entry in entries:
        count += 1
        for column, cell in enumerate(_cells(entry, words)):
            sheet.write_string(count, column, cell, text)
        if count % 1000 == 0:
            note(count)
        if count == MOST_ROWS:
            break
    sheet.autofilter(0, 0, max(count, 1), len(_COLUMNS) - 1)
    book.close()
    return count


def _row(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode("utf-8", "replace")


def _cells(entry: EntryView, words: AuditWords) -> list[str]:
    zone, yes = words.show.zone, words.say("export-yes")
    found: dict[str, Any] = {
        **{name: getattr(entry, name) for name in ("seq", "runbook", "actor", "beneficiary", "ticket", "reason", "system", "team")},
        "when": f"{entry.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        "kind": words.kind(entry.kind),
        "outcome": words.outcome(entry),
        "assurance": entry.assurance if entry.actor_kind == "person" else "",
        "identity": tell_identity(entry.identity_check, words.lang),
        "approvers": "; ".join(entry.approvers),
        "channel": say(f"pages.channel-{entry.channel}", words.lang),
        "hosts": "; ".join(entry.hosts),
        "mode": words.say(f"mode-{entry.mode}"),
        "privileged": yes if entry.privileged else "",
        "emergency": yes if entry.emergency else "",
        "ended": f"{entry.ended_at.astimezone(zone):%Y-%m-%d %H:%M:%S}" if entry.ended_at else "",
        "run": entry.run,
        "version": entry.version,
        "records": entry.records,
        "event": entry.event_id,
        "hash": entry.hash,
    }
    return [str(found[name])[:32_000] for name, _ in _COLUMNS]
