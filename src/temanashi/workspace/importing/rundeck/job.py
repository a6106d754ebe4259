"""One job as the draft of a runbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from temanashi.text import Lang, say
from temanashi.workspace.importing.drafts import Draft, local, shortened
from temanashi.workspace.importing.rundeck.calls import Neighbours
from temanashi.workspace.importing.rundeck.collecting import Collected, listed, seconds_of, text_of, truth
from temanashi.workspace.importing.rundeck.nodes import LOCAL, fan_out_of, selector_of
from temanashi.workspace.importing.rundeck.options import parameters_of
from temanashi.workspace.importing.rundeck.quartz import converted, simple_fields
from temanashi.workspace.importing.rundeck.references import Known
from temanashi.workspace.importing.rundeck.sequence import steps_of
from temanashi.workspace.importing.rundeck.steps import Reader

__all__ = ["draft_of"]

KEYS = (
    "name group description id uuid loglevel loglimit loglimitAction loglimitStatus executionEnabled "
    "scheduleEnabled defaultTab project nodeFilterEditable nodefilters nodesSelectedByDefault options sequence "
    "schedule schedules timeZone multipleExecutions maxMultipleExecutions retry timeout notification "
    "notifyAvgDurationThreshold orchestrator plugins tags priority preserveOrder"
)
KNOWN = frozenset(KEYS.split())
MAX_RETRIES = 20
LONGEST = 86_400


def draft_of(
    job: Mapping[str, Any], *, name: str, category: str, source: str, languages: tuple[Lang, ...], neighbours: Neighbours
) -> Draft:
    """The draft of a job; whatever is not in it is among its findings."""
    title = text_of(job.get("name"))
    collected = Collected(title)
    collected.unknown(job, KNOWN)
    parameters, options = parameters_of(job.get("options"), languages, collected)
    facts = {key: text_of(job.get(key)) for key in ("name", "group", "project")} | {"id": text_of(job.get("uuid") or job.get("id"))}
    reader = Reader(Known(options, facts), neighbours, languages, collected)
    filters = job.get("nodefilters")
    data: dict[str, Any] = {
        "id": name,
        "title": local(shortened(title, 100), languages),
        "description": _description(job, source, languages),
        "category": category,
        "owner": "ops",
    }
    data |= {"parameters": parameters} if parameters else {}
    data["targets"] = LOCAL
    if isinstance(filters, Mapping):
        data["targets"] = selector_of(filters, collected, instead=f"group:{name}")
    else:
        collected.tell("changed", "nodefilters", "rundeck-on-server")
    common = _common(job, filters, collected)
    data["steps"] = steps_of(job.get("sequence"), reader, common, dispatched=isinstance(filters, Mapping))
    if schedules := _schedules(job, collected):
        data["schedules"] = schedules
    data |= _overlap(job, collected)
    data["toil"] = {"demand": "request", "minutes": 0}
    _left(job, collected)
    return Draft(data=data, source=source, findings=tuple(collected.findings))


def _description(job: Mapping[str, Any], source: str, languages: tuple[Lang, ...]) -> Any:
    written = text_of(job.get("description"))
    if written:
        return local(written[:2000], languages)
    texts = {lang: say("imports.rundeck-description", lang, file=source) for lang in languages}
    return texts if len(languages) > 1 else texts[languages[0]]


def _common(job: Mapping[str, Any], filters: Any, collected: Collected) -> dict[str, Any]:
    """What Rundeck says once a job and we say once a step: tries, seconds, how many nodes at a time."""
    common: dict[str, Any] = {}
    if retries := _retries(job.get("retry"), collected):
        common["retries"] = retries
        collected.tell("changed", "retry", "rundeck-retry")
    if job.get("timeout") is not None and text_of(job["timeout"]):
        seconds = seconds_of(job["timeout"])
        if seconds and seconds <= LONGEST:
            common["timeout"] = seconds
            collected.tell("changed", "timeout", "rundeck-timeout")
        else:
            collected.tell("left", "timeout", "rundeck-timeout-unreadable", value=text_of(job["timeout"])[:80])
    if isinstance(filters, Mapping):
        common["fan_out"] = fan_out_of(filters, collected)
    return common


def _retries(given: Any, collected: Collected) -> Any:
    written = given.get("retry") if isinstance(given, Mapping) else given
    if written is None or text_of(written) in {"", "0"}:
        return None
    times = text_of(written)
    if not times.isdigit() or int(times) > MAX_RETRIES:
        collected.tell("left", "retry", "rundeck-retry-unreadable", value=times[:80])
        return None
    delay = seconds_of(given.get("delay")) if isinstance(given, Mapping) and given.get("delay") else 0
    return {"times": int(times), "delay": min(delay or 0, 3600), "backoff": 1}


def _schedules(job: Mapping[str, Any], collected: Collected) -> list[dict[str, Any]]:
    schedule = job.get("schedule")
    if listed(job.get("schedules")):
        collected.tell("left", "schedules", "rundeck-named-schedules")
    if not isinstance(schedule, Mapping):
        return []
    crontab = text_of(schedule.get("crontab"))
    fields = crontab.split() if crontab else simple_fields(dict(schedule))
    found = converted(fields)
    for key in found.changed:
        collected.tell("changed" if found.schedule else "left", "schedule", key, cron=" ".join(fields)[:80])
    if not found.schedule:
        if not found.changed:
            collected.tell("left", "schedule", "quartz-unreadable", cron=" ".join(fields)[:80])
        return []
    made = dict(found.schedule)
    if zone := text_of(job.get("timeZone")):
        made["timezone"] = zone
    else:
        collected.tell("noted", "timeZone", "rundeck-zone")
    if not truth(job.get("scheduleEnabled", True)) or not truth(job.get("executionEnabled", True)):
        made["active"] = False
    return [made]


def _overlap(job: Mapping[str, Any], collected: Collected) -> dict[str, str]:
    """Rundeck refuses a second execution unless the job allows several."""
    if not truth(job.get("multipleExecutions")):
        return {}
    if job.get("maxMultipleExecutions"):
        collected.tell("left", "maxMultipleExecutions", "rundeck-max-executions", value=text_of(job["maxMultipleExecutions"])[:20])
    return {"overlap": "parallel"}


def _left(job: Mapping[str, Any], collected: Collected) -> None:
    """Keys that we know and have no equal for."""
    if not truth(job.get("executionEnabled", True)):
        collected.tell("left", "executionEnabled", "rundeck-disabled")
    notification = job.get("notification")
    for event in notification if isinstance(notification, Mapping) else ():
        key = "rundeck-notify-failure" if event == "onfailure" else "rundeck-notify"
        collected.tell("changed" if event == "onfailure" else "left", f"notification.{event}", key)
    for key in ("orchestrator", "loglimit"):
        if job.get(key):
            collected.tell("left", key, "rundeck-unknown-key", value=text_of(job[key])[:80])
    plugins = job.get("plugins")
    if isinstance(plugins, Mapping) and any(plugins.values()):
        collected.tell(
            "left", "plugins", "rundeck-unknown-key", value=", ".join(str(key) for key, value in plugins.items() if value)[:80]
        )
    if truth(job.get("nodeFilterEditable")):
        collected.tell("left", "nodeFilterEditable", "rundeck-editable")
