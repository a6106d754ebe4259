"""An entry of the FAQ as somebody edits it: the fields of a form, and the file's text that comes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from temanashi.errors import Location
from temanashi.faq.entries import Entry
from temanashi.text import LANGUAGES, Lang, phrase
from temanashi.workspace.faq_drafts import BadDraft
from temanashi.workspace.faq_syntax import split_entry
from temanashi.workspace.faults import Fault

__all__ = ["Edited", "EditedText", "edited_of", "edited_text", "new_text", "read_edited"]

LONGEST_WORD = 90


@dataclass(frozen=True, kw_only=True)
class EditedText:
    """One language: phrasings are one a line."""

    question: str = ""
    phrasings: str = ""
    answer: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is written in this language."""
        return not (self.question.strip() or self.phrasings.strip() or self.answer.strip())


@dataclass(frozen=True, kw_only=True)
class Edited:
    """What a form says, as typed. `id`, `topic` and `owner` only of a new entry; `verified`: the editor vouches for it today."""

    id: str = ""
    topic: str = ""
    owner: str = ""
    valid_until: str = ""
    verified: bool = False
    texts: Mapping[Lang, EditedText] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """Where it stands."""
        return f"faq/{self.topic}/{self.id}.md"


def edited_of(entry: Entry) -> Edited:
    """An entry as its form begins."""
    texts = {
        lang: EditedText(question=text.question, phrasings="\n".join(text.phrasings), answer=text.answer)
        for lang, text in entry.texts.items()
    }
    until = entry.valid_until.isoformat() if entry.valid_until else ""
    return Edited(id=entry.id, topic=entry.topic, owner=entry.owner, valid_until=until, texts=texts)


def read_edited(typed: Mapping[str, str], *, id: str = "", topic: str = "", owner: str = "") -> Edited:  # noqa: A002  (the field's name)
    """What was typed; id, topic and owner of an entry that there is stay."""
    texts = {
        lang: EditedText(
            question=" ".join(typed.get(f"question-{lang}", "").split()),
            phrasings=_lines(typed.get(f"phrasings-{lang}", "")),
            answer=_lines(typed.get(f"answer-{lang}", "")),
        )
        for lang in LANGUAGES
        if f"question-{lang}" in typed
    }
    return Edited(
        id=id or typed.get("id", "").strip()[:LONGEST_WORD],
        topic=topic or typed.get("topic", "").strip()[:LONGEST_WORD],
        owner=owner or typed.get("owner", "").strip()[:LONGEST_WORD],
        valid_until=typed.get("valid_until", "").strip(),
        verified=typed.get("verified", "") == "yes",
        texts=texts,
    )


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")


def edited_text(before: str, edited: Edited, today: date) -> str:
    """The file's text with what was edited; what else stands in its front matter, comments too, stays. Raises BadDraft."""
    source = split_entry(before)
    yaml = _yaml()
    front: Any = yaml.load(source.front)
    _write(front, edited, today)
    return _file(yaml, front, edited)


def new_text(edited: Edited, today: date) -> str:
    """The text of a new entry's file; raises BadDraft."""
    front: dict[str, Any] = {"id": edited.id, "owner": edited.owner, "verified_on": today}
    _write(front, edited, today)
    return _file(_yaml(), front, edited)


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.allow_unicode, yaml.width, yaml.preserve_quotes = True, 10_000, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _write(front: Any, edited: Edited, today: date) -> None:
    if edited.verified:
        front["verified_on"] = today
    if edited.valid_until:
        front["valid_until"] = _day(edited)
    else:
        front.pop("valid_until", None)
    for lang, text in edited.texts.items():
        if text.empty:
            front.pop(lang, None)
            continue
        words = front.setdefault(lang, {})
        words["question"] = text.question
        phrasings = [line.strip() for line in text.phrasings.split("\n") if line.strip()]
        if phrasings != list(words.get("phrasings", ())):
            words["phrasings"] = phrasings


def _day(edited: Edited) -> date:
    try:
        return date.fromisoformat(edited.valid_until)
    except ValueError:
        raise BadDraft(
            Fault(
                Location(edited.file, 0, "valid_until"),
                phrase("problems.not-date", name="valid_until", value=edited.valid_until[:40]),
            )
        ) from None


def _file(yaml: YAML, front: Any, edited: Edited) -> str:
    out = StringIO()
    yaml.dump(front, out)
    answers = [f"# {lang}\n\n{text.answer.strip()}\n" for lang, text in edited.texts.items() if not text.empty]
    return f"---\n{out.getvalue().strip(chr(10))}\n---\n\n" + "\n".join(answers)
