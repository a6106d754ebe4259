"""Real hosts and servers are in the tests; what stands in for a host that we do not have is here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fixtures_postgresql import postgresql_server, postgresql_url
from temanashi.checks import CheckResult, Means, installed_kinds, judge_again, measure, parse_check
from temanashi.clock import SystemClock
from temanashi.errors import TargetError
from temanashi.hosts import Answer, Command, Host, Inventory, Result, TimedOut, Unreachable, connect
from temanashi.secrets import Redactor

__all__ = ["postgresql_server", "postgresql_url"]


class ScriptedTransport:
    """Answers commands with what a case says, once for each sweep."""

    def __init__(self, *sweeps: Sequence[Answer] | TargetError) -> None:
        self.sweeps = list(sweeps)
        self.asked: list[tuple[Command, ...]] = []
        self.timeouts: list[Any] = []

    def run(self, command: Command, *, timeout: float) -> Result:
        raise NotImplementedError

    def run_all(self, commands: Sequence[Command], *, timeout: float | Sequence[float]) -> list[Answer]:
        self.asked.append(tuple(commands))
        self.timeouts.append(timeout)
        answers = self.sweeps.pop(0)
        if isinstance(answers, TargetError):
            raise answers
        assert len(answers) == len(commands)
        return list(answers)


class SteppingClock:
    """A clock that goes on by what is slept, and by a little at each look."""

    def __init__(self, now: datetime = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)) -> None:
        self.start = now
        self.passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        self.passed += 0.001
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds


def answer_of(case: dict[str, Any]) -> Answer:
    """The answer that a case file describes."""
    if case.get("error") == "timed-out":
        return TimedOut("web1", "df", 10)
    if case.get("error") == "unreachable":
        return Unreachable("web1", "no route to host")
    stdout = bytes.fromhex(case["stdout_hex"]) if "stdout_hex" in case else case["stdout"].encode()
    return Result(
        exit=case.get("exit", 0),
        signal=case.get("signal"),
        stdout=stdout,
        stderr=case.get("stderr", "").encode(),
        seconds=0.01,
        truncated=case.get("truncated", False),
    )


@pytest.fixture
def scripted():
    return ScriptedTransport


@pytest.fixture
def answers():
    return answer_of


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def look(localhost):
    """Measures one check from here, with real time, and holds it against its own evidence."""

    def measured(*, means: Means | None = None, **data) -> CheckResult:
        spec = parse_check({"id": "a", "timeout": 5, **data})
        transport = connect(localhost)
        (result,) = measure([spec], localhost, transport=transport, clock=SystemClock(), redactor=Redactor(), means=means)
        for lang in ("ja", "en"):
            assert "checks." not in result.reason.text(lang)
            assert not re.search(r"\{\w+\}", result.reason.text(lang))
        again = judge_again(installed_kinds().find(spec.kind), spec, result.evidence[0])
        assert (again.verdict, again.reason, again.metrics) == (result.verdict, result.reason, result.metrics)
        return result

    return measured


@pytest.fixture
def localhost() -> Host:
    return Inventory().select("localhost")[0]


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(["pa55word-xyz"])
