"""Inquiries in the books: one that reached a person, or that its asker says is solved, is an occasion of the task of answering.

A page that was looked at is none. The task's minutes by hand, signed like any other, say what an occasion costs.
"""

from __future__ import annotations

from sqlalchemy import Connection

from temanashi.books import Occasion
from temanashi.faq.inquiries import Inquiry
from temanashi.people import Actor, Channel
from temanashi.text import say
from temanashi.workspace.demanding import Recording, cancel_occasion, read_rules, record_occasions, today_of
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["count_inquiry", "occasion_of", "uncount_inquiry"]


def occasion_of(inquiry: Inquiry) -> str:
    """The key of the occasion; one that was taken back does not come again under the same key."""
    return inquiry.key if not inquiry.votes else f"{inquiry.key}/{inquiry.votes + 1}"


def count_inquiry(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace | None,
    inquiry: Inquiry,
    actor: Actor,
    channel: Channel,
) -> str:
    """Record the occasion; its task, empty where no published runbook serves it or another recorder counts it."""
    task, today = installation.settings.faq.task, today_of(installation)
    rules = read_rules(installation, connection, published)
    if task not in rules.known or not rules.open_to("inquiries", task, today):
        return ""
    one = Occasion(task=task, key=occasion_of(inquiry), day=today, ticket=inquiry.key, beneficiary=inquiry.beneficiary)
    record_occasions(installation, connection, published, [one], _recording(actor, channel))
    return task


def uncount_inquiry(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace | None,
    inquiry: Inquiry,
    actor: Actor,
    channel: Channel,
) -> None:
    """Take back the occasion of a vote that is changed; nothing where none was recorded."""
    task = installation.settings.faq.task
    slot = inquiry.key if inquiry.votes <= 1 else f"{inquiry.key}/{inquiry.votes}"
    from temanashi.books import read_register  # noqa: PLC0415  (a vote is seldom changed)

    register = read_register(installation.ledger, connection, zone=installation.settings.zone, task=task, slot=slot)
    if register.find(task, slot) is not None:
        reason = say("ask.vote-changed", installation.settings.language)
        cancel_occasion(installation, connection, published, task, slot, reason=reason, recording=_recording(actor, channel))


def _recording(actor: Actor, channel: Channel) -> Recording:
    return Recording(recorder="inquiries", actor=actor, channel=channel)
