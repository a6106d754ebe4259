"""Proposals as files for an owner to look at: a draft for each new entry, and entries with more phrasings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from temanashi.faq.entries import Entry, EntryText
from temanashi.faq.mining.proposing import Proposal
from temanashi.faq.writing import entry_path, entry_text
from temanashi.text import say
from temanashi.workspace.writing import write_all

__all__ = ["DRAFTS", "draft_of", "write_proposals"]

DRAFTS = "drafts"
"""The topic of drafts, until their owner moves them."""


def write_proposals(folder: Path, proposals: Sequence[Proposal], *, owner: str, today: date) -> list[Path]:
    """Write them under a folder as `faq/<topic>/<id>.md`; raises InTheWay and CannotWrite. Nothing that is there is replaced."""
    texts: dict[str, str] = {}
    grown: dict[str, Entry] = {}
    for proposal in proposals:
        if proposal.entry is None:
            draft = draft_of(proposal, owner=owner, today=today)
            texts[entry_path(draft)] = _marked(entry_text(draft), proposal)
        else:
            grown[proposal.id] = _with_phrasings(grown.get(proposal.id, proposal.entry), proposal)
    texts |= {entry_path(entry): entry_text(entry) for entry in grown.values()}
    return write_all(folder, texts)


def draft_of(proposal: Proposal, *, owner: str, today: date) -> Entry:
    """A new entry. It is valid for today only, so that one published without a look is never answered with."""
    first, *others = proposal.phrasings
    answer = proposal.answer or say("mining.no-answer-yet", proposal.lang)
    text = EntryText(question=first, phrasings=tuple(others), answer=answer)
    return Entry(
        id=proposal.id,
        topic=DRAFTS,
        owner=owner,
        escalate_to=owner,
        verified_on=today,
        valid_until=today,
        texts={proposal.lang: text},
    )


def _with_phrasings(entry: Entry, proposal: Proposal) -> Entry:
    text = entry.texts[proposal.lang]
    more = text.model_copy(update={"phrasings": (*text.phrasings, *proposal.phrasings)})
    return entry.model_copy(update={"texts": {**entry.texts, proposal.lang: more}})


def _marked(text: str, proposal: Proposal) -> str:
    note = say("mining.draft-note", proposal.lang, count=proposal.count, minutes=f"{proposal.minutes:g}")
    return text.replace("---\n", f"---\n# {note}\n", 1)
