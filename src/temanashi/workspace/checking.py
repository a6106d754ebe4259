"""What the checks of finished runs come to: after every run, and in every watch for what a process that died left undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection, select

from temanashi.changes import Verdict
from temanashi.errors import LedgerError
from temanashi.monitoring.alerting import Alerts, settle_alerts
from temanashi.monitoring.noting import forget_changes, note_finished_runs
from temanashi.monitoring.outbox import Delivered, enqueue, forget_sent, pending, send_waiting
from temanashi.monitoring.receivers.address import Address
from temanashi.monitoring.receivers.contract import Receiver
from temanashi.monitoring.receivers.pagerduty import PagerDuty
from temanashi.monitoring.receivers.webhook import Webhook
from temanashi.monitoring.senders.store import forget_members
from temanashi.monitoring.tables import ALERTS, PROBLEMS
from temanashi.secrets import resolve
from temanashi.text import Phrase, explain, phrase
from temanashi.workspace.alert_demand import record_alerts
from temanashi.workspace.live import live_inventory, live_recurring
from temanashi.workspace.opening import Installation
from temanashi.workspace.own_incidents import record_incidents

__all__ = ["look_after_checks", "note_checks", "receivers_of", "settle", "watch_checks"]

Secret = Callable[[str], str]
KEPT = timedelta(days=400)
"""History of states: a year can be compared with the one before."""
SENT_KEPT = timedelta(days=30)


def receivers_of(installation: Installation, *, secret: Secret = resolve) -> list[Receiver]:
    """Who hears of alerts, as the settings say."""
    settings, clock = installation.settings, installation.clock
    asked = settings.alerts
    page = f"{settings.public_url.rstrip('/') or settings.here['tema_url']}/tema"
    lang = settings.language
    found: list[Receiver] = []
    if asked.pagerduty is not None:
        service = asked.pagerduty
        found.append(
            PagerDuty(routing_key=service.routing_key, url=service.url, lang=lang, page=page, secret=secret, now=clock.now)
        )
    for name, hook in asked.webhooks.items():
        found.append(
            Webhook(title=name, url=hook.url, authorization=hook.authorization, lang=lang, page=page, secret=secret, now=clock.now)
        )
    if asked.notify:
        found += [Address(ref=ref, lang=lang, page=page, secret=secret) for ref in settings.notify]
    return found


def note_checks(installation: Installation, *, secret: Secret = resolve) -> list[Phrase]:
    """Note every run that ended and was not noted yet, and tell what there is to tell; what went wrong, as sentences.

    Never raises: the record of the runs stands, and the next watch tries again.
    """
    receivers = receivers_of(installation, secret=secret)

    def after(connection: Connection, _: str) -> None:
        _settle(installation, connection, receivers)

    try:
        noted = note_finished_runs(installation.database, clock=installation.clock, after=after)
        return send_waiting(installation.database, receivers, clock=installation.clock).failures if noted else []
    except LedgerError as error:
        return [phrase("monitoring.not-noted", problem=explain(error, "en").what)]


def settle(installation: Installation, *, secret: Secret = resolve) -> Delivered:
    """Tell what changed by itself or by a person's word: maintenance or an acknowledgement began or ended. Raises LedgerError."""
    receivers = receivers_of(installation, secret=secret)
    if _anything(installation):
        with installation.database.transaction() as connection:
            _settle(installation, connection, receivers)
    return send_waiting(installation.database, receivers, clock=installation.clock)


def look_after_checks(installation: Installation, *, secret: Secret = resolve) -> list[Phrase]:
    """What every watch does: take up what was left, see what changed by itself, send again, forget what is old."""
    failures = note_checks(installation, secret=secret)
    try:
        failures += settle(installation, secret=secret).failures
        with installation.database.transaction() as connection:
            now = installation.clock.now()
            forget_changes(connection, now - KEPT)
            forget_sent(connection, now - SENT_KEPT)
            forget_members(connection, now - KEPT)
    except LedgerError as error:
        return [*failures, phrase("monitoring.not-noted", problem=explain(error, "en").what)]
    return failures


def watch_checks(installation: Installation, *, secret: Secret = resolve) -> tuple[list[Phrase], list[str]]:
    """The same, and what an outside monitor should hear of: alerts that nobody gets."""
    failures = look_after_checks(installation, secret=secret)
    late = installation.clock.now() - timedelta(minutes=10)
    with installation.database.reading() as connection:
        stuck = [one for one in pending(connection) if one.state == "waiting" and one.since < late]
    return failures, [f"alerts not delivered: {one.receiver} ({one.count})" for one in stuck]


def _anything(installation: Installation) -> bool:
    with installation.database.reading() as connection:
        alert = connection.execute(select(ALERTS.c.id).where(ALERTS.c.state == "open").limit(1)).first()
        hard = select(PROBLEMS.c.id).where(PROBLEMS.c.closed_at.is_(None), PROBLEMS.c.hard_at.is_not(None)).limit(1)
        return alert is not None or connection.execute(hard).first() is not None


def _settle(installation: Installation, connection: Connection, receivers: list[Receiver]) -> None:
    now = installation.clock.now()
    verdicts = [Verdict(word) for word in installation.settings.alerts.verdicts]
    asked = Alerts(inventory=live_inventory, recurring=live_recurring, verdicts=verdicts)
    events = settle_alerts(connection, now=now, alerts=asked)
    record_alerts(installation, connection, events)
    record_incidents(installation, connection, events)
    enqueue(connection, events, receivers, now=now)
