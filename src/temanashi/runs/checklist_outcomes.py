"""What became of each change of a checklist, as the decision of its wait tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from temanashi.changes import Change, Outcome
from temanashi.text.local import Phrase, phrase

__all__ = ["line_outcomes"]


def line_outcomes(decision: Mapping[str, Any], changes: Sequence[Change], now: datetime) -> dict[tuple[str, int, str], Outcome]:
    """What became of each change, as the wait's decision tells it. A refused or expired checklist keeps what was done before."""
    lines = {(line["step"], line["iteration"]): line for line in decision.get("lines", ())}
    ended = {change.key: _outcome(decision, lines.get((change.step, change.iteration)), now) for change in changes}
    if decision["verdict"] in {"refused", "expired"} and all(outcome.good for outcome in ended.values()):
        ended[changes[-1].key] = _outcome(decision, None, now)
    return ended


def _outcome(decision: Mapping[str, Any], line: Mapping[str, Any] | None, now: datetime) -> Outcome:
    if line is not None and line["state"] != "open":
        reason = _reason(line, decision)
        outputs = {
            "note": line["note"] or decision["note"],
            "by": line["by"],
            "confirmed_by": line["confirmed_by"],
            "value": line["value"],
        }
        status: Literal["changed", "already"] = "changed" if line["state"] == "done" else "already"
        return Outcome(status=status, reason=reason, ended_at=now, human_seconds=line["seconds"], outputs=outputs)
    if decision["verdict"] == "expired":
        return Outcome(status="failed", reason=phrase("runs.expired"), ended_at=now)
    if decision["verdict"] == "done":  # decided before there were checklists
        outputs = {"note": decision["note"], "by": decision["actor"]}
        reason = phrase("runs.done-by", actor=decision["actor"], note=decision["note"])
        return Outcome(status="changed", reason=reason, ended_at=now, human_seconds=decision["human_seconds"], outputs=outputs)
    reason = phrase("runs.refused-by", actor=decision["actor"], note=decision["note"])
    return Outcome(status="failed", reason=reason, ended_at=now)


def _reason(line: Mapping[str, Any], decision: Mapping[str, Any]) -> Phrase:
    note = line["note"] or (decision["note"] if decision["verdict"] == "done" else "")
    if line["state"] == "not_applicable":
        return phrase("runs.line-not-applicable", actor=line["by"], note=note)
    told = {"actor": line["by"], "note": " ".join(part for part in (_value(line), note) if part)}
    if line["confirmed_by"]:
        return phrase("runs.done-and-confirmed-by", **told, confirmed_by=line["confirmed_by"])
    if line["seconds"]:
        return phrase("runs.confirmed-by", **told, minutes=f"{line['seconds'] / 60:.1f}".removesuffix(".0"))
    return phrase("runs.done-by", **told)


def _value(line: Mapping[str, Any]) -> str:
    value, unit = line["value"], line.get("unit", "")
    shown = "" if value is None else f"{value:,}" if isinstance(value, (int, float)) else str(value)
    return f"{shown} {unit}" if unit and shown else shown
