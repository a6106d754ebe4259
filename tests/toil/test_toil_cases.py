"""Every worked case, ours or a finance department's: `pytest tests/toil --toil-cases FILE`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from toil.case_reading import answers

TOLERANCE = 0.0001


def differences(expected, answer, place=""):
    if isinstance(expected, dict):
        missing = [f"{place}.{key}: nothing computes it" for key in expected if key not in answer]
        return missing + [d for key in expected if key in answer for d in differences(expected[key], answer[key], f"{place}.{key}")]
    if isinstance(expected, list):
        if len(expected) != len(answer):
            return [f"{place}: {len(answer)} values, expected {len(expected)}"]
        return [d for n, (e, a) in enumerate(zip(expected, answer, strict=True)) for d in differences(e, a, f"{place}[{n}]")]
    if isinstance(expected, (int, float)) and not isinstance(expected, bool) and isinstance(answer, (int, float)):
        close = abs(expected - answer) <= TOLERANCE
        return [] if close else [f"{place}: {answer}, expected {expected}"]
    return [] if expected == answer else [f"{place}: {answer!r}, expected {expected!r}"]


def test_a_worked_case_gives_the_expected_figures(toil_case):
    assert differences(toil_case["expect"], answers(toil_case["given"])) == []


def test_a_wrong_figure_a_missing_one_and_a_short_list_are_all_told():
    told = differences({"a": 1.0, "b": 2, "c": [1], "d": "x"}, {"a": 1.00005, "c": [], "d": "y"})
    assert told == [".b: nothing computes it", ".c: 0 values, expected 1", ".d: 'y', expected 'x'"]


OTHERS = [
    (
        {
            "m": 10,
            "units": [{"id": "T1"}, {"id": "T2"}],
            "runs": [{"unit": "T1"}, {"unit": "T1"}, {"unit": "T2", "mode": "dry_run"}, {}],
        },
        {"credited_minutes": 10, "remaining_minutes": 10, "successes_not_counted": 2},
    ),
    ({"H_hours": [30, 28, 26], "months": ["2026-04", "2026-05", "2026-06"], "goal_month": "2026-09"}, {"forecast_hours": 20.0}),
    ({"H_hours": [30, 28]}, {"forecast_hours": None}),
    ({"dates": ["2027-03-31", "2027-04-01"]}, {"fiscal_years": [2026, 2027], "halves": ["H2", "H1"]}),
    (
        {
            "items": [{"planned_hours": 30, "status": "done"}, {"planned_hours": 10, "status": "in_progress"}],
            "members": 4,
            "business_days": 20,
            "minutes_per_day": 30,
        },
        {"achievement": 0.75, "improvement_capacity_hours": 40.0},
    ),
    ({"R_low": 0.5, "R_likely": 0.6, "goal": 0.5}, {"verdict": "met"}),
    (
        {
            "goal": 0.5,
            "tasks": [{"kind": "event", "D0": 10, "D": 10, "C": 6, "likely": 10, "low": 5, "high": 15, "human_minutes": 8}],
        },
        {"R": 0.52, "R_low": 0.44, "verdict": "probable"},
    ),
    ({"calendar": "business_day", "month": "2026-11"}, {"slots": 19}),
]


@pytest.mark.parametrize(("given", "expected"), OTHERS, ids="+".join)
def test_other_kinds_of_input_are_read_too(given, expected):
    assert differences(expected, answers(given)) == []


def test_another_file_of_cases_is_taken(tmp_path):
    file = tmp_path / "finance.json"
    case = {"id": "F1", "given": {"m": 3, "calendar": "business_day", "slots": 2, "C": 1}, "expect": {"gross_hours": 9.0}}
    file.write_text(json.dumps({"cases": [case]}), encoding="utf-8")
    here = Path(__file__)
    command = [sys.executable, "-m", "pytest", str(here), "-k", "worked_case", "--toil-cases", str(file), "-p", "no:cacheprovider"]
    told = subprocess.run(command, cwd=here.parents[2], capture_output=True, text=True, timeout=60, check=False).stdout
    assert "1 failed" in told
    assert ".gross_hours: 0.05, expected 9.0" in told
