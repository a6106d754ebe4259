"""The states of all checks in the Prometheus text format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from temanashi.changes import Verdict
from temanashi.monitoring.model import CheckState

__all__ = ["CONTENT_TYPE", "MOST_CHECKS", "exposition"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MOST_CHECKS = 20_000
"""Checks that are told; how many were left out is a metric of its own, so that a cut is seen."""

_STATES = {Verdict.OK: 0, Verdict.WARNING: 1, Verdict.CRITICAL: 2, Verdict.UNKNOWN: 3}


def _state(state: CheckState) -> float | None:
    return _STATES[state.measured] if state.measured is not None else None


Value = Callable[[CheckState], float | None]
_METRICS: tuple[tuple[str, str, Value], ...] = (
    ("check_state", "Last measured state: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN", _state),
    ("check_value", "First metric of the last measurement, in the unit of the label", lambda s: s.value),
    ("check_duration_seconds", "How long the last measurement took", lambda s: s.seconds if s.measured else None),
    ("check_last_run_timestamp_seconds", "When the check was last part of a run", lambda s: s.at.timestamp()),
    ("check_last_success_timestamp_seconds", "When it was last OK", lambda s: s.ok_at.timestamp() if s.ok_at else None),
    ("check_flapping", "1 while it changes too often", lambda s: float(s.flapping)),
)


def exposition(states: Sequence[CheckState]) -> str:
    """The text; at most 20,000 checks. A value that there is not has no line: never a 0 that nobody measured."""
    told, left_out = states[:MOST_CHECKS], max(len(states) - MOST_CHECKS, 0)
    lines: list[str] = []
    for name, text, value in _METRICS:
        lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
        for state in told:
            number = value(state)
            if number is not None:
                lines.append(f"{name}{{{_labels(state, unit=name == 'check_value')}}} {_number(number)}")
    lines += [
        "# HELP check_left_out Checks that this answer leaves out",
        "# TYPE check_left_out gauge",
        f"check_left_out {left_out}",
    ]
    return "\n".join([*lines, ""])


def _labels(state: CheckState, *, unit: bool) -> str:
    labels: Iterable[tuple[str, str]] = (
        ("check", state.key.name),
        ("target", state.key.target),
        ("owner", state.owner),
        ("runbook", state.key.runbook),
        ("step", state.key.step),
        ("kind", state.kind),
        *((("item", str(state.key.item)),) if state.key.item else ()),
        *((("unit", state.unit),) if unit and state.unit else ()),
    )
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)


def _escaped(value: str) -> str:
    """Backslash, quote and line feed as the format wants them; a lone carriage return would end the line for some readers."""
    clean = value.encode("utf-8", "replace").decode("utf-8").replace("\r", " ")
    return clean.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    """As Go reads it: NaN, +Inf, -Inf, else the shortest form that gives the same float."""
    if value != value:  # noqa: PLR0124  (the only number that is not equal to itself)
        return "NaN"
    if value in {float("inf"), float("-inf")}:
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value))
