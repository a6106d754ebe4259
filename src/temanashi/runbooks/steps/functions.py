"""Functions that other packages register under the entry point group `temanashi.functions`, and the arguments that they take."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, PydanticUndefinedAnnotation, PydanticUserError, create_model

from temanashi.errors import WorkspaceError

__all__ = ["GIVEN", "GROUP", "Function", "FunctionNotLoaded", "find_function", "function_names"]

GROUP = "temanashi.functions"
GIVEN = ("key", "before")
"""Arguments that we give to a function that asks for them: the key of the change, and (to undo) what the function gave."""


class FunctionNotLoaded(WorkspaceError):
    """A function of another package cannot be imported, or its arguments cannot be read; runbooks that use it are disabled."""

    key = "steps.function-not-loaded"

    def __init__(self, name: str, *, package: str, detail: str) -> None:
        super().__init__(name=name, package=package, detail=detail[:300])


class Function(NamedTuple):
    """A registered function, a model of the arguments that a runbook gives, and those that it asks us for."""

    name: str
    call: Callable[..., Any]
    arguments: type[BaseModel]
    given: tuple[str, ...]


@cache
def _registered() -> Mapping[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def function_names() -> list[str]:
    """The names of all functions, sorted."""
    return sorted(_registered())


@cache
def find_function(name: str) -> Function | None:
    """The function of that name, imported; None when nobody registers it. Raises FunctionNotLoaded."""
    entry = _registered().get(name)
    if entry is None:
        return None
    package = entry.dist.name if entry.dist else entry.value
    try:
        call = entry.load()
        fields = dict(_fields(inspect.signature(call, eval_str=True)))
        given = tuple(word for word in GIVEN if word in fields)
        wanted: Any = {word: field for word, field in fields.items() if word not in GIVEN}
        model = create_model(f"Arguments of {name}", __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=False), **wanted)
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        raise FunctionNotLoaded(name, package=package, detail=str(error)) from error
    except Exception as error:
        raise FunctionNotLoaded(name, package=package, detail=f"{type(error).__name__}: {error}") from error
    return Function(name, call, model, given)


def _fields(signature: inspect.Signature) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for name, parameter in signature.parameters.items():
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            raise TypeError(f"{name}: arguments must have names")
        annotation = Any if parameter.annotation is parameter.empty else parameter.annotation
        yield name, (annotation, ... if parameter.default is parameter.empty else parameter.default)
