"""Recording demand in an installation: rules and register are read in the transaction that writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from temanashi.books import (
    Cancelled,
    Occasion,
    Recorder,
    Rules,
    Standing,
    cancelled_demand,
    drafts_of,
    proposed_tasks,
    read_baselines,
    read_register,
    signed_versions,
    standing_of,
    tidy_key,
)
from temanashi.calendars import BusinessCalendar, Month, day_of
from temanashi.people import Actor, Channel
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["Recording", "cancel_occasion", "read_rules", "record_none", "record_occasions", "today_of"]


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Who records demand, as what, and through which channel."""

    recorder: Recorder
    actor: Actor
    channel: Channel


def today_of(installation: Installation) -> date:
    """Today in the workspace's time zone."""
    return day_of(installation.clock.now(), installation.settings.zone)


def read_rules(installation: Installation, connection: Connection, published: PublishedWorkspace | None) -> Rules:
    """Which demand may be recorded, as published and signed."""
    proposed = proposed_tasks(published.runbooks.values()) if published is not None else ()
    return Rules(
        tasks={task.task: task for task in proposed},
        versions=signed_versions(read_baselines(installation.ledger, connection)),
        today=today_of(installation),
    )


def record_occasions(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace | None,
    occasions: Sequence[Occasion],
    recording: Recording,
) -> list[Standing]:
    """Record what is new of some occasions, all or none, and how each stood before. Raises what `Rules.check` raises, and
    CountedElsewhere.
    """  # noqa: D205
    rules = read_rules(installation, connection, published)
    for one in occasions:
        rules.check(one, recording.recorder)
    slot = occasions[0].key if len(occasions) == 1 else ""
    register = read_register(installation.ledger, connection, zone=installation.settings.zone, slot=slot)
    standings = [standing_of(one, register) for one in occasions]
    drafts = drafts_of(occasions, register, recorder=recording.recorder, actor=recording.actor, channel=recording.channel)
    if drafts:
        installation.ledger.append_all(connection, drafts)
    return standings


def cancel_occasion(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace | None,
    task: str,
    slot: str,
    *,
    reason: str,
    recording: Recording,
) -> Cancelled | None:
    """Record that an occasion, or a calendar's slot, fell away; the cancellation that was there before, which then stays.

    Raises NoReason, BadKey, UnknownTask, NotRecorded and NotASlot.
    """
    slot = tidy_key(slot)
    draft = cancelled_demand(task, slot, reason=reason, actor=recording.actor, channel=recording.channel)
    rules = read_rules(installation, connection, published)
    register = read_register(installation.ledger, connection, zone=installation.settings.zone, task=task)
    rules.check_cancelling(task, slot, register, published.calendar if published is not None else BusinessCalendar())
    before = register.cancelled.get((task, slot))
    if before is None:
        installation.ledger.append(connection, draft)
    return before


def record_none(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace | None,
    task: str,
    month: Month,
    *,
    reason: str,
    recording: Recording,
) -> Cancelled | None:
    """Record that nobody asked in a whole month: what the baseline assumes of it falls away. What was said before stays.

    Raises NoReason, UnknownTask, ByCalendar, MonthRunning and NotNone.
    """
    draft = cancelled_demand(task, str(month), reason=reason, actor=recording.actor, channel=recording.channel)
    register = read_register(installation.ledger, connection, zone=installation.settings.zone, task=task)
    read_rules(installation, connection, published).check_none(task, month, register)
    before = register.cancelled.get((task, str(month)))
    if before is None:
        installation.ledger.append(connection, draft)
    return before
