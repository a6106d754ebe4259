"""Whom the FAQ shows what, and who answers what it does not know."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from temanashi.faq.entries import Entry
from temanashi.faq.inquiries import Inquiry
from temanashi.people import Actor, People
from temanashi.settings import Settings

__all__ = ["answerers", "audience_of", "member_words", "owned_by", "people_of", "sees", "who_answers"]


def people_of(actor: Actor | None, people: People) -> frozenset[str]:
    """The ids of the listed people that somebody is, as far as that is sure: by the account, or a verified name."""
    if actor is None:
        return frozenset()
    names = [actor.account, *([actor.name] if actor.assurance == "verified" and actor.kind == "person" else [])]
    return frozenset(found for name in names if name and (found := people.find(name)) is not None)


def member_words(word: str, people: People) -> tuple[str, ...]:
    """A word of people.yaml as one; the bare name of a group means the group where nobody has that id."""
    if not word or word in people.people or ":" in word:
        return (word,) if word else ()
    return (f"group:{word}",) if word in people.groups else (word,)


def sees(entry: Entry, ids: Collection[str], people: People) -> bool:
    """Whether somebody may see an entry: everybody may, they are of its audience, or it is theirs."""
    if entry.for_everyone:
        return True
    allowed = people.members((*entry.audience, *member_words(entry.owner, people)))
    return not allowed.isdisjoint(ids)


def audience_of(actor: Actor | None, people: People) -> Callable[[Entry], bool]:
    """Whether an entry may be shown to somebody. Whose name is only asserted sees what is for everyone."""
    ids: list[frozenset[str]] = []
    known: dict[str, bool] = {}

    def may_see(entry: Entry) -> bool:
        if entry.for_everyone:
            return True
        if not ids:  # looking somebody up among a thousand people takes as long as a whole search
            ids.append(people_of(actor, people))
        if entry.id not in known:
            known[entry.id] = sees(entry, ids[0], people)
        return known[entry.id]

    return may_see


def owned_by(entry: Entry, ids: Collection[str], people: People) -> bool:
    """Whether somebody is an owner of an entry."""
    return not people.members(member_words(entry.owner, people)).isdisjoint(ids)


def who_answers(inquiry: Inquiry, entries: Mapping[str, Entry], settings: Settings) -> str:
    """Whom an inquiry goes to: whom the best offered entry names, its owner, else whom the settings name; empty: operators."""
    best = next((entries[one.entry] for one in inquiry.offered if one.entry in entries), None)
    if best is not None:
        return best.escalate_to or best.owner
    return settings.faq.hand_over


def answerers(to: str, people: People, channels: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """The ids of those whom an inquiry was handed to; none for a channel and for nobody that is listed."""
    if to in channels:
        return frozenset()
    return people.members(member_words(to, people))
