"""The kinds of check there are: ours, and those that other packages register under the entry point group `temanashi.checks`."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError

from temanashi.checks import kinds as ours
from temanashi.checks.model import CheckKind, Spec
from temanashi.errors import WorkspaceError
from temanashi.problems import Problem, problems_of, suggestion
from temanashi.text.local import phrase

__all__ = [
    "GROUP",
    "KindNotLoaded",
    "KindTaken",
    "Kinds",
    "NoKind",
    "UnknownKind",
    "check_problems",
    "check_schema",
    "installed_kinds",
    "load_kinds",
    "parse_check",
]

GROUP = "temanashi.checks"


class NoKind(WorkspaceError):
    """A check without `kind`."""

    key = "checks.no-kind"

    def __init__(self, *, known: list[str]) -> None:
        super().__init__(known=known, loc=[])


class UnknownKind(WorkspaceError):
    """A `kind` that neither we nor an installed package know."""

    key = "checks.unknown-kind"

    def __init__(self, name: str, *, known: list[str]) -> None:
        super().__init__(name=name, known=known, close=suggestion(name, known), loc=["kind"])


class KindNotLoaded(WorkspaceError):
    """An installed package registers a kind, but it could not be imported or is no kind of check."""

    key = "checks.kind-not-loaded"

    def __init__(self, name: str, *, package: str, detail: str) -> None:
        super().__init__(name=name, package=package, detail=detail[:300], loc=["kind"])


class KindTaken(WorkspaceError):
    """An installed package registers a kind under a name that is taken; the first one stays."""

    key = "checks.kind-taken"

    def __init__(self, name: str, *, package: str) -> None:
        super().__init__(name=name, package=package, loc=["kind"])


class Kinds(NamedTuple):
    """The kinds that work, by name, and what is wrong with those that do not."""

    known: Mapping[str, CheckKind[Any]]
    broken: tuple[KindNotLoaded | KindTaken, ...] = ()

    def find(self, name: str) -> CheckKind[Any]:
        """The kind of that name; raises UnknownKind, or KindNotLoaded when its package is broken."""
        if name in self.known:
            return self.known[name]
        for error in self.broken:
            if error.data["name"] == name:
                raise error
        raise UnknownKind(name, known=sorted(self.known))


def load_kinds() -> Kinds:
    """Ours and those of the packages installed now. A package that fails to load takes only its own kind away."""
    known: dict[str, CheckKind[Any]] = {kind.name: kind for kind in ours.BUILT_IN}
    broken: list[KindNotLoaded | KindTaken] = []
    for entry in entry_points(group=GROUP):
        package = entry.dist.name if entry.dist else entry.value
        if entry.name in known:
            broken.append(KindTaken(entry.name, package=package))
            continue
        try:
            known[entry.name] = _usable(entry.name, entry.load())
        except Exception as error:  # noqa: BLE001  (a foreign package may fail in any way; ours must go on)
            broken.append(KindNotLoaded(entry.name, package=package, detail=f"{type(error).__name__}: {error}"))
    return Kinds(MappingProxyType(known), tuple(broken))


def _usable(name: str, kind: CheckKind[Any]) -> CheckKind[Any]:
    if kind.name != name or kind.spec.model_fields["kind"].annotation is str:
        raise TypeError(f"its name must be {name!r} and its spec must say kind: Literal[{name!r}]")
    for method in (kind.commands, kind.observe, kind.judge):
        if not callable(method):
            raise TypeError(f"{method!r} is not callable")
    return kind


@functools.cache
def installed_kinds() -> Kinds:
    """The same, looked up once a process: what is installed does not change while it runs."""
    return load_kinds()


def parse_check(data: Mapping[str, Any], *, kinds: Kinds | None = None) -> Spec:
    """The specification in parsed YAML. Raises NoKind, UnknownKind or KindNotLoaded, and ValidationError for fields."""
    return _kind_of(data, kinds or installed_kinds()).spec.model_validate(dict(data))


def check_problems(data: Mapping[str, Any], *, kinds: Kinds | None = None) -> list[Problem]:
    """Every mistake in parsed YAML of one check, with suggestions; empty when `parse_check` succeeds."""
    try:
        kind = _kind_of(data, kinds or installed_kinds())
    except WorkspaceError as error:
        return [Problem(tuple(error.data["loc"]), phrase(error.key, **error.data), error.data.get("close", ""))]
    try:
        kind.spec.model_validate(dict(data))
    except ValidationError as error:
        return problems_of(error, model=kind.spec)
    return []


def _kind_of(data: Mapping[str, Any], kinds: Kinds) -> CheckKind[Any]:
    name = data.get("kind")
    if name is None:
        raise NoKind(known=sorted(kinds.known))
    return kinds.find(str(name))


def check_schema(*, kinds: Kinds | None = None) -> dict[str, Any]:
    """The JSON Schema of one check, told apart by `kind`, for editors."""
    specs = [kind.spec for kind in (kinds or installed_kinds()).known.values()]
    union: Any = functools.reduce(operator.or_, specs[1:], specs[0])
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[union, Field(discriminator="kind")])
    return adapter.json_schema()
