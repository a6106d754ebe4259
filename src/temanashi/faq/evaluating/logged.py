"""Questions of the workspace's own FAQ whose answer is known, because the asker or the person who answered said so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from temanashi.faq.entries import Entry
from temanashi.faq.evaluating.files import Judged
from temanashi.faq.inquiries import Inquiry
from temanashi.faq.searching.same import bare

__all__ = ["judged_inquiries"]

SPLIT = "logged"


def judged_inquiries(inquiries: Iterable[Inquiry], entries: Mapping[str, Entry]) -> list[Judged]:
    """What was judged: solved by an entry, answered by a person with an entry, or answered by a person without one.

    Left out: what nobody judged, entries that are gone, and questions that became phrasings word for word, as they prove nothing.
    """
    found = []
    for one in sorted(inquiries, key=lambda inquiry: (inquiry.asked_at, inquiry.key)):
        right = _right(one)
        if right is None or (right and right not in entries):
            continue
        if right and _is_phrasing(one, entries[right]):
            continue
        found.append(Judged(one.question, one.lang, SPLIT, bool(right), {right: 2} if right else {}))
    return found


def _right(one: Inquiry) -> str | None:
    """The entry that answers it, nothing where none does, None where nobody said."""
    if one.vote == "solved":
        return one.voted_entry or (one.offered[0].entry if one.kind == "answer" and one.offered else None)
    if one.replied_at is None:
        return None
    if one.reply_entry:
        return one.reply_entry
    accepted = one.proposal is not None and one.proposal.state == "accepted"
    return one.proposal.entry if accepted and one.proposal is not None else ""


def _is_phrasing(one: Inquiry, entry: Entry) -> bool:
    asked = bare(one.question)
    return any(bare(text) == asked for words in entry.texts.values() for text in (words.question, *words.phrasings))
