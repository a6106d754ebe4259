"""`/tema/schedule`: three months of what is planned, and the same as an Excel file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from temanashi.calendars import Month, SiteCalendars
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.reports.schedule_grid import changes, glyph, month_grids, row_title
from temanashi.reports.schedule_xlsx import schedule_xlsx
from temanashi.runbooks.planned import SchedulePlan, plan_schedules
from temanashi.runbooks.schedule_words import rule_in_words
from temanashi.workspace.scheduling import planned_schedules, three_months

__all__ = ["schedule", "schedule_file"]

NEXT, CHANGES = 12, 60
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _Asked(NamedTuple):
    plan: SchedulePlan
    today: date
    start: Month


def schedule(site: Site) -> Callable[[Request], Response]:
    """The endpoint of the page, from `?from=2026-12` or from today; raises BadMonth and LedgerError."""

    def answer(request: Request) -> Response:
        lang = language_of(request, site.installation.settings.languages)
        plan, today, start = _asked(site, request)
        told = changes(plan, lang)
        now = site.installation.clock.now()
        return page(
            site,
            request,
            "schedule.html.j2",
            plan=plan,
            upcoming=plan.starting_days(after=now)[:NEXT],
            changes=told[:CHANGES],
            more=len(told) - CHANGES,
            grids=list(month_grids(plan, lang)),
            glyph=glyph,
            title=lambda row: row_title(row, lang),
            rule=lambda row: rule_in_words(row, lang),
            earlier=str(start.shift(-3)),
            later=str(start.shift(3)),
            start=str(start),
            today=today,
        )

    return answer


def schedule_file(site: Site) -> Callable[[Request], Response]:
    """The endpoint of the Excel file; raises BadMonth and LedgerError."""

    def answer(request: Request) -> Response:
        lang = language_of(request, site.installation.settings.languages)
        plan, _, _ = _asked(site, request)
        name = f"schedule-{plan.first.isoformat()}.xlsx"
        headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        return Response(schedule_xlsx(plan, lang), media_type=XLSX, headers=headers)

    return answer


def _asked(site: Site, request: Request) -> _Asked:
    zone, now = site.installation.settings.zone, site.installation.clock.now()
    today = now.astimezone(zone).date()
    wanted = request.query_params.get("from")
    start = Month.parse(wanted) if wanted else Month.of(today)
    first, last = three_months(today if start == Month.of(today) else start.first)
    with site.installation.database.reading() as connection:
        published = site.published(connection)
        if published is None:
            return _Asked(plan_schedules((), SiteCalendars(), first, last, zone=zone), today, start)
        return _Asked(planned_schedules(connection, published, first, last, now=now), today, start)
