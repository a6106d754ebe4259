"""Alertmanager's webhook, version 4, as it comes in.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config. An alert is its fingerprint and its start: the same labels
that fire again later are another alert. A firing group may hold alerts that are over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from temanashi.monitoring.receivers.webhook import fingerprint
from temanashi.monitoring.senders.contract import LABEL_LENGTH, MOST_ALERTS, BadAlerts, Lenient, Member, Told, moment_in, tidy
from temanashi.problems import Problem, problems_of
from temanashi.text.local import phrase

__all__ = ["alertmanager_told"]

Labels = dict[str, str]
Key = Annotated[str, Field(min_length=1, max_length=20_000)]


class _Camel(Lenient):
    model_config = ConfigDict(alias_generator=to_camel)


class _Alert(_Camel):
    status: Literal["firing", "resolved"]
    labels: Labels = Field(default_factory=dict)
    annotations: Labels = Field(default_factory=dict)
    starts_at: str
    ends_at: str = ""
    fingerprint: str = Field(default="", max_length=200)


class _Hook(_Camel):
    version: Literal["4"]
    group_key: Key
    truncated_alerts: Annotated[int, Field(ge=0)] = 0
    group_labels: Labels = Field(default_factory=dict)
    common_labels: Labels = Field(default_factory=dict)
    common_annotations: Labels = Field(default_factory=dict)
    alerts: Annotated[list[_Alert], Field(min_length=1, max_length=MOST_ALERTS)]


def alertmanager_told(data: Mapping[str, Any]) -> Told:
    """What a message tells; raises BadAlerts with every mistake."""
    try:
        hook = _Hook.model_validate(data)
    except ValidationError as error:
        raise BadAlerts("alertmanager", problems_of(error, model=_Hook)) from None
    problems: list[Problem] = []
    members = [_member(alert, number, problems) for number, alert in enumerate(hook.alerts)]
    if problems:
        raise BadAlerts("alertmanager", problems)
    labels = {**hook.group_labels, **hook.common_labels}
    named = (
        hook.common_annotations.get("summary"),
        labels.get("alertname"),
        hook.alerts[0].labels.get("alertname"),
        hook.group_key,
    )
    return Told(
        sender="alertmanager",
        group=hook.group_key,
        title=tidy(next(name for name in named if name)),
        severity=tidy(labels.get("severity", "") or hook.alerts[0].labels.get("severity", ""), LABEL_LENGTH),
        members=tuple(member for member in members if member is not None),
        truncated=hook.truncated_alerts,
    )


def _member(alert: _Alert, number: int, problems: list[Problem]) -> Member | None:
    found = {}
    for name, text in (("startsAt", alert.starts_at), ("endsAt", alert.ends_at)):
        try:
            found[name] = moment_in(text) if text.strip() else None
        except ValueError:
            problems.append(Problem(("alerts", number, name), phrase("incidents.bad-moment", text=text[:40])))
    if len(found) < 2:  # noqa: PLR2004  (both times)
        return None
    started = found["startsAt"]
    mark = alert.fingerprint or fingerprint(alert.labels)
    return Member(
        id=f"{mark}@{started.isoformat() if started is not None else '-'}",
        state=alert.status,
        started=started,
        # An alert that fires may bear the moment at which it would be taken for over if nobody repeated it.
        ended=found["endsAt"] if alert.status == "resolved" else None,
        labels=alert.labels,
    )
