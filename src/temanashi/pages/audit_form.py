"""What an auditor typed into the search form, and the address that asks for the same again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from temanashi.audit.finding import OPEN, Criteria
from temanashi.ledger.records import Kind, RunOutcome

__all__ = ["FLAGS", "KINDS", "OUTCOMES", "TEXTS", "AuditForm", "read_audit_form"]

TEXTS = ("person", "beneficiary", "runbook", "host", "system", "ticket")
FLAGS = ("privileged", "emergency")
KINDS: tuple[str, ...] = get_args(Kind)
OUTCOMES: tuple[str, ...] = (*get_args(RunOutcome), OPEN)
LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class AuditForm:
    """As typed, so that nothing is lost; `problems` are text keys by field. `criteria` is what can be asked for."""

    typed: Mapping[str, str]
    criteria: Criteria
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> bool:
        """Whether anything was typed at all."""
        return any(self.typed.values())

    def query(self, **more: str) -> str:
        """The same question as the query of an address, with more behind it."""
        return urlencode({name: value for name, value in {**self.typed, **more}.items() if value})


def read_audit_form(given: Mapping[str, str], zone: ZoneInfo) -> AuditForm:
    """The form with every problem at once; days are cut in the workspace's time zone."""
    typed = {name: " ".join(given.get(name, "").split())[:LONGEST] for name in (*TEXTS, "from", "to", "kind", "outcome")}
    typed |= {name: "1" if given.get(name) else "" for name in FLAGS}
    typed["kind"] = typed["kind"] if typed["kind"] in KINDS else ""
    problems, days = {}, {}
    for name in ("from", "to"):
        try:
            days[name] = date.fromisoformat(typed[name]) if typed[name] else None
        except ValueError:
            days[name], problems[name] = None, "audit.form-day-wrong"
    first, last = days["from"], days["to"]
    if first and last and last < first:
        problems["to"] = "audit.form-days-order"
    criteria = Criteria(
        **{name: typed[name] for name in (*TEXTS, "kind", "outcome")},
        privileged=bool(typed["privileged"]),
        emergency=bool(typed["emergency"]),
        since=_moment(first, zone) if first else None,
        until=_moment(last + timedelta(days=1), zone) if last and last < date.max else None,
    )
    return AuditForm(typed=typed, criteria=criteria, problems=problems)


def _moment(day: date, zone: ZoneInfo) -> datetime:
    try:
        return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
    except OverflowError:  # the first and the last days of the calendar
        return datetime.combine(day, time.min, tzinfo=UTC)
