"""`/tema/api/alerts`: where Alertmanager, Zabbix and senders of PagerDuty's events tell of alerts, with a token of scope `alerts`.

The same message again changes nothing, so that a sender may repeat what was not answered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from temanashi.monitoring.senders.contract import BadAlerts
from temanashi.monitoring.senders.recognising import told_in
from temanashi.monitoring.senders.rules import AlertRules
from temanashi.pages.posting import Door, Posted, error_answer, posted
from temanashi.pages.site import Site
from temanashi.workspace.hearing_alerts import hear_alerts

__all__ = ["ALERTS_PATH", "MOST_BYTES", "alerts_posted"]

ALERTS_PATH = "/api/alerts"
MOST_BYTES = 4 * 1024 * 1024
SHOWN = 20
"""Mistakes of one message that the answer lists."""


def alerts_posted(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint: 201 where an incident began, 200 for all else that is right, 4xx with what to do, 503 to be tried again."""

    def heard(given: Posted) -> Response:
        installation = site.installation
        with installation.database.reading() as connection:
            published = site.published(connection)
        rules = published.alerts if published is not None else AlertRules()
        try:
            told = told_in(given.body, zone=rules.zone(installation.settings.zone))
        except BadAlerts as error:
            wrong = [{"field": one.field, "message": one.message.text(given.lang)} for one in error.problems[:SHOWN]]
            return error_answer(422, error, given.lang, problems=wrong)
        with installation.database.transaction() as connection:
            result = hear_alerts(installation, connection, published, told, actor=given.sender.actor)
        body = asdict(result) | {"unassigned": any(not one.owner for one in result.incidents)}
        return JSONResponse(body, status_code=201 if result.opened else 200, headers={"cache-control": "no-store"})

    return posted(site, Door(area="incidents", right="tell", most=MOST_BYTES), heard)
