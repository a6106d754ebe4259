"""What owners of entries should look at: what nobody knew or did not help, what is old, what nobody needs, what is there twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from temanashi.faq.entries import Entry
from temanashi.faq.inquiries import Inquiry

__all__ = ["Cluster", "Upkeep", "clusters_of", "near_duplicates", "upkeep_of"]

UNUSED_DAYS = 180
NEAR = 0.8
ALIKE = 0.45
SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Questions that are alike, the newest first; the first stands for all."""

    questions: tuple[str, ...]
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """One owner's list. `unsure`: questions with near entries of theirs and no clear answer; `not_solved` by entry and questions.

    `due`: entries whose last day comes soon; `stale`: whose last day is over; `unused`: offered to nobody for half a year.
    """

    owner: str
    unanswered: tuple[Cluster, ...] = ()
    unsure: tuple[Inquiry, ...] = ()
    not_solved: tuple[Inquiry, ...] = ()
    due: tuple[Entry, ...] = ()
    stale: tuple[Entry, ...] = ()
    unused: tuple[Entry, ...] = ()
    twins: tuple[tuple[Entry, Entry], ...] = field(default=())

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        lists: tuple[Sequence[object], ...] = (
            self.unanswered, self.unsure, self.not_solved, self.due, self.stale, self.unused, self.twins,
        )  # fmt: skip
        return not any(lists)


def upkeep_of(
    owner: str,
    entries: Iterable[Entry],
    inquiries: Iterable[Inquiry],
    *,
    nobodys: bool,
    since: datetime,
    today: date,
    remind_days: int,
) -> Upkeep:
    """What one owner should look at. `nobodys`: the questions that nothing came near to are theirs too.

    Questions count from `since`; how often an entry was offered over half a year.
    """
    mine = {entry.id: entry for entry in entries if entry.owner == owner}
    every = list(inquiries)
    lately = sorted((one for one in every if one.asked_at >= since), key=lambda one: one.asked_at, reverse=True)
    offered = {offer.entry for one in every if (today - one.asked_at.date()).days <= UNUSED_DAYS for offer in one.offered}
    soon = today + timedelta(days=remind_days)
    ends = [(entry.valid_until, entry) for entry in mine.values() if entry.valid_until is not None]
    old = today - timedelta(days=UNUSED_DAYS)
    return Upkeep(
        owner=owner,
        unanswered=clusters_of(one for one in lately if nobodys and one.kind == "unknown"),
        unsure=tuple(one for one in lately if one.kind == "candidates" and not one.vote and _about(one, mine))[:SHOWN],
        not_solved=tuple(one for one in lately if one.vote == "not_solved" and one.voted_entry in mine)[:SHOWN],
        due=tuple(entry for last, entry in sorted(ends, key=_by_day) if today <= last <= soon),
        stale=tuple(entry for last, entry in sorted(ends, key=_by_day) if last < today),
        unused=tuple(entry for name, entry in sorted(mine.items()) if name not in offered and entry.verified_on <= old)[:SHOWN],
        twins=near_duplicates(mine.values()),
    )


def _by_day(pair: tuple[date, Entry]) -> tuple[date, str]:
    return pair[0], pair[1].id


def _about(inquiry: Inquiry, mine: Mapping[str, Entry]) -> bool:
    return bool(inquiry.offered) and inquiry.offered[0].entry in mine


def clusters_of(inquiries: Iterable[Inquiry]) -> tuple[Cluster, ...]:
    """Questions that share most of their pairs of letters, the largest cluster first."""
    groups: list[tuple[frozenset[str], list[Inquiry]]] = []
    for one in inquiries:
        pairs = _pairs(one.question)
        found = next((group for known, group in groups if _overlap(known, pairs) >= ALIKE), None)
        if found is not None:
            found.append(one)
        else:
            groups.append((pairs, [one]))
    ordered = sorted((group for _, group in groups), key=len, reverse=True)
    return tuple(
        Cluster(questions=tuple(one.question for one in group), numbers=tuple(one.key for one in group))
        for group in ordered[:SHOWN]
    )


def near_duplicates(entries: Iterable[Entry]) -> tuple[tuple[Entry, Entry], ...]:
    """Pairs of entries with the same phrasing, or whose questions are nearly the same, in some language."""
    every = sorted(entries, key=lambda entry: entry.id)
    asked = [[_pairs(text.question) for text in entry.texts.values()] for entry in every]
    wordings = [{_plain(wording) for text in one.texts.values() for wording in (text.question, *text.phrasings)} for one in every]
    return tuple(
        (every[i], every[j])
        for i in range(len(every))
        for j in range(i + 1, len(every))
        if wordings[i] & wordings[j] or any(_overlap(a, b) >= NEAR for a in asked[i] for b in asked[j])
    )[:SHOWN]


def _plain(text: str) -> str:
    return re.sub(r"[\s\W]+", "", text.casefold())


def _pairs(text: str) -> frozenset[str]:
    plain = _plain(text)
    return frozenset(plain[i : i + 2] for i in range(len(plain) - 1)) or frozenset({plain})


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0
