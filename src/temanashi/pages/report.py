"""`/tema/report`: the monthly page, of `?month=2026-11` or of this month; `team=` and `format=` choose a part and another face."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from temanashi.books.explaining import FIGURES
from temanashi.calendars import Month
from temanashi.errors import InputError
from temanashi.pages.language import language_of
from temanashi.pages.rendering import piece
from temanashi.pages.site import Site
from temanashi.reports import FACES, MonthlyReport, Surroundings, render_html
from temanashi.reports.display import Display
from temanashi.text import Lang, say
from temanashi.workspace.reporting import current_month, month_report

__all__ = ["report"]

# The report is one file that also opens offline, so its style is inside it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
MONTHS = 25


class UnknownFormat(InputError):
    """A format that the report does not have."""

    key = "report.unknown-format"

    def __init__(self, given: str) -> None:
        super().__init__(given=given[:40], known=", ".join(FACES))


@dataclass(frozen=True, kw_only=True)
class _Online(Surroundings):
    """Numbers lead to the records behind them; those of one team's sums do not, since the records tell of all."""

    month: str
    lang: Lang
    team: str

    def records(self, figure: str, task: str = "") -> str:
        """The page of the records; "" for what has none."""
        if figure not in FIGURES or (self.team and not task):
            return ""
        asked = {"month": self.month, "figure": figure, "task": task, "lang": self.lang}
        return "report/records?" + urlencode({name: value for name, value in asked.items() if value})


def report(site: Site) -> Callable[[Request], Response]:
    """The endpoint; raises BadMonth, UnknownTeam, UnknownFormat and LedgerError."""

    def answer(request: Request) -> Response:
        asked, face = request.query_params.get("month"), request.query_params.get("format", "")
        if face and face not in FACES:
            raise UnknownFormat(face)
        month = Month.parse(asked) if asked else current_month(site.installation)
        lang = language_of(request, site.installation.settings.languages)
        with site.installation.database.reading() as connection:
            published = site.published(connection)
            team = request.query_params.get("team", "")
            data = month_report(site.installation, connection, published, month, team=team)
        headers = {"cache-control": "no-store", "content-language": lang}
        if face:
            name = f"report-{month}{f'-{team}' if team else ''}.{face}"
            headers["content-disposition"] = f"attachment; filename=\"report-{month}.{face}\"; filename*=UTF-8''{quote(name)}"
            return Response(FACES[face].render(data, lang), media_type=FACES[face].media_type, headers=headers)
        text = render_html(data, lang, _Online(above=_choice(site, data, lang), month=str(month), lang=lang, team=data.team))
        return HTMLResponse(text, headers=headers | {"content-security-policy": POLICY})

    return answer


def _choice(site: Site, data: MonthlyReport, lang: Lang) -> Markup:
    """Month, team and language to choose, and the other faces; without scripts."""
    now, own = current_month(site.installation), Month.parse(data.figures.month)
    months = sorted({own, *(now.shift(-ago) for ago in range(MONTHS))}, reverse=True)
    show = Display(lang, data.zone)

    def address(**rest: str) -> str:
        chosen = {"month": data.figures.month, "team": data.team, "lang": lang, **rest}
        return "report?" + urlencode({name: value for name, value in chosen.items() if value})

    return piece(
        "report_choice.html.j2",
        t=lambda key, **more: say(f"report.{key}", lang, **more),
        lang=lang,
        months=[(str(month), show.month(str(month))) for month in months],
        month=data.figures.month,
        teams=data.teams,
        team=data.team,
        languages=[(other, address(lang=other)) for other in site.installation.settings.languages if other != lang],
        faces=[(face.upper(), address(format=face)) for face in FACES],
    )
