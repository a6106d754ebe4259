"""Events as they are sent to PagerDuty's Events API v2, sent to us instead, or too.

https://developer.pagerduty.com/docs/events-api-v2-overview. `dedup_key` is the group. What is triggered again while it is open is
the same alert, as it is there; after it was resolved it is another one. The routing key is read by nobody here and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from temanashi.monitoring.senders.contract import LABEL_LENGTH, BadAlerts, Lenient, Member, MemberState, Told, moment_in, tidy
from temanashi.problems import Problem, problems_of
from temanashi.text.local import phrase

__all__ = ["pagerduty_told"]

STATES: dict[str, MemberState] = {"trigger": "firing", "acknowledge": "acknowledged", "resolve": "resolved"}


class _Payload(Lenient):
    summary: str = ""
    source: str = ""
    severity: str = ""
    timestamp: str = ""
    component: str = ""
    group: str = ""
    class_: str = Field(default="", alias="class")
    custom_details: Any = None


class _Event(Lenient):
    event_action: Literal["trigger", "acknowledge", "resolve"]
    dedup_key: Annotated[str, Field(min_length=1, max_length=255)]
    payload: _Payload | None = None


def pagerduty_told(data: Mapping[str, Any]) -> Told:
    """What an event tells; raises BadAlerts with every mistake."""
    try:
        event = _Event.model_validate(data)
    except ValidationError as error:
        raise BadAlerts("pagerduty", problems_of(error, model=_Event)) from None
    payload = event.payload or _Payload()
    if event.event_action == "trigger" and not payload.summary.strip():
        raise BadAlerts("pagerduty", [Problem(("payload", "summary"), phrase("problems.missing", name="summary"))])
    said = _moment(payload.timestamp)
    state = STATES[event.event_action]
    labels = {name: str(getattr(payload, name)) for name in ("summary", "source", "severity", "component", "group")}
    labels |= {"class": payload.class_}
    if isinstance(payload.custom_details, dict):
        told = {str(name): value for name, value in payload.custom_details.items() if isinstance(value, (str, int, float))}
        labels = {**{name: str(value) for name, value in told.items()}, **labels}
    member = Member(
        id="",
        state=state,
        started=said if state == "firing" else None,
        ended=said if state == "resolved" else None,
        said_at=said,
        labels={name: value for name, value in labels.items() if value},
    )
    return Told(
        sender="pagerduty",
        group=event.dedup_key,
        title=tidy(payload.summary or event.dedup_key),
        severity=tidy(payload.severity, LABEL_LENGTH),
        members=(member,),
    )


def _moment(text: str) -> datetime | None:
    try:
        return moment_in(text) if text.strip() else None
    except ValueError:
        problem = Problem(("payload", "timestamp"), phrase("incidents.bad-moment", text=text[:40]))
        raise BadAlerts("pagerduty", [problem]) from None
