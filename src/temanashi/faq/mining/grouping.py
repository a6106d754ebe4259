"""Inquiries that ask the same, together: by the words they share, rare ones counting more; the same input gives the same groups.

Leader clustering over TF-IDF vectors with a second pass that moves every text to its nearest group (Hartigan 1975; Salton 1988).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import log, sqrt

__all__ = ["groups_of"]

ALIKE = 0.34
"""Cosine from which two short questions mostly ask the same."""
MANY = 20
"""Different texts from which a group is looked at for several questions in one."""
EVERYWHERE = 0.4
"""Share of all texts from which a word tells nothing of what is asked."""
LOOKED_AT = 40
"""Groups that are compared for a text: those that share its rarest words."""

Vector = dict[str, float]


def groups_of(texts: Sequence[Sequence[str]]) -> list[list[int]]:
    """The numbers of the texts (given as words) by group, the largest first, equal ones in the order of their first text."""
    found = []
    texts = _telling(texts)
    for group in _gathered(texts):
        if _mixed([texts[number] for number in group]):
            # All of one system, say: counted within the group, its name weighs little, and what is wanted of it much.
            found += [[group[at] for at in part] for part in _gathered([texts[number] for number in group])]
        else:
            found.append(group)
    return sorted(found, key=lambda group: (-len(group), group[0]))


def _telling(texts: Sequence[Sequence[str]]) -> list[list[str]]:
    """The texts without numbers, and without what a form puts into every one of many; one that has nothing else stays whole."""
    seen = Counter(word for text in texts for word in set(text))
    most = len(texts) * EVERYWHERE if len(texts) >= MANY else len(texts)
    kept = [[word for word in text if seen[word] <= most and not word.isdigit()] for text in texts]
    return [some or list(text) for some, text in zip(kept, texts, strict=True)]


def _gathered(texts: Sequence[Sequence[str]]) -> list[list[int]]:
    vectors = _vectors(texts)
    gathered = _Groups()
    for number, vector in enumerate(vectors):
        gathered.add(number, vector)
    return gathered.settled(vectors)


def _mixed(texts: Sequence[Sequence[str]]) -> bool:
    """Whether a large group holds several things: many different texts, of which a third of the words stand in few."""
    different = {frozenset(text) for text in texts}
    if len(different) < MANY:
        return False
    seen = Counter(word for text in different for word in text)
    return sum(count for count in seen.values() if count * 3 < len(different)) * 3 > sum(seen.values())


def _vectors(texts: Sequence[Sequence[str]]) -> list[Vector]:
    seen = Counter(word for text in texts for word in set(text))
    rarity = {word: log(1 + len(texts) / count) for word, count in seen.items()}
    return [_unit({word: (1 + log(count)) * rarity[word] for word, count in sorted(Counter(text).items())}) for text in texts]


def _unit(vector: Vector) -> Vector:
    length = sqrt(sum(value * value for value in vector.values()))
    return {word: value / length for word, value in vector.items()} if length else {}


def _product(one: Vector, other: Vector) -> float:
    if len(other) < len(one):
        one, other = other, one
    return sum(value * other[word] for word, value in one.items() if word in other)


class _Groups:
    """Groups while they are gathered: the sum of the vectors of each, and which groups have a word."""

    def __init__(self) -> None:
        self._sums: list[Vector] = []
        self._squares: list[float] = []
        self._members: list[list[int]] = []
        self._with_word: dict[str, dict[int, None]] = defaultdict(dict)

    def add(self, number: int, vector: Vector) -> None:
        best = self._nearest(vector)
        if best is None:
            best = len(self._sums)
            self._sums.append({})
            self._squares.append(0.0)
            self._members.append([])
        self._members[best].append(number)
        self._squares[best] += 2 * _product(vector, self._sums[best]) + (1 if vector else 0)
        for word, value in vector.items():
            self._sums[best][word] = self._sums[best].get(word, 0.0) + value
            self._with_word[word].setdefault(best)

    def settled(self, vectors: Sequence[Vector]) -> list[list[int]]:
        """Every text with its nearest group as these stand at the end; what is near to none keeps its own."""
        centres = [_unit(vector) for vector in self._sums]
        moved: list[list[int]] = [[] for _ in centres]
        for own, members in enumerate(self._members):
            for number in members:
                near = self._candidates(vectors[number])
                best = max(near, key=lambda at, number=number: (_product(vectors[number], centres[at]), -at), default=own)  # type: ignore[misc]
                moved[best].append(number)
        return [sorted(members) for members in moved if members]

    def _nearest(self, vector: Vector) -> int | None:
        best, most = None, ALIKE
        for at in self._candidates(vector):
            alike = _product(vector, self._sums[at]) / sqrt(self._squares[at])
            if alike > most:
                best, most = at, alike
        return best

    def _candidates(self, vector: Vector) -> list[int]:
        """The groups with the rarest words of a text, in their order."""
        found: dict[int, None] = {}
        for word in sorted(vector, key=lambda each: (-vector[each], each)):
            for at in self._with_word.get(word, ()):
                found.setdefault(at)
                if len(found) >= LOOKED_AT:
                    return sorted(found)
        return sorted(found)
