"""Checks: kinds of check, thresholds, measuring and judging. `measure` observes and judges; the judging part does no I/O."""

from __future__ import annotations

from temanashi.checks.judging import judge, judge_again
from temanashi.checks.means import Heartbeat, Means
from temanashi.checks.model import (
    CheckKind,
    CheckResult,
    Given,
    Judgement,
    Metric,
    Observation,
    Remedy,
    Spec,
    ThresholdSpec,
    judge_metric,
)
from temanashi.checks.registry import check_problems, check_schema, installed_kinds, parse_check
from temanashi.checks.running import measure, worst
from temanashi.checks.thresholds import BadRange, Range, parse_range

__all__ = [
    "BadRange",
    "CheckKind",
    "CheckResult",
    "Given",
    "Heartbeat",
    "Judgement",
    "Means",
    "Metric",
    "Observation",
    "Range",
    "Remedy",
    "Spec",
    "ThresholdSpec",
    "check_problems",
    "check_schema",
    "installed_kinds",
    "judge",
    "judge_again",
    "judge_metric",
    "measure",
    "parse_check",
    "parse_range",
    "worst",
]
