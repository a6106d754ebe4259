"""`process`: how many processes of a name, or with a command line, are running."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from pydantic import Field, model_validator

from temanashi.checks.answers import trouble, unreadable
from temanashi.checks.fields import Pattern
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metric
from temanashi.checks.thresholds import RangeText
from temanashi.checks.wording import expected, limit
from temanashi.hosts.command import Command
from temanashi.text.local import phrase

__all__ = ["KIND", "Process", "ProcessSpec", "others", "parse_ps"]

_COLUMNS = "pid,ppid,stat,comm,args"
_HEADER = re.compile(r"^\s*PID\s+PPID\s+STAT?\s+(?P<comm>COMMAND|COMM|CMD)\s+(?P<args>COMMAND|ARGS|CMD)\s*$")
_ROW = re.compile(r"^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S.*)$")
COMM_LENGTH = 15
SHOWN = 20


class ProcessSpec(ThresholdSpec):
    """Running processes, zombies and temanashi's own commands left out. Metric: count."""

    kind: Literal["process"]
    name: str | None = Field(default=None, min_length=1, description="Name of the program, e.g. nginx")
    pattern: Pattern | None = Field(default=None, description="Regular expression found in the command line")
    crit: RangeText | None = Field(default="1:", description="Range of bearable counts; outside is CRITICAL")

    @model_validator(mode="after")
    def _one_way(self) -> ProcessSpec:
        if (self.name is None) == (self.pattern is None):
            raise ValueError(phrase("checks.process-one-way"))
        return self


class Process(NamedTuple):
    """One row of ps."""

    pid: int
    parent: int
    state: str
    name: str
    command: str


def parse_ps(text: str) -> list[Process] | None:
    """The rows of `ps -o pid,ppid,stat,comm,args`; None when the header is missing. Names may hold spaces: columns have a width."""
    lines = text.splitlines()
    start, header = next(((n, match) for n, line in enumerate(lines) if (match := _HEADER.match(line))), (0, None))
    if header is None:
        return None
    width = header.start("args") - header.start("comm")
    rows = (match for line in lines[start + 1 :] if (match := _ROW.match(line)))
    return [Process(int(r[1]), int(r[2]), r[3], r[4][:width].rstrip(), r[4][width:].strip() or r[4].strip()) for r in rows]


def others(processes: Sequence[Process]) -> list[Process]:
    """Without our own: ps itself, what started it (a shell may carry the text of every check), and the commands beside it."""
    by_pid = {process.pid: process for process in processes}
    ours: set[int] = set()
    for process in processes:
        if process.name == "ps" and _COLUMNS in process.command:
            parent = by_pid.get(process.parent)
            ours |= {process.pid, process.parent}
            while parent is not None and (above := by_pid.get(parent.parent)) is not None and above.command == parent.command:
                ours.add(above.pid)
                parent = above
    parents = ours - {1}  # everything left alone becomes a child of process 1, which may be us in a container
    return [process for process in processes if process.pid not in ours and process.parent not in parents]


def _matches(spec: ProcessSpec, process: Process) -> bool:
    if spec.pattern is not None:
        return re.search(spec.pattern, process.command) is not None
    name = spec.name or ""
    words = [posixpath.basename(word) for word in process.command.split()]
    if len(name) > COMM_LENGTH:  # the kernel cuts names, and two long ones may begin alike
        return process.name == name[:COMM_LENGTH] and name in words
    return process.name == name or words[:1] == [name]


class _Process:
    name = "process"
    spec = ProcessSpec

    def commands(self, _spec: ProcessSpec, /) -> list[Command]:
        return [Command("ps", "-eo", _COLUMNS)]

    def observe(self, spec: ProcessSpec, given: Given, /) -> Observation:
        (result,) = given.results
        if problem := trouble("ps", result):
            return problem
        processes = parse_ps(result.text)
        if not processes:
            return unreadable("ps", result.text)
        if all(process.pid != 1 for process in processes):  # hidepid: we would count only our own user's
            return Observation(problem=phrase("checks.process-hidden"))
        found = [process for process in others(processes) if _matches(spec, process)]
        alive = [process for process in found if not process.state.startswith("Z")]
        # Command lines may hold passwords: numbers and names are enough to show what was counted.
        shown = [{"pid": process.pid, "name": process.name} for process in alive[:SHOWN]]
        return Observation(facts={"count": len(alive), "zombies": len(found) - len(alive), "processes": shown})

    def judge(self, spec: ProcessSpec, facts: Mapping[str, Any], /) -> Judgement:
        metric = Metric(name="count", value=facts["count"], warn=spec.warn, crit=spec.crit, min=0)
        verdict = judge_metric(metric.value, metric.warn, metric.crit)
        wanted = spec.name or spec.pattern
        key = "checks.process-zombies" if facts["zombies"] else "checks.process"
        reason = phrase(key, name=wanted, count=facts["count"], zombies=facts["zombies"], limit=limit(metric, verdict))
        return Judgement(verdict=verdict, reason=reason, metrics=(metric,), expected=expected(metric), observed=str(facts["count"]))


KIND = _Process()
