"""The sequence of a job as steps, with what happens when one fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from temanashi.workspace.importing.drafts import clean, local, shortened
from temanashi.workspace.importing.rundeck.collecting import listed, text_of, truth
from temanashi.workspace.importing.rundeck.steps import Reader

__all__ = ["steps_of"]

KNOWN = frozenset(("keepgoing", "strategy", "commands", "pluginConfig"))
HANDLED = "steps['{step}'].status in ('failed', 'unknown')"
AUTOMATIC = ("command", "script")


def steps_of(sequence: Any, reader: Reader, common: Mapping[str, Any], *, dispatched: bool) -> list[dict[str, Any]]:
    """The steps, each with the job's `common` keys where it is automatic; an error handler becomes a step of its own."""
    sequence = sequence if isinstance(sequence, Mapping) else {}
    collected = reader.collected
    collected.unknown(sequence, KNOWN, "sequence")
    commands = [command for command in listed(sequence.get("commands")) if isinstance(command, Mapping)]
    if dispatched and len(commands) > 1 and text_of(sequence.get("strategy") or "node-first") != "sequential":
        collected.tell(
            "changed", "sequence.strategy", "rundeck-strategy", strategy=text_of(sequence.get("strategy") or "node-first")
        )
    if plugins := sequence.get("pluginConfig"):
        collected.tell("left", "sequence.pluginConfig", "rundeck-unknown-key", value=clean(str(plugins))[:80])
    steps: list[dict[str, Any]] = []
    for number, command in enumerate(commands, 1):
        place, name = f"sequence.commands[{number}]", f"step-{number}"
        collected.step = name
        if "enabled" in command and not truth(command["enabled"]):
            collected.tell("left", place, "rundeck-step-disabled")
            collected.step = ""
            continue
        step = _step(reader, command, name, place, common)
        steps.append(step)
        if truth(sequence.get("keepgoing")):
            step["on_failure"] = "continue"
        if isinstance(command.get("errorhandler"), Mapping):
            steps.append(_handler(reader, command["errorhandler"], step, place, common))
        collected.step = ""
    if not steps:
        collected.tell("left", "sequence", "rundeck-no-steps")
        steps.append({"id": "step-1", **reader.step({}, "sequence")})
    return steps


def _step(reader: Reader, command: Mapping[str, Any], name: str, place: str, common: Mapping[str, Any]) -> dict[str, Any]:
    step: dict[str, Any] = {"id": name}
    if said := text_of(command.get("description")):
        step["title"] = local(shortened(said, 100), reader.languages)
    made = reader.step(command, place)
    step |= made
    if any(kind in made for kind in AUTOMATIC):
        step |= {key: dict(value) if isinstance(value, Mapping) else value for key, value in common.items()}
    return step


def _handler(
    reader: Reader, command: Mapping[str, Any], step: dict[str, Any], place: str, common: Mapping[str, Any]
) -> dict[str, Any]:
    """Rundeck runs it where the step failed; with `keepgoingOnSuccess` the job then goes on, else it still fails."""
    handler = _step(reader, command, f"{step['id']}-handler", f"{place}.errorhandler", common)
    handler.pop("retries", None)
    handler["when"] = HANDLED.format(step=step["id"])
    if truth(command.get("keepgoingOnSuccess")):
        step["on_failure"] = "continue"
        reader.collected.tell("changed", f"{place}.errorhandler", "rundeck-handler-goes-on")
    else:
        handler["always"] = True
        reader.collected.tell("changed", f"{place}.errorhandler", "rundeck-handler")
    return handler
