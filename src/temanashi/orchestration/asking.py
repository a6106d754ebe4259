"""Who asked for a flow run: verified where the gate recorded who signed in, asserted where a tag says so."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

from prefect.client.schemas.objects import FlowRun

from temanashi.orchestration.tags import ACTOR, AGAIN, BENEFICIARY, CHANNEL, IDENTITY, REASON, TICKET
from temanashi.people import Actor, Channel

__all__ = ["Asker", "asker", "expected_day", "tagged"]

CHANNELS: tuple[Channel, ...] = ("form", "page", "cli", "phone", "schedule", "alert", "api")


class Asker(NamedTuple):
    """A person or a part of the system, the way in, the ticket that the request belongs to, for whom it is, and so on."""

    actor: Actor
    channel: Channel
    ticket: str = ""
    beneficiary: str = ""
    reason: str = ""
    identity_check: str = ""
    again: str = ""


def asker(flow_run: FlowRun) -> Asker:
    """Who asked: the schedule, whom Prefect recorded, whom the tags name, or somebody at Prefect's form."""
    more = tuple(tagged(flow_run, prefix) for prefix in (TICKET, BENEFICIARY, REASON, IDENTITY, AGAIN))
    if flow_run.auto_scheduled:
        return Asker(Actor(name="schedule", kind="system"), "schedule", *more)
    creator = flow_run.created_by
    if creator is not None and creator.type == "AUTOMATION":
        return Asker(Actor(name=creator.display_value or "automation", kind="system"), "alert", *more)
    wanted = tagged(flow_run, CHANNEL)
    channel: Channel = next((c for c in CHANNELS if c == wanted and c != "schedule"), "form")
    if creator is not None and creator.type == "USER" and creator.display_value:
        # Only the gate writes this field, of somebody who signed in.
        return Asker(Actor(name=creator.display_value[:200], assurance="verified"), channel, *more)
    return Asker(Actor(name=(tagged(flow_run, ACTOR) or "prefect-ui")[:200]), channel, *more)


def tagged(flow_run: FlowRun, prefix: str) -> str:
    """The rest of the first tag with a prefix, or nothing."""
    return next((tag.removeprefix(prefix) for tag in sorted(flow_run.tags or ()) if tag.startswith(prefix)), "")


def expected_day(flow_run: FlowRun, zone: ZoneInfo) -> str | None:
    """The day that a schedule meant (ISO), even when the run starts late; None for a run that a person asked for."""
    if not flow_run.auto_scheduled or flow_run.expected_start_time is None:
        return None
    return flow_run.expected_start_time.astimezone(zone).date().isoformat()
