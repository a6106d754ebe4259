"""An entry as the file that it is kept in; reading the text gives the same entry."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from temanashi.faq.entries import EVERYONE, Entry
from temanashi.faq.fences import open_fence, with_code

__all__ = ["entry_path", "entry_text"]

LANGUAGE_HEADING = re.compile(r"#[ \t]+(ja|en)[ \t]*")


def entry_path(entry: Entry) -> str:
    """Where the file stands in the workspace."""
    return f"faq/{entry.topic}/{entry.id}.md"


def entry_text(entry: Entry) -> str:
    """The Markdown file with its front matter."""
    body = "\n".join(f"# {lang}\n\n{_answer(text.answer)}\n" for lang, text in entry.texts.items())
    return f"---\n{_yaml(_front(entry))}---\n\n{body}"


def _answer(text: str) -> str:
    """The answer so that it ends where it ends: no heading that reads like that of a language, no code left open."""
    lines = text.strip("\n").split("\n")
    kept = [f"#{line}" if not is_code and LANGUAGE_HEADING.fullmatch(line) else line for line, is_code in with_code(lines)]
    return "\n".join([*kept, fence] if (fence := open_fence(lines)) else kept)


def _front(entry: Entry) -> dict[str, Any]:
    told = entry.model_dump(mode="json", exclude={"topic", "texts"}, exclude_defaults=True)
    if entry.audience != (EVERYONE,):
        told["audience"] = list(entry.audience)
    for lang, text in entry.texts.items():
        told[lang] = {"question": text.question} | ({"phrasings": list(text.phrasings)} if text.phrasings else {})
    return told


def _yaml(data: dict[str, Any]) -> str:
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.allow_unicode = True
    writer.width = 10_000
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    out = StringIO()
    writer.dump(data, out)
    return out.getvalue()
