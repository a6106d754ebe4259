"""Planning maintenance from a terminal or a page: which hosts, from when to when, checked before anything is written."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from temanashi.errors import InputError
from temanashi.monitoring.maintenance import Window, add_window, end_occurrences, end_window
from temanashi.people import Actor, Channel
from temanashi.runbooks.kinds import step_kinds
from temanashi.text import Phrase
from temanashi.workspace.checking import settle
from temanashi.workspace.first import runbook_named
from temanashi.workspace.holding import until_from
from temanashi.workspace.live import live_inventory, live_recurring
from temanashi.workspace.maintenance_file import MAINTENANCE
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import NothingPublished, current_version

__all__ = ["IdleRule", "end_maintenance", "plan_maintenance", "since_from"]


class IdleRule(InputError):
    """Maintenance that comes again is not in force, and does not begin within a year."""

    key = "monitoring.idle-rule"

    def __init__(self, name: str) -> None:
        super().__init__(name=name, file=MAINTENANCE)


def since_from(text: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """When it begins: `2026-12-01` (that midnight), `2026-12-01 18:00`, `2h` from now, or nothing for now; raises BadUntil."""
    if not text.strip():
        return now
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time.min, tzinfo=zone)
    except ValueError:
        return until_from(text, now=now, zone=zone)


def plan_maintenance(
    installation: Installation,
    selector: str,
    *,
    since: str,
    until: str,
    runbook: str = "",
    reason: str,
    actor: Actor,
    channel: Channel,
) -> Window:
    """Plan maintenance of the hosts of a selector. Raises BadUntil, UnknownRunbook, HostError and WindowBackwards."""
    now, zone = installation.clock.now(), installation.settings.zone
    begin, end = since_from(since, now=now, zone=zone), until_from(until, now=now, zone=zone)
    with installation.database.transaction() as connection:
        if runbook:
            published = current_version(connection, kinds=step_kinds())
            if published is None:
                raise NothingPublished
            runbook_named(published, runbook)
        return add_window(
            connection,
            installation.ledger,
            inventory=live_inventory(connection),
            selector=selector,
            runbook=runbook,
            since=begin,
            until=end,
            reason=reason,
            actor=actor,
            channel=channel,
            clock=installation.clock,
        )


def end_maintenance(
    installation: Installation, window: str, *, reason: str = "", actor: Actor, channel: Channel
) -> tuple[Window, list[Phrase]]:
    """End maintenance now, or take back what is planned; of a rule, this time or else the next one only.

    What it was, and what went wrong with telling what is wrong. Raises NoSuchWindow and IdleRule.
    """
    ledger, clock = installation.ledger, installation.clock
    with installation.database.transaction() as connection:
        recurring = live_recurring(connection)
        if window in {rule.id for rule in recurring.windows}:
            occurrences = recurring.of_rule(window, clock.now())
            if not occurrences:
                raise IdleRule(window)
            end_occurrences(connection, ledger, occurrences, reason=reason, actor=actor, channel=channel, clock=clock)
            ended = occurrences[-1]
        else:
            ended = end_window(connection, ledger, window, reason=reason, actor=actor, channel=channel, clock=clock)
    return ended, settle(installation).failures
