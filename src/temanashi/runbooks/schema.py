"""JSON Schema of a runbook file, so that editors complete and check it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from temanashi.runbooks.approval import NEXT_BUSINESS_DAY
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.steps.contract import StepKind

__all__ = ["runbook_schema"]


DEFINITIONS = "#/$defs/"


def runbook_schema(kinds: Mapping[str, StepKind]) -> dict[str, Any]:
    """Draft 2020-12 schema: the runbook's own keys, and one alternative a kind of step."""
    schema = Runbook.model_json_schema()
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    schema["properties"].pop("data", None)
    schema["required"] = [name for name in schema.get("required", []) if name != "data"]
    common = {k: v for k, v in definitions["StepItem"]["properties"].items() if k not in {"kind", "spec"}}
    common["retries"] = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 20}, *common["retries"]["anyOf"]]}
    definitions["StepItem"] = {"anyOf": [_step(name, kinds[name], common, definitions) for name in sorted(kinds)]}
    approval = definitions["Approval"]["properties"]
    approval["expires"] = {"anyOf": [{"const": NEXT_BUSINESS_DAY}, {"$ref": "#/$defs/Expiry"}]}
    schema["properties"]["approve"]["anyOf"] += approval["by"]["anyOf"]
    toil = definitions["Toil"]["properties"]
    toil["minutes"] = {"anyOf": [{"type": "number", "minimum": 0}, {"$ref": "#/$defs/Minutes"}]}
    toil["demand"] = {"anyOf": [{"const": "request"}, {"$ref": "#/$defs/Demand"}]}
    # In a file a choice is often one string: the value that is its own title.
    if "Choice" in definitions:
        definitions["Choice"] = {"anyOf": [{"type": "string", "minLength": 1}, definitions["Choice"]]}
    for definition in definitions.values():
        # A parameter without a type is a string; pydantic's discriminator demands the key.
        definition.pop("discriminator", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "temanashi runbook"}


def _step(name: str, kind: StepKind, common: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """One alternative of a step, its definitions moved to the root, where references are looked up."""
    inner = kind.schema()
    nested: dict[str, Any] = {}
    _take_definitions(inner, nested)
    names = {key: key if definitions.get(key, value) == value else f"{name}-{key}" for key, value in nested.items()}
    for value in (inner, *nested.values()):
        _rename(value, {DEFINITIONS + old: DEFINITIONS + new for old, new in names.items()})
    definitions.update({names[key]: value for key, value in nested.items()})
    return {
        "type": "object",
        "properties": {**common, name: inner},
        "required": [name],
        "additionalProperties": False,
        "title": name,
    }


def _take_definitions(value: Any, nested: dict[str, Any]) -> None:
    if isinstance(value, dict):
        for key, definition in value.pop("$defs", {}).items():
            _take_definitions(definition, nested)
            nested[key] = definition
        for item in value.values():
            _take_definitions(item, nested)
    elif isinstance(value, list):
        for item in value:
            _take_definitions(item, nested)


def _rename(value: Any, names: Mapping[str, str]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str):
                value[key] = names.get(item, item)
            else:
                _rename(item, names)
    elif isinstance(value, list):
        for item in value:
            _rename(item, names)
