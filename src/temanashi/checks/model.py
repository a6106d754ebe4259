"""What every check is made of: its specification, what was seen, what that means, and the result that is kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveInt,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from temanashi.changes import Evidence, Verdict
from temanashi.checks.by_time import TimeRow
from temanashi.checks.means import Means
from temanashi.checks.occasion import Occasion
from temanashi.checks.thresholds import RangeText, parse_range
from temanashi.clock import Clock
from temanashi.hosts.command import Command
from temanashi.hosts.inventory import Host
from temanashi.hosts.transport import Result
from temanashi.people import Who
from temanashi.text.local import LocalText, Phrase, phrase

__all__ = [
    "CheckKind",
    "CheckResult",
    "Given",
    "Judgement",
    "Metric",
    "Observation",
    "OccasionalKind",
    "Remedy",
    "Spec",
    "ThresholdSpec",
    "judge_metric",
    "judge_metrics",
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _named(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value


class Remedy(_Frozen):
    """The runbook that fixes what a check finds: `runbook: free-disk`, or with values for its form.

    `offer` shows a link to its form. `approval` also asks for a run of it when the check becomes CRITICAL: once a problem, and
    nothing is done before somebody approved it: whom the runbook's `approve` names, else `approve` here, else the site's approvers.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$", max_length=80, description="Id of a runbook of this workspace")
    params: dict[str, Any] = Field(
        default_factory=dict, description='Values for its form, e.g. `{host: "{{ host.name }}"}`; what is left out is typed there'
    )
    start: Literal["offer", "approval"] = Field(
        default="offer", description="`approval`: ask for a run that waits for approval when the check becomes CRITICAL"
    )
    approve: Who | None = Field(
        default=None,
        description="With `start: approval`, where the runbook has no `approve:`: who approves, e.g. `group:ops-leads`; "
        "`role:approver` by default",
    )

    @model_validator(mode="after")
    def _approvers_of_something(self) -> Remedy:
        if self.approve is not None and (self.start != "approval" or not self.approve):
            raise ValueError(phrase("runbooks.remedy-approve-alone"))
        return self

    @model_serializer(mode="wrap")
    def _as_before(self, inner: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without approvers it has the form in which evidence of earlier versions holds it."""
        return {name: value for name, value in inner(self).items() if (name, value) != ("approve", None)}


class Spec(_Frozen):
    """What every check says. A kind adds its own fields, and `kind: Literal["its-name"]`."""

    model_config = ConfigDict(serialize_by_alias=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64, description="Name of the check, unique within its step")
    kind: str
    title: LocalText | None = Field(default=None, description="What a reader sees instead of the id")
    timeout: float = Field(default=10, gt=0, le=3600, description="Seconds that one measurement may take")
    retries: int = Field(default=0, ge=0, le=10, description="Times to measure again while the verdict is not OK")
    retry_wait: float = Field(default=1, ge=0, le=600, description="Seconds between two measurements")
    optional: bool = Field(default=False, description="SKIPPED instead of UNKNOWN where a machine lacks what is looked at")
    runbook: Annotated[Remedy | None, BeforeValidator(_named)] = Field(
        default=None, description="The runbook that fixes it: an id, or `{id: ..., params: {...}, start: approval}`"
    )
    parents: tuple[str, ...] | None = Field(
        default=None,
        max_length=20,
        description="Checks of the same step without which this one says nothing: SKIPPED while one is down. By default a check "
        "that runs commands has the step's `up` check; [] means none",
    )
    hard_after: int = Field(default=1, ge=1, le=20, description="Runs in a row that must find it wrong before anybody is alerted")


class ThresholdSpec(Spec):
    """A check of a number against ranges."""

    warn: RangeText | None = Field(
        default=None, description="Range of good values; outside is WARNING (80, 10:, ~:5, 10:20, @10:20)"
    )
    crit: RangeText | None = Field(default=None, description="Range of bearable values; outside is CRITICAL")
    by_time: tuple[TimeRow, ...] = Field(
        default=(), max_length=50, description="Other ranges by time of day; the first row that covers the moment counts"
    )


class Metric(_Frozen):
    """One number with its unit and ranges. `value` is None when it could not be measured."""

    name: str
    value: float | None
    unit: str = ""
    warn: str | None = None
    crit: str | None = None
    min: float | None = None
    max: float | None = None


class Observation(_Frozen):
    """What was seen, JSON only, so that it can be kept and judged again.

    `problem` says why nothing could be measured; `absent` that the machine lacks what is looked at (a program, a service manager).
    `remember` takes no part in judging.
    """

    facts: dict[str, Any] = Field(default_factory=dict)
    problem: Phrase | None = None
    absent: bool = False
    remember: dict[str, Any] | None = Field(default=None, description="what the next measurement of this check is given")


class Judgement(_Frozen):
    """What an observation means. `expected` and `observed` are short values for tables, the same in every language."""

    verdict: Verdict
    reason: Phrase
    metrics: tuple[Metric, ...] = ()
    expected: str = ""
    observed: str = ""


class CheckResult(_Frozen):
    """A check on a target at a time. `seconds` is how long the last of `attempts` took.

    `spec` is what was asked, with every default filled in and secrets masked, and `spec_digest` its digest: with the evidence it is
    all that is needed to judge again.
    """

    check: str
    kind: str
    title: LocalText | None = None
    target: str
    verdict: Verdict
    reason: Phrase
    metrics: tuple[Metric, ...] = ()
    expected: str = ""
    observed: str = ""
    measured_at: datetime
    seconds: NonNegativeFloat = 0.0
    attempts: PositiveInt = 1
    spec: dict[str, Any] = Field(default_factory=dict)
    spec_digest: str = ""
    evidence: tuple[Evidence, ...] = ()
    remember: dict[str, dict[str, Any]] = Field(default_factory=dict, description="by name, for the next measurement")


class Given(NamedTuple):
    """What an observation has at hand: the answers to the kind's commands in their order, the host, a clock, means, occasion."""

    results: tuple[Result, ...]
    host: Host
    clock: Clock
    means: Means
    occasion: Occasion = Occasion()


SpecT_contra = TypeVar("SpecT_contra", bound=Spec, contravariant=True)


class CheckKind(Protocol[SpecT_contra]):
    """A kind of check. Third parties register one under the entry point group `temanashi.checks`."""

    @property
    def name(self) -> str:
        """The word after `kind:`."""
        ...

    @property
    def spec(self) -> type[Spec]:
        """The model of the fields; `kind` is a Literal of the name."""
        ...

    def commands(self, spec: SpecT_contra, /) -> Sequence[Command]:
        """The commands to run on the host, read-only; none when the kind looks from here (http, tcp, tls)."""
        ...

    def observe(self, spec: SpecT_contra, given: Given, /) -> Observation:
        """What the answers say, or what is seen from here. Raises TargetError when nothing could be measured."""
        ...

    def judge(self, spec: SpecT_contra, facts: Mapping[str, Any], /) -> Judgement:
        """What the facts mean. Pure: no I/O, no clock; the same facts have the same judgement for ever."""
        ...


@runtime_checkable
class OccasionalKind(Protocol):
    """A kind whose commands depend on the day, or on what was seen last time; they are asked for here instead of `commands`."""

    def commands_on(self, spec: Any, occasion: Occasion, /) -> Sequence[Command]:
        """The commands to run on the host this time, read-only."""
        ...

    def memory_of(self, spec: Any, /) -> str:
        """What the check looks at (a path), so that it forgets nothing when others are added, and all when it is another."""
        ...


def judge_metric(value: float | None, warn: str | None = None, crit: str | None = None) -> Verdict:
    """CRITICAL when `crit` alerts, else WARNING when `warn` does, else OK; UNKNOWN when there is no number."""
    if value is None or math.isnan(value):
        return Verdict.UNKNOWN
    if crit is not None and parse_range(crit).alerts(value):
        return Verdict.CRITICAL
    if warn is not None and parse_range(warn).alerts(value):
        return Verdict.WARNING
    return Verdict.OK


def judge_metrics(metrics: Sequence[Metric]) -> tuple[Verdict, Metric]:
    """The worst verdict among metrics (at least one), and the first metric that has it."""
    verdicts = [judge_metric(metric.value, metric.warn, metric.crit) for metric in metrics]
    worst = Verdict.worst(verdicts)
    return worst, metrics[verdicts.index(worst)]
