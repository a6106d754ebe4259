"""Alertmanager's webhook, version 4: what tools that take its alerts understand.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config. Not its API: an Alertmanager forgets an alert that is not
sent again every few minutes, and we tell a change once.

Labels name an alert and never change while it lasts; `severity` is the one exception that receivers route by, so a change of it
resolves the alert under its old labels and fires it under the new ones in the same message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temanashi.changes import Verdict
from temanashi.monitoring.events import Event, hosts_of, lines_of, links_of, summary_of
from temanashi.monitoring.receivers.contract import Message, Sent
from temanashi.monitoring.receivers.pagerduty import SEVERITIES
from temanashi.monitoring.receivers.posting import post_json
from temanashi.secrets import SecretMissing, is_reference
from temanashi.text import Lang, phrase

__all__ = ["Webhook", "fingerprint"]

NEVER = "0001-01-01T00:00:00Z"
"""endsAt of an alert that is not over (Go's zero time)."""

_OFFSET, _PRIME, _SEPARATOR = 14695981039346656037, 1099511628211, 0xFF


def fingerprint(labels: Mapping[str, str]) -> str:
    """16 hex digits: FNV-1a (64 bit) over sorted names and values, 0xFF after each (prometheus/common, model/signature.go)."""
    value = _OFFSET
    for name in sorted(labels):
        for part in (name, labels[name]):
            for octet in (*part.encode(), _SEPARATOR):
                value = (value ^ octet) * _PRIME % (1 << 64)
    return f"{value:016x}"


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """One receiver. Its address and header may be references, looked up when something is sent."""

    title: str
    url: str
    authorization: str | None
    lang: Lang
    page: str
    secret: Callable[[str], str]
    now: Callable[[], datetime]

    @property
    def name(self) -> str:
        """Its name in the outbox."""
        return f"webhook:{self.title}"

    def messages(self, events: Sequence[Event]) -> list[Message]:
        """One message an event; that somebody acknowledged has no form in Alertmanager's webhook."""
        told = [event for event in events if event.action != "acknowledge"]
        return [Message(thread=event.thread, action=event.action, payload=self._payload(event)) for event in told]

    def send(self, payload: dict[str, Any]) -> Sent:
        """Send a message with the header."""
        try:
            url = self.secret(self.url) if is_reference(self.url) else self.url
            headers = {"authorization": self.secret(self.authorization)} if self.authorization else {}
        except SecretMissing as error:
            return Sent(result="later", why=phrase("monitoring.receiver-no-secret", name=self.name, ref=error.data["ref"]))
        return post_json(self.name, url, payload, headers=headers, now=self.now())

    def _payload(self, event: Event) -> dict[str, Any]:
        labels = _labels(event, event.verdict)
        over = event.action == "resolve"
        alerts = [self._alert(event, labels, over=over)]
        if not over and event.previous is not None and event.previous != event.verdict and event.change != "again":
            alerts.insert(0, self._alert(event, _labels(event, event.previous), over=True))
        group = {name: labels[name] for name in ("alertname", "kind", "subject")}
        return {
            "version": "4",
            "groupKey": f"{{}}:{{{', '.join(f'{name}={_quoted(value)}' for name, value in group.items())}}}",
            "truncatedAlerts": 0,
            "status": "resolved" if over else "firing",
            "receiver": self.title,
            "groupLabels": group,
            "commonLabels": labels if len(alerts) == 1 else {n: v for n, v in labels.items() if n != "severity"},
            "commonAnnotations": dict(set.intersection(*(set(alert["annotations"].items()) for alert in alerts))),
            "externalURL": self.page,
            "alerts": alerts,
        }

    def _alert(self, event: Event, labels: dict[str, str], *, over: bool) -> dict[str, Any]:
        summary = summary_of(event, self.lang)
        links = [] if over else links_of(event, self.page, self.lang)
        return {
            "status": "resolved" if over else "firing",
            "labels": labels,
            "annotations": {
                "summary": summary,
                "description": "\n".join(lines_of(event, self.lang, "" if over else self.page)) or summary,
                # The name by which Prometheus rules and the tools behind them know it.
                **({"runbook_url": links[0][1]} if links else {}),
            },
            "startsAt": event.opened_at.isoformat(),
            "endsAt": event.at.isoformat() if over else NEVER,
            "generatorURL": f"{self.page}/problems",
            "fingerprint": fingerprint(labels),
        }


def _labels(event: Event, verdict: Verdict) -> dict[str, str]:
    """What the alert is about. A label that Alertmanager would call empty is left out."""
    labels = {
        "alertname": "temanashi",
        "kind": event.sort,
        "subject": event.label,
        "runbook": event.runbook,
        "round": str(event.round) if event.round > 1 else "",
        "severity": SEVERITIES[verdict],
    }
    if event.sort == "problem":
        problem = event.problems[0]
        labels |= {"check": problem.key.name, "instance": problem.key.target}
    elif event.sort == "host":
        labels["instance"] = (hosts_of(event) or [event.label])[0]
    return {name: value for name, value in labels.items() if value}


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
