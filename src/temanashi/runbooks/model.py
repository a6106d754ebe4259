"""A runbook as data: what its YAML file may say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    StringConstraints,
    model_validator,
)

from temanashi.canonical import digest_of
from temanashi.runbooks.approval import Allow, Approval, approval_of
from temanashi.runbooks.parameters import Parameter
from temanashi.runbooks.schedule import Schedule, numbered
from temanashi.text.local import LocalText, phrase

__all__ = [
    "Category",
    "Demand",
    "DemandSource",
    "FanOut",
    "Frozen",
    "Minutes",
    "OnFailure",
    "Overlap",
    "Retries",
    "Runbook",
    "Shares",
    "Slug",
    "StepItem",
    "TaskKind",
    "Toil",
]

Category = Literal["routine", "incident", "maintenance", "account", "inquiry"]
DemandSource = Literal["requests", "alerts", "tickets", "tally", "inquiries"]
"""What records occasions: requests of runs, alerts of monitoring, a ticket system, or taps on the tally page."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$", max_length=80)]


class Frozen(BaseModel):
    """Input models are frozen and closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Demand(Frozen):
    """When a person would have had to do the task: slots of a calendar, or requests (each one a recorded demand)."""

    calendar: Literal["business_day", "day", "week", "month"] | None = Field(
        default=None, description="One demand unit per slot of this calendar"
    )
    per_month: NonNegativeFloat | None = Field(default=None, description="For requests: how many a month before automation")
    source: DemandSource | None = Field(
        default=None,
        description="The one recorder besides people at the terminal; without it requests, tickets and the tally page",
    )

    @model_validator(mode="after")
    def _calendars_need_no_recorder(self) -> Demand:
        if self.calendar is not None and self.source is not None:
            raise ValueError(phrase("problems.source-of-calendar", calendar=self.calendar, source=self.source))
        return self

    @property
    def on_request(self) -> bool:
        """Whether units are recorded requests instead of calendar slots."""
        return self.calendar is None


class Minutes(Frozen):
    """Minutes by hand: once per occasion, and per target."""

    setup: NonNegativeFloat = 0
    per_target: NonNegativeFloat = 0


def _minutes(value: Any) -> Any:
    return {"setup": value} if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _demand(value: Any) -> Any:
    if isinstance(value, str) and value != "request":
        expected = "request, calendar: business_day"
        raise ValueError(phrase("problems.not-one-of", name="demand", value=value, expected=expected))
    return {} if value == "request" else value


TaskKind = Literal["work", "attend"]
"""Work with one's hands, or being there while others work or a machine runs (立会い)."""

Share = Annotated[float, Field(ge=0, le=1)]


class Shares(Frozen):
    """Which shares of a task's hours fall outside office hours: early, at night, on holidays. The rest is by day."""

    early: Share = Field(default=0, description="Share before office hours, 0 to 1")
    night: Share = Field(default=0, description="Share at night, 0 to 1")
    holiday: Share = Field(default=0, description="Share on days that are not business days, 0 to 1")

    @model_validator(mode="after")
    def _one_whole(self) -> Shares:
        if self.early + self.night + self.holiday > 1 + 1e-9:
            raise ValueError(phrase("problems.shares-above-one"))
        return self

    @property
    def day(self) -> float:
        """What is left for office hours."""
        return round(max(0.0, 1 - self.early - self.night - self.holiday), 9)


def _shares(value: Any) -> Any:
    if value == "day":
        return {}
    return {value: 1} if isinstance(value, str) and value in Shares.model_fields else value


class Toil(Frozen):
    """The manual task that the runbook serves. Minutes here are a proposal; what a person signs counts."""

    task: Slug | None = Field(default=None, description="Task id; the runbook's own id by default")
    demand: Annotated[Demand, BeforeValidator(_demand)] = Field(
        default=Demand(), description="`{calendar: business_day}` or `request`"
    )
    minutes: Annotated[Minutes, BeforeValidator(_minutes)] = Field(
        default=Minutes(), description="Proposed minutes by hand: a number per occasion, or `{setup: 5, per_target: 2}`"
    )
    persons: int = Field(default=1, ge=1, le=100, description="Persons at work at once (one acts, one watches): multiplies minutes")
    kind: TaskKind = Field(default="work", description="`attend` (立会い): somebody has to be there while others or machines work")
    hours: Annotated[Shares, BeforeValidator(_shares)] = Field(
        default=Shares(), description="When it is done: `night`, or shares `{early: 0.2, night: 0.5}`; by day by default"
    )


OnFailure = Literal["stop", "continue", "rollback"]
Overlap = Literal["skip", "queue", "parallel"]
OutputName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


