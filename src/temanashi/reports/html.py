"""The report as one self-contained HTML page: no scripts, light and dark, ready for A4."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from temanashi.books.figures import TaskFigures
from temanashi.reports.charts import Chart, bars_chart
from temanashi.reports.display import Display, shortened
from temanashi.reports.monthly import MonthlyReport
from temanashi.reports.wording import Wording, sign_command
from temanashi.text.local import Lang

__all__ = ["render_html"]

TASKS_SHOWN = 30
UNSIGNED_SHOWN = 12
ENTRIES_SHOWN = 24


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("temanashi.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("monthly.html.j2")


def _weight(task: TaskFigures) -> tuple[int, int, str]:
    return -task.sums.manual_seconds, -task.sums.baseline_seconds, task.task


def _promise(task: TaskFigures) -> tuple[bool, int, int, str]:
    """Unsigned tasks in the order of what a signature would bring; those without a proposal last."""
    would_be = task.would_be
    return would_be is None, -would_be.credited_seconds if would_be else 0, -would_be.baseline_seconds if would_be else 0, task.task


def _chart(word: Wording) -> Chart | None:
    """Baseline beside what is left, with the goal as a line."""
    sums, show = word.figures.sums, word.show
    if not sums.baseline_seconds:
        return None
    allowed = int(sums.baseline_seconds * (1 - Fraction(str(word.figures.goal))))
    label = word.t("chart-now", period=word.label, hours=show.hours(sums.manual_seconds))
    if sums.human_seconds:
        label = word.t(
            "chart-now-parts",
            period=word.label,
            hours=show.hours(sums.manual_seconds),
            remaining=show.hours(sums.remaining_seconds + sums.new_seconds),
            human=show.hours(sums.human_seconds),
        )
    return bars_chart(
        [
            (word.t("chart-baseline", hours=show.hours(sums.baseline_seconds)), [("baseline", sums.baseline_seconds)]),
            (label, [("manual", sums.remaining_seconds + sums.new_seconds), ("human", sums.human_seconds)]),
        ],
        (word.t("chart-goal", hours=show.hours(allowed)), allowed),
    )


def render_html(report: MonthlyReport, lang: Lang) -> str:
    """The page in a language; equal reports give equal bytes."""
    show = Display(lang, report.zone)
    word = Wording(report, show)
    figures = report.figures
    signed = sorted(figures.signed, key=_weight)
    unsigned = sorted(figures.unsigned, key=_promise)
    entries = sorted(figures.not_counted, key=lambda entry: -entry.runs)
    return _template().render(
        report=report,
        figures=figures,
        lang=lang,
        show=show,
        word=word,
        t=word.t,
        name=lambda text: shortened(text.text(lang)),
        sign_command=sign_command,
        chart=_chart(word),
        signed=signed[:TASKS_SHOWN],
        signed_more=max(len(signed) - TASKS_SHOWN, 0),
        unsigned=unsigned[:UNSIGNED_SHOWN],
        unsigned_more=max(len(unsigned) - UNSIGNED_SHOWN, 0),
        entries=entries[:ENTRIES_SHOWN],
        entries_more=max(len(entries) - ENTRIES_SHOWN, 0),
        categories=sorted(figures.by_category.items(), key=lambda pair: (-pair[1].baseline_seconds, pair[0])),
        estimated=any(task.grade == "C" for task in signed),
    )
