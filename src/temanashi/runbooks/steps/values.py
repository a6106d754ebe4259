"""Values in a step's YAML: texts that are templates, anywhere in a tree of JSON, filled in when a plan is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from temanashi.errors import InputError
from temanashi.hosts.inventory import Host
from temanashi.runbooks.steps.contract import PlanContext
from temanashi.runbooks.templates import Templated, TemplateFailed, evaluate, names_of
from temanashi.text.local import Phrase

__all__ = ["BadValue", "at", "filled", "given_secrets", "is_later", "is_template", "names_host", "places", "strings", "typed"]

LONE = re.compile(r"\s*\{\{((?:(?!\}\}|\{\{).)+)\}\}\s*", re.DOTALL)
LATER = "‹"
"""Stands in a plan where the output of an earlier step will be."""


class BadValue(InputError):
    """A value that a step cannot carry; `where` names the field. The value is not quoted whole: it may be anything."""

    key = "steps.bad-value"

    def __init__(self, step: str, where: str, problem: Phrase) -> None:
        super().__init__(step=step, where=where, problem=problem)


def is_template(value: Any) -> bool:
    """Whether a text has something to fill in."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def is_later(value: Any) -> bool:
    """Whether a value still holds an output that is not known yet."""
    if isinstance(value, str):
        return LATER in value
    if isinstance(value, dict):
        return any(is_later(k) or is_later(v) for k, v in value.items())
    return isinstance(value, (list, tuple)) and any(is_later(v) for v in value)


def strings(value: Any, loc: tuple[str | int, ...] = ()) -> Iterator[Templated]:
    """Every template in a tree of JSON, with its place."""
    if is_template(value):
        yield Templated(loc, value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings(item, (*loc, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from strings(item, (*loc, index))


def filled(value: Any, fill: Callable[[str], Any]) -> Any:
    """The same tree with every template filled in; keys stay."""
    if isinstance(value, str):
        return fill(value) if is_template(value) else value
    if isinstance(value, dict):
        return {k: filled(v, fill) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [filled(v, fill) for v in value]
    return value


def typed(ctx: PlanContext, text: str, host: Host | None) -> Any:
    """A template filled in; one that is nothing but `{{ ... }}` keeps the type of its value (a number stays a number)."""
    lone = LONE.fullmatch(text)
    if lone is None:
        return ctx.render(text, host)
    found = evaluate(lone[1], ctx.values(host))
    if found is None or isinstance(found, (str, bool, int, float)):
        return found
    if isinstance(found, (list, tuple)) and all(isinstance(v, (str, bool, int, float)) for v in found):
        return list(found)
    raise TemplateFailed(text, f"{type(found).__name__} is no text, number or list")


def names_host(templates: Iterable[Templated]) -> bool:
    """Whether any of them differs from host to host; a step that names no host is done once for all."""
    return any("host" in names_of(t.text, expression=t.expression) for t in templates)


def places(ctx: PlanContext, templates: Iterable[Templated]) -> tuple[Host | None, ...]:
    """Where a step acts: on each host, if its templates name `host`; else once, for no host."""
    return ctx.hosts if names_host(templates) else (None,)


def given_secrets(secrets: Mapping[str, str], ctx: PlanContext) -> dict[str, str]:
    """The reference behind each name; a secret parameter that may be left out, and was, is not among them."""
    given = {name: ctx.inputs.get(ref, ref) for name, ref in secrets.items()}
    return {name: ref for name, ref in given.items() if ref is not None}


def at(value: Any, loc: tuple[str | int, ...]) -> Any:
    """What stands at a place of a tree, or None. One text may stand for a list of one."""
    for part in loc:
        if isinstance(value, str) and part == 0:
            continue
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value
