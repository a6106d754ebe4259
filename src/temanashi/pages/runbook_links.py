"""The button of an answer that can also be done: the form of its runbook, filled in as the entry says."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from temanashi.faq.entries import Entry
from temanashi.pages.faq_reader import FaqReader
from temanashi.text import Lang
from temanashi.workspace.permitted import may_start

__all__ = ["RunbookLink", "runbook_link"]

RunbookLink = tuple[str, str]
"""The title and the address of a form."""


def runbook_link(reader: FaqReader, entry: Entry, lang: Lang) -> RunbookLink | None:
    """The button; None where there is no such runbook any more, or the reader may not start it."""
    published, asked = reader.published, entry.runbook
    runbook = published.runbooks.get(asked.id) if published is not None and asked is not None else None
    if runbook is None or asked is None:
        return None
    if reader.me is not None and not may_start(runbook, reader.me, reader.people, reader.today):
        return None
    known = {parameter.name for parameter in runbook.parameters if parameter.type != "secret"}
    values = [(f"p.{name}", text) for name, value in asked.parameters.items() if name in known for text in _texts(value)]
    reason = [("reason", str(asked.parameters["reason"]))] if "reason" in asked.parameters and "reason" not in known else []
    query = urlencode([*values, *reason, ("lang", lang)])
    return runbook.title.text(lang), f"{reader.root}/runbooks/{runbook.id}/run?{query}"


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("true",) if value else ("false",)
    return tuple(str(one) for one in value) if isinstance(value, (list, tuple)) else (str(value),)
