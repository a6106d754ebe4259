"""The sentences of the report, chosen by what the figures say."""

from __future__ import annotations

import shlex
from fractions import Fraction

from temanashi.books import OperationsFigures, RoadmapFigures
from temanashi.books.figures import MonthFigures, NotCounted, TaskFigures
from temanashi.books.operations import Times
from temanashi.books.tasks import Seconds
from temanashi.calendars import Month
from temanashi.reports.display import Display, shortened
from temanashi.reports.investment_seen import InvestmentSeen
from temanashi.reports.monthly import MonthlyReport
from temanashi.reports.trend import Span, allowed
from temanashi.text.catalogue import say
from temanashi.text.local import Lang

__all__ = ["Wording", "answering_sentence", "sign_command"]

DAYS_SHOWN = 6


def sign_command(task: TaskFigures) -> str:
    """What a person types to sign the proposed minutes; placeholders where nothing is proposed."""
    words = ["tema", "baseline", "sign", task.task]
    seconds = task.minutes
    if seconds is None or seconds.setup or not seconds.per_target:
        words += ["--minutes", _minutes(seconds.setup) if seconds else "15"]
    if seconds and seconds.per_target:
        words += ["--per-target", _minutes(seconds.per_target), "--targets", str(seconds.targets)]
    if task.demand.on_request and not task.demand.per_month:
        words += ["--per-month", "20"]
    return shlex.join(words)


def _minutes(seconds: int) -> str:
    return f"{seconds / 60:.2f}".rstrip("0").rstrip(".")


