"""The two parts of an entry's file: YAML between two lines `---`, and an answer a language under `# ja` and `# en`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, cast

from temanashi.faq.fences import with_code
from temanashi.text import Lang, Phrase, phrase

__all__ = ["Answers", "BadEntry", "EntrySource", "split_entry"]

FENCE = "---"
HEADING = re.compile(r"#[ \t]+(ja|en)[ \t]*", re.ASCII)


class BadEntry(Exception):
    """A line (from 1) and what is wrong there."""

    def __init__(self, line: int, message: Phrase) -> None:
        super().__init__(message.key)
        self.line = line
        self.message = message


class EntrySource(NamedTuple):
    """`front` has as many lines before it as in the file, so that its lines are those of the file; `body` begins at `line`."""

    front: str
    body: str
    line: int


class Answers(NamedTuple):
    """Answers by language, the line of each, and what stands before the first heading of a language."""

    texts: dict[Lang, str]
    lines: dict[Lang, int]
    before: str

    @classmethod
    def of(cls, source: EntrySource) -> Answers:
        """The answers of a file; raises BadEntry where a language stands there twice."""
        found = cls({}, {}, "")
        before: list[str] = []
        current = before
        parts: dict[Lang, list[str]] = {}
        for number, line, is_code in _lines(source):
            match = None if is_code else HEADING.fullmatch(line)
            if match is None:
                current.append(line)
                continue
            lang = cast("Lang", match[1])
            if lang in parts:
                raise BadEntry(number, phrase("faq.language-twice", lang=lang, first=found.lines[lang]))
            parts[lang] = current = []
            found.lines[lang] = number
        texts: dict[Lang, str] = {lang: _trimmed(lines) for lang, lines in parts.items()}
        return cls(texts, found.lines, _trimmed(before))


def split_entry(text: str) -> EntrySource:
    """Front matter and body of a file; raises BadEntry."""
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise BadEntry(1, phrase("faq.empty-file"))
    if lines[first].rstrip() != FENCE:
        raise BadEntry(first + 1, phrase("faq.no-front"))
    end = next((number for number in range(first + 1, len(lines)) if lines[number].rstrip() == FENCE), None)
    if end is None:
        raise BadEntry(first + 1, phrase("faq.front-open"))
    front = "\n" * (first + 1) + "\n".join(lines[first + 1 : end]) + "\n"
    return EntrySource(front, "\n".join(lines[end + 1 :]), end + 2)


def _lines(source: EntrySource) -> Iterator[tuple[int, str, bool]]:
    """Number, text, and whether it is inside a block of code."""
    for number, (line, is_code) in enumerate(with_code(source.body.split("\n")), source.line):
        yield number, line, is_code


def _trimmed(lines: list[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).strip("\n")
