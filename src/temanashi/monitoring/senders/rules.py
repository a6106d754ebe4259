"""Whose an alert is: rules of `runbooks/site/alerts.yaml`, in order, by labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator

from temanashi.problems import Problem, suggestion
from temanashi.runbooks.model import Frozen, Slug
from temanashi.text.local import phrase

__all__ = ["AlertRule", "AlertRules", "Assigned", "assigned", "rule_problems"]


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Pattern = Annotated[str, Field(min_length=1, max_length=200)]
Patterns = Annotated[tuple[Pattern, ...], BeforeValidator(_listed), Field(min_length=1, max_length=50)]


class AlertRule(Frozen):
    """Alerts with these labels are this owner's. `match` is labels with what they may be (`*` and `?` stand for anything).

    Without `match` it has what no other rule has, and stands last.
    """

    id: Slug
    match: Mapping[str, Patterns] = Field(default_factory=dict, max_length=20, description="Patterns by label; all must match")
    owner: str = Field(min_length=1, max_length=80, description="The team or person whose these alerts are")
    system: str = Field(default="", max_length=80, description="The system that they are about")
    task: Slug | None = Field(default=None, description="The task whose demand they are; its demand says `source: alerts`")

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels is meant."""
        return all(any(fnmatchcase(labels.get(name, ""), one) for one in patterns) for name, patterns in self.match.items())


class AlertRules(Frozen):
    """The file `runbooks/site/alerts.yaml`."""

    rules: tuple[AlertRule, ...] = Field(default=(), max_length=500, description="The first rule that matches counts")
    gap_minutes: int = Field(
        default=5, ge=0, le=1440, description="Alerts of one group that come back within this time are the same incident"
    )
    timezone: str = Field(
        default="", description="Of senders that write times without an offset (Zabbix); the workspace's by default"
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value or "UTC")
        except (KeyError, OSError, ValueError) as error:
            raise ValueError(phrase("settings.zone", value=value)) from error
        return value

    def zone(self, workspace: ZoneInfo) -> ZoneInfo:
        """The time zone of senders that write none."""
        return ZoneInfo(self.timezone) if self.timezone else workspace


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """The rule that counts (None: nobody's), and the others that match and say otherwise."""

    rule: AlertRule | None = None
    others: tuple[AlertRule, ...] = ()


def assigned(rules: Iterable[AlertRule], alerts: Sequence[Mapping[str, str]]) -> Assigned:
    """Whose a group of alerts is, by the labels of each. A rule without `match` counts only where no other one does."""
    listed = list(rules)
    found = [rule for rule in listed if rule.match and any(rule.covers(labels) for labels in alerts)]
    if not found:
        return Assigned(rule=next((rule for rule in listed if not rule.match), None))
    first, *rest = found
    differ = tuple(rule for rule in rest if (rule.owner, rule.system, rule.task) != (first.owner, first.system, first.task))
    return Assigned(rule=first, others=differ)


def rule_problems(told: AlertRules, tasks: Mapping[str, bool] | None) -> Iterator[Problem]:
    """Rules of one name, rules that no alert can reach, and tasks that there are not, or that take no alerts.

    `tasks` says of each task whether its demand comes from alerts; None where not all runbooks could be read.
    """
    seen: set[str] = set()
    last = len(told.rules) - 1
    for number, rule in enumerate(told.rules):
        if rule.id in seen:
            yield Problem(("rules", number, "id"), phrase("incidents.rule-twice", name=rule.id))
        seen.add(rule.id)
        if not rule.match and number < last:
            yield Problem(("rules", number), phrase("incidents.rule-without-match", name=rule.id))
        if rule.task is not None and tasks is not None:
            yield from _task_problems(rule.task, number, tasks)


def _task_problems(task: str, number: int, tasks: Mapping[str, bool]) -> Iterator[Problem]:
    known: Collection[str] = tasks.keys()
    if task not in known:
        yield Problem(("rules", number, "task"), phrase("incidents.rule-unknown-task", task=task), suggestion(task, known))
    elif not tasks[task]:
        yield Problem(("rules", number, "task"), phrase("incidents.rule-no-alerts", task=task))
