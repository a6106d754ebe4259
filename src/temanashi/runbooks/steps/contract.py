"""What a kind of step is, and what its steps are given to act with. A third party registers a kind under `temanashi.steps`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel

from temanashi.accounts.directories_file import NO_DIRECTORIES, Directories
from temanashi.accounts.refusals import Refusals
from temanashi.accounts.roles import NO_ROLES, Roles
from temanashi.changes import Change, Step
from temanashi.checks.means import Means
from temanashi.clock import Clock
from temanashi.hosts.inventory import Host
from temanashi.hosts.transport import Transport
from temanashi.notices import Notifier
from temanashi.problems import Problem
from temanashi.runbooks.model import Runbook, StepItem
from temanashi.runbooks.steps.channels import no_channels
from temanashi.runbooks.templates import Names, Templated, render
from temanashi.secrets import Redactor

__all__ = ["Effects", "Parsed", "PlanContext", "StepKind"]


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What a step acts with. `connect` gives the transport of a host; `secret` resolves a reference at the last moment.

    `channel` gives who is told under a name (raises NoChannel); `run` is the id of the run. `halt` is set when the run must stop
    now: whoever waits waits on it. `called` are the runbooks that a step may call, `means` what checks may use.
    `roles` and `directories` (those that are no hosts) are of the live version; files are relative to `root`.
    `refusals`: passwords of ours that directories refused. `remembered` is what earlier runs of the same runbook kept
    (`Outcome.remember`) for a step and a target.
    """

    connect: Callable[[Host], Transport]
    host: Callable[[str], Host]
    secret: Callable[[str], str]
    clock: Clock
    redactor: Redactor
    channel: Callable[[str], Notifier] = no_channels
    run: str = ""
    halt: threading.Event = field(default_factory=threading.Event)
    called: Mapping[str, Runbook] = field(default_factory=dict)
    means: Means = field(default_factory=Means)
    roles: Callable[[], Roles] = field(default=lambda: NO_ROLES)
    directories: Callable[[], Directories] = field(default=lambda: NO_DIRECTORIES)
    root: Path = Path()
    refusals: Refusals = field(default_factory=Refusals)
    remembered: Callable[[str, str], Mapping[str, Mapping[str, Any]]] = field(default=lambda step, target: {})  # noqa: ARG005

    def key(self, change: Change) -> str:
        """The key of every attempt at a change of this run."""
        return f"{self.run}/{change.step}/{change.iteration}/{change.target}"


@dataclass(frozen=True, kw_only=True)
class PlanContext:
    """What a plan is made from: validated inputs, the step's hosts, outputs of earlier steps, and who asks.

    In a step with `for_each` a kind plans one iteration; `item_value` is `{{ item }}`, and the engine numbers the changes.
    `only` names, by host, the only checks to measure (empty: all); `limit` the only targets, hosts or not, of a run (empty: all).
    """

    item: StepItem
    inputs: Mapping[str, Any]
    hosts: tuple[Host, ...]
    run: str
    today: date
    actor: str
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    dry_run: bool = False
    item_value: Any = None
    only: Mapping[str, Collection[str]] = field(default_factory=dict)
    limit: tuple[str, ...] = ()

    def values(self, host: Host | None = None) -> dict[str, Any]:
        """The names that templates of this step know."""
        seen: dict[str, Any] = {"name": "", "address": "", "system": "", "tags": (), "vars": Names({})}
        if host is not None:
            seen = {
                "name": host.name,
                "address": host.address,
                "system": host.system,
                "tags": host.tags,
                "vars": Names(host.variables),
            }
        run = {"id": self.run, "date": self.today.isoformat(), "actor": self.actor}
        steps = {step: Names(values) for step, values in self.outputs.items()}
        known = {"params": Names(self.inputs), "host": Names(seen), "run": Names(run), "steps": Names(steps)}
        return known if self.item_value is None else {**known, "item": self.item_value}

    def render(self, template: str, host: Host | None = None) -> str:
        """A template filled in for a host; raises TemplateFailed."""
        return render(template, self.values(host))


@dataclass(frozen=True)
class Parsed:
    """What a kind made of the YAML under its name: a spec, or problems with paths under that name."""

    spec: BaseModel | None
    problems: tuple[Problem, ...] = ()


class StepKind(Protocol):
    """A kind of step: parses what YAML says under its name, and builds steps that act."""

    name: str

    def parse(self, value: Any) -> Parsed:
        """The spec, or every problem at once."""
        ...

    def schema(self) -> dict[str, Any]:
        """JSON Schema of what may stand under the kind's name."""
        ...

    def templates(self, spec: Any) -> Iterable[Templated]:
        """Every template in a spec, so that undefined names are found at load."""
        ...

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        """A step that is ready to act."""
        ...