def _times(value: Any) -> Any:
    return {"times": value} if isinstance(value, int) and not isinstance(value, bool) else value


class Retries(Frozen):
    """How often a failed change is tried again.

    The pause before try n is `delay * backoff**(n-1)`, at most `max_delay`, plus or minus `jitter`.
    What may have happened (a timeout, a lost connection) is tried again only where it reads, or where the target can tell that it
    did not happen.
    """

    times: int = Field(ge=1, le=20, description="Tries after the first one")
    delay: NonNegativeFloat = Field(default=5, le=3600, description="Seconds before the second try")
    backoff: float = Field(default=2, ge=1, le=10, description="Each pause is so many times the one before")
    max_delay: PositiveFloat = Field(default=300, le=3600, description="Seconds")
    jitter: float = Field(default=0.1, ge=0, le=1, description="Share of a pause that is left to chance, so that hosts spread")


class FanOut(Frozen):
    """How many targets at a time: the canaries first, alone; then batches; and when to stop."""

    canary: NonNegativeInt = Field(default=0, description="Targets that go first; if one of them fails, no other is touched")
    batch: PositiveInt | None = Field(
        default=None, description="Targets at a time; the next batch begins when all of them are done"
    )
    max_failed: Annotated[str, StringConstraints(pattern=r"^([0-9]{1,6}|(100|[0-9]{1,2})%)$")] = Field(
        default="0",
        coerce_numbers_to_str=True,
        description="`2` targets or `10%` of them may fail; with more, no further one is touched. Who failed gets no later step",
    )


class StepItem(Frozen):
    """One step: common keys, the name of its kind, and what the YAML says under that name."""

    id: Slug
    kind: str
    title: LocalText | None = None
    targets: str | None = Field(default=None, description="Selector; the runbook's targets by default")
    when: str | None = Field(
        default=None, min_length=1, max_length=1000, description="Jinja2 expression; the step is left out where it is false"
    )
    for_each: str | tuple[str | int, ...] | None = Field(
        default=None, description="A list, or a Jinja2 expression that gives one; the step is done once for each `item`"
    )
    timeout: PositiveFloat | None = Field(
        default=None, le=86_400, description="Seconds for one try on one target; the kind's own by default"
    )
    retries: Annotated[Retries | None, BeforeValidator(_times)] = Field(
        default=None, description="`3`, or `{times: 3, delay: 10, backoff: 2, jitter: 0.1}`"
    )
    on_failure: OnFailure = Field(
        default="stop", description="`continue`: later steps run all the same; `rollback`: what was done is undone, last first"
    )
    always: bool = Field(default=False, description="Runs even after a failure or a refusal (not after a cancellation)")
    fan_out: FanOut | None = None
    outputs: dict[OutputName, str] = Field(
        default_factory=dict,
        description='Named values for later steps, e.g. `{version: "{{ result.stdout }}"}`, read as `steps.STEP.version`',
    )
    spec: Any = Field(description="The kind's own frozen model")


class Runbook(Frozen):
    """How a task is done: typed parameters, targets and ordered steps."""

    id: Slug
    title: LocalText
    description: LocalText
    category: Category
    owner: str = Field(min_length=1, max_length=80, description="The person or team that answers for it")
    system: str = Field(default="", max_length=80)
    privileged: bool = Field(default=False, description="A second person must publish changes of it")
    identified: bool = Field(
        default=False,
        description="A person must say for whom it is, and how that person was identified (a call back, say), before it starts",
    )
    allow: Allow | None = Field(default=None, description="Who may run it; everybody by default")
    approve: Annotated[Approval | None, approval_of] = Field(
        default=None, description="Who must approve before anything is changed; nobody by default"
    )
    parameters: tuple[Parameter, ...] = ()
    targets: str = Field(default="localhost", min_length=1, description="Host selector")
    steps: tuple[StepItem, ...] = Field(min_length=1)
    schedules: Annotated[tuple[Schedule, ...], AfterValidator(numbered)] = ()
    overlap: Overlap = Field(
        default="skip",
        description="While a run is live: `skip` (no second one with the same inputs), `queue` (one after another) or `parallel`",
    )
    toil: Toil = Toil()
    data: dict[str, Any] = Field(
        exclude=True, repr=False, description="What the file says, as JSON; parsing it again gives this runbook"
    )

    @property
    def task(self) -> str:
        """The task it serves."""
        return self.toil.task or self.id

    @property
    def version(self) -> str:
        """Digest of what the file says: equal text in another order or with other comments is the same version."""
        return digest_of(self.data)

    @property
    def function(self) -> str:
        """The name of its flow function: `-` becomes `_`."""
        return self.id.replace("-", "_")
