"""From the bytes of a message to what it tells: its form is recognised by the fields that only it has."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import from_json

from temanashi.errors import InputError
from temanashi.monitoring.senders.alertmanager import alertmanager_told
from temanashi.monitoring.senders.contract import Told, UnknownSender, tidy
from temanashi.monitoring.senders.pagerduty import pagerduty_told
from temanashi.monitoring.senders.zabbix import zabbix_told

__all__ = ["NotJson", "told_in"]


class NotJson(InputError):
    """A message that is no JSON."""

    key = "incidents.not-json"


def told_in(body: bytes, *, zone: ZoneInfo) -> Told:
    """What a message tells. `zone` is that of senders that write times without an offset.

    Raises NotJson (also for JSON that is nested too deep), UnknownSender and BadAlerts.
    """
    try:
        data: Any = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise NotJson from None
    if not isinstance(data, dict):
        raise UnknownSender([])
    if "alerts" in data and ("groupKey" in data or "version" in data):
        return alertmanager_told(data)
    if "event_action" in data or "dedup_key" in data:
        return pagerduty_told(data)
    if "event_id" in data and "event_value" in data:
        return zabbix_told(data, zone=zone)
    raise UnknownSender([tidy(name, 40) for name in data])
