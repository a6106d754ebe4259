"""An entry as a page shows it: its answer, who vouches for it since when, and the runbook that does it."""

from __future__ import annotations

from typing import Any

from temanashi.faq.entries import Entry
from temanashi.pages.faq_reader import FaqReader
from temanashi.pages.runbook_links import runbook_link
from temanashi.text import Lang

__all__ = ["told_entry"]


def told_entry(reader: FaqReader, entry: Entry, written: Lang, lang: Lang) -> dict[str, Any]:
    """What the template of an answer needs. `written` is the language of the entry, `lang` the reader's."""
    read_in, text = entry.text(written)
    return {
        "entry": entry,
        "lang": read_in,
        "question": text.question,
        "html": reader.html(entry, read_in),
        "owner": reader.named(entry.owner),
        "stale": reader.stale(entry),
        "runbook": runbook_link(reader, entry, lang),
    }
