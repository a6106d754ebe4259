"""Zabbix, as a webhook media type sends it: the parameters that Zabbix's own media types are made of, as one JSON object.

https://www.zabbix.com/documentation/current/en/manual/config/notifications/media/webhook. A problem is its event id. `trigger_id`,
where it is sent, is the group: the same trigger that comes back within minutes is the same occasion. Zabbix writes its times
without an offset, in the time zone of its server. A macro that had no value arrives as its own name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ValidationError

from temanashi.monitoring.senders.contract import EARLIEST, LABEL_LENGTH, BadAlerts, Lenient, Member, MemberState, Told, tidy
from temanashi.problems import Problem, problems_of
from temanashi.text.local import phrase

__all__ = ["zabbix_told"]

UNSET = re.compile(r"\{[A-Z0-9_.]+\}|\*UNKNOWN\*")


def _text(value: Any) -> Any:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return "" if isinstance(text, str) and UNSET.fullmatch(text.strip()) else text


Text = Annotated[str, BeforeValidator(_text)]
Id = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=40, pattern=r"^[0-9]+$")]


class _Event(Lenient):
    event_id: Id
    event_value: Annotated[Literal["0", "1"], BeforeValidator(_text)]
    trigger_id: Annotated[str, BeforeValidator(_text), Field(max_length=40)] = ""
    event_name: Text = ""
    event_severity: Text = ""
    host_name: Text = ""
    event_date: Text = ""
    event_time: Text = ""
    event_recovery_date: Text = ""
    event_recovery_time: Text = ""
    event_update_status: Text = ""
    event_update_action: Text = ""
    event_update_date: Text = ""
    event_update_time: Text = ""
    event_timestamp: Text = ""
    event_recovery_timestamp: Text = ""
    event_tags: Any = None
    event_tagsjson: Any = None


def zabbix_told(data: Mapping[str, Any], *, zone: ZoneInfo) -> Told:
    """What a message tells, with times without an offset read in `zone`; raises BadAlerts with every mistake."""
    try:
        event = _Event.model_validate(data)
    except ValidationError as error:
        raise BadAlerts("zabbix", problems_of(error, model=_Event)) from None
    problems: list[Problem] = []
    started = _when(event, "event", zone, problems)
    ended = _when(event, "event_recovery", zone, problems)
    updated = _when(event, "event_update", zone, problems)
    if problems:
        raise BadAlerts("zabbix", problems)
    state = _state(event)
    labels = {**_tags(event), "host": event.host_name, "name": event.event_name, "severity": event.event_severity}
    member = Member(
        id=event.event_id,
        state=state,
        started=started,
        ended=ended if state == "resolved" else None,
        said_at=updated if state == "acknowledged" else None,
        labels={name: value for name, value in labels.items() if value},
    )
    return Told(
        sender="zabbix",
        group=f"trigger:{event.trigger_id}" if event.trigger_id else f"event:{event.event_id}",
        title=tidy(" ".join(part for part in (event.host_name, event.event_name) if part) or event.event_id),
        severity=tidy(event.event_severity, LABEL_LENGTH),
        members=(member,),
    )


def _state(event: _Event) -> MemberState:
    if event.event_value == "0":
        return "resolved"
    words = {word.strip() for word in event.event_update_action.split(",")}
    return "acknowledged" if event.event_update_status == "1" and "acknowledged" in words else "firing"


def _when(event: _Event, name: str, zone: ZoneInfo, problems: list[Problem]) -> datetime | None:
    """A date and a time of Zabbix, or seconds since 1970 where they are sent."""
    stamp = str(getattr(event, f"{name}_timestamp", "")).strip()
    day, clock = str(getattr(event, f"{name}_date")).strip(), str(getattr(event, f"{name}_time")).strip()
    try:
        if stamp:
            moment = datetime.fromtimestamp(int(stamp), UTC)
        elif day and clock:
            moment = datetime.strptime(f"{day} {clock}", "%Y.%m.%d %H:%M:%S").replace(tzinfo=zone).astimezone(UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        field = f"{name}_timestamp" if stamp else f"{name}_date"
        text = (stamp or f"{day} {clock}")[:40]
        problems.append(Problem((field,), phrase("incidents.bad-zabbix-time", text=text)))
        return None
    return moment if moment >= EARLIEST else None


def _tags(event: _Event) -> dict[str, str]:
    """Tags as JSON ({EVENT.TAGSJSON}) or as text ({EVENT.TAGS}: `service:web, team:ops`)."""
    given = event.event_tagsjson or event.event_tags
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            pairs = (part.partition(":") for part in str(given).split(","))
            return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}
    if isinstance(given, dict):
        return {str(name): str(value) for name, value in given.items() if isinstance(value, (str, int))}
    listed = given if isinstance(given, list) else []
    return {str(one.get("tag")): str(one.get("value", "")) for one in listed if isinstance(one, dict) and one.get("tag")}
