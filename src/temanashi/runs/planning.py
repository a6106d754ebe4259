"""From a frozen run to a plan: the changes of every step, in order. Reads at most; never writes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from temanashi.changes import NO_TARGET, Change, Outcome, Plan
from temanashi.errors import InputError, RunError
from temanashi.hosts.inventory import Host
from temanashi.runbooks.inputs import validate_inputs
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.templates import evaluate, names_of
from temanashi.runs.engine import Engine
from temanashi.runs.frozen import FrozenRun
from temanashi.text.local import Phrase, phrase

__all__ = ["PLACEHOLDER", "NotAList", "NothingToDo", "Outputs", "is_open", "plan_rest", "plan_run", "plan_step"]

PLACEHOLDER = "‹{step}.{name}›"
MOST_ITERATIONS = 1_000
_MARK = "‹"

Outputs = Mapping[tuple[str, int, str], Outcome]
"""What earlier steps gave, by step, iteration and target."""


class NothingToDo(RunError):
    """A step has no target."""

    key = "runs.nothing-to-do"

    def __init__(self, *, runbook: str, step: str, targets: str) -> None:
        super().__init__(runbook=runbook, step=step, targets=targets)


class NotAList(InputError):
    """`for_each` gave something that is no list, or one with more than 1,000 items."""

    key = "runs.not-a-list"

    def __init__(self, step: str, expression: str, given: Any) -> None:
        super().__init__(step=step, expression=expression, given=str(given)[:60], limit=MOST_ITERATIONS)


class _Unknown(str):
    """A value that is not known yet; what is inside it is not known either: `steps.ask.json.items[0].name`."""

    __slots__ = ()

    def __getattr__(self, name: str) -> _Unknown:
        if name.startswith("_"):
            raise AttributeError(name)
        return _Unknown(f"{self[:-1]}.{name}›")

    def __getitem__(self, key: Any) -> _Unknown:
        return _Unknown(super().__getitem__(key)) if isinstance(key, slice) else _Unknown(f"{self[:-1]}.{key}›")


_LATER = _Unknown("‹item›")


class _Later(Mapping[str, Any]):
    """Outputs of a step that has not run: every name renders as a placeholder."""

    def __init__(self, step: str) -> None:
        self._step = step

    def __getitem__(self, name: str) -> str:
        return _Unknown(PLACEHOLDER.format(step=self._step, name=name))

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


@dataclass(frozen=True, kw_only=True)
class _Cell:
    """One iteration of a step on some hosts."""

    iteration: int
    value: Any
    hosts: tuple[Host, ...]
    condition: str = ""


def plan_run(engine: Engine, run: FrozenRun, *, dry_run: bool = False) -> Plan:
    """The whole plan; outputs that are not known yet render as placeholders. Raises InputError or RunError, nothing touched."""
    changes: list[Change] = []
    for index, item in enumerate(run.runbook.steps):
        later = {earlier.id: _Later(earlier.id) for earlier in run.runbook.steps[:index]}
        changes += _Planner(engine, run, item, partial(_same, later), known=False, dry_run=dry_run).changes()
    return Plan(runbook=run.runbook.id, version=run.runbook.version, inputs=dict(run.inputs), changes=tuple(changes))


def plan_step(engine: Engine, run: FrozenRun, item: StepItem, outputs: Outputs) -> list[Change]:
    """The changes of one step, now that earlier steps have run."""
    return _Planner(engine, run, item, lambda host: _seen(outputs, host), known=True, dry_run=False).changes()


def plan_rest(engine: Engine, run: FrozenRun, after: str, outputs: Outputs) -> list[Change]:
    """The changes of the steps after one, now that those before it have run; what they take from each other is not known yet."""
    changes: list[Change] = []
    ahead: dict[str, _Later] = {}
    for item, written in zip(run.runbook.steps, run.runbook.data["steps"], strict=True):
        if ahead or item.id == after:
            text = json.dumps(written)
            known = not any(re.search(rf"\bsteps\W+{re.escape(step)}\b", text) for step in ahead)
            if item.id != after:
                changes += _Planner(engine, run, item, partial(_mixed, outputs, dict(ahead)), known=known, dry_run=False).changes()
            ahead[item.id] = _Later(item.id)
    return changes


def is_open(change: Change) -> bool:
    """Whether a change still names what was not known when it was planned."""
    return change.provisional or bool(change.condition) or _MARK in change.model_dump_json(include={"payload", "wait", "after"})


class _Planner:
    """Plans one step: who does it, how many times, and where it is left out."""

    def __init__(
        self,
        engine: Engine,
        run: FrozenRun,
        item: StepItem,
        outputs: Callable[[Host | None], Mapping[str, Mapping[str, Any]]],
        *,
        known: bool,
        dry_run: bool,
    ) -> None:
        self.engine, self.run, self.item, self.outputs, self.known, self.dry_run = engine, run, item, outputs, known, dry_run
        self.step = engine.step(item, run)

    def changes(self) -> list[Change]:
        """At least one change: what is left out is said."""
        everyone = self.run.hosts(self.item)
        hosts = tuple(host for host in everyone if self._asked(host))
        if self.run.only and self.item.id not in self.run.only:
            return [self._left_out(phrase("runs.not-asked-again"))]
        if everyone and not hosts and not self._beyond_hosts:
            return [self._left_out(phrase("runs.not-in-limit"))]
        found: list[Change] = []
        for cell in self._cells(hosts):
            found += self._planned(cell)
        if not found and self.item.for_each is None:
            targets = self.item.targets or self.run.runbook.targets
            raise NothingToDo(runbook=self.run.runbook.id, step=self.item.id, targets=targets)
        return found or [self._left_out(phrase("runs.nothing-to-repeat", expression=str(self.item.for_each)))]

    @property
    def _beyond_hosts(self) -> bool:
        """Whether the kind has targets of its own that are no hosts."""
        return bool(getattr(self.item.spec, "beyond_hosts", False))

    def _asked(self, host: Host) -> bool:
        only = self.run.only.get(self.item.id)
        return (not self.run.limit or host.name in self.run.limit) and (only is None or host.name in only)

    def _cells(self, hosts: tuple[Host, ...]) -> Iterator[_Cell]:
        each = self.item.for_each
        if each is None:
            yield _Cell(iteration=0, value=None, hosts=hosts)
        elif not isinstance(each, str):
            yield from (_Cell(iteration=n, value=value, hosts=hosts) for n, value in enumerate(each))
        elif "steps" in (names := names_of(each, expression=True)) and not self.known:
            yield _Cell(iteration=0, value=_LATER, hosts=hosts, condition=each)
        elif names & {"host", "steps"}:
            # A host's own list: one host may have three disks and the next one five.
            lists = {host.name: self._list(each, host) for host in hosts}
            for number in range(max(map(len, lists.values()))):
                for host in hosts:
                    if number < len(lists[host.name]):
                        yield _Cell(iteration=number, value=lists[host.name][number], hosts=(host,))
        else:
            yield from (_Cell(iteration=n, value=value, hosts=hosts) for n, value in enumerate(self._list(each, None)))

    def _list(self, expression: str, host: Host | None) -> list[Any]:
        given = evaluate(expression, self._context((), None, host).values(host))
        if not isinstance(given, (list, tuple)) or len(given) > MOST_ITERATIONS:
            raise NotAList(self.item.id, expression, given)
        return list(given)

    def _context(self, hosts: tuple[Host, ...], value: Any, host: Host | None) -> Any:
        return self.run.context(self.item, self.outputs(host), hosts=hosts, item_value=value, dry_run=self.dry_run)

    def _planned(self, cell: _Cell) -> list[Change]:
        condition, going, out = cell.condition, cell.hosts, []
        when = self.item.when
        if when is not None and (not self.known and "steps" in names_of(when, expression=True)):
            condition = when
        elif when is not None:
            going = tuple(host for host in cell.hosts if self._wanted(when, cell.value, host))
            names = names_of(when, expression=True)
            why = phrase("runs.left-out", condition=when)
            if names & {"host", "steps"}:
                out = [self._left_out(why, cell.iteration, host.name) for host in cell.hosts if host not in going]
            elif not going:
                out = [self._left_out(why, cell.iteration)]
        # Not only where a placeholder shows: `{{ steps.a.stdout | int }}` gives a number, and a wrong one, until `a` has run.
        marks = {"iteration": cell.iteration, "condition": condition, "provisional": self._names_later() or cell.value is _LATER}
        return [change.model_copy(update=marks) for change in self._wished(cell.value, going)] + out

    def _names_later(self) -> bool:
        """Whether what the step does depends on outputs that are not known yet."""
        written = self.engine.kinds[self.item.kind].templates(self.item.spec)
        return not self.known and any("steps" in names_of(one.text, expression=one.expression) for one in written)

    def _wished(self, value: Any, hosts: tuple[Host, ...]) -> list[Change]:
        """What the kind wants; where outputs differ from host to host it is asked for each."""
        if not hosts and not self._beyond_hosts:
            return []
        if not self.known:
            return [self._with_called_plan(change) for change in self.step.plan(self._context(hosts, value, None))]
        found: dict[tuple[str, int, str], Change] = {}
        for host in hosts or (None,):
            for change in self.step.plan(self._context((host,) if host else (), value, host)):
                found.setdefault(change.key, change)
        return [self._with_called_plan(change) for change in found.values()]

    def _with_called_plan(self, change: Change) -> Change:
        """A call shows, and its digest covers, what the called runbook would do; inputs that are not known yet wait."""
        if change.kind != "runbook" or is_open(change):
            return change
        called = self.run.called[change.payload["runbook"]]
        inputs = validate_inputs(called, change.payload["inputs"])
        limit = tuple(change.payload["limit"]) or self.run.limit
        plan = plan_run(self.engine, replace(self.run, runbook=called, inputs=inputs, limit=limit), dry_run=self.dry_run)
        told = [json.loads(one.model_dump_json(include={"step", "target", "summary", "reads_only"})) for one in plan.changes]
        return change.model_copy(update={"payload": {**change.payload, "plan": {"digest": plan.digest, "changes": told}}})

    def _wanted(self, when: str, value: Any, host: Host) -> bool:
        return bool(evaluate(when, self._context((host,), value, host).values(host)))

    def _left_out(self, why: Phrase, iteration: int = 0, target: str = NO_TARGET) -> Change:
        title = self.item.title or phrase("runs.step-named", step=self.item.id)
        summary = phrase("runs.left-out-summary", step=title, host=target)
        return Change(
            step=self.item.id,
            iteration=iteration,
            target=target,
            kind=self.item.kind,
            summary=summary,
            left_out=why,
            reads_only=True,
        )


def _same(outputs: Mapping[str, Mapping[str, Any]], _host: Host | None) -> Mapping[str, Mapping[str, Any]]:
    return outputs


def _mixed(outputs: Outputs, later: Mapping[str, Mapping[str, Any]], host: Host | None) -> Mapping[str, Mapping[str, Any]]:
    return {**later, **_seen(outputs, host)}


def _seen(outputs: Outputs, host: Host | None) -> dict[str, dict[str, Any]]:
    """Outputs as templates of a host name them: the host's own, else those of a step for no host, else of the first host.

    Besides, `status` and `verdict`; of a step with `for_each` those of the last iteration, with all of them in `each`; and all
    hosts' under `hosts`.
    """
    found: dict[str, dict[str, Any]] = {}
    own: dict[str, list[dict[str, Any]]] = {}
    for (step, _iteration, target), outcome in sorted(outputs.items(), key=lambda pair: pair[0][1]):
        told = {**outcome.outputs, "status": outcome.status, "verdict": str(outcome.verdict or "")}
        entry = found.setdefault(step, {"hosts": {}})
        entry["hosts"][target] = told
        if host is None or target in {host.name, NO_TARGET}:
            own.setdefault(step, []).append(told)
    for step, entry in found.items():
        mine = own.get(step) or list(entry["hosts"].values())[:1]
        found[step] = {**mine[-1], "each": mine, "hosts": entry["hosts"]}
    return found
