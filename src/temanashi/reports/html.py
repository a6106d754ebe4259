"""The report as one self-contained HTML page: no scripts, light and dark, ready for A4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from temanashi.books.figures import MonthFigures, Sums, TaskFigures
from temanashi.reports.bridge_chart import bridge_chart, bridge_steps
from temanashi.reports.coding import coded
from temanashi.reports.display import Display, shortened
from temanashi.reports.drawing import Drawing
from temanashi.reports.monthly import MonthlyReport
from temanashi.reports.range_chart import range_chart
from temanashi.reports.team import sums_by
from temanashi.reports.trend import allowed
from temanashi.reports.trend_chart import trend_chart
from temanashi.reports.wording import Wording, sign_command
from temanashi.text.local import Lang
from temanashi.text.markdown import as_html

__all__ = ["OFFLINE", "Surroundings", "render_html"]

TASKS_SHOWN = 24
UNSIGNED_SHOWN = 8
ENTRIES_SHOWN = 16
GROUPS_SHOWN = 10
TOP_SHOWN = 5
NOTHING = Markup()


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the page of a server has around the report: how to choose another one, and where the records behind a number are.

    `above` and `inside_charts` are trusted HTML; `records` gives the address behind a figure of a task ("" for all tasks).
    """

    above: Markup = NOTHING
    inside_charts: Markup = NOTHING

    def records(self, figure: str, task: str = "") -> str:  # noqa: ARG002  (an offline file leads nowhere)
        """The address of the records behind a figure."""
        return ""


OFFLINE = Surroundings()


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("temanashi.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["coded"] = coded
    return environment.get_template("monthly.html.j2")


def _weight(task: TaskFigures) -> tuple[int, int, str]:
    return -task.sums.manual_seconds, -task.sums.baseline_seconds, task.task


def _promise(task: TaskFigures) -> tuple[bool, int, int, str]:
    """Unsigned tasks in the order of what a signature would bring; those without a proposal last."""
    would_be = task.would_be
    return would_be is None, -would_be.credited_seconds if would_be else 0, -would_be.baseline_seconds if would_be else 0, task.task


def _charts(report: MonthlyReport, show: Display) -> dict[str, Drawing | None]:
    """Those that there is something to draw for."""
    figures = report.figures
    goal = allowed(figures.sums.baseline_seconds, figures.goal)
    known = bool(figures.sums.baseline_seconds)
    return {
        "trend_drawn": trend_chart(report.trend, report.forecast, show) if report.trend else None,
        "bridge_drawn": bridge_chart(bridge_steps(figures.sums), goal, show) if known else None,
        "range_drawn": range_chart(figures.outlook, figures.goal, show) if figures.outlook else None,
    }


def _groups(figures: MonthFigures) -> list[tuple[str, list[tuple[str, Sums]]]]:
    """Sums by category, owner and system, each only where there is more than one."""
    signed = figures.signed
    categories = sorted(figures.by_category.items(), key=lambda pair: (-pair[1].baseline_seconds, pair[0]))
    groups = [
        ("category", categories),
        ("owner", list(sums_by(signed, lambda task: task.owner).items())),
        ("system", list(sums_by(signed, lambda task: task.system).items())),
    ]
    return [(sort, found) for sort, found in groups if len(found) > 1]


def _lists(figures: MonthFigures) -> Mapping[str, Any]:
    """The tables, the most important first, with how many are left out."""
    signed = sorted(figures.signed, key=_weight)
    unsigned = sorted(figures.unsigned, key=_promise)
    entries = sorted(figures.not_counted, key=lambda entry: -entry.runs)
    top = sorted((task for task in signed if task.sums.credited_seconds > 0), key=lambda t: (-t.sums.credited_seconds, t.task))
    return {
        "signed": signed[:TASKS_SHOWN],
        "signed_more": max(len(signed) - TASKS_SHOWN, 0),
        "unsigned": unsigned[:UNSIGNED_SHOWN],
        "unsigned_more": max(len(unsigned) - UNSIGNED_SHOWN, 0),
        "entries": entries[:ENTRIES_SHOWN],
        "entries_more": max(len(entries) - ENTRIES_SHOWN, 0),
        "top": top[:TOP_SHOWN],
        "groups": _groups(figures),
        "groups_shown": GROUPS_SHOWN,
        "entries_shown": ENTRIES_SHOWN,
    }


def render_html(report: MonthlyReport, lang: Lang, around: Surroundings = OFFLINE) -> str:
    """The page in a language; equal reports give equal bytes."""
    show = Display(lang, report.zone)
    word = Wording(report, show)
    text = report.topics.get(lang) or next(iter(report.topics.values()), "")
    return _template().render(
        report=report,
        figures=report.figures,
        lang=lang,
        gap="" if lang == "ja" else " ",
        show=show,
        word=word,
        t=word.t,
        name=lambda text: shortened(text.text(lang)),
        shortened=shortened,
        sign_command=sign_command,
        around=around,
        inside=around.inside_charts,
        bridge=bridge_steps(report.figures.sums),
        topic=Markup(as_html(text)) if text else "",  # noqa: S704  (Markdown that can do no harm)
        **_charts(report, show),
        **_lists(report.figures),
    )
