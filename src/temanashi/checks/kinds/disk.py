"""`disk`: how full file systems are, in space and in inodes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from temanashi.changes import Verdict
from temanashi.checks.answers import excerpt, trouble, unreadable
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metric
from temanashi.checks.mounts import ALL, Mount, ask_mounts, chosen, facts_of, parse_mounts, parse_usages
from temanashi.checks.thresholds import RangeText
from temanashi.checks.wording import expected, length, limit, number
from temanashi.hosts.command import Command
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "DiskSpec"]

SHOWN = 5
_GLOB = frozenset("*?[")
Finding = tuple[Verdict, Phrase, Metric | None]
PLACE = r"^(all|/[^\x00\n]*)$"
Place = Annotated[str, StringConstraints(pattern=PLACE, max_length=4096)]
Excluded = Annotated[str, StringConstraints(pattern=r"^[^\x00\n!]+$", max_length=4096)]


def _listed(value: Any) -> Any:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)):
        return values
    return [item.rstrip("/") or "/" if isinstance(item, str) and item else item for item in values]


_PLACE = {"type": "string", "pattern": PLACE}
_PLACES = {"anyOf": [_PLACE, {"type": "array", "items": _PLACE, "minItems": 1}], "examples": ["/data", "all", ["/", "/srv/*"]]}


class DiskSpec(ThresholdSpec):
    """Used share of file systems as `df` shows it: used / (used + available). Metrics: used_percent, inodes_percent.

    Where several are looked at, each metric carries its mount point: `used_percent /data`. One that hangs is UNKNOWN, and the
    others are measured.
    """

    kind: Literal["disk"]
    path: Annotated[tuple[Place, ...], BeforeValidator(_listed), Field(min_length=1, max_length=200), WithJsonSchema(_PLACES)] = (
        Field(default=("/",), description="Mount point, glob (/srv/*), a list of them, or all: every real file system")
    )
    exclude: tuple[Excluded, ...] = Field(
        default=(), max_length=200, description="Mount points, globs and types (nfs4, fuse.*) to leave out"
    )
    mount_point: bool = Field(
        default=True, description="`path` must itself be mounted: the root file system must not answer for it"
    )
    missing: Literal["OK", "WARNING", "CRITICAL", "UNKNOWN"] = Field(
        default="CRITICAL", description="Verdict when nothing is mounted at `path`; SKIPPED with optional: true"
    )
    hang_after: float = Field(default=3, gt=0, le=600, description="Seconds after which a network file system is taken for hung")
    warn: RangeText | None = Field(default="80", description="Range of good used_percent; outside is WARNING")
    crit: RangeText | None = Field(default="90", description="Range of bearable used_percent; outside is CRITICAL")
    inodes: bool = Field(default=True, description="Look at inodes too")
    inodes_warn: RangeText | None = Field(default="80", description="The same for inodes_percent")
    inodes_crit: RangeText | None = Field(default="90", description="The same for inodes_percent")


class _Disk:
    name = "disk"
    spec = DiskSpec

    def commands(self, spec: DiskSpec, /) -> list[Command]:
        if spec.mount_point:
            return [ask_mounts(spec.path, exclude=spec.exclude, hang_after=min(spec.hang_after, spec.timeout * 0.8))]
        return [Command("stat", "-f", "-c", "room %S %b %f %a %c %d %n", "--", *spec.path, env={"LC_ALL": "C"})]

    def observe(self, spec: DiskSpec, given: Given, /) -> Observation:
        (result,) = given.results
        usages = parse_usages(result.text)
        if not spec.mount_point:
            missing = [path for path in spec.path if path not in usages]
            gone = result.error_text.count("No such file or directory") + result.error_text.count("Not a directory")
            if len(missing) > gone and (problem := trouble("stat", result)):
                return problem
            found = [facts_of(Mount("", "", path), usages[path]) for path in spec.path if path in usages]
            return Observation(facts={"found": found, "hung": [], "missing": missing})
        mounts = parse_mounts(result.text)
        if problem := trouble("stat", result):
            return problem
        if mounts is None:
            return unreadable("/proc/self/mounts", result.text)
        wanted = list(chosen(mounts, spec.path))
        silent = [mount.where for mount in wanted if mount.where not in usages]
        refused = {where: said for where in silent if (said := _refused(where, result.text))}
        if silent and re.search(r"\bstat: .*not found", result.text):
            return Observation(problem=phrase("checks.program-missing", program="stat"), absent=True)
        return Observation(
            facts={
                "found": [facts_of(mount, usages[mount.where]) for mount in wanted if mount.where in usages],
                "hung": [where for where in silent if where not in refused],
                "refused": [{"path": where, "why": why} for where, why in refused.items()],
                "missing": [path for path in spec.path if not any(_is_meant(path, mount.where) for mount in wanted)],
            }
        )

    def judge(self, spec: DiskSpec, facts: Mapping[str, Any], /) -> Judgement:
        plain = len(spec.path) == 1 and spec.path[0] != ALL and not _GLOB & set(spec.path[0])
        findings = [finding for found in facts["found"] for finding in _judged(spec, found, plain=plain)]
        metrics = tuple(metric for _, _, metric in findings if metric is not None)
        gone = Verdict.SKIPPED if spec.optional else Verdict(spec.missing)
        findings += [(gone, phrase("checks.disk-not-mounted", path=path), None) for path in facts["missing"]]
        findings += [(Verdict.UNKNOWN, phrase("checks.disk-hung", path=path), None) for path in facts["hung"]]
        for refused in facts.get("refused", ()):
            findings.append((Verdict.UNKNOWN, phrase("checks.disk-refused", **refused), None))
        verdict = Verdict.worst([finding[0] for finding in findings])
        first = next((finding for finding in findings if finding[0] is verdict), findings[0])
        bad = [finding for finding in findings if finding[0] not in {Verdict.OK, Verdict.SKIPPED} and finding is not first]
        reason = first[1]
        if bad:
            others = [why.model_dump() for _, why, _ in bad[:SHOWN]]
            reason = phrase("checks.disk-several", first=reason, count=len(bad), others=others)
        elif verdict is Verdict.OK and len(facts["found"]) > 1:
            reason = phrase("checks.disk-all-good", count=len(facts["found"]), fullest=_fullest(findings))
        shown = first[2]
        return Judgement(
            verdict=verdict,
            reason=reason,
            metrics=metrics,
            expected="mounted" if shown is None else expected(shown),
            observed=f"{number(shown.value)}%" if shown is not None and shown.value is not None else "-",
        )


def _judged(spec: DiskSpec, found: Mapping[str, Any], *, plain: bool) -> Iterator[Finding]:
    path = found["path"]
    suffix = "" if plain else f" {path}"
    if found["used_percent"] is None:
        yield Verdict.UNKNOWN, phrase("checks.disk-no-size", path=path), None
        return
    space = Metric(
        name=f"used_percent{suffix}", value=found["used_percent"], unit="%", warn=spec.warn, crit=spec.crit, min=0, max=100
    )
    verdict = judge_metric(space.value, space.warn, space.crit)
    data = {"path": path, "value": number(space.value), "limit": limit(space, verdict)}
    yield verdict, phrase("checks.disk-used", free=length(found["free"]), **data), space
    if not spec.inodes or found["inodes_percent"] is None:  # a file system without inodes has nothing to run out of
        return
    warn, crit, value = spec.inodes_warn, spec.inodes_crit, found["inodes_percent"]
    inodes = Metric(name=f"inodes_percent{suffix}", value=value, unit="%", warn=warn, crit=crit, min=0, max=100)
    verdict = judge_metric(value, warn, crit)
    data = {"path": path, "value": number(value), "limit": limit(inodes, verdict)}
    yield verdict, phrase("checks.disk-inodes", **data), inodes


def _fullest(findings: list[Finding]) -> Phrase:
    spaces = [(metric.value or 0.0, why) for _, why, metric in findings if metric is not None]
    return max(spaces, key=lambda pair: pair[0])[1]


def _is_meant(pattern: str, where: str) -> bool:
    return pattern in {ALL, where} or fnmatchcase(where, pattern)


def _refused(where: str, text: str) -> str:
    """What `stat` said of a place that it could not look at."""
    return excerpt("\n".join(line for line in text.splitlines() if where in line and not line.startswith(("mount ", "room "))))


KIND = _Disk()
