"""Measuring the checks of one host: all commands in one sweep, the rest from here, and a result for every check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeGuard

from temanashi.canonical import digest_of
from temanashi.changes import Evidence, Verdict
from temanashi.checks.answers import reason_of
from temanashi.checks.by_time import IN_FORCE, in_force
from temanashi.checks.judging import judge, keep, unmeasured
from temanashi.checks.means import Means
from temanashi.checks.model import CheckKind, CheckResult, Given, Judgement, Observation, OccasionalKind, Spec, ThresholdSpec
from temanashi.checks.occasion import Occasion
from temanashi.checks.parents import without_orphans
from temanashi.checks.registry import Kinds, installed_kinds
from temanashi.clock import Clock
from temanashi.errors import TargetError, TemanashiError
from temanashi.hosts.command import Command
from temanashi.hosts.inventory import Host
from temanashi.hosts.transport import Answer, HostLost, Result, Transport
from temanashi.secrets import Redactor
from temanashi.text.local import Phrase, phrase

__all__ = ["measure", "worst"]

WORKERS = 16
"""Checks measured from here at the same time."""

SETTLED = frozenset({Verdict.OK, Verdict.SKIPPED})


@dataclass
class _Item:
    """One check on its way: what it asks, what was answered, and what came of it."""

    index: int
    spec: Spec
    kind: CheckKind[Any] | None = None
    commands: tuple[Command, ...] = ()
    occasion: Occasion = field(default_factory=Occasion)
    observation: Observation | None = None
    seconds: float = 0.0
    attempts: int = 0
    answers: list[Answer] = field(default_factory=list)


def measure(
    specs: Sequence[Spec],
    host: Host,
    *,
    transport: Transport,
    clock: Clock,
    redactor: Redactor,
    kinds: Kinds | None = None,
    means: Means | None = None,
) -> list[CheckResult]:
    """One result a check, in the order given. What a host, a service or a kind does wrong is never raised: it is a result."""
    known = kinds or installed_kinds()
    sweep = _Sweep(
        host,
        transport=transport,
        clock=clock,
        redactor=redactor,
        kinds=known,
        means=means or Means(),
    )
    pending = [_Item(index, spec) for index, spec in enumerate(specs)]
    results: dict[int, CheckResult] = {}
    while pending:
        for item, result in sweep.once(pending):
            results[item.index] = result
        pending = [i for i in pending if results[i.index].verdict not in SETTLED and i.attempts <= i.spec.retries]
        if pending:
            clock.sleep(max(item.spec.retry_wait for item in pending))
    return without_orphans(specs, [results[index] for index in range(len(specs))], kinds=known)


def worst(results: Sequence[CheckResult]) -> Verdict:
    """The verdict of them all: CRITICAL > UNKNOWN > WARNING > PENDING > SKIPPED > OK; of nothing, UNKNOWN."""
    return Verdict.worst([result.verdict for result in results])


class _Sweep:
    def __init__(self, host: Host, *, transport: Transport, clock: Clock, redactor: Redactor, kinds: Kinds, means: Means) -> None:
        self._host = host
        self._means = replace(means, secret=self._revealed)
        self._secret = means.secret
        self._transport = transport
        self._clock = clock
        self._redactor = redactor
        self._kinds = kinds

    def once(self, items: Sequence[_Item]) -> Iterator[tuple[_Item, CheckResult]]:
        """Measure each once."""
        started = self._clock.now()
        for item in items:
            item.attempts += 1
            item.observation, item.answers, item.seconds = None, [], 0.0
            with self._caught(item):
                if self._host.lost is not None:  # what is seen from here too: its address may be another one by now
                    raise HostLost(self._host.name, self._host.lost)
                item.kind = self._kinds.find(item.spec.kind)
                remembered = self._means.remembered.get(_memory_name(item), {})
                item.occasion = Occasion(now=started, means=self._means, remembered=remembered)
                item.commands = _commands(item)
        ready = [item for item in items if item.observation is None]
        outside = [item for item in ready if not item.commands]
        with ThreadPoolExecutor(max_workers=max(1, min(WORKERS, len(outside)))) as pool:
            looks = [pool.submit(self._observe, item) for item in outside]
            self._ask([item for item in ready if item.commands])
            for look in looks:
                look.result()
        for item in items:
            yield item, self._result(item, started)

    def _ask(self, items: Sequence[_Item]) -> None:
        # Ten checks of processes need one list of them: equal commands run once.
        asked: dict[_Asked, tuple[Command, float]] = {}
        for item in items:
            for command in item.commands:
                known = asked.get(_asked(command))
                asked[_asked(command)] = command, max(item.spec.timeout, known[1] if known else 0)
        if not asked:
            return
        commands = [command for command, _ in asked.values()]
        try:
            answers = self._transport.run_all(commands, timeout=[seconds for _, seconds in asked.values()])
        except TargetError as error:
            answers = [error] * len(commands)
        answered = dict(zip(asked, answers, strict=True))
        for item in items:
            item.answers = [answered[_asked(command)] for command in item.commands]
            self._observe(item)

    def _observe(self, item: _Item) -> None:
        began = self._clock.monotonic()
        with self._caught(item):
            failed = next((answer for answer in item.answers if isinstance(answer, TargetError)), None)
            if failed is not None:
                raise failed
            results = tuple(answer for answer in item.answers if isinstance(answer, Result))
            assert item.kind is not None  # noqa: S101  (only items whose kind was found are observed)
            seen = item.kind.observe(item.spec, Given(results, self._host, self._clock, self._means, item.occasion))
            item.observation = self._with_ranges(item.spec, seen)
        commands = sum(answer.seconds for answer in item.answers if isinstance(answer, Result))
        item.seconds = commands + self._clock.monotonic() - began

    def _revealed(self, ref: str) -> str:
        """A secret, which is redacted from now on: a server may send back what it was sent."""
        value = self._secret(ref)
        self._redactor.add(value)
        return value

    def _with_ranges(self, spec: Spec, seen: Observation) -> Observation:
        """The observation with the ranges that hold at this moment among its facts: judging reads no clock."""
        if not isinstance(spec, ThresholdSpec) or not spec.by_time or seen.problem is not None:
            return seen
        chosen = in_force(spec.by_time, self._clock.now(), self._means)
        return seen.model_copy(update={"facts": {**seen.facts, IN_FORCE: chosen}})

    @contextmanager
    def _caught(self, item: _Item) -> Iterator[None]:
        try:
            yield
        except TemanashiError as error:
            item.observation = Observation(problem=reason_of(error))
        except Exception as error:  # noqa: BLE001  (a kind that fails must not take the other checks with it)
            item.observation = _failed(item.spec, error)

    def _result(self, item: _Item, started: datetime) -> CheckResult:
        judgement, evidence = self._judged(item)
        masked = self._redactor
        spec = masked.value(item.spec.model_dump(mode="json", exclude={"runbook"}))  # what to do about it asks nothing
        return CheckResult(
            check=item.spec.id,
            kind=item.spec.kind,
            title=item.spec.title,
            target=self._host.name,
            verdict=judgement.verdict,
            reason=Phrase(key=judgement.reason.key, data=masked.value(judgement.reason.data)),
            metrics=judgement.metrics,
            expected=masked.text(judgement.expected),
            observed=masked.text(judgement.observed),
            measured_at=started,
            seconds=round(item.seconds, 6),
            attempts=item.attempts,
            spec=spec,
            spec_digest=digest_of(spec),
            evidence=evidence,
            remember=self._memory(item),
        )

    def _memory(self, item: _Item) -> dict[str, dict[str, Any]]:
        kept = None if item.observation is None else item.observation.remember
        return {} if kept is None else {_memory_name(item): self._redactor.value(kept)}

    def _judged(self, item: _Item) -> tuple[Judgement, tuple[Evidence, ...]]:
        try:
            kept, evidence = keep(item.observation or Observation(), redactor=self._redactor)
            judgement = unmeasured(item.spec, kept) or judge(self._kinds.find(item.spec.kind), item.spec, kept)
        except Exception as error:  # noqa: BLE001  (facts that are no JSON, or that the kind cannot judge, are its failure too)
            failed = _failed(item.spec, error)
            kept, evidence = keep(failed, redactor=self._redactor)
            return Judgement(verdict=Verdict.UNKNOWN, reason=failed.problem or Phrase(key="checks.kind-failed")), evidence
        return judgement, evidence


_Asked = tuple[tuple[str, ...], bytes | None, tuple[tuple[str, str], ...], str | None]


def _asked(command: Command) -> _Asked:
    return command.argv, command.stdin, tuple(sorted(command.env.items())), command.cwd


def _commands(item: _Item) -> tuple[Command, ...]:
    assert item.kind is not None  # noqa: S101  (it was found just before)
    if _is_occasional(item.kind):
        return tuple(item.kind.commands_on(item.spec, item.occasion))
    return tuple(item.kind.commands(item.spec))


def _is_occasional(kind: CheckKind[Any] | None) -> TypeGuard[OccasionalKind]:
    # isinstance with a protocol looks at every attribute each time, which is a tenth of what a check costs here.
    return hasattr(kind, "commands_on")


def _memory_name(item: _Item) -> str:
    return f"{item.spec.id} {item.kind.memory_of(item.spec)}" if _is_occasional(item.kind) else item.spec.id


def _failed(spec: Spec, error: Exception) -> Observation:
    detail = str(error)[:300]
    return Observation(problem=phrase("checks.kind-failed", kind=spec.kind, name=type(error).__name__, detail=detail))
