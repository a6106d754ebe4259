"""`heartbeat`: a job that tells of itself (`tema heartbeat new`); its silence is the alarm."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from temanashi.changes import Verdict
from temanashi.checks.means import Heartbeat
from temanashi.checks.model import Given, Judgement, Metric, Observation, Spec
from temanashi.checks.wording import duration
from temanashi.clock import duration_of
from temanashi.hosts.command import Command
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "HeartbeatSpec"]

SAID = 300


def _duration(value: Any) -> Any:
    if not isinstance(value, str) or duration_of(value) is None:
        raise ValueError(phrase("schedules.not-duration", value=str(value)))
    return value


Duration = Annotated[
    str, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,5}[mhd]$", "examples": ["24h", "30m"]})
]


class HeartbeatSpec(Spec):
    """A job that pings us. Silence past period and grace, and an end that was not good, are CRITICAL.

    A heartbeat that is new is PENDING until its first ping is due; one that never pinged is UNKNOWN: perhaps the job does not know
    its address. Metric: silence, seconds since the last good end.
    """

    kind: Literal["heartbeat"]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64, description="Name given to `tema heartbeat new`")
    period: Duration = Field(description="How often the job ends well at least: 24h, 30m, 7d")
    grace: Duration = Field(default="10m", description="How much later it may be")
    longest: Duration | None = Field(default=None, description="How long it may run between its start and its end")

    @property
    def allowed(self) -> float:
        """Seconds of silence that are no alarm."""
        return (_span(self.period) + _span(self.grace)).total_seconds()


class _Heartbeat:
    name = "heartbeat"
    spec = HeartbeatSpec

    def commands(self, _spec: HeartbeatSpec, /) -> tuple[Command, ...]:
        return ()

    def observe(self, spec: HeartbeatSpec, given: Given, /) -> Observation:
        known = given.means.heartbeat(spec.name)
        if known is None:
            return Observation(problem=phrase("checks.heartbeat-none", name=spec.name))
        now = given.clock.now()
        running = known.started_at is not None and (known.ended_at is None or known.started_at > known.ended_at)
        last = known.ended_at or known.started_at
        return Observation(
            facts={
                "since_made": _since(known.made_at, now),
                "silent": _since(known.succeeded_at, now),
                "running": _since(known.started_at, now) if running else None,
                "ended": _since(known.ended_at, now),
                "last": None if last is None else f"{last.astimezone(given.means.zone):%Y-%m-%d %H:%M}",
                "exit": known.exit,
                "said": _last_line(known),
            }
        )

    def judge(self, spec: HeartbeatSpec, facts: Mapping[str, Any], /) -> Judgement:
        silent = facts["silent"]
        crit = f"~:{spec.allowed:g}"
        metric = Metric(name="silence", value=silent, unit="s", crit=crit, min=0)
        verdict, reason = _meaning(spec, facts)
        observed = "never" if silent is None else f"{silent:.0f} s"
        metrics = () if silent is None else (metric,)
        return Judgement(verdict=verdict, reason=reason, metrics=metrics, expected=f"silence {crit}", observed=observed)


def _meaning(spec: HeartbeatSpec, facts: Mapping[str, Any]) -> tuple[Verdict, Phrase]:
    about = {"name": spec.name, "last": facts["last"]}
    silent, running = facts["silent"], facts["running"]
    if facts["ended"] is not None and facts["exit"] != 0:
        said = facts["said"] or "-"
        return Verdict.CRITICAL, phrase("checks.heartbeat-failed", **about, exit=facts["exit"], said=said)
    if spec.longest is not None and running is not None and running > _span(spec.longest).total_seconds():
        longest = duration(_span(spec.longest).total_seconds())
        return Verdict.CRITICAL, phrase("checks.heartbeat-long", **about, running=duration(running), limit=longest)
    if silent is None:
        due = facts["since_made"] <= spec.allowed
        key = "checks.heartbeat-new" if due else "checks.heartbeat-never"
        return Verdict.PENDING if due else Verdict.UNKNOWN, phrase(key, name=spec.name, since=duration(facts["since_made"]))
    told = {**about, "silent": duration(silent)}
    if silent > spec.allowed:
        return Verdict.CRITICAL, phrase("checks.heartbeat-silent", **told, limit=duration(spec.allowed))
    if silent > _span(spec.period).total_seconds():
        return Verdict.OK, phrase("checks.heartbeat-late", **told, limit=duration(spec.allowed))
    return Verdict.OK, phrase("checks.heartbeat-ok", **told)


def _span(text: str) -> timedelta:
    return duration_of(text) or timedelta()


def _since(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else max((now - moment).total_seconds(), 0.0)


def _last_line(known: Heartbeat) -> str:
    lines = [line.strip() for line in known.said.splitlines() if line.strip()]
    return lines[-1][:SAID] if lines else ""


KIND = _Heartbeat()
