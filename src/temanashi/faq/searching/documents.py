"""What is searched: one text a language of an entry, without anything about who may see it."""

from __future__ import annotations

from dataclasses import dataclass

from temanashi.text.local import Lang

__all__ = ["Document"]


@dataclass(frozen=True, slots=True)
class Document:
    """One entry in one language; `key` names the entry."""

    key: str
    lang: Lang
    question: str
    phrasings: tuple[str, ...]
    answer: str

    @property
    def asked(self) -> tuple[str, ...]:
        """The question and its phrasings, without empty ones and each once."""
        return tuple(dict.fromkeys(text for text in (self.question, *self.phrasings) if text.strip()))
