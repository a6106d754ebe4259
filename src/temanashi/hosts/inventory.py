"""The hosts of a workspace (`runbooks/site/hosts.yaml`, `hosts.d/`): what they are called, how they are reached and chosen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, JsonValue, ValidationError, ValidationInfo, model_validator

from temanashi.errors import Location
from temanashi.hosts.host import EXEC_RULES, LOCALHOST, ClosedModel, Defaults, ExecPolicy, ExecRule, Host, HostName, Word, labels
from temanashi.hosts.selecting import HostError, NothingSelected, Selector, UnknownGroup, UnknownHost
from temanashi.text.local import LocalText

__all__ = [
    "EXEC_RULES",
    "LOCALHOST",
    "Defaults",
    "ExecPolicy",
    "ExecRule",
    "Host",
    "HostError",
    "HostName",
    "HostSource",
    "HostsFile",
    "Inventory",
    "JumpCycle",
    "NothingSelected",
    "UnknownGroup",
    "UnknownHost",
]


class JumpCycle(HostError):
    """A way to a host that comes back to where it was; nobody could ever arrive."""

    key = "hosts.jump-cycle"

    def __init__(self, chain: Iterable[str], *, at: Location) -> None:
        super().__init__(at=at, chain=" → ".join(chain))

    @property
    def chain(self) -> list[str]:
        """The names in order, the one that comes twice included."""
        return str(self.data["chain"]).split(" → ")


class HostsFile(ClosedModel):
    """What one file of `runbooks/site/hosts.d/` says."""

    defaults: Defaults = Field(default=Defaults(), description="What holds for every host that does not say otherwise")
    hosts: dict[HostName, Host] = Field(default_factory=dict, description="Hosts by name")
    groups: dict[Word, tuple[str, ...]] = Field(default_factory=dict, description="Groups by name: hosts, globs, other `group:`s")
    lost: LocalText | None = Field(default=None, description="Why nothing is known of its hosts now: the list cannot be read")

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("hosts") or {}, dict):
            return value
        defaults = _defaults(value.get("defaults"), info.context)
        hosts = {name: {} if fields is None else fields for name, fields in (value.get("hosts") or {}).items()}
        named = {
            name: {"name": name, **defaults.under(name, fields)} if isinstance(fields, dict) else fields
            for name, fields in hosts.items()
        }
        if value.get("lost") is not None:
            named = {
                name: {**fields, "lost": value["lost"]} if isinstance(fields, dict) else fields for name, fields in named.items()
            }
        blank: dict[str, Any] = {key: {} for key in ("groups", "defaults") if value.get(key, ()) is None}
        return {**value, **blank, "hosts": named}

    @model_validator(mode="after")
    def _one_name(self) -> HostsFile:
        for name, host in self.hosts.items():
            if host.name != name:
                raise ValueError(f"host {name!r} calls itself {host.name!r}; leave `name` out, the key is the name")
        return self


def _defaults(value: Any, context: Any) -> Defaults:
    """The defaults of a file over those of the site; where they are wrong none, for the model tells it once and not a host."""
    site = context if isinstance(context, Defaults) else Defaults()
    if not isinstance(value, dict):
        return site
    try:
        return Defaults.model_validate(value).over(site)
    except ValidationError:
        return site


class HostSource(ClosedModel):
    """A list that somebody else keeps and that is read again at each publication."""

    file: str = Field(min_length=1, description="Path, also from runbooks/site/: Excel, CSV, JSON of Ansible, export of Zabbix")
    format: Literal["xlsx", "csv", "ansible", "zabbix"] | None = Field(
        default=None, description="The form of the file; by default its content tells"
    )


class Inventory(HostsFile):
    """All hosts and groups. `file` is where they are written, for messages; `localhost` is always among them."""

    exec: ExecPolicy = Field(default=ExecPolicy(), description="Where `tema exec` may run commands")
    sources: tuple[HostSource, ...] = Field(default=(), description="Lists from elsewhere, read again at each publication")
    file: str = Field(default="runbooks/site/hosts.yaml", exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _with_localhost(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("hosts") or {}, dict):
            return {**value, "hosts": {LOCALHOST: None, **(value.get("hosts") or {})}}
        return value

    def joined(self, parts: Iterable[HostsFile]) -> Inventory:
        """The same with the hosts and groups of other files; of two with one name the later one stays."""
        hosts, groups = dict(self.hosts), dict(self.groups)
        for part in parts:
            hosts |= part.hosts
            groups |= part.groups
        kept = {"defaults": self.defaults, "exec": self.exec, "sources": self.sources, "file": self.file}
        return type(self).model_validate({**kept, "hosts": hosts, "groups": groups})

    def exec_rule(self, host: Host) -> ExecRule:
        """The strictest rule for commands that somebody types, of the host's own and of every selector that chooses it."""
        own = (host.exec,) if host.exec is not None else ()
        found = (*own, *(rule for names, rule in self._exec_rules if host.name in names))
        return max(found, key=EXEC_RULES.index, default="allow")

    def with_local(self, variables: Mapping[str, JsonValue]) -> Inventory:
        """The same, with values that templates know of `localhost` besides its own, which win."""
        here = self.hosts[LOCALHOST]
        local = here.model_copy(update={"variables": {**variables, **here.variables}})
        return self.model_copy(update={"hosts": {**self.hosts, LOCALHOST: local}})

    def select(self, expression: str, *, at: Location | None = None) -> tuple[Host, ...]:
        """The hosts of an expression, in the order of the inventory; raises UnknownHost, UnknownGroup and NothingSelected.

        Terms joined by commas: a name, a glob (`web*`), `all`, `group:NAME`, `tag:WORD`, `system:NAME`, `site:NAME`, each of
        them also as a glob (`tag:rack*`); `&TERM` keeps only hosts that are also there; `!TERM` takes away.
        """
        place = at or Location(self.file)
        names = self.selector.chosen(expression, at=place)
        if not names:
            raise NothingSelected(expression, at=place)
        return tuple(self._led(host) for name, host in self.hosts.items() if name in names)

    def _led(self, host: Host) -> Host:
        """The host, knowing the hosts to go through; where the way is wrong, that is told at load and again when it is reached."""
        if host.jump and not host.hops:
            with suppress(HostError):
                host.lead_through(self.route(host))
        return host

    def route(self, host: Host, *, at: Location | None = None) -> tuple[Host, ...]:
        """The hosts to go through to one, the first to enter first; raises UnknownHost and JumpCycle.

        A jump host that is itself behind others is reached through them: only the first of a `jump` list has a way of its own.
        """
        place = at or Location(self.file, field=f"hosts.{host.name}.jump")
        hops: list[str] = []
        current = host
        while current.jump:
            for name in current.jump:
                if name not in self.hosts:
                    raise UnknownHost(name, at=place, known=self.hosts)
            hops = [*current.jump, *hops]
            if len(hops) != len({*hops, host.name} - {host.name}):
                raise JumpCycle([*hops, host.name], at=place)
            current = self.hosts[current.jump[0]]
        return tuple(self.hosts[name] for name in hops)

    # Made once an inventory; only names are kept, which copies of it (`with_local`) share.
    @cached_property
    def selector(self) -> Selector:
        """What expressions are read with."""
        found: dict[str, set[str]] = defaultdict(set)
        for host in self.hosts.values():
            for label in labels(host):
                found[label].add(host.name)
        return Selector(self.hosts, labels=dict(found), groups=self.groups, file=self.file)

    @cached_property
    def _exec_rules(self) -> tuple[tuple[set[str], ExecRule], ...]:
        place = Location(self.file, field="exec.rules")
        return tuple((self.selector.chosen(selector, at=place), rule) for selector, rule in self.exec.rules.items())
