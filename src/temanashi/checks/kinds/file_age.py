"""`file_age`: how old and how large a file is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from temanashi.changes import Verdict
from temanashi.checks.answers import trouble, unreadable
from temanashi.checks.fields import AbsolutePath
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metrics
from temanashi.checks.thresholds import RangeText
from temanashi.checks.wording import duration, expected, length, limit
from temanashi.hosts.command import Command, Script
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "FileAgeSpec"]

# The age is counted on the clock of the machine that has the file.
_ASK = 'date +now=%s; exec stat -L -c "file=%Y %s" -- "$1"'
_FIELDS = re.compile(r"^now=(\d+)\s*$.*?^file=(-?\d+) (\d+)\s*$", re.MULTILINE | re.DOTALL)
# `date` is asked first, and file systems round times: a file written at this moment may be a second ahead.
TOLERANCE = 2


class FileAgeSpec(ThresholdSpec):
    """Seconds since a file was last written, and its size in bytes. Metrics: age, size. A time in the future is never OK."""

    kind: Literal["file_age"]
    path: AbsolutePath = Field(description="The file; a link is followed")
    warn: RangeText | None = Field(default=None, description="Range of good ages in seconds (86400 is a day); outside is WARNING")
    crit: RangeText | None = Field(default=None, description="Range of bearable ages in seconds; outside is CRITICAL")
    size_warn: RangeText | None = Field(default=None, description="Range of good sizes in bytes, e.g. 1: for not empty")
    size_crit: RangeText | None = Field(default=None, description="Range of bearable sizes in bytes")
    missing: Literal["OK", "WARNING", "CRITICAL", "UNKNOWN"] = Field(
        default="CRITICAL", description="Verdict when there is no such file"
    )


class _FileAge:
    name = "file_age"
    spec = FileAgeSpec

    def commands(self, spec: FileAgeSpec, /) -> list[Command]:
        return [Script(_ASK, spec.path, env={"LC_ALL": "C"})]

    def observe(self, _spec: FileAgeSpec, given: Given, /) -> Observation:
        (result,) = given.results
        if result.exit == 1 and re.search(r"No such file or directory|Not a directory", result.error_text):
            return Observation(facts={"exists": False})
        if problem := trouble("stat", result):
            return problem
        match = _FIELDS.search(result.text)
        if match is None:
            return unreadable("stat", result.text)
        return Observation(facts={"exists": True, "now": int(match[1]), "mtime": int(match[2]), "size": int(match[3])})

    def judge(self, spec: FileAgeSpec, facts: Mapping[str, Any], /) -> Judgement:
        if not facts["exists"]:
            reason = phrase("checks.file-missing", path=spec.path)
            return Judgement(verdict=Verdict(spec.missing), reason=reason, observed="missing")
        age = facts["now"] - facts["mtime"]
        ages = Metric(name="age", value=max(age, 0) if age >= -TOLERANCE else age, unit="s", warn=spec.warn, crit=spec.crit)
        sizes = Metric(name="size", value=facts["size"], unit="B", warn=spec.size_warn, crit=spec.size_crit, min=0)
        verdict, metric = judge_metrics([ages, sizes])
        if age < -TOLERANCE:
            verdict = Verdict.worst([verdict, Verdict.WARNING])
            reason = phrase("checks.file-future", path=spec.path, ahead=duration(-age))
            metric = ages
        else:
            reason = self._reason(spec, age, facts["size"], metric, verdict)
        observed = f"{age} s, {facts['size']} B"
        return Judgement(verdict=verdict, reason=reason, metrics=(ages, sizes), expected=expected(metric), observed=observed)

    def _reason(self, spec: FileAgeSpec, age: int, octets: int, metric: Metric, verdict: Verdict) -> Phrase:
        key = "checks.file-age" if metric.name == "age" else "checks.file-size"
        bound = limit(metric, verdict, duration if metric.name == "age" else length)
        return phrase(key, path=spec.path, age=duration(max(age, 0)), size=length(octets), limit=bound)


KIND = _FileAge()
