"""What programs print on all sorts of hosts, and what that means. The cases are data: `tests/cases/checks/<kind>.json`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from temanashi.checks import installed_kinds, judge_again, measure, parse_check

FOLDER = Path(__file__).parents[1] / "cases/checks"
CASES = [
    (file.stem, case)
    for file in sorted(FOLDER.glob("*.json"))
    if file.stem in installed_kinds().known
    for case in json.loads(file.read_text())
]


@pytest.mark.parametrize(("kind", "case"), CASES, ids=[f"{kind}: {case['name']}" for kind, case in CASES])
def test_an_answer_is_judged_as_it_deserves(kind, case, scripted, answers, localhost, clock, redactor) -> None:
    spec = parse_check(case["spec"])
    transport = scripted([answers(answer) for answer in case["results"]])
    (result,) = measure([spec], localhost, transport=transport, clock=clock, redactor=redactor)

    assert (result.verdict.value, result.reason.key) == (case["verdict"], case["reason"]), result.reason.text("en")
    values = {metric.name: metric.value for metric in result.metrics}
    wanted = case.get("metrics", {})
    assert {name: values.get(name) for name in wanted} == pytest.approx(wanted, abs=0.001)
    assert result.observed == case.get("observed", result.observed)

    for lang in ("ja", "en"):
        sentence = result.reason.text(lang)
        assert not re.search(r"\{\w+\}", sentence)
        assert "checks." not in sentence
        assert "hosts." not in sentence
    assert case.get("absent", "\x00") not in result.model_dump_json()

    # The stored evidence, judged again, says the same to the last byte.
    again = judge_again(installed_kinds().find(kind), spec, result.evidence[0])
    assert (again.verdict, [m.model_dump_json() for m in again.metrics]) == (
        result.verdict,
        [m.model_dump_json() for m in result.metrics],
    )


def test_every_kind_that_runs_commands_has_cases() -> None:
    from_here = {"dns", "heartbeat", "http", "prometheus", "sql", "tcp", "tls"}
    assert set(installed_kinds().known) - from_here <= {kind for kind, _ in CASES}
