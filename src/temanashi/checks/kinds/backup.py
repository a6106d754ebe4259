"""`backup`: the newest file of a backup is fresh, large enough, not much smaller than the one before, and undamaged."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, model_validator

from temanashi.changes import Verdict
from temanashi.checks.answers import trouble, unreadable
from temanashi.checks.fields import AbsolutePath
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metrics
from temanashi.checks.occasion import Occasion
from temanashi.checks.thresholds import RangeText
from temanashi.checks.wording import duration, expected, length, limit, number
from temanashi.hosts.command import Command, Script
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "BackupSpec"]

# $1 glob; $2 ending of checksum files, escaped for grep, $3 the same as it is, $4 program that computes them. Only the glob is
# expanded: spaces in names stay. A folder that may not be read looks like an empty one, and is told apart.
_ASK = r"""
glob=$1 sign=$2 ending=$3 program=$4
IFS=
date +now=%s
for folder in ${glob%/*}; do
  [ ! -d "$folder" ] || { [ -r "$folder" ] && [ -x "$folder" ]; } || { echo "denied=$folder"; exit 0; }
done
set -- $glob
[ -e "$1" ] || [ -h "$1" ] || exit 0
if [ -z "$ending" ]; then
  stat -L -c '%Y %s %F|%n' "$@" 2>/dev/null | grep -a ' regular' | sort -rn | head -n 2
  exit 0
fi
list=$(stat -L -c '%Y %s %F|%n' "$@" 2>/dev/null | grep -a ' regular' | grep -av "$sign" | sort -rn | head -n 2)
printf '%s\n' "$list"
newest=${list%%
*}
newest=${newest#*|}
[ -n "$newest" ] || exit 0
if [ -e "$newest$ending" ]; then
  IFS=' ' read -r wanted rest <"$newest$ending"
  echo "wanted=$wanted"
  set -- "$("$program" <"$newest")"
  echo "computed=${1%% *}"
else
  echo wanted=none
fi
"""
_NOW = re.compile(r"^now=(\d+)$", re.MULTILINE)
_ROW = re.compile(r"^(-?\d+) (\d+) regular[^|]*\|(/.*)$", re.MULTILINE)
_SUM = re.compile(r"^(wanted|computed)=\\?([0-9A-Fa-f]*|none)\s*$", re.MULTILINE)
_DENIED = re.compile(r"^denied=(.*)$", re.MULTILINE)
_PROGRAMS = {".md5": "md5sum", ".sha1": "sha1sum", ".sha256": "sha256sum", ".sha512": "sha512sum"}
TOLERANCE = 2


class BackupSpec(ThresholdSpec):
    """The newest file of a glob. Metrics: age in seconds (warn, crit), size in bytes, growth in percent of the file before it.

    Where there is one file that each backup overwrites, its size of the last look is what it is compared with.
    """

    kind: Literal["backup"]
    path: AbsolutePath = Field(description="Glob of the files, e.g. /backup/db-*.dump")
    crit: RangeText | None = Field(default="93600", description="Range of bearable ages in seconds (93600 is 26 hours)")
    size_warn: RangeText | None = Field(default=None, description="Range of good sizes in bytes; outside is WARNING")
    size_crit: RangeText | None = Field(default="1:", description="Range of bearable sizes in bytes; outside is CRITICAL")
    growth_warn: RangeText | None = Field(
        default="50:200", description="Range of good sizes in percent of the one before; outside is WARNING"
    )
    growth_crit: RangeText | None = Field(default=None, description="Range of bearable sizes in percent of the one before")
    checksum: Literal[".md5", ".sha1", ".sha256", ".sha512"] | None = Field(
        default=None, description="Ending of a file beside it that holds its checksum; it is computed on the host (mind timeout)"
    )

    @model_validator(mode="after")
    def _glob_in_a_folder(self) -> BackupSpec:
        if self.path.endswith("/"):
            raise ValueError(phrase("checks.backup-folder"))
        return self


class _Backup:
    name = "backup"
    spec = BackupSpec

    def commands(self, spec: BackupSpec, /) -> list[Command]:
        ending = spec.checksum or ""
        sign = f"{re.escape(ending)}$" if ending else ""
        return [Script(_ASK, spec.path, sign, ending, _PROGRAMS.get(ending, ""), env={"LC_ALL": "C"})]

    def commands_on(self, spec: BackupSpec, _occasion: Occasion, /) -> Sequence[Command]:
        return self.commands(spec)

    def memory_of(self, spec: BackupSpec, /) -> str:
        return spec.path

    def observe(self, spec: BackupSpec, given: Given, /) -> Observation:
        (result,) = given.results
        if problem := trouble("sh", result):
            return problem
        text = result.text
        now = _NOW.search(text)
        if now is None:
            return unreadable("date", text)
        if denied := _DENIED.search(text):
            return Observation(problem=phrase("checks.file-denied", path=denied[1]))
        rows = _ROW.findall(text)
        if not rows:
            return Observation(facts={"newest": None})
        mtime, size, name = int(rows[0][0]), int(rows[0][1]), rows[0][2]
        before = int(rows[1][1]) if len(rows) > 1 else _remembered(given.occasion.remembered, mtime)
        sums = dict(_SUM.findall(text))
        facts = {"newest": name, "now": int(now[1]), "mtime": mtime, "size": size, "before": before, "sum": _sum(spec, sums)}
        return Observation(facts=facts, remember={"mtime": mtime, "size": size, "before": before})

    def judge(self, spec: BackupSpec, facts: Mapping[str, Any], /) -> Judgement:
        if facts["newest"] is None:
            reason = phrase("checks.backup-none", path=spec.path)
            return Judgement(verdict=Verdict.CRITICAL, reason=reason, expected="a file", observed="none")
        age = facts["now"] - facts["mtime"]
        before = facts["before"]
        growth = round(100 * facts["size"] / before, 2) if before else None
        metrics = [
            Metric(name="age", value=max(age, 0) if age >= -TOLERANCE else age, unit="s", warn=spec.warn, crit=spec.crit),
            Metric(name="size", value=facts["size"], unit="B", warn=spec.size_warn, crit=spec.size_crit, min=0),
        ]
        if growth is not None:
            metrics.append(Metric(name="growth", value=growth, unit="%", warn=spec.growth_warn, crit=spec.growth_crit, min=0))
        verdict, metric = judge_metrics(metrics)
        reason = _reason(facts, age, metric, limit(metric, verdict, _SAID.get(metric.name)))
        if age < -TOLERANCE:
            verdict = Verdict.worst([verdict, Verdict.WARNING])
            reason = phrase("checks.file-future", path=facts["newest"], ahead=duration(-age))
        if facts["sum"] not in {None, "right"}:
            verdict = Verdict.worst([verdict, Verdict.UNKNOWN if facts["sum"] == "unread" else Verdict.CRITICAL])
            reason = phrase(_SUMS[facts["sum"]], name=facts["newest"], ending=spec.checksum or "")
        observed = f"{age} s, {facts['size']} B" + (f", {number(growth)}%" if growth is not None else "")
        return Judgement(verdict=verdict, reason=reason, metrics=tuple(metrics), expected=expected(metric), observed=observed)


_SAID: Mapping[str, Any] = {"age": duration, "size": length}
_SUMS = {"wrong": "checks.backup-damaged", "missing": "checks.backup-no-sum", "unread": "checks.backup-sum-unread"}


def _reason(facts: Mapping[str, Any], age: int, metric: Metric, bound: Phrase) -> Phrase:
    data = {"name": facts["newest"], "age": duration(max(age, 0)), "size": length(facts["size"]), "limit": bound}
    if metric.name == "growth":
        return phrase("checks.backup-growth", value=number(metric.value), before=length(facts["before"]), **data)
    return phrase("checks.backup-size" if metric.name == "size" else "checks.backup", **data)


def _remembered(last: Mapping[str, Any], mtime: int) -> int | None:
    """The size that this file had before it was written anew; while it is the same, what it was compared with."""
    found = last.get("before" if last.get("mtime") == mtime else "size")
    return found if isinstance(found, int) else None


def _sum(spec: BackupSpec, sums: Mapping[str, str]) -> str | None:
    if spec.checksum is None:
        return None
    wanted, computed = sums.get("wanted", "").lower(), sums.get("computed", "").lower()
    if wanted == "none":
        return "missing"
    if not wanted or not computed:
        return "unread"
    return "right" if wanted == computed else "wrong"


KIND = _Backup()
