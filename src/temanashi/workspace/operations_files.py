"""Loading `runbooks/site/alerts.yaml` (whose an alert is) and `kpi.yaml` (figures of important systems), and finding topics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pydantic import ValidationError

from temanashi.books import KpiFile, KpiWanted, ProposedTask
from temanashi.calendars import BadMonth, Month
from temanashi.errors import Location
from temanashi.monitoring.senders.rules import AlertRules, rule_problems
from temanashi.problems import Problem, problems_of, suggestion
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.steps.checks import ChecksSpec
from temanashi.text import Lang, phrase
from temanashi.workspace.faults import Fault
from temanashi.workspace.yaml_source import YamlSource

__all__ = ["ALERTS", "KPI", "TOPICS", "load_alerts", "load_kpi", "topic_faults", "topic_of"]

ALERTS = "runbooks/site/alerts.yaml"
KPI = "runbooks/site/kpi.yaml"
TOPICS = "runbooks/site/topics/"
"""`2026-11.md`; `2026-11.en.md` is the same in another language than the first of the workspace."""


def load_alerts(source: YamlSource | None, tasks: Iterable[ProposedTask] | None, faults: list[Fault]) -> AlertRules:
    """What the file says; a rule with a mistake assigns nothing, and the others count. `tasks`: None where not all are known."""
    if source is None:
        return AlertRules()
    try:
        told = AlertRules.model_validate(source.data)
    except ValidationError as error:
        faults += _faults(problems_of(error, model=AlertRules), ALERTS, source)
        return AlertRules()
    known = {task.task: task.demand.on_request and task.demand.source == "alerts" for task in tasks} if tasks is not None else None
    problems = list(rule_problems(told, known))
    faults += _faults(problems, ALERTS, source)
    bad = {problem.loc[1] for problem in problems}
    return told.model_copy(update={"rules": tuple(rule for number, rule in enumerate(told.rules) if number not in bad)})


def load_kpi(
    source: YamlSource | None, runbooks: Mapping[str, Runbook] | None, languages: tuple[Lang, ...], faults: list[Fault]
) -> tuple[KpiWanted, ...]:
    """What the file says; a figure of a check that there is not is left out. `runbooks`: None where not all could be read."""
    if source is None:
        return ()
    try:
        told = KpiFile.model_validate(source.data)
    except ValidationError as error:
        faults += _faults(problems_of(error, model=KpiFile), KPI, source)
        return ()
    problems = list(_kpi_problems(told, runbooks, languages))
    faults += _faults(problems, KPI, source)
    bad = {problem.loc[1] for problem in problems}
    return tuple(one for number, one in enumerate(told.kpi) if number not in bad)


def _kpi_problems(told: KpiFile, runbooks: Mapping[str, Runbook] | None, languages: tuple[Lang, ...]) -> Iterator[Problem]:
    known = {name for runbook in runbooks.values() for name in _checks(runbook)} if runbooks is not None else None
    for number, one in enumerate(told.kpi):
        if known is not None and one.check not in known:
            yield Problem(("kpi", number, "check"), phrase("incidents.kpi-unknown", check=one.check), suggestion(one.check, known))
        if missing := one.title.missing(languages):
            data = {"missing": list(missing), "languages": list(languages)}
            yield Problem(("kpi", number, "title"), phrase("workspace.language", name="title", **data))


def _checks(runbook: Runbook) -> Iterator[str]:
    for number, item in enumerate(runbook.steps, 1):
        for check in item.spec.items if isinstance(item.spec, ChecksSpec) else ():
            yield f"{runbook.id}/{check.get('id')}"
            yield f"{runbook.id}/{item.id or f'step-{number}'}/{check.get('id')}"


def _faults(problems: Iterable[Problem], file: str, source: YamlSource) -> list[Fault]:
    return [Fault(Location(file, source.line(p.loc), p.field), p.message, p.close) for p in problems]


def topic_faults(texts: Iterable[str], languages: tuple[Lang, ...]) -> Iterator[Fault]:
    """Topics under a name that is no month: nobody would ever see them."""
    for file in texts:
        if file.startswith(TOPICS) and _named(file, languages) is None:
            yield Fault(Location(file), phrase("incidents.topic-name", languages=list(languages)))


def _named(file: str, languages: tuple[Lang, ...]) -> tuple[str, str] | None:
    month, _, lang = file.removeprefix(TOPICS).removesuffix(".md").partition(".")
    try:
        Month.parse(month)
    except BadMonth:
        return None
    return (month, lang) if lang in {"", *languages} else None


def topic_of(texts: Mapping[str, str], month: Month, lang: Lang) -> str:
    """The Markdown of a month in a language, else the one that there is; empty where nobody wrote one."""
    return next((texts[file] for file in (f"{TOPICS}{month}.{lang}.md", f"{TOPICS}{month}.md") if file in texts), "")
