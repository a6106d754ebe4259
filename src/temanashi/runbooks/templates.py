"""Templates of a runbook: Jinja2's sandbox, undefined names fail, and names are checked when the file is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from temanashi.errors import InputError
from temanashi.problems import Problem, suggestion
from temanashi.text.local import phrase

__all__ = ["ROOTS", "Names", "TemplateFailed", "Templated", "check_template", "evaluate", "names_of", "parameters_of", "render"]

ROOTS = ("params", "host", "run", "steps")
"""What a template may name: `{{ params.service }}`, `{{ host.name }}`, `{{ run.id }}`, `{{ steps.STEP.OUTPUT }}`.

Besides, `{{ item }}` in a step with `for_each`, and `{{ result.NAME }}` in a step's `outputs`.
"""

_FAILURES = (
    TemplateSyntaxError,
    UndefinedError,
    SecurityError,
    ArithmeticError,
    TypeError,
    ValueError,
    AttributeError,
    LookupError,
)

OUTPUT_LIMIT = 100_000


class Names:
    """Values by name for a template. Unlike a dict it has no methods, so a parameter called `values` or `get` is just a name."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        """The value; AttributeError makes Jinja2 say that the name is undefined."""
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, name: str) -> Any:
        return self._values[name]


class Templated(NamedTuple):
    """One template of a step: where it stands under the step's kind, and its text; `expression` is one without braces (`when`).

    `roots` are names that only this place knows.
    """

    loc: tuple[str | int, ...]
    text: str
    expression: bool = False
    roots: tuple[str, ...] = ()


class TemplateFailed(InputError):
    """A template could not be rendered with these values."""

    key = "runbooks.template-failed"

    def __init__(self, template: str, problem: str) -> None:
        super().__init__(template=template, problem=problem)


@cache
def _environment(finalize: Callable[[Any], Any] | None = None) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True, finalize=finalize)


@lru_cache(maxsize=1024)
def _compiled(template: str, finalize: Callable[[Any], Any] | None) -> Template:
    """Compiling costs a hundred times as much as filling in, and a step has the same few templates for every host."""
    return _environment(finalize).from_string(template)


@lru_cache(maxsize=1024)
def _compiled_expression(expression: str) -> Callable[..., Any]:
    return _environment().compile_expression(expression, undefined_to_none=False)


def render(template: str, values: Mapping[str, Any], *, finalize: Callable[[Any], Any] | None = None) -> str:
    """The template filled in, values as data: a value that looks like a template stays text. Raises TemplateFailed.

    `finalize`, a function of a module, makes of each value what is written in its place (a quoted one, for a URL).
    """
    if "{" not in template:
        return template
    try:
        result = _compiled(template, finalize).render(values)
    except _FAILURES as error:
        raise TemplateFailed(template, str(error)) from error
    if len(result) > OUTPUT_LIMIT:
        raise TemplateFailed(template, f"result longer than {OUTPUT_LIMIT} characters")
    return result


def evaluate(expression: str, values: Mapping[str, Any]) -> Any:
    """What an expression gives (`params.count > 3`), in the same sandbox; raises TemplateFailed."""
    try:
        result = _compiled_expression(expression)(**values)
        if isinstance(result, StrictUndefined):
            str(result)  # says which name is undefined
    except _FAILURES as error:
        raise TemplateFailed(expression, str(error)) from error
    return result


def names_of(text: str, *, expression: bool = False) -> frozenset[str]:
    """The roots that a template or an expression names, so that it is known before rendering what it waits for."""
    return frozenset(_free_names(_tree(text, expression=expression)))


def parameters_of(text: str) -> frozenset[str]:
    """The parameters that a template names."""
    found = _tree(text, expression=False).find_all((nodes.Getattr, nodes.Getitem))
    return frozenset(name for root, name in map(_member, found) if root == "params" and name is not None)


def _tree(text: str, *, expression: bool) -> nodes.Template:
    return _environment().parse("{{ (" + text + ") }}" if expression else text)


def check_template(
    templated: Templated, *, parameters: Iterable[str], steps: Iterable[str], more: Iterable[str] = ()
) -> list[Problem]:
    """Syntax errors and undefined names of one template, found without rendering it; `more` are roots that this place knows."""
    try:
        tree = _tree(templated.text, expression=templated.expression)
        if templated.expression:
            _environment().compile_expression(templated.text)
    except TemplateSyntaxError as error:
        return [Problem(templated.loc, phrase("runbooks.template-syntax", problem=error.message or str(error)))]
    known = {
        "params": tuple(parameters),
        "steps": tuple(steps),
        "host": ("name", "address", "system", "tags", "vars"),
        "run": ("id", "date", "actor"),
    }
    roots = (*ROOTS, *more, *templated.roots)
    found = [_undefined(root, roots, root, templated) for root in sorted(_free_names(tree)) if root not in roots]
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        root, name = _member(node)
        if root in known and name is not None and name not in known[root]:
            found.append(_undefined(name, known[root], f"{root}.{name}", templated))
    return found


def _free_names(tree: nodes.Template) -> set[str]:
    from jinja2.meta import find_undeclared_variables  # noqa: PLC0415  (only loading needs it)

    return find_undeclared_variables(tree)


def _member(node: nodes.Node) -> tuple[str, str | None]:
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        return node.node.name, node.attr
    if isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Name) and isinstance(node.arg, nodes.Const):
        return node.node.name, str(node.arg.value)
    return "", None


def _undefined(word: str, known: Iterable[str], shown: str, templated: Templated) -> Problem:
    names = list(known)
    return Problem(templated.loc, phrase("runbooks.template-undefined", name=shown, known=names), suggestion(word, names))
