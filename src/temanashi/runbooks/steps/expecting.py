"""What an HTTP answer must look like: status, headers, text, and values inside its JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from temanashi.checks.fetching import Fetched
from temanashi.checks.fields import Pattern
from temanashi.runbooks.steps.values import filled, strings
from temanashi.runbooks.steps.wording import shown
from temanashi.runbooks.templates import Templated
from temanashi.text.local import Phrase, phrase

__all__ = ["Condition", "Expectation", "json_of", "unmet"]

TOKEN = re.compile(r"""\.?(?P<name>[^.\[\]"'\s]+)|\[(?P<index>-?[0-9]{1,9})\]|\["(?P<quoted>[^"]+)"\]|\['(?P<single>[^']+)'\]""")
SHOWN = 80
VALUES = ("is", "one_of")
_NOTHING = object()


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
            raise ValueError(phrase("steps.http-path", path=path))
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
            raise ValueError(phrase("steps.http-condition-empty"))
        return self


def _condition(value: Any) -> Any:
    return value if isinstance(value, (dict, Condition)) else {"is": value}


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, int) else value


Wanted = Annotated[
    Condition, BeforeValidator(_condition, json_schema_input_type=Condition | str | int | float | bool | list[Any] | None)
]


class Expectation(BaseModel):
    """A good answer. Without `status`, any code from 200 to 299."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: (
        Annotated[tuple[int, ...], Field(min_length=1), BeforeValidator(_listed, json_schema_input_type=int | tuple[int, ...])]
        | None
    ) = None
    headers: dict[str, Pattern] = Field(default_factory=dict, description="Header: regular expression that it must contain")
    json_: dict[JsonPath, Wanted] = Field(
        default_factory=dict, alias="json", description="`{$.status: ok, '$.items[0].age': {at_most: 5}}`"
    )
    body: Pattern | None = Field(default=None, description="Regular expression that the body must contain (its first MiB)")

    def payload(self, fill: Callable[[str], Any]) -> dict[str, Any]:
        """The same as JSON, with the templates of wished values filled in."""
        found: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        for condition in found.get("json", {}).values():
            condition |= {name: filled(condition[name], fill) for name in VALUES if name in condition}
        return found

    def templates(self, loc: tuple[str | int, ...]) -> Iterator[Templated]:
        """Wished values may be templates; patterns may not, a value could change what they mean."""
        for path, condition in self.json_.items():
            yield from strings({"is": condition.is_, "one_of": condition.one_of}, (*loc, "json", path))


def json_of(fetched: Fetched) -> Any:
    """The body as JSON, or a mark that is no value when it is none."""
    try:
        return json.loads(fetched.body) if not fetched.cut else _NOTHING
    except (ValueError, RecursionError):
        return _NOTHING


def unmet(expect: Mapping[str, Any], fetched: Fetched) -> Phrase | None:
    """The first thing that is not as expected, or None."""
    wanted = Expectation.model_validate(expect)
    good = fetched.status in wanted.status if wanted.status else 200 <= fetched.status <= 299  # noqa: PLR2004  (RFC 9110, 15.3)
    if not good:
        codes = ", ".join(map(str, wanted.status)) if wanted.status else "2xx"
        return phrase("steps.http-status", status=fetched.status, wanted=codes, message=shown(fetched.body.strip(), limit=SHOWN))
    for name, pattern in wanted.headers.items():
        if not re.search(pattern, fetched.headers.get(name.lower(), "")):
            return phrase("steps.http-header", name=name, pattern=pattern)
    if not fetched.decoded and (wanted.body is not None or wanted.json_):
        return phrase("checks.http-encoding", url=shown(fetched.url), encoding=fetched.headers.get("content-encoding", ""))
    if wanted.body is not None and not re.search(wanted.body, fetched.body):
        return phrase("steps.http-cut") if fetched.cut else phrase("steps.http-body", pattern=wanted.body)
    return _unmet_json(wanted, fetched) if wanted.json_ else None


def _unmet_json(wanted: Expectation, fetched: Fetched) -> Phrase | None:
    value = json_of(fetched)
    if value is _NOTHING:
        return phrase("steps.http-cut") if fetched.cut else phrase("steps.http-not-json", message=shown(fetched.body, limit=SHOWN))
    for path, condition in wanted.json_.items():
        found = _found(value, parts(path))
        if not _holds(condition, found):
            value_shown = "-" if found is _NOTHING else shown(json.dumps(found, ensure_ascii=False), limit=SHOWN)
            told = json.dumps(condition.model_dump(mode="json", by_alias=True, exclude_unset=True), ensure_ascii=False)
            return phrase("steps.http-json", path=path, value=value_shown, wanted=shown(told, limit=SHOWN))
    return None


def _found(value: Any, path: list[str | int]) -> Any:
    for part in path:
        try:
            value = value[part] if isinstance(value, list) == isinstance(part, int) else _NOTHING
        except (KeyError, IndexError, TypeError):
            return _NOTHING
    return value


def _holds(condition: Condition, found: Any) -> bool:
    if found is _NOTHING:
        return condition.exists is False
    number = isinstance(found, (int, float)) and not isinstance(found, bool)
    return (
        condition.exists is not False
        and ("is_" not in condition.model_fields_set or _same(found, condition.is_))
        and (condition.one_of is None or any(_same(found, item) for item in condition.one_of))
        and (
            condition.matches is None
            or re.search(condition.matches, found if isinstance(found, str) else json.dumps(found)) is not None
        )
        and (condition.at_least is None or (number and found >= condition.at_least))
        and (condition.at_most is None or (number and found <= condition.at_most))
    )


def _same(found: Any, wanted: Any) -> bool:
    return bool(found == wanted) and isinstance(found, bool) == isinstance(wanted, bool)
