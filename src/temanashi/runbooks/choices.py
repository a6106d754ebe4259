"""Choices of a parameter: written in the runbook, or found in the real world when a form is made and again when the run starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, StringConstraints, model_validator

from temanashi.runbooks.templates import Names, Templated, parameters_of, render
from temanashi.text.local import LocalText, phrase

__all__ = ["Choice", "ChoicesFrom", "Sort", "named_parameters"]

Sort = Literal["hosts", "people", "groups", "command", "csv"]
SORTS: tuple[Sort, ...] = ("hosts", "people", "groups", "command", "csv")
ONLY: dict[str, Sort] = {
    "host": "command",
    "timeout": "command",
    "cache": "command",
    "column": "csv",
    "title": "csv",
    "where": "csv",
}
FileName = Annotated[str, StringConstraints(pattern=r"^[^/\\.][^/\\]*\.csv$", max_length=200)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(_Frozen):
    """One allowed value and how readers see it."""

    value: str = Field(min_length=1, max_length=200)
    title: LocalText | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, value: Any) -> Any:
        return {"value": value} if isinstance(value, str) else value


class ChoicesFrom(_Frozen):
    """Where choices come from: exactly one of hosts, people, groups, command and csv. Texts may name earlier parameters."""

    hosts: Text | None = Field(default=None, description="Selector of hosts: `tag:web`, `system:order`, `all`")
    people: Text | None = Field(default=None, description="`all`, or `group:NAME`: people of runbooks/site/people.yaml")
    groups: Text | None = Field(default=None, description="`all`, or a pattern such as `ops-*`: groups of people")
    command: tuple[Text, ...] | None = Field(
        default=None, min_length=1, description="Read-only command: one value a line, or value, tab, title"
    )
    csv: FileName | None = Field(
        default=None, description="A file in runbooks/site/, UTF-8 or Shift_JIS, first line: names of columns"
    )
    host: str = Field(default="localhost", min_length=1, description="Where the command runs: the name of a host")
    timeout: PositiveFloat = Field(default=10, le=60, description="Seconds for the command")
    cache: NonNegativeFloat = Field(default=60, le=3600, description="Seconds for which forms keep what the command said")
    column: str = Field(default="", max_length=200, description="The column of the values; the first one by default")
    title: str = Field(default="", max_length=200, description="The column that readers see")
    where: dict[str, Text] = Field(
        default_factory=dict, description="Only rows with these values: `{system: '{{ params.system }}'}`"
    )

    @model_validator(mode="after")
    def _one_source(self) -> ChoicesFrom:
        named = [sort for sort in SORTS if getattr(self, sort) is not None]
        if len(named) != 1:
            raise ValueError(phrase("runbooks.choices-from-one", sources=list(SORTS)))
        for key, sort in ONLY.items():
            if key in self.model_fields_set and named[0] != sort:
                raise ValueError(phrase("runbooks.choices-from-key", name=key, source=sort))
        return self

    @property
    def sort(self) -> Sort:
        """Which of the sources it is."""
        return next(sort for sort in SORTS if getattr(self, sort) is not None)

    def templates(self) -> Iterator[Templated]:
        """Every text that may name an earlier parameter."""
        for sort in SORTS:
            value = getattr(self, sort)
            if isinstance(value, str):
                yield Templated((sort,), value)
            for index, word in enumerate(value if isinstance(value, tuple) else ()):
                yield Templated((sort, index), word)
        yield from (Templated(("where", name), text) for name, text in self.where.items())

    def filled(self, values: Mapping[str, Any]) -> ChoicesFrom:
        """The same with the values of earlier parameters filled in; raises TemplateFailed."""
        names = {"params": Names(values)}
        data = self.model_dump(exclude_unset=True)
        for loc, text, *_ in self.templates():
            if len(loc) == 1:
                data[str(loc[0])] = render(text, names)
            else:
                part = data[str(loc[0])]
                data[str(loc[0])] = _replaced(part, loc[1], render(text, names))
        return ChoicesFrom.model_construct(**{**dict(self), **data})


def _replaced(part: Any, at: str | int, text: str) -> Any:
    if isinstance(part, dict):
        return {**part, str(at): text}
    return tuple(text if index == at else item for index, item in enumerate(part))


def named_parameters(source: ChoicesFrom) -> frozenset[str]:
    """The parameters on whose values the choices depend."""
    return frozenset(name for templated in source.templates() for name in parameters_of(templated.text))
