"""Values inside JSON: where they are (`$.items[0].name`), and what they must be."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from temanashi.checks.fields import Pattern
from temanashi.checks.matching import found
from temanashi.text.local import phrase

__all__ = ["NOTHING", "Condition", "JsonPath", "Wanted", "found_at", "holds", "parts"]

TOKEN = re.compile(r"""\.?(?P<name>[^.\[\]"'\s]+)|\[(?P<index>-?[0-9]{1,9})\]|\["(?P<quoted>[^"]+)"\]|\['(?P<single>[^']+)'\]""")
NOTHING = object()
"""Stands where there is no value; null is one."""


def _path(value: str) -> str:
    parts(value)
    return value


def parts(path: str) -> list[str | int]:
    """`$.items[0].name` as keys and indexes; raises ValueError(Phrase)."""
    rest = path.removeprefix("$")
    found: list[str | int] = []
    while rest:
        token = TOKEN.match(rest)
        if token is None:
            raise ValueError(phrase("checks.json-path", path=path))
        found.append(int(token["index"]) if token["index"] else token["name"] or token["quoted"] or token["single"])
        rest = rest[token.end() :]
    return found


JsonPath = Annotated[str, StringConstraints(max_length=500), AfterValidator(_path)]


class Condition(BaseModel):
    """What a value in JSON must be: any of these keys; a bare value means `is`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_: Any = Field(default=None, alias="is", description="Exactly this value")
    one_of: tuple[Any, ...] | None = Field(default=None, min_length=1)
    matches: Pattern | None = Field(default=None, description="Regular expression that the value, as text, must contain")
    at_least: float | None = None
    at_most: float | None = None
    exists: bool | None = Field(default=None, description="false: the value must not be there")

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if not self.model_fields_set:
            raise ValueError(phrase("checks.condition-empty"))
        return self

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Only what was said: `is: null` is a condition, and no `is` is none."""
        said = self.model_fields_set | {type(self).model_fields[name].alias for name in self.model_fields_set}
        return {name: value for name, value in handler(self).items() if name in said}


def _condition(value: Any) -> Any:
    return value if isinstance(value, (dict, Condition)) else {"is": value}


Wanted = Annotated[
    Condition, BeforeValidator(_condition, json_schema_input_type=Condition | str | int | float | bool | list[Any] | None)
]


def found_at(value: Any, path: list[str | int]) -> Any:
    """What stands at a path, or NOTHING."""
    for part in path:
        try:
            value = value[part] if isinstance(value, list) == isinstance(part, int) else NOTHING
        except (KeyError, IndexError, TypeError):
            return NOTHING
    return value


def holds(condition: Condition, seen: Any) -> bool:
    """Whether a value, or NOTHING, is what was wished for; raises PatternTooSlow."""
    if seen is NOTHING:
        return condition.exists is False
    number = isinstance(seen, (int, float)) and not isinstance(seen, bool)
    return (
        condition.exists is not False
        and ("is_" not in condition.model_fields_set or _same(seen, condition.is_))
        and (condition.one_of is None or any(_same(seen, item) for item in condition.one_of))
        and (condition.matches is None or found(condition.matches, seen if isinstance(seen, str) else json.dumps(seen)))
        and (condition.at_least is None or (number and seen >= condition.at_least))
        and (condition.at_most is None or (number and seen <= condition.at_most))
    )


def _same(found: Any, wanted: Any) -> bool:
    return bool(found == wanted) and isinstance(found, bool) == isinstance(wanted, bool)
