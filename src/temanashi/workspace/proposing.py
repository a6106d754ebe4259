"""What a person answered becomes part of the FAQ: proposed by whoever answered, written as a draft when the owner takes it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy import Connection

from temanashi.faq.asking_faults import NoProposal
from temanashi.faq.entries import Entry, EntryText
from temanashi.faq.inquiries import Inquiry
from temanashi.faq.writing import entry_path, entry_text
from temanashi.workspace.demanding import today_of
from temanashi.workspace.faq_drafts import free_id, with_phrasing, write_entry
from temanashi.workspace.inquiring import Asking
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace
from temanashi.workspace.replying import propose, settle_proposal

__all__ = ["accept_proposal", "draft_of", "propose_reply"]

TOPIC = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
NEW_TOPIC = "inbox"


def propose_reply(
    installation: Installation,
    connection: Connection,
    inquiry: Inquiry,
    wanted: str,
    topic: str,
    asking: Asking,
    entries: Mapping[str, Entry],
) -> None:
    """Propose what whoever answered chose: `phrasing` of the entry that they named, `entry` for a new one, else nothing."""
    entry = entries.get(inquiry.reply_entry)
    if wanted == "phrasing" and entry is not None:
        propose(installation, connection, inquiry, "phrasing", asking, entry=entry.id, owner=entry.owner)
    elif wanted == "entry":
        folder = topic if TOPIC.fullmatch(topic) else NEW_TOPIC
        propose(installation, connection, inquiry, "entry", asking, entry="", owner=inquiry.to, topic=folder)


def accept_proposal(
    installation: Installation,
    connection: Connection,
    inquiry: Inquiry,
    asking: Asking,
    published: PublishedWorkspace | None,
) -> str:
    """Write the draft that a proposal asks for, and record that it was taken; the file. It is live when it is published.

    Raises NoProposal, NoWorkspaceHere, and DraftConflict where the file was changed.
    """
    proposal = inquiry.proposal
    if proposal is None or proposal.state != "open" or published is None:
        raise NoProposal(inquiry.key)
    root = installation.settings.root
    if proposal.kind == "phrasing":
        entry = published.entries.get(proposal.entry)
        if entry is None:
            raise NoProposal(inquiry.key)
        file = with_phrasing(root, entry, inquiry.question, inquiry.lang)
    else:
        entry = draft_of(installation, inquiry, published)
        file = entry_path(entry)
        write_entry(root, file, entry_text(entry), before="")
    settle_proposal(installation, connection, inquiry, asking, file=file)
    return file


def draft_of(installation: Installation, inquiry: Inquiry, published: PublishedWorkspace) -> Entry:
    """A question and a person's answer as a new entry, in the language in which it was asked."""
    proposal = inquiry.proposal
    topic = proposal.topic if proposal is not None and TOPIC.fullmatch(proposal.topic) else NEW_TOPIC
    words = {*published.people.people, *(f"group:{name}" for name in published.people.groups)}
    owner = inquiry.to if inquiry.to in words else next(iter(sorted(published.people.people)), "approver")
    return Entry(
        id=free_id(installation.settings.root, topic, inquiry.key.removeprefix("inq-"), published.entries),
        topic=topic,
        owner=owner,
        verified_on=today_of(installation),
        texts={inquiry.lang: EntryText(question=inquiry.question[:500], phrasings=(), answer=inquiry.reply)},
    )
