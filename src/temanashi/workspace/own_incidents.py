"""Our own alerts as incidents: opened when one is told for the first time, acknowledged and resolved when that is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, select

from temanashi.books import Happening, alert_told, incident_told
from temanashi.ledger.records import Draft
from temanashi.monitoring.events import Event, hosts_of, summary_of
from temanashi.monitoring.senders.contract import tidy
from temanashi.monitoring.tables import HOSTS
from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.workspace.opening import Installation
from temanashi.workspace.versions import PublishedWorkspace, current_version

__all__ = ["record_incidents"]

MONITORING = Actor(name="temanashi", kind="system")
TOLD = frozenset({"new", "acknowledged", "resolved"})


def record_incidents(installation: Installation, connection: Connection, events: Iterable[Event]) -> None:
    """Record what becomes of alerts, in the transaction in which it is told. Raises LedgerError."""
    told = [event for event in events if event.change in TOLD]
    if not told:
        return
    published = current_version(connection, kinds=step_kinds()) if any(event.change == "new" for event in told) else None
    drafts = [draft for event in told for draft in _drafts(installation, connection, published, event)]
    installation.ledger.append_all(connection, drafts)


def _drafts(
    installation: Installation, connection: Connection, published: PublishedWorkspace | None, event: Event
) -> Iterator[Draft]:
    key = f"alert-{event.alert}"
    if event.change == "new":
        began = min((problem.since for problem in event.problems), default=event.opened_at)
        system, owner = _system(connection, event), _owner(published, event)
        title = tidy(summary_of(event, installation.settings.language))
        opened = Happening(
            key=key,
            state="opened",
            at=began,
            source="monitoring",
            title=title,
            system=system,
            owner=owner,
            severity=str(event.verdict),
        )
        yield incident_told(opened, actor=MONITORING, channel="alert")
        yield alert_told(key, actor=MONITORING, began=[began], system=system, owner=owner, sender="temanashi")
    elif event.change == "acknowledged":
        who = Actor(name=event.who) if event.who else MONITORING
        known = Happening(key=key, state="acknowledged", at=event.at, source="monitoring", reason=event.why)
        yield incident_told(known, actor=who, channel="alert")
    else:
        ends = [problem.closed_at for problem in event.problems if problem.closed_at is not None]
        over = Happening(key=key, state="resolved", at=max(ends, default=event.at), source="monitoring")
        yield incident_told(over, actor=MONITORING, channel="alert")


def _system(connection: Connection, event: Event) -> str:
    """The one system that all its hosts are of."""
    if event.sort == "system":
        return event.label
    rows = connection.execute(select(HOSTS.c.system).where(HOSTS.c.name.in_(hosts_of(event)))).scalars()
    found = {str(name or "") for name in rows}
    return found.pop() if len(found) == 1 else ""


def _owner(published: PublishedWorkspace | None, event: Event) -> str:
    """The one owner of the runbooks that found it."""
    known = published.runbooks if published is not None else {}
    found = {known[name].owner for problem in event.problems if (name := problem.key.runbook) in known}
    return found.pop() if len(found) == 1 else ""
