"""Documents and questions in words, in characters, and as numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from temanashi.faq.searching.documents import Document
from temanashi.faq.searching.folding import MAX_QUESTION
from temanashi.faq.searching.tables import Integers, Query, Vocabulary
from temanashi.faq.searching.words import Words, character_pairs

__all__ = ["Cut", "Numbered", "Question", "Texts", "cut_document"]

NOTHING = np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True)
class Cut:
    """A text in words and in pairs of characters."""

    words: tuple[str, ...]
    pairs: tuple[str, ...]

    @classmethod
    def of(cls, text: str, words: Words) -> Cut:
        """A text, cut."""
        return cls(tuple(words(text)), tuple(character_pairs(text)))

    @classmethod
    def question(cls, text: str, words: Words) -> Cut:
        """A question, cut; the rest of a very long one is not looked at."""
        return cls.of(text[:MAX_QUESTION], words)


def cut_document(document: Document, words: Words) -> tuple[tuple[Cut, ...], Cut]:
    """What is asked, each thing by itself, and the answer."""
    return tuple(Cut.of(text, words) for text in document.asked), Cut.of(document.answer, words)


@dataclass(frozen=True, slots=True)
class Texts:
    """Numbers of the words of documents: of each thing that is asked (`asked[document][text]`), and of the answer."""

    asked: list[list[Integers]]
    answer: list[Integers]

    def add(self, asked: list[Integers], answer: Integers) -> None:
        """One more document."""
        self.asked.append(asked)
        self.answer.append(answer)

    def kept(self, keep: Callable[[int, int], bool]) -> Texts:
        """Only the asked texts for which `keep(document, text)`; a document without any has no answer either."""
        asked = [[text for at, text in enumerate(texts) if keep(number, at)] for number, texts in enumerate(self.asked)]
        return Texts(asked, [answer if texts else NOTHING for answer, texts in zip(self.answer, asked, strict=True)])

    @property
    def single(self) -> list[Integers]:
        """Every asked text, in the order of documents."""
        return [text for texts in self.asked for text in texts]

    @property
    def whole(self) -> list[Integers]:
        """All that is asked of a document as one text."""
        return [np.concatenate(texts) if texts else NOTHING for texts in self.asked]

    @property
    def everything(self) -> list[Integers]:
        """The same with the answer."""
        return [np.concatenate([*texts, answer]) for texts, answer in zip(self.asked, self.answer, strict=True)]


@dataclass(frozen=True, slots=True)
class Question:
    """A question by the numbers of words, of pairs of characters, and of words with their neighbours."""

    words: Query
    pairs: Query
    chains: Query


@dataclass(frozen=True, slots=True)
class Numbered:
    """Documents by number, and the vocabularies that say which number is which word."""

    vocabularies: tuple[Vocabulary, Vocabulary, Vocabulary]
    words: Texts
    pairs: Texts
    chains: Texts

    @classmethod
    def of(cls, documents: Iterable[tuple[tuple[Cut, ...], Cut]]) -> Numbered:
        """Documents that were cut; one at a time, as words take far more memory than their numbers."""
        words, pairs, chains = Vocabulary(), Vocabulary(), Vocabulary()
        numbered = cls((words, pairs, chains), Texts([], []), Texts([], []), Texts([], []))
        for asked, answer in documents:
            numbered.words.add([words.learned(cut.words) for cut in asked], words.learned(answer.words))
            numbered.pairs.add([pairs.learned(cut.pairs) for cut in asked], pairs.learned(answer.pairs))
            numbered.chains.add([chains.learned(_chained(cut.words)) for cut in asked], NOTHING)
        return numbered

    def kept(self, keep: Callable[[int, int], bool]) -> Numbered:
        """The same numbers for a part of the texts; what is left out becomes strange to a question."""
        return Numbered(self.vocabularies, self.words.kept(keep), self.pairs.kept(keep), self.chains.kept(keep))

    def question(self, cut: Cut) -> Question:
        """A question by these numbers."""
        words, pairs, chains = self.vocabularies
        return Question(Query.of(words, cut.words), Query.of(pairs, cut.pairs), Query.of(chains, _chained(cut.words)))


def _chained(words: Sequence[str]) -> list[str]:
    return [*words, *(f"{one} {two}" for one, two in pairwise(words))]
