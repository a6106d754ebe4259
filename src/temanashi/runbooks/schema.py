"""JSON Schema of a runbook file, so that editors complete and check it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from temanashi.runbooks.model import Runbook
from temanashi.runbooks.steps.contract import StepKind

__all__ = ["runbook_schema"]


def runbook_schema(kinds: Mapping[str, StepKind]) -> dict[str, Any]:
    """Draft 2020-12 schema: the runbook's own keys, and one alternative a kind of step."""
    schema = Runbook.model_json_schema()
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    properties: dict[str, Any] = schema["properties"]
    properties.pop("data", None)
    schema["required"] = [name for name in schema.get("required", []) if name != "data"]
    local = {"anyOf": [{"type": "string", "minLength": 1}, definitions["LocalText"]]}
    definitions["LocalText"]["properties"].pop("plain", None)
    definitions["LocalTextOrString"] = local
    _point_to(schema, "#/$defs/LocalText", "#/$defs/LocalTextOrString", skip=local)
    common = {k: v for k, v in definitions["StepItem"]["properties"].items() if k in {"id", "title", "targets"}}
    alternatives = []
    for name, kind in sorted(kinds.items()):
        inner = kind.schema()
        for key, value in inner.pop("$defs", {}).items():
            definitions.setdefault(key, value)
        short: dict[str, Any] = (
            {"anyOf": [inner, {"type": ["array", "string", "object"]}]} if inner.get("type") != "array" else inner
        )
        alternatives.append(
            {
                "type": "object",
                "properties": {**common, name: short},
                "required": [name],
                "additionalProperties": False,
                "title": name,
            }
        )
    definitions["StepItem"] = {"anyOf": alternatives}
    toil = definitions["Toil"]["properties"]
    toil["minutes"] = {"anyOf": [{"type": "number", "minimum": 0}, {"$ref": "#/$defs/Minutes"}]}
    toil["demand"] = {"anyOf": [{"const": "request"}, {"$ref": "#/$defs/Demand"}]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "temanashi runbook"}


def _point_to(value: Any, old: str, new: str, *, skip: Any) -> None:
    if value is skip:
        return
    if isinstance(value, dict):
        if value.get("$ref") == old:
            value["$ref"] = new
        for item in value.values():
            _point_to(item, old, new, skip=skip)
    elif isinstance(value, list):
        for item in value:
            _point_to(item, old, new, skip=skip)
