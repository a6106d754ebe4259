"""Which draft a job of the same export becomes, and what its options are called there: for jobs that call one another."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

from temanashi.runbooks.literal import as_template
from temanashi.workspace.importing.drafts import slug
from temanashi.workspace.importing.rundeck.collecting import Collected, text_of, truth
from temanashi.workspace.importing.rundeck.nodes import selector_of
from temanashi.workspace.importing.rundeck.references import IN_TEXT, Known, Option, split

__all__ = ["Neighbour", "Neighbours", "call_of"]

KEYS = "name group uuid project args nodeStep nodefilters importOptions useName ignoreNotifications failOnDisable childNodes"
KNOWN = frozenset(KEYS.split())


class Neighbour(NamedTuple):
    """Another job of the export: the id of its draft, and its options."""

    id: str
    options: Mapping[str, Option]


class Neighbours:
    """The jobs of the export by uuid and by group and name."""

    def __init__(self) -> None:
        self._found: dict[str, Neighbour] = {}

    def add(self, job: Mapping[str, Any], neighbour: Neighbour) -> None:
        """Note a job under what others call it by."""
        self._found[self._key(text_of(job.get("group")), text_of(job.get("name")))] = neighbour
        for key in ("uuid", "id"):
            if text_of(job.get(key)):
                self._found[f"uuid:{text_of(job[key])}"] = neighbour

    def named(self, reference: Mapping[str, Any]) -> Neighbour | None:
        """The job that a reference means."""
        by_uuid = self._found.get(f"uuid:{text_of(reference.get('uuid'))}") if reference.get("uuid") else None
        return by_uuid or self._found.get(self._key(text_of(reference.get("group")), text_of(reference.get("name"))))

    @staticmethod
    def _key(group: str, name: str) -> str:
        return f"name:{group.strip('/')}/{name}"


def call_of(reference: Mapping[str, Any], known: Known, neighbours: Neighbours, collected: Collected, place: str) -> dict[str, Any]:
    """The step of a reference to another job; empty where it has no name that could be called."""
    collected.unknown(reference, KNOWN, place)
    found = neighbours.named(reference)
    name = found.id if found else slug(text_of(reference.get("name")))
    if not name:
        return {}
    if found is None:
        collected.tell("left", place, "rundeck-other-job", name=text_of(reference.get("name"))[:80], id=name)
    inputs = _inputs(reference, found, known, collected, place)
    if truth(reference.get("importOptions")):
        mine, theirs = known.options, found.options if found else known.options
        inputs |= {
            theirs[o].parameter: f"{{{{ params.{mine[o].parameter} }}}}"
            for o in theirs
            if o in mine and theirs[o].parameter not in inputs
        }
    step: dict[str, Any] = {"runbook": {"id": name} | ({"inputs": inputs} if inputs else {})}
    filters = reference.get("nodefilters")
    if isinstance(filters, Mapping) and (filters.get("filter") or filters.get("include")):
        step["targets"] = selector_of(filters, collected, instead=f"group:{name}", place=f"{place}.nodefilters")
    for key in ("childNodes", "failOnDisable"):
        if truth(reference.get(key)):
            collected.tell("left", f"{place}.{key}", "rundeck-unknown-key", value="true")
    return step


def _inputs(
    reference: Mapping[str, Any], found: Neighbour | None, known: Known, collected: Collected, place: str
) -> dict[str, str]:
    """`-name value -other ${option.x}` as inputs."""
    written = text_of(reference.get("args"))
    try:
        words = shlex.split(written)
    except ValueError:
        words = []
    if written and (not words or len(words) % 2 or not all(word.startswith("-") for word in words[::2])):
        collected.tell("left", f"{place}.args", "rundeck-args", args=written[:120])
        return {}
    inputs = {}
    for flag, value in zip(words[::2], words[1::2], strict=True):
        option = found.options.get(flag.lstrip("-")) if found else Option(slug(flag).replace("-", "_") or "option")
        template = _template(value, known)
        if option is None or template is None:
            collected.tell("left", f"{place}.args", "rundeck-args", args=f"{flag} {value}"[:120])
            continue
        inputs[option.parameter] = template
    return inputs


def _template(value: str, known: Known) -> str | None:
    text = ""
    for part in split(value, IN_TEXT):
        resolved = known.resolve(*part) if not isinstance(part, str) else None
        if resolved is None and not isinstance(part, str):
            return None
        text += as_template(part) if isinstance(part, str) else resolved.template if resolved else ""
    return text
