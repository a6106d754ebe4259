"""PagerDuty, Events API v2: trigger, acknowledge and resolve under one dedup_key an alert.

https://developer.pagerduty.com/docs/events-api-v2-overview
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temanashi.changes import Verdict
from temanashi.monitoring.events import Event, hosts_of, lines_of, links_of, summary_of
from temanashi.monitoring.receivers.contract import Message, Sent
from temanashi.monitoring.receivers.posting import post_json
from temanashi.secrets import SecretMissing
from temanashi.text import Lang, phrase

__all__ = ["SEVERITIES", "PagerDuty"]

SEVERITIES = {Verdict.CRITICAL: "critical", Verdict.UNKNOWN: "error", Verdict.WARNING: "warning"}
SUMMARY_LENGTH = 1024
_FIELD_LENGTH = 255


@dataclass(frozen=True, kw_only=True)
class PagerDuty:
    """One service. The routing key is looked up when an event is sent; it never lies in the outbox."""

    routing_key: str
    url: str
    lang: Lang
    page: str
    secret: Callable[[str], str]
    now: Callable[[], datetime]

    @property
    def name(self) -> str:
        """Its name in the outbox."""
        return "pagerduty"

    def messages(self, events: Sequence[Event]) -> list[Message]:
        """One event each."""
        return [Message(thread=event.thread, action=event.action, payload=self._payload(event)) for event in events]

    def send(self, payload: dict[str, Any]) -> Sent:
        """Send an event with the routing key."""
        try:
            key = self.secret(self.routing_key)
        except SecretMissing:
            return Sent(result="later", why=phrase("monitoring.receiver-no-secret", name=self.name, ref=self.routing_key))
        url = f"{self.url.rstrip('/')}/v2/enqueue"
        return post_json(self.name, url, {"routing_key": key, **payload}, headers={}, now=self.now())

    def _payload(self, event: Event) -> dict[str, Any]:
        told: dict[str, Any] = {"event_action": event.action, "dedup_key": event.thread}
        if event.action != "trigger":
            return told
        hosts = hosts_of(event)
        details = {
            "problems": lines_of(event, self.lang),
            "hosts": hosts,
            "runs": sorted({problem.run for problem in event.problems}),
            "change": event.change,
            "previous": event.previous,
            "alert": event.alert,
        }
        told["payload"] = {
            "summary": summary_of(event, self.lang)[:SUMMARY_LENGTH],
            "source": (hosts[0] if len(hosts) == 1 else event.label)[:_FIELD_LENGTH],
            "severity": SEVERITIES[event.verdict],
            "timestamp": event.at.isoformat(),
            "component": event.label[:_FIELD_LENGTH],
            "group": event.runbook or event.sort,
            "class": event.sort,
            "custom_details": details,
        }
        told |= {"client": "temanashi", "client_url": f"{self.page}/problems"}
        if links := links_of(event, self.page, self.lang):
            told["links"] = [{"href": address, "text": said} for said, address in links]
        return told
