"""Ask the FAQ from where there is no page: the terminal, a program, a form of Prefect's. The reply is told as data and as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from temanashi.faq.entries import Entry
from temanashi.faq.inquiries import Inquiry
from temanashi.people import Actor, People
from temanashi.reports.display import Display
from temanashi.runbooks.kinds import step_kinds
from temanashi.settings import Settings
from temanashi.text import Lang, say
from temanashi.workspace.demanding import today_of
from temanashi.workspace.faq_serving import LiveFaq
from temanashi.workspace.inquiring import Asking, hand_over, record_question, searched
from temanashi.workspace.inquiry_people import audience_of, who_answers
from temanashi.workspace.live import live_directory
from temanashi.workspace.opening import Installation
from temanashi.workspace.versions import PublishedWorkspace, current_version

__all__ = ["Asked", "ask", "hand_over_here", "told_inquiry", "told_text"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An inquiry with the entries that its asker may see, by id, and who is who."""

    inquiry: Inquiry
    entries: Mapping[str, Entry]
    people: People


def ask(
    installation: Installation,
    faq: LiveFaq,
    question: str,
    asking: Asking,
    *,
    lang: Lang,
    seen_by: Actor | None,
    number: str = "",
    published: PublishedWorkspace | None = None,
) -> Asked:
    """Ask and record; `seen_by` is whose audience counts (None: only what is for everyone). Raises EmptyQuestion and TooLong."""
    with installation.database.reading() as connection:
        live = published or current_version(connection, kinds=step_kinds())
        people = live_directory(connection).people
        engine = faq.engine(connection)
    may_see, today = audience_of(seen_by, people), today_of(installation)
    found = searched(question, lambda text: engine.ask(text, lang=lang, may_see=may_see, today=today))
    with installation.database.transaction() as connection:
        inquiry = record_question(installation, connection, found, asking, lang=lang, number=number)
    every = live.entries if live is not None else {}
    return Asked(inquiry=inquiry, entries={name: one for name, one in every.items() if may_see(one)}, people=people)


def hand_over_here(
    installation: Installation, asked: Asked, asking: Asking, *, details: str, published: PublishedWorkspace | None = None
) -> Asked:
    """Have a person answer; raises TooLong."""
    with installation.database.transaction() as connection:
        live = published or current_version(connection, kinds=step_kinds())
        every = live.entries if live is not None else {}
        to = who_answers(asked.inquiry, every, installation.settings)
        inquiry = hand_over(installation, connection, live, asked.inquiry, asking, to=to, details=details)
    return Asked(inquiry=inquiry, entries=asked.entries, people=asked.people)


def told_inquiry(asked: Asked, settings: Settings, lang: Lang) -> dict[str, Any]:
    """The inquiry and what was offered, as JSON values; what may not be seen (any more) is left out."""
    one = asked.inquiry
    told: dict[str, Any] = {
        "number": one.key,
        "question": one.question,
        "kind": one.kind,
        "state": one.state,
        "confidence": round(one.confidence, 4),
        "index": one.index,
        "masked": list(one.masked),
        "entries": [_told_entry(asked, name, lang) for name in (o.entry for o in one.offered) if name in asked.entries],
        "page": settings.page(f"faq/inquiries/{one.key}"),
    }
    if one.handed_at is not None:
        told["handed_to"] = one.to
    if one.replied_at is not None:
        told |= {"reply": one.reply, "replied_by": one.replied_by, "replied_at": one.replied_at.isoformat()}
    return told


def _told_entry(asked: Asked, name: str, lang: Lang) -> dict[str, Any]:
    entry = asked.entries[name]
    written, text = entry.text(lang)
    return {
        "id": entry.id,
        "lang": written,
        "question": text.question,
        "answer": text.answer,
        "owner": asked.people.name(entry.owner.partition(":")[2] or entry.owner),
        "verified_on": entry.verified_on.isoformat(),
        "valid_until": entry.valid_until.isoformat() if entry.valid_until else None,
        "runbook": {"id": entry.runbook.id, "parameters": entry.runbook.parameters} if entry.runbook else None,
    }


def told_text(asked: Asked, settings: Settings, show: Display) -> list[str]:
    """The reply as lines of text: the answer first, then who vouches for it, then where the inquiry stands."""
    lang, one = show.lang, asked.inquiry
    entries = [asked.entries[o.entry] for o in one.offered if o.entry in asked.entries]
    lines: list[str] = []
    if one.kind == "answer" and entries:
        entry = entries[0]
        text = entry.text(lang)[1]
        owner = asked.people.name(entry.owner.partition(":")[2] or entry.owner)
        lines += [text.question, "", text.answer.strip(), "", f"{_source(entry, owner, show)} {entry.id}"]
        if entry.runbook is not None:
            lines.append(say("ask.cli-runbook", lang, page=settings.page(f"runbooks/{entry.runbook.id}/run")))
    elif entries:
        lines.append(say("ask.did-you-mean", lang))
        lines += [f"- {entry.text(lang)[1].question} ({entry.id})" for entry in entries]
    else:
        lines.append(say("ask.do-not-know", lang))
    if one.handed_at is not None:
        to = asked.people.name(one.to.partition(":")[2] or one.to) if one.to else say("ask.operators", lang)
        lines += ["", say("ask.waiting-line", lang, to=to, when=show.moment(one.handed_at))]
    return [*lines, "", settings.page(f"faq/inquiries/{one.key}")]


def _source(entry: Entry, owner: str, show: Display) -> str:
    return say("ask.source", show.lang, owner=owner, day=show.day(entry.verified_on))
