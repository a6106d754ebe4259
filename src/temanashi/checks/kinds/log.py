"""`log`: the lines that came into a log since the last look, and what is alarming in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, model_validator

from temanashi.changes import Verdict
from temanashi.checks.answers import trouble, unreadable
from temanashi.checks.fields import AbsolutePath, Encoding, Pattern
from temanashi.checks.literals import literals_of_all
from temanashi.checks.log_reading import Reading, ask_log, parse_reading
from temanashi.checks.matching import found as has
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metrics
from temanashi.checks.occasion import Occasion
from temanashi.checks.thresholds import RangeText
from temanashi.checks.wording import duration, expected, length
from temanashi.hosts.command import Command
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "LogSpec"]

MIB = 1024 * 1024
SHOWN = 10
LINE = 300


class LogSpec(ThresholdSpec):
    """New lines of a log since this check last looked, each read once, also through rotation, truncation and compression.

    Metrics: alarms, warnings (lines), octets. The first look reads the last 64 KiB.
    """

    kind: Literal["log"]
    path: AbsolutePath = Field(description="The log; rotated files beside it (.1, .1.gz, -20261120) are found")
    alarm: tuple[Pattern, ...] = Field(default=(), max_length=100, description="Regular expressions of alarming lines")
    warning: tuple[Pattern, ...] = Field(default=(), max_length=100, description="Regular expressions of lines to warn of")
    ignore: tuple[Pattern, ...] = Field(default=(), max_length=100, description="Regular expressions of lines that do not count")
    crit: RangeText | None = Field(default="0", description="Range of bearable numbers of alarming lines; outside is CRITICAL")
    warn: RangeText | None = Field(default="0", description="Range of good numbers of lines to warn of; outside is WARNING")
    encoding: Encoding = Field(default="utf-8", description="Encoding of the log: utf-8, shift_jis (cp932), euc_jp")
    limit: int = Field(default=64, ge=1, le=1024, description="MiB that one look reads at most; the rest is read by the next looks")
    hold: int = Field(default=0, ge=0, le=7 * 24 * 60, description="Minutes for which an alarm stays, though no new line has it")
    missing: Literal["OK", "WARNING", "CRITICAL", "UNKNOWN"] = Field(default="CRITICAL", description="Verdict when there is no log")

    @model_validator(mode="after")
    def _asks_something(self) -> LogSpec:
        if not (self.alarm or self.warning):
            raise ValueError(phrase("checks.log-no-pattern"))
        return self


class _Log:
    name = "log"
    spec = LogSpec

    def commands(self, spec: LogSpec, /) -> list[Command]:
        return self.commands_on(spec, Occasion())

    def commands_on(self, spec: LogSpec, occasion: Occasion, /) -> list[Command]:
        texts = literals_of_all([*spec.alarm, *spec.warning]) or ()
        wanted = [text.encode(spec.encoding, "replace").decode("utf-8", "surrogateescape") for text in texts]
        # Without a text to look for every line is sent, and that is bounded.
        limit = spec.limit * MIB if texts else 384 * 1024
        return [ask_log(spec.path, occasion.remembered, limit=limit, texts=wanted)]

    def memory_of(self, spec: LogSpec, /) -> str:
        return spec.path

    def observe(self, spec: LogSpec, given: Given, /) -> Observation:
        (result,) = given.results
        if problem := trouble("sh", result):
            return problem
        reading = parse_reading(result.stdout)
        if reading is None:
            return unreadable("sh", result.text)
        if reading.state == "denied":
            return Observation(problem=phrase("checks.file-denied", path=spec.path))
        if reading.state == "refused":
            return Observation(problem=phrase("checks.command-failed", program="stat", exit=1, detail=reading.said))
        counted = _counted(spec, reading)
        held, alarmed = _held(spec, counted, given)
        facts = {
            "state": reading.state,
            "octets": reading.octets,
            "behind": reading.behind,
            "gone": reading.gone,
            "cut": reading.cut,
        }
        remember = None if reading.position is None else {**reading.position, "alarmed": alarmed}
        return Observation(facts={**facts, **counted, "held": held}, remember=remember)

    def judge(self, spec: LogSpec, facts: Mapping[str, Any], /) -> Judgement:
        if facts["state"] == "missing" or (facts["gone"] and not facts["octets"]):
            reason = phrase("checks.file-missing", path=spec.path)
            return Judgement(verdict=Verdict(spec.missing), reason=reason, observed="missing")
        alarms = Metric(name="alarms", value=facts["alarms"], crit=spec.crit, min=0)
        warnings = Metric(name="warnings", value=facts["warnings"], warn=spec.warn, min=0)
        octets = Metric(name="octets", value=facts["octets"], unit="B", min=0)
        verdict, metric = judge_metrics([alarms, warnings])
        held = facts["held"]
        if held is not None and verdict is not Verdict.CRITICAL:
            verdict, reason = (
                Verdict.CRITICAL,
                phrase("checks.log-held", path=spec.path, lines=held["lines"], ago=duration(held["ago"])),
            )
        else:
            reason = _reason(spec, facts)
        notes = _notes(facts)
        if notes:
            # Lines that nobody has looked at are no reason to call it well.
            verdict = Verdict.worst([verdict, Verdict.WARNING])
            reason = phrase("checks.log-noted", first=reason, notes=[note.model_dump() for note in notes])
        observed = f"{facts['alarms']} alarms, {facts['warnings']} warnings"
        return Judgement(
            verdict=verdict, reason=reason, metrics=(alarms, warnings, octets), expected=expected(metric), observed=observed
        )


def _counted(spec: LogSpec, reading: Reading) -> dict[str, Any]:
    alarms: list[str] = []
    warnings: list[str] = []
    ignored = 0
    for octets in reading.lines:
        line = octets.decode(spec.encoding, "replace").rstrip("\r")
        kept = alarms if _any(spec.alarm, line) else warnings if _any(spec.warning, line) else None
        if kept is None:
            continue
        if _any(spec.ignore, line):
            ignored += 1
        else:
            kept.append(line.strip()[:LINE])
    shown = (alarms or warnings)[:SHOWN]
    return {"alarms": len(alarms), "warnings": len(warnings), "ignored": ignored, "lines": shown}


def _any(patterns: Sequence[str], line: str) -> bool:
    return any(has(pattern, line) for pattern in patterns)


def _held(spec: LogSpec, counted: Mapping[str, Any], given: Given) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """An earlier alarm that still holds, and what is remembered of the last one."""
    now = given.occasion.now
    if counted["alarms"]:
        return None, {"at": now.isoformat(), "lines": counted["lines"][:1]}
    last = given.occasion.remembered.get("alarmed")
    if last is None:
        return None, None
    ago = round((now - datetime.fromisoformat(last["at"])).total_seconds())
    return ({"ago": ago, "lines": last["lines"]} if ago < spec.hold * 60 else None), last


def _reason(spec: LogSpec, facts: Mapping[str, Any]) -> Phrase:
    data = {"path": spec.path, "size": length(facts["octets"]), "ignored": facts["ignored"]}
    if facts["alarms"] or facts["warnings"]:
        return phrase("checks.log-lines", alarms=facts["alarms"], warnings=facts["warnings"], lines=facts["lines"], **data)
    return phrase("checks.log-first" if facts["state"] == "first" else "checks.log-quiet", **data)


def _notes(facts: Mapping[str, Any]) -> list[Phrase]:
    notes = []
    if facts["state"] == "lost":
        notes.append(phrase("checks.log-lost"))
    if facts["behind"]:
        notes.append(phrase("checks.log-behind", size=length(facts["behind"])))
    if facts["cut"]:
        notes.append(phrase("checks.log-cut"))
    if facts["gone"]:
        notes.append(phrase("checks.log-gone"))
    return notes


KIND = _Log()
