"""What an HTTP answer must look like: status, headers, text, and values inside its JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from temanashi.checks.fetching import Fetched
from temanashi.checks.fields import Pattern
from temanashi.checks.json_values import NOTHING, JsonPath, Wanted, found_at, holds, parts
from temanashi.checks.matching import PatternTooSlow, found
from temanashi.runbooks.steps.values import filled, strings
from temanashi.runbooks.steps.wording import shown
from temanashi.runbooks.templates import Templated
from temanashi.text.local import Phrase, phrase

__all__ = ["Expectation", "json_of", "unmet"]

SHOWN = 80
VALUES = ("is", "one_of")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, int) else value


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
        told: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        for condition in told.get("json", {}).values():
            condition |= {name: filled(condition[name], fill) for name in VALUES if name in condition}
        return told

    def templates(self, loc: tuple[str | int, ...]) -> Iterator[Templated]:
        """Wished values may be templates; patterns may not, a value could change what they mean."""
        for path, condition in self.json_.items():
            yield from strings({"is": condition.is_, "one_of": condition.one_of}, (*loc, "json", path))


def json_of(fetched: Fetched) -> Any:
    """The body as JSON, or a mark that is no value when it is none."""
    try:
        return json.loads(fetched.body) if not fetched.cut else NOTHING
    except (ValueError, RecursionError):
        return NOTHING


def unmet(expect: Mapping[str, Any], fetched: Fetched) -> Phrase | None:
    """The first thing that is not as expected, or None. What cannot be searched in time is not as expected either."""
    try:
        return _unmet(Expectation.model_validate(expect), fetched)
    except PatternTooSlow as error:
        return phrase(error.key, **error.data)


def _unmet(wanted: Expectation, fetched: Fetched) -> Phrase | None:
    good = fetched.status in wanted.status if wanted.status else 200 <= fetched.status <= 299  # noqa: PLR2004  (RFC 9110, 15.3)
    if not good:
        codes = ", ".join(map(str, wanted.status)) if wanted.status else "2xx"
        return phrase("steps.http-status", status=fetched.status, wanted=codes, message=shown(fetched.body.strip(), limit=SHOWN))
    for name, pattern in wanted.headers.items():
        if not found(pattern, fetched.headers.get(name.lower(), "")):
            return phrase("steps.http-header", name=name, pattern=pattern)
    if not fetched.decoded and (wanted.body is not None or wanted.json_):
        return phrase("checks.http-encoding", url=shown(fetched.url), encoding=fetched.headers.get("content-encoding", ""))
    if wanted.body is not None and not found(wanted.body, fetched.body):
        return phrase("steps.http-cut") if fetched.cut else phrase("steps.http-body", pattern=wanted.body)
    return _unmet_json(wanted, fetched) if wanted.json_ else None


def _unmet_json(wanted: Expectation, fetched: Fetched) -> Phrase | None:
    value = json_of(fetched)
    if value is NOTHING:
        return phrase("steps.http-cut") if fetched.cut else phrase("steps.http-not-json", message=shown(fetched.body, limit=SHOWN))
    for path, condition in wanted.json_.items():
        seen = found_at(value, parts(path))
        if not holds(condition, seen):
            value_shown = "-" if seen is NOTHING else shown(json.dumps(seen, ensure_ascii=False), limit=SHOWN)
            told = json.dumps(condition.model_dump(mode="json", by_alias=True, exclude_unset=True), ensure_ascii=False)
            return phrase("steps.http-json", path=path, value=value_shown, wanted=shown(told, limit=SHOWN))
    return None
