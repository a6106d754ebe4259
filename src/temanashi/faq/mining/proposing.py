"""What past inquiries say that the FAQ should answer: new entries, and phrasings that entries lack, by the time they took."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from temanashi.faq.engine import Engine
from temanashi.faq.entries import Entry
from temanashi.faq.mining.grouping import groups_of
from temanashi.faq.mining.inquiries import Asked
from temanashi.faq.searching.folding import folded
from temanashi.text.local import Lang

__all__ = ["MOST_PHRASINGS", "Mined", "Proposal", "mine"]

MOST_PHRASINGS = 8
MATCHES_AT = 0.3
"""Confidence from which most of a group make it one that an entry answers: a person looks at each phrasing before it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One thing that was asked again and again. `entry` is the entry that answers it, None where a new one is proposed.

    `minutes` is what it took in all, an inquiry without minutes counting as the average of the others; `phrasings` are masked.
    """

    id: str
    lang: Lang
    entry: Entry | None
    count: int
    minutes: float
    phrasings: tuple[str, ...]
    answer: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mined:
    """The proposals, most time first. `average` is None where no inquiry told its minutes: then the count alone orders."""

    inquiries: int
    proposals: tuple[Proposal, ...]
    rare: int
    average: float | None


def mine(
    asked: Sequence[Asked],
    engine: Engine,
    words: Callable[[str], list[str]],
    *,
    today: date,
    least: int,
    told: Callable[[int], None],
) -> Mined:
    """The proposals of inquiries; groups with fewer than `least` are only counted. `told` hears how many were compared."""
    known = [one.minutes for one in asked if one.minutes is not None]
    average = sum(known) / len(known) if known else None
    nearest = _nearest(asked, engine, today, told)
    found: dict[tuple[str, Lang], list[Asked]] = defaultdict(list)
    new: list[Proposal] = []
    for lang in ("ja", "en"):
        several = [one for one, near in zip(asked, nearest, strict=True) if one.lang == lang and not near.sure]
        nears = [near for one, near in zip(asked, nearest, strict=True) if one.lang == lang and not near.sure]
        for group in groups_of([words(one.text) for one in several]):
            members = [several[at] for at in group]
            if (entry := _shared([nears[at] for at in group])) is not None:
                found[entry, lang] += members
            else:
                new.append(_proposal(None, lang, members, average))
    for one, near in zip(asked, nearest, strict=True):
        if near.sure and near.entry is not None:
            found[near.entry, one.lang].append(one)
    proposals = [*new, *(_proposal(engine.entries[entry], lang, members, average) for (entry, lang), members in found.items())]
    often = [proposal for proposal in proposals if proposal.count >= least]
    useful = [proposal for proposal in often if proposal.phrasings]
    useful.sort(key=lambda proposal: (-proposal.minutes, -proposal.count, proposal.id, proposal.lang))
    return Mined(inquiries=len(asked), proposals=tuple(useful), rare=len(proposals) - len(often), average=average)


class _Near(NamedTuple):
    """The entry nearest to an inquiry, and whether the search would answer with it."""

    entry: str | None
    sure: bool


def _nearest(asked: Sequence[Asked], engine: Engine, today: date, told: Callable[[int], None]) -> list[_Near]:
    """For each inquiry; the same text is looked up once."""
    known: dict[tuple[str, Lang], _Near] = {}
    found = []
    for number, one in enumerate(asked, 1):
        key = (one.phrasing, one.lang)
        if key not in known:
            reply = engine.ask(one.phrasing, lang=one.lang, may_see=lambda _: True, today=today)
            best = next((hit for hit in reply.hits if one.lang in hit.entry.texts), None)
            near = best is not None and best.confidence >= MATCHES_AT
            known[key] = _Near(best.entry.id if best is not None and near else None, near and reply.kind == "answer")
        found.append(known[key])
        told(number)
    return found


def _shared(nears: Sequence[_Near]) -> str | None:
    """The entry that at least half of a group are near to."""
    entry, count = min(Counter(near.entry for near in nears).items(), key=lambda one: (-one[1], one[0] or ""))
    return entry if entry is not None and 2 * count >= len(nears) else None


def _proposal(entry: Entry | None, lang: Lang, found: Sequence[Asked], average: float | None) -> Proposal:
    minutes = sum(one.minutes if one.minutes is not None else average or 0.0 for one in found)
    told = {folded(text) for text in (entry.texts[lang].question, *entry.texts[lang].phrasings)} if entry is not None else set()
    phrasings = _phrasings(found, told)
    name = "mined-" + sha256("\n".join(sorted({one.text for one in found})).encode()).hexdigest()[:8]
    return Proposal(
        id=entry.id if entry is not None else name,
        lang=lang,
        entry=entry,
        count=len(found),
        minutes=round(minutes, 1),
        phrasings=phrasings,
        answer=_answer(found),
        places=tuple(one.place for one in found),
    )


def _phrasings(found: Sequence[Asked], known: set[str]) -> tuple[str, ...]:
    """What was asked, each wording once: the most frequent first, then in the order of the file; without what is known already."""
    counted = Counter(folded(one.phrasing) for one in found)
    first: dict[str, str] = {}
    for one in found:
        first.setdefault(folded(one.phrasing), one.phrasing)
    ordered = sorted(first, key=lambda each: -counted[each])
    return tuple(first[each] for each in ordered if each not in known)[:MOST_PHRASINGS]


def _answer(found: Sequence[Asked]) -> str:
    """The answer that was given most often, of those the longest: it mostly says how, where the others say that it is done."""
    answers = Counter(one.answer for one in found if one.answer)
    return max(answers, key=lambda text: (answers[text], len(text), text), default="")
