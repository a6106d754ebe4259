"""Threshold ranges, against the examples of the plugin guidelines."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from temanashi.changes import Verdict
from temanashi.checks import judge_metric
from temanashi.checks.thresholds import BadRange, Range, RangeText, parse_range
from temanashi.problems import problems_of
from temanashi.text import explain

CASES = json.loads((Path(__file__).parents[1] / "cases/checks/ranges.json").read_text(encoding="utf-8"))


class Rule(BaseModel):
    warn: RangeText | None = None


@pytest.mark.parametrize("case", CASES["judged"], ids=lambda case: case["range"])
def test_a_range_alerts_as_the_guidelines_say(case) -> None:
    parsed = parse_range(case["range"])
    assert [value for value in case["alerts"] if not parsed.alerts(value)] == []
    assert [value for value in case["quiet"] if parsed.alerts(value)] == []


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: repr(case["range"]))
def test_a_malformed_range_is_refused_at_its_position(case) -> None:
    with pytest.raises(BadRange) as caught:
        parse_range(case["range"])
    assert caught.value.data["position"] == case["position"]
    assert case["english"] in explain(caught.value, "en").what
    for lang in ("ja", "en"):
        told = explain(caught.value, lang)
        assert str(case["position"]) in told.what
        assert "@10:20" in told.next
        assert "checks." not in told.what


@given(st.text(alphabet="0123456789.:~@%-+e, x", max_size=8))
def test_a_text_is_a_whole_range_or_refused_within_itself(text: str) -> None:
    position, parsed = 1, Range(0, 0)
    try:
        parsed = parse_range(text)
    except BadRange as error:
        position = error.data["position"]
    assert parsed.start <= parsed.end
    assert 1 <= position <= len(text) + 1


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_inside_and_outside_are_opposites(a: float, b: float, value: float) -> None:
    low, high = sorted((a, b))
    text = f"{low!r}:{high!r}"
    assert parse_range(text).alerts(value) is not parse_range("@" + text).alerts(value)
    assert parse_range(text).alerts(value) is not (low <= value <= high)


@pytest.mark.parametrize(("typed", "kept"), [(80, "80"), (0.5, "0.5"), ("80", "80"), ("@1:2", "@1:2"), (None, None)])
def test_yaml_may_say_a_range_as_number_or_text(typed, kept) -> None:
    assert Rule(warn=typed).warn == kept


@pytest.mark.parametrize("typed", [True, "1,5", -5, [1], float("inf"), float("nan")])
def test_anything_else_is_a_mistake_in_its_field(typed) -> None:
    with pytest.raises(ValidationError) as caught:
        Rule(warn=typed)
    assert problems_of(caught.value)[0].field == "warn"


def test_the_mistake_in_a_field_is_told_in_the_readers_language() -> None:
    with pytest.raises(ValidationError) as caught:
        Rule(warn="1,5")
    message = problems_of(caught.value)[0].message
    assert message.text("ja") == "しきい値「1,5」の 2 文字目が正しくありません：小数点にはコンマではなくピリオドを使います。"
    assert message.text("en") == 'The threshold "1,5" is wrong at character 2: write a decimal point, not a comma.'


@pytest.mark.parametrize(
    ("value", "warn", "crit", "verdict"),
    [
        (50, "80", "90", Verdict.OK),
        (85, "80", "90", Verdict.WARNING),
        (95, "80", "90", Verdict.CRITICAL),
        (95, None, "90", Verdict.CRITICAL),
        (95, "80", None, Verdict.WARNING),
        (95, None, None, Verdict.OK),
        (None, "80", "90", Verdict.UNKNOWN),
        (None, None, None, Verdict.UNKNOWN),
        (math.nan, "80", "90", Verdict.UNKNOWN),
        (math.inf, "80", "90", Verdict.CRITICAL),
    ],
)
def test_crit_comes_before_warn_and_no_number_is_unknown(value, warn, crit, verdict) -> None:
    assert judge_metric(value, warn, crit) is verdict