class Wording:
    """What the page says about one report in one language."""

    def __init__(self, report: MonthlyReport, show: Display) -> None:
        self.report = report
        self.show = show

    @property
    def figures(self) -> MonthFigures:
        """The month."""
        return self.report.figures

    def t(self, key: str, **data: object) -> str:
        """A text of the report."""
        return say(f"report.{key}", self.show.lang, **data)

    @property
    def period(self) -> str:
        """This month, or the name of the month, inside a sentence."""
        return self.t("in-this-month") if self.figures.running else self.t("in-month", month=self.show.month(self.figures.month))

    @property
    def label(self) -> str:
        """This month, or the name of the month, by itself."""
        return self.t("this-month") if self.figures.running else self.show.month(self.figures.month)

    def headline(self) -> str:
        """The answer, in one or two sentences."""
        own, show = self.figures, self.show
        if self.report.empty:
            return self.t("headline-empty")
        if not own.signed:
            return self.t("headline-unsigned", period=self.period, tasks=len(own.unsigned))
        reduction = own.sums.reduction
        data = {
            "period": self.period,
            "manual": show.hours(own.sums.manual_seconds),
            "baseline": show.hours(own.sums.baseline_seconds),
            "goal": show.whole_percent(Fraction(str(own.goal))),
        }
        if reduction is None:
            return self.t("headline-nothing-due", **data)
        change = show.percent(abs(reduction))
        if change == show.percent(0):
            return self.t("headline-same", **data)
        return self.t("headline-less" if reduction > 0 else "headline-more", change=change, **data)

    def standing(self) -> str | None:
        """Whether the goal is met, and what keeps it from being so."""
        seen, own = self.figures.outlook, self.figures
        if seen is None:
            return None
        goal = self.show.whole_percent(Fraction(str(own.goal)))
        over = self.show.hours(own.sums.manual_seconds - allowed(own.sums.baseline_seconds, own.goal))
        if seen.standing != "probable":
            return self.t(f"standing-{seen.standing}", goal=goal, over=over)
        if (seen.measured_share or 0) < 0.5:  # noqa: PLR2004  (the half that `met` needs)
            estimated = self.show.whole_percent(1 - Fraction(seen.measured_share or 0))
            return self.t("standing-probable-estimates", goal=goal, estimated=estimated)
        return self.t("standing-probable", goal=goal, low=self.show.percent(seen.low))

    def demand(self, task: TaskFigures) -> str:
        """How often a task is due."""
        if task.demand.calendar:
            return self.t(f"demand-{task.demand.calendar}")
        per_month = task.demand.per_month
        return self.t("demand-monthly", count=f"{per_month:g}") if per_month else self.t("demand-request")

    def minutes(self, seconds: Seconds | None) -> str:
        """The minutes of one occasion, in words."""
        if seconds is None:
            return self.t("minutes-none")
        setup, each = self.show.minutes(seconds.setup), self.show.minutes(seconds.per_target)
        form = "minutes-occasion" if not seconds.per_target else "minutes-targets" if seconds.setup else "minutes-each"
        words = self.t(form, setup=setup, each=each, targets=seconds.targets)
        return words if seconds.persons == 1 else self.t("minutes-persons", minutes=words, persons=seconds.persons)

    def closed_days(self, entry: NotCounted) -> str:
        """The days on which runs served nobody, the first few by name."""
        named = [
            self.t("closed-day", day=self.show.short_day(day), why=why.text(self.show.lang)) for day, why in entry.days[:DAYS_SHOWN]
        ]
        more = len(entry.days) - len(named)
        return self.t("list", items=named) + (self.t("more-days", count=more) if more > 0 else "")

    def notes(self, task: TaskFigures) -> list[str]:
        """What a reader must know beside a task's numbers."""
        notes = [self.t(f"flag-{flag}") for flag in task.flags]
        if task.sources:
            items = [
                self.t("demand-source", source=say(f"demand.source-{recorder}", self.show.lang), count=count)
                for recorder, count in task.sources.items()
            ]
            notes.append(self.t("demand-sources", items=self.t("list", items=items)))
        if task.avoided_growth_seconds:
            notes.append(self.t("avoided-growth", hours=self.show.hours(task.avoided_growth_seconds)))
        if task.measured_by_hand_seconds:
            notes.append(self.t("measured-by-hand", minutes=self.show.minutes(task.measured_by_hand_seconds)))
        return notes

    def evidence(self) -> str:
        """How much of the credit rests on measured minutes."""
        seen = self.figures.outlook
        if seen is None or seen.measured_share is None:
            return self.t("evidence-none")
        show = self.show
        share = self.t("evidence-share", measured=show.whole_percent(seen.measured_share))
        low, high, stress = (show.percent(ratio) for ratio in (seen.low, seen.high, seen.stress))
        if low == high == stress:
            return share
        return self.t("evidence-range", share=share, low=low, high=high, stress=stress)

    def trend(self) -> str:
        """What the trend says, as the title of its chart."""
        show, trend = self.show, self.report.trend
        full = [one for one in trend if one.state != "running"] or list(trend)  # a month that is not over is no fair comparison
        first, last = full[0], full[-1]
        if first is last:
            return self.t("trend-one", first=show.month(first.month))
        change = last.sums.manual_seconds - first.sums.manual_seconds
        key = "less" if change < 0 else "more" if change > 0 else "same"
        before, now = show.hours(first.sums.manual_seconds), show.hours(last.sums.manual_seconds)
        return self.t(f"trend-{key}", first=show.month(first.month), last=show.month(last.month), before=before, now=now)

    def ahead(self) -> str:
        """What the forecast says, and on what it rests."""
        if not self.report.forecast:
            return self.t("ahead-none")
        end = self.report.forecast[-1]
        reached = "ahead-reached" if end.manual_seconds <= end.goal_seconds else "ahead-missed"
        show = self.show
        return self.t(reached, month=show.month(end.month), hours=show.hours(end.manual_seconds), goal=show.hours(end.goal_seconds))

    def span(self, span: Span) -> str:
        """A month, a fiscal half or a fiscal year by name."""
        month = Month.parse(span.last)
        if span.sort in {"month", "previous"}:
            return self.label if span.sort == "month" else self.show.month(span.last)
        name = self.t(f"span-{span.sort}" if span.sort == "year" else f"span-{month.half}", year=month.fiscal_year)
        return self.t("span-months", name=name, months=span.months)

    def month_on_month(self) -> str:
        """How the month compares with the one before; nothing for the first."""
        found = {span.sort: span for span in self.report.spans}
        if "previous" not in found:
            return ""
        now, before = found["month"].sums, found["previous"].sums
        if now.reduction is None or before.reduction is None:
            return ""
        points = now.reduction - before.reduction
        told = {"before": self.show.percent(before.reduction), "now": self.show.percent(now.reduction)}
        size = self.show.percent(abs(points))
        key = "same" if size == self.show.percent(0) else "better" if points > 0 else "worse"
        return self.t(f"month-on-month-{key}", points=size, **told)

    def days(self, seconds: int) -> str:
        """Person-days, with one decimal."""
        return self.show.ratio(Fraction(seconds, 3600) / Fraction(str(self.report.workday.hours_per_day)))

    def months(self, seconds: int) -> str:
        """Person-months, with one decimal."""
        workday = self.report.workday
        hours = Fraction(str(workday.hours_per_day)) * Fraction(str(workday.days_per_month))
        return self.show.ratio(Fraction(seconds, 3600) / hours)

    def grades(self) -> list[tuple[str, int, str]]:
        """The credit by grade of its evidence: grade, seconds and share in percent."""
        whole = self.figures.sums.credited_seconds
        found = dict.fromkeys("ABC", 0)
        for task in self.figures.signed:
            if task.grade in found:
                found[task.grade] += task.sums.credited_seconds
        return [(grade, seconds, self.show.percent(Fraction(seconds, whole))) for grade, seconds in found.items()] if whole else []

    def times(self, ops: OperationsFigures) -> str:
        """How soon people knew of incidents, and how soon they were over."""

        def told(name: str, times: Times) -> str:
            if times.mean is None or times.median is None:
                return self.t(f"{name}-none")
            return self.t(name, mean=self.show.minutes(times.mean), median=self.show.minutes(times.median), n=times.n)

        still = self.t("incidents-open", count=ops.open) if ops.open else ""
        return self.t("sentences", first=told("mtta", ops.mtta), second=told("mttr", ops.mttr), third=still).strip()

    def roadmap_title(self, plan: RoadmapFigures) -> str:
        """How much of the plan is done, as the title of its table."""
        if plan.due.share is None:
            return self.t("roadmap-title")
        year = self.show.percent(plan.year.share) if plan.year.share is not None else "0"
        return self.t(
            "roadmap-title-due", share=self.show.percent(plan.due.share), done=plan.due.items_done, items=plan.due.items, year=year
        )

    def investment_title(self, put: InvestmentSeen) -> str:
        """Whether the hours put in have come back."""
        if put.payback:
            return self.t("investment-title-back", month=self.show.month(put.payback), months=put.months_after)
        return self.t("investment-title", net=self.show.signed_hours(put.net_seconds))

    def cancelled(self) -> str:
        """Cancelled demand with its reasons, the first few by name."""
        titles = {task.task: shortened(task.title.text(self.show.lang)) for task in self.figures.tasks}
        units = self.figures.units_cancelled
        items = [self.t("cancelled-one", task=titles[task], slot=slot, why=why) for task, slot, why in units[:DAYS_SHOWN]]
        more = len(units) - len(items)
        return self.t("cancelled-demand", items=items) + (self.t("more-entries", count=more) if more > 0 else "")


def answering_sentence(report: MonthlyReport, lang: Lang) -> str:
    """What the page says first: the answer, and where the goal stands."""
    word = Wording(report, Display(lang, report.zone))
    standing, outlook = word.standing(), report.figures.outlook
    told = word.t("standing-told", word=word.t(f"word-{outlook.standing}"), why=standing) if outlook and standing else ""
    return word.t("answer", headline=word.headline(), standing=told).strip()
