"""The hosts of a workspace (`runbooks/site/hosts.yaml`): what they are called, how they are reached, how they are chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from temanashi.errors import InputError, Location
from temanashi.text.local import phrase

__all__ = [
    "EXEC_RULES",
    "LOCALHOST",
    "ExecPolicy",
    "ExecRule",
    "Host",
    "HostError",
    "HostName",
    "Inventory",
    "NothingSelected",
    "UnknownGroup",
    "UnknownHost",
]

LOCALHOST = "localhost"
"""The machine that runs the command; every inventory has it."""

ExecRule = Literal["allow", "approve", "deny"]
EXEC_RULES: tuple[ExecRule, ...] = get_args(ExecRule)
"""What `tema exec` may do on a host, the strictest last."""

HostName = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*$", max_length=253)]
"""Letters, digits, `_`, `.` and `-`, so that a name is never an option, a glob or an expression."""


class HostError(InputError):
    """An expression that chooses hosts is wrong."""


class UnknownHost(HostError):
    """A name that no inventory file defines."""

    key = "hosts.unknown-host"

    def __init__(self, name: str, *, at: Location, known: Collection[str]) -> None:
        super().__init__(at=at, name=name, close=get_close_matches(name, known, n=1) or list(known)[:5])


class UnknownGroup(HostError):
    """A `group:`, `tag:` or `system:` that no host belongs to."""

    key = "hosts.unknown-group"

    def __init__(self, term: str, *, at: Location, known: Collection[str]) -> None:
        super().__init__(at=at, term=term, close=get_close_matches(term, known, n=1) or list(known)[:5])


class NothingSelected(HostError):
    """An expression that leaves no host; a run over nothing would look like success."""

    key = "hosts.nothing-selected"

    def __init__(self, expression: str, *, at: Location) -> None:
        super().__init__(at=at, expression=expression)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Host(_Frozen):
    """One machine. `shell: none` has no POSIX shell and is checked from outside only."""

    name: HostName
    address: str = Field(
        default="", pattern=r"^([^\s-]\S*)?$", description="Name or IP address to connect to; the host's name by default"
    )
    user: str | None = Field(default=None, pattern=r"^[^\s-]\S*$", description="Account to sign in with")
    port: int = Field(default=22, ge=1, le=65535, description="SSH port")
    jump: tuple[HostName, ...] = Field(default=(), description="Hosts to go through, in order")
    tags: tuple[str, ...] = Field(default=(), description="Words to choose hosts by: `tag:web`")
    variables: dict[str, JsonValue] = Field(default_factory=dict, description="Values for templates")
    system: str = Field(default="", description="The system that the host belongs to: `system:order`")
    shell: Literal["posix", "none"] = Field(default="posix", description="`none`: no POSIX shell; checked from outside only")
    transport: Literal["local", "ssh"] = Field(default="ssh", description="`local`: the machine that runs the command")
    exec: ExecRule | None = Field(default=None, description="Whether `tema exec` may run commands on it; allow by default")

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, value: Any) -> Any:
        if isinstance(value, dict):
            defaults = {"address": value.get("name", "")}
            if value.get("name") == LOCALHOST:
                defaults |= {"address": "127.0.0.1", "transport": "local"}
            return {**defaults, **value}
        return value


class ExecPolicy(_Frozen):
    """Where `tema exec` may run commands. Of all rules that apply to a host, its own included, the strictest counts."""

    rules: dict[str, ExecRule] = Field(default_factory=dict, description='Selector: rule, e.g. `"tag:prod": approve`')
    approve_by: tuple[str, ...] = Field(
        default=("role:approver",), min_length=1, description="Who approves a command: people, `group:NAME`, `role:NAME`"
    )

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("approve_by"), str):
            return {**value, "approve_by": (value["approve_by"],)}
        return value


class Inventory(_Frozen):
    """All hosts and groups. `file` is where they are written, for messages; `localhost` is always among them."""

    hosts: dict[HostName, Host] = Field(default_factory=dict, description="Hosts by name")
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="Groups by name: hosts, globs, other `group:`s")
    exec: ExecPolicy = Field(default=ExecPolicy(), description="Where `tema exec` may run commands")
    file: str = Field(default="runbooks/site/hosts.yaml", exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("hosts") or {}, dict):
            return value
        hosts = {name: {} if fields is None else fields for name, fields in (value.get("hosts") or {}).items()}
        named = {name: {"name": name, **fields} if isinstance(fields, dict) else fields for name, fields in hosts.items()}
        return {**value, "hosts": {LOCALHOST: {"name": LOCALHOST}, **named}, "groups": value.get("groups") or {}}

    @model_validator(mode="after")
    def _one_name(self) -> Inventory:
        for name, host in self.hosts.items():
            if host.name != name:
                raise ValueError(f"host {name!r} calls itself {host.name!r}; leave `name` out, the key is the name")
        return self

    @model_validator(mode="after")
    def _known_rules(self) -> Inventory:
        for selector in self.exec.rules:
            try:
                self.select(selector)
            except HostError as error:  # a rule that protects nothing would be taken for one that does
                raise ValueError(phrase("hosts.exec-rule", selector=selector)) from error
        return self

    def exec_rule(self, host: Host) -> ExecRule:
        """The strictest rule for commands that somebody types, of the host's own and of every selector that chooses it."""
        own = (host.exec,) if host.exec is not None else ()
        found = (*own, *(rule for selector, rule in self.exec.rules.items() if host in self.select(selector)))
        return max(found, key=EXEC_RULES.index, default="allow")

    def with_local(self, variables: Mapping[str, JsonValue]) -> Inventory:
        """The same, with values that templates know of `localhost` besides its own, which win."""
        here = self.hosts[LOCALHOST]
        local = here.model_copy(update={"variables": {**variables, **here.variables}})
        return self.model_copy(update={"hosts": {**self.hosts, LOCALHOST: local}})

    def select(self, expression: str, *, at: Location | None = None) -> tuple[Host, ...]:
        """The hosts of an expression, in the order of the inventory; raises UnknownHost, UnknownGroup and NothingSelected.

        Terms joined by commas: a name, a glob (`web*`), `all`, `group:NAME`, `tag:WORD`, `system:NAME`; `!TERM` takes away.
        """
        place = at or Location(self.file)
        names = self._names(expression, place, ())
        if not names:
            raise NothingSelected(expression, at=place)
        return tuple(host for name, host in self.hosts.items() if name in names)

    def _names(self, expression: str, at: Location, inside: tuple[str, ...]) -> set[str]:
        terms = [term.strip() for term in expression.split(",") if term.strip()]
        wanted: set[str] = set()
        if terms and all(term.startswith("!") for term in terms):
            wanted = set(self.hosts)
        for term in terms:
            if not term.startswith("!"):
                wanted |= self._matching(term, at, inside)
        for term in terms:
            if term.startswith("!"):
                wanted -= self._matching(term[1:].strip(), at, inside)
        return wanted

    def _matching(self, term: str, at: Location, inside: tuple[str, ...]) -> set[str]:
        sort, colon, name = term.partition(":")
        if colon:
            return self._grouped(sort, name, at, inside)
        if term == "all":
            return set(self.hosts)
        if any(sign in term for sign in "*?["):
            return {host for host in self.hosts if fnmatchcase(host, term)}
        if term not in self.hosts:
            raise UnknownHost(term, at=at, known=tuple(self.hosts))
        return {term}

    def _grouped(self, sort: str, name: str, at: Location, inside: tuple[str, ...]) -> set[str]:
        term = f"{sort}:{name}"
        if sort == "group" and name in self.groups:
            if name in inside:  # a group within itself adds nothing
                return set()
            return self._names(",".join(self.groups[name]), Location(self.file, field=f"groups.{name}"), (*inside, name))
        found = {host.name for host in self.hosts.values() if term in _labels(host)}
        if not found:
            known = {
                *(f"group:{group}" for group in self.groups),
                *(label for host in self.hosts.values() for label in _labels(host)),
            }
            raise UnknownGroup(term, at=at, known=sorted(known))
        return found


def _labels(host: Host) -> Iterator[str]:
    yield from (f"tag:{tag}" for tag in host.tags)
    if host.system:
        yield f"system:{host.system}"
