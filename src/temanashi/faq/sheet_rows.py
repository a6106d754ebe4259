"""Entries as rows of a sheet, one an entry and language, and rows as entries again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from temanashi.faq.entries import Entry
from temanashi.text.local import LANGUAGES, Lang

__all__ = ["SHARED", "SheetField", "entry_of_rows", "rows_of", "version_of"]

SheetField = Literal[
    "topic", "id", "lang", "question", "phrasings", "answer", "owner", "escalate_to", "tags", "audience", "verified_on",
    "valid_until", "runbook", "parameters", "version",
]  # fmt: skip
SHARED: tuple[SheetField, ...] = tuple(
    name for name in get_args(SheetField) if name not in {"lang", "question", "phrasings", "answer"}
)
"""What every row of an entry says alike."""

Row = Mapping[SheetField, str]


def version_of(entry: Entry) -> str:
    """What tells this state of an entry from every other, in the sheet."""
    return entry.digest.removeprefix("sha256:")[:16]


def rows_of(entries: Iterable[Entry]) -> list[dict[SheetField, str]]:
    """The rows of entries, by topic, id and language. Lists stand one thing a line: no phrasing, tag or name has a line break."""
    rows: list[dict[SheetField, str]] = []
    for entry in sorted(entries, key=lambda one: (one.topic, one.id)):
        shared: dict[SheetField, str] = {
            "topic": entry.topic,
            "id": entry.id,
            "owner": entry.owner,
            "escalate_to": entry.escalate_to,
            "tags": "\n".join(entry.tags),
            "audience": "\n".join(entry.audience),
            "verified_on": entry.verified_on.isoformat(),
            "valid_until": entry.valid_until.isoformat() if entry.valid_until is not None else "",
            "runbook": entry.runbook.id if entry.runbook is not None else "",
            "parameters": _parameters(entry),
            "version": version_of(entry),
        }
        rows += [
            {
                **shared,
                "lang": lang,
                "question": text.question,
                "phrasings": "\n".join(text.phrasings),
                "answer": text.answer,
            }
            for lang in LANGUAGES
            if (text := entry.texts.get(lang)) is not None
        ]
    return rows


def entry_of_rows(rows: Mapping[Lang, Row], *, now: Entry | None) -> dict[str, Any]:
    """What the model of an entry reads. A language without a row stays as it is now.

    Raises json.JSONDecodeError for parameters that are no JSON.
    """
    shared = next(iter(rows.values()))
    texts: dict[str, Any] = {lang: text.model_dump() for lang, text in now.texts.items()} if now is not None else {}
    for lang, row in rows.items():
        texts[lang] = {"question": row["question"], "phrasings": _lines(row["phrasings"]), "answer": row["answer"]}
    told: dict[str, Any] = {
        "id": shared["id"],
        "topic": shared["topic"],
        "owner": shared["owner"],
        "escalate_to": shared["escalate_to"],
        "tags": _lines(shared["tags"]),
        "verified_on": shared["verified_on"],
        "texts": {lang: texts[lang] for lang in LANGUAGES if lang in texts},
    }
    if shared["audience"]:
        told["audience"] = _lines(shared["audience"])
    if shared["valid_until"]:
        told["valid_until"] = shared["valid_until"]
    if shared["runbook"]:
        told["runbook"] = {"id": shared["runbook"], "parameters": json.loads(shared["parameters"] or "{}")}
    return told


def _parameters(entry: Entry) -> str:
    if entry.runbook is None or not entry.runbook.parameters:
        return ""
    return json.dumps(entry.runbook.parameters, ensure_ascii=False, default=str)


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]
