"""`job`: a batch job has ended well by its deadline: a marker in its log, or the record of its exit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, model_validator

from temanashi.calendars import DayTime
from temanashi.changes import Verdict
from temanashi.checks.answers import excerpt, trouble, unreadable
from temanashi.checks.due import Due, dated, due_at, is_dated
from temanashi.checks.fields import AbsolutePath, Encoding, Pattern, ZoneName
from temanashi.checks.literals import literals_of_all
from temanashi.checks.log_times import moment_in
from temanashi.checks.matching import found as has
from temanashi.checks.model import Given, Judgement, Metric, Observation, Spec
from temanashi.checks.occasion import Occasion
from temanashi.checks.wording import duration
from temanashi.hosts.command import Command, Script
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "JobSpec"]

MIB = 1024 * 1024
LINE = 300
# A clock that is this far off is worth telling; less is what an answer takes.
SKEWED = 60

# $1: file; $2: bytes of its end to search; then texts that a marker holds, to send only lines with one of them. NULs would hide the
# rest of a line from BusyBox's grep.
_LOG = r"""
file=$1 bytes=$2; shift 2
echo "now=$(date +%s)"
stat -L -c 'file=%Y %s' "$file" || exit 3
[ -r "$file" ] || exit 4
echo --
if [ $# -gt 0 ]; then
  for text; do set -- "$@" -e "$text"; shift; done
  tail -c "$bytes" "$file" | tr -d '\000' | grep -aF "$@" | tail -n 200 | cut -b 1-2000
else
  tail -c "$bytes" "$file" | tr -d '\000' | tail -n 2000 | cut -b 1-2000 | tail -c 500000
fi
exit 0
"""
_RECORD = r"""
echo "now=$(date +%s)"
stat -L -c 'file=%Y %s' "$1" || exit 3
[ -r "$1" ] || exit 4
echo --
head -c 4096 "$1"
"""
_HEAD = re.compile(rb"^now=(\d+)\s*$.*?^file=(-?\d+) (\d+)\s*$.*?^--\n", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"-?\d+")


class JobSpec(Spec):
    """A job of a business day that must have ended well by a deadline: PENDING before it, CRITICAL after it.

    `log` and `done` (and `failed`) look for marker lines, `record` for a file that the job writes at its end. `%Y %m %d` in them
    are those of the job's business day. Metric: margin, the seconds between its end and the deadline (negative when it was late).
    """

    model_config = ConfigDict(populate_by_name=True)

    kind: Literal["job"]
    by: DayTime = Field(description="Deadline: 08:30, or 25:30 for half past one on the day after the job's")
    business_day: Literal["today", "previous"] = Field(
        default="today",
        description="Whose job it is: of this business day, or of the previous one (then 08:30 is on the day after it)",
    )
    calendar: str = Field(default="company", max_length=40, description="Whose business days: a name of calendar.yaml, or a rule")
    from_: DayTime | None = Field(
        default=None, alias="from", description="Earliest begin of the job on its day; what was before is of the job before"
    )
    log: AbsolutePath | None = Field(default=None, description="Log of the job, e.g. /var/log/eod_%Y%m%d.log")
    done: Pattern | None = Field(default=None, description="Regular expression of the line that a good end writes")
    failed: Pattern | None = Field(default=None, description="Regular expression of the line that a failure writes")
    encoding: Encoding = Field(default="utf-8", description="Encoding of the log: utf-8, shift_jis (cp932), euc_jp")
    timezone: ZoneName | None = Field(default=None, description="Time zone of the times in the log; the workspace's by default")
    search: int = Field(default=16, ge=1, le=1024, description="MiB at the end of the log that are searched")
    record: AbsolutePath | None = Field(default=None, description="File that the job writes at its end, with its exit code in it")
    exit: tuple[int, ...] = Field(default=(0,), min_length=1, description="Exit codes of a good end")
    late: Literal["OK", "WARNING", "CRITICAL"] = Field(default="WARNING", description="Verdict when it ended well, but too late")

    @model_validator(mode="after")
    def _one_way(self) -> JobSpec:
        if (self.log is None) == (self.record is None) or (self.log is None) != (self.done is None):
            raise ValueError(phrase("checks.job-one-way"))
        return self


class _Job:
    name = "job"
    spec = JobSpec

    def commands(self, spec: JobSpec, /) -> list[Command]:
        return self.commands_on(spec, Occasion())

    def commands_on(self, spec: JobSpec, occasion: Occasion, /) -> list[Command]:
        due = _due(spec, occasion)
        if spec.record is not None:
            return [Script(_RECORD, dated(spec.record, due.day), env={"LC_ALL": "C"})]
        texts = literals_of_all([dated(pattern, due.day) for pattern in (spec.done, spec.failed) if pattern is not None]) or ()
        wanted = [text.encode(spec.encoding, "replace").decode("utf-8", "surrogateescape") for text in texts]
        return [Script(_LOG, dated(spec.log or "", due.day), str(spec.search * MIB), *wanted, env={"LC_ALL": "C"})]

    def memory_of(self, _spec: JobSpec, /) -> str:
        return ""

    def observe(self, spec: JobSpec, given: Given, /) -> Observation:
        (result,) = given.results
        due, file = _due(spec, given.occasion), dated(spec.log or spec.record or "", _due(spec, given.occasion).day)
        facts: dict[str, Any] = {
            "now": given.occasion.now.isoformat(timespec="seconds"),
            "day": due.day.isoformat(),
            "deadline": due.deadline.isoformat(),
            "file": file,
            "skew": 0,
        }
        if result.exit == 3 and re.search(r"No such file or directory|Not a directory", result.error_text):  # noqa: PLR2004  (stat failed)
            return Observation(facts={**facts, "state": "missing", "at": None, "said": ""})
        if result.exit == 4:  # noqa: PLR2004  (it is there, and may not be read)
            return Observation(problem=phrase("checks.file-denied", path=file))
        if problem := trouble("stat", result):
            return problem
        head = _HEAD.search(result.stdout)
        if head is None:
            return unreadable("stat", result.text)
        host_now, mtime, size = (int(part) for part in head.groups())
        skew = _skew(host_now, given)
        rest = result.stdout[head.end() :]
        if spec.record is not None:
            seen = _from_record(spec, due, rest.decode(spec.encoding, "replace"), mtime - skew, given)
        else:
            lines = rest.decode(spec.encoding, "replace").splitlines()
            seen = _from_lines(spec, due, lines, given, skew=skew, cut=size > spec.search * MIB)
        return Observation(facts={**facts, **seen, "skew": skew})

    def judge(self, spec: JobSpec, facts: Mapping[str, Any], /) -> Judgement:
        now, deadline = datetime.fromisoformat(facts["now"]), datetime.fromisoformat(facts["deadline"])
        at = None if facts["at"] is None else datetime.fromisoformat(facts["at"])
        margin = None if at is None else round((deadline - at).total_seconds())
        state = facts["state"]
        verdict = _verdict(spec, state, late=margin is not None and margin < 0, over=now > deadline)
        metrics = () if margin is None else (Metric(name="margin", value=margin, unit="s"),)
        data = {"file": facts["file"], "day": facts["day"], "deadline": _shown(deadline), "said": facts["said"]}
        reason = _reason(state, verdict, data, at=at, margin=margin)
        if abs(facts["skew"]) >= SKEWED:
            reason = phrase("checks.job-skewed", first=reason, skew=duration(abs(facts["skew"])))
        observed = state if at is None else f"{state} {_shown(at)}"
        return Judgement(verdict=verdict, reason=reason, metrics=metrics, expected=f"done by {_shown(deadline)}", observed=observed)


def _verdict(spec: JobSpec, state: str, *, late: bool, over: bool) -> Verdict:
    if state == "done":
        return Verdict(spec.late) if late else Verdict.OK
    if state == "failed":
        return Verdict.CRITICAL
    if state in {"undated", "empty"}:
        return Verdict.UNKNOWN
    if not over:
        return Verdict.PENDING
    return Verdict.UNKNOWN if state == "beyond" else Verdict.CRITICAL


def _reason(state: str, verdict: Verdict, data: Mapping[str, Any], *, at: datetime | None, margin: int | None) -> Phrase:
    if state == "done" and at is None:
        return phrase("checks.job-done-undated", **data)
    if state == "done" and at is not None:
        if margin is not None and margin < 0:
            return phrase("checks.job-late", at=_shown(at), late=duration(-margin), **data)
        return phrase("checks.job-done", at=_shown(at), **data)
    if verdict is Verdict.PENDING:
        return phrase("checks.job-pending", **data)
    return phrase(_KEYS.get(state, "checks.job-not-done"), **data)


_KEYS = {
    "failed": "checks.job-failed",
    "undated": "checks.job-undated",
    "empty": "checks.job-record-empty",
    "beyond": "checks.job-beyond",
    "missing": "checks.job-no-file",
}


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _due(spec: JobSpec, occasion: Occasion) -> Due:
    means = occasion.means
    return due_at(
        occasion.now,
        by=spec.by,
        business_day=spec.business_day,
        earliest=spec.from_,
        calendar=means.calendar(spec.calendar),
        zone=means.zone,
    )


def _skew(host_now: int, given: Given) -> int:
    """Seconds that the host's clock is certainly ahead (behind: negative) of ours: it was read between two looks at ours."""
    before, after = given.occasion.now.timestamp(), given.clock.now().timestamp()
    return round(max(0.0, host_now - after)) or -round(max(0.0, before - 1 - host_now))


def _from_record(spec: JobSpec, due: Due, text: str, written: int, given: Given) -> dict[str, Any]:
    """A record of an earlier day says nothing of this one; a name with the day in it says of which it is."""
    at = datetime.fromtimestamp(written, given.means.zone)
    said = excerpt(text)
    mine = due.starts <= at < due.ends or (is_dated(spec.record or "") and due.starts <= at)
    if not mine:
        return {"state": "none", "at": None, "said": said}
    code = _CODE.search(text)
    if code is None:
        return {"state": "failed" if said else "empty", "at": at.isoformat(), "said": said}
    return {"state": "done" if int(code[0]) in spec.exit else "failed", "at": at.isoformat(), "said": said}


def _from_lines(spec: JobSpec, due: Due, lines: Sequence[str], given: Given, *, skew: int, cut: bool) -> dict[str, Any]:
    """The last marker of this job: one that failed and was run again has ended well."""
    zone = given.means.zone if spec.timezone is None else ZoneInfo(spec.timezone)
    done, failed = (None if pattern is None else dated(pattern, due.day) for pattern in (spec.done, spec.failed))
    named = is_dated(spec.log or ""), is_dated(spec.done or ""), is_dated(spec.failed or "")
    undated = None
    for line in reversed(lines):
        bad = failed is not None and has(failed, line)
        if not bad and not (done is not None and has(done, line)):
            continue
        moment = moment_in(line, now=given.occasion.now, zone=zone)
        moment = None if moment is None else (moment - timedelta(seconds=skew)).astimezone(given.means.zone)
        sure = named[0] or named[2 if bad else 1]
        if moment is None and not sure:
            undated = undated or line
            continue
        if moment is None or sure or due.starts <= moment < due.ends:
            at = None if moment is None else moment.isoformat()
            return {"state": "failed" if bad else "done", "at": at, "said": line.strip()[:LINE]}
    if undated is not None:
        return {"state": "undated", "at": None, "said": undated.strip()[:LINE]}
    return {"state": "beyond" if cut else "none", "at": None, "said": ""}


KIND = _Job()
