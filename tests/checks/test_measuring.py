"""From specifications to results, whatever hosts, services and kinds do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pytest

from temanashi.changes import Verdict
from temanashi.checks import (
    CheckResult,
    Given,
    Judgement,
    Observation,
    Spec,
    installed_kinds,
    judge_again,
    measure,
    parse_check,
    worst,
)
from temanashi.checks.registry import Kinds
from temanashi.errors import TargetError
from temanashi.hosts import Command, Result, TimedOut, Unreachable
from temanashi.text.local import phrase

LOAD = {"id": "load", "kind": "load"}
MEMORY = {"id": "memory", "kind": "memory"}
QUIET = Result(0, stdout=b"0.10 0.20 0.30 1/100 1234\n0-1\n", seconds=0.2)
BUSY = Result(0, stdout=b"99.0 99.0 99.0 1/100 1234\n0-1\n", seconds=0.2)
MEMINFO = Result(0, stdout=b"MemTotal: 100 kB\nMemAvailable: 90 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n")


class OddSpec(Spec):
    kind: Literal["odd"]
    behaviour: str = "fine"


class Odd:
    """A kind of somebody else, with every way to fail."""

    name = "odd"
    spec = OddSpec

    def commands(self, spec: OddSpec, /) -> list[Command]:
        if spec.behaviour == "commands":
            raise RuntimeError("no commands today")
        return []

    def observe(self, spec: OddSpec, given: Given, /) -> Observation:
        if spec.behaviour == "observe":
            raise RuntimeError("secret is pa55word-xyz")
        if spec.behaviour == "target":
            raise Unreachable("web1", "pa55word-xyz")
        if spec.behaviour == "bare":
            raise TargetError
        facts: dict[str, Any] = {"seen": {"no json": {1, 2}} if spec.behaviour == "facts" else "pa55word-xyz"}
        if spec.behaviour == "nan":
            facts["seen"] = float("nan")
        if spec.behaviour == "large":
            facts["seen"] = "x" * 100_000
        return Observation(facts=facts)

    def judge(self, spec: OddSpec, facts: Mapping[str, Any], /) -> Judgement:
        if spec.behaviour == "judge":
            raise KeyError("gone")
        return Judgement(
            verdict=Verdict.OK, reason=phrase("checks.plugin", program="odd", text=facts["seen"]), observed=facts["seen"]
        )


@pytest.fixture
def kinds() -> Kinds:
    return Kinds({**installed_kinds().known, "odd": Odd()})


@pytest.fixture
def run(localhost, clock, redactor, kinds):
    def measured(data: list[dict[str, Any]], transport) -> list[CheckResult]:
        specs = [parse_check(item, kinds=kinds) for item in data]
        return measure(specs, localhost, transport=transport, clock=clock, redactor=redactor, kinds=kinds)

    return measured


def verdicts(results: list[CheckResult]) -> list[str]:
    return [result.verdict.value for result in results]


def test_all_commands_of_a_host_go_in_one_sweep_with_their_own_timeouts(run, scripted) -> None:
    transport = scripted([QUIET, MEMINFO])
    results = run([{**LOAD, "timeout": 3}, MEMORY, {"id": "odd", "kind": "odd"}], transport)
    assert verdicts(results) == ["OK", "OK", "OK"]
    assert len(transport.asked) == 1
    assert transport.timeouts == [[3.0, 10.0]]


def test_a_result_says_what_when_where_and_how_long(run, scripted, clock) -> None:
    (result,) = run([{**LOAD, "title": {"ja": "負荷", "en": "Load"}}], scripted([QUIET]))
    assert (result.check, result.kind, result.target, result.attempts) == ("load", "load", "localhost", 1)
    assert result.measured_at == clock.start
    assert result.seconds == pytest.approx(0.201, abs=0.01)
    assert result.title.text("ja") == "負荷"
    assert result.expected == "load5 warn 2 crit 4"
    assert result.spec_digest.startswith("sha256:")
    assert CheckResult.model_validate_json(result.model_dump_json()) == result


def test_an_unreachable_host_is_unknown_for_each_check_and_never_critical(run, scripted) -> None:
    results = run([LOAD, MEMORY], scripted(Unreachable("web1", "no route")))
    assert verdicts(results) == ["UNKNOWN", "UNKNOWN"]
    assert results[0].reason.text("ja") == "web1 に接続できません（no route）。"


def test_one_hung_command_leaves_the_other_checks_alone(run, scripted) -> None:
    assert verdicts(run([LOAD, MEMORY], scripted([TimedOut("web1", "cat", 10), MEMINFO]))) == ["UNKNOWN", "OK"]


@pytest.mark.parametrize("behaviour", ["commands", "observe", "facts", "nan", "large", "judge", "target", "bare"])
def test_a_kind_that_fails_is_unknown_and_takes_no_other_check_with_it(behaviour, run, scripted, kinds) -> None:
    odd, load = run([{"id": "odd", "kind": "odd", "behaviour": behaviour}, LOAD], scripted([QUIET]))
    assert (odd.verdict, load.verdict) == (Verdict.UNKNOWN, Verdict.OK)
    for lang in ("ja", "en"):
        assert "checks." not in odd.reason.text(lang)
    assert "pa55word-xyz" not in odd.model_dump_json()
    spec = OddSpec(id="odd", kind="odd", behaviour=behaviour)
    assert judge_again(kinds.known["odd"], spec, odd.evidence[0]).verdict is Verdict.UNKNOWN


def test_a_kind_that_is_gone_is_unknown(run, scripted, localhost, clock, redactor) -> None:
    spec = OddSpec(id="odd", kind="odd")
    (result,) = measure([spec], localhost, transport=scripted(), clock=clock, redactor=redactor)
    assert (result.verdict, result.reason.key) == (Verdict.UNKNOWN, "checks.unknown-kind")


def test_secrets_are_masked_in_sentences_values_and_evidence(run, scripted) -> None:
    (result,) = run([{"id": "odd", "kind": "odd"}], scripted())
    assert "pa55word-xyz" not in result.model_dump_json()
    assert result.observed == "●●●●"


def test_a_check_is_measured_again_until_it_is_well(run, scripted, clock) -> None:
    transport = scripted([BUSY, MEMINFO], [BUSY], [QUIET])
    load, memory = run([{**LOAD, "retries": 5, "retry_wait": 7}, {**MEMORY, "retries": 5}], transport)
    assert (load.verdict, load.attempts, memory.attempts) == (Verdict.OK, 3, 1)
    assert [len(asked) for asked in transport.asked] == [2, 1, 1]
    assert clock.slept == [7, 7]


def test_retries_end(run, scripted) -> None:
    (load,) = run([{**LOAD, "retries": 1, "retry_wait": 0}], scripted([BUSY], Unreachable("web1", "gone")))
    assert (load.verdict, load.attempts) == (Verdict.UNKNOWN, 2)


def test_nothing_to_check_is_no_result(run, scripted) -> None:
    assert run([], scripted()) == []


def test_the_worst_verdict_counts_and_nothing_is_never_green(run, scripted) -> None:
    assert worst(run([LOAD, MEMORY], scripted([BUSY, MEMINFO]))) is Verdict.CRITICAL
    assert worst(run([LOAD, MEMORY], scripted([QUIET, MEMINFO]))) is Verdict.OK
    assert worst([]) is Verdict.UNKNOWN


def test_evidence_that_is_no_observation_is_not_judged_again(run, scripted) -> None:
    (result,) = run([LOAD], scripted([QUIET]))
    evidence = result.evidence[0].model_copy(update={"truncated": True})
    with pytest.raises(ValueError, match="not a whole observation"):
        judge_again(installed_kinds().find("load"), parse_check(LOAD), evidence)


def test_the_digest_of_a_specification_changes_with_what_is_asked(run, scripted) -> None:
    first, second, third = run([LOAD, {**LOAD, "warn": 3}, LOAD], scripted([QUIET]))
    assert first.spec_digest == third.spec_digest != second.spec_digest
