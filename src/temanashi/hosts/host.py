"""One host as a file describes it, and what a file says of all its hosts at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PrivateAttr, StringConstraints, model_validator

from temanashi.secrets import SecretRef
from temanashi.text.local import LocalText

__all__ = ["EXEC_RULES", "LOCALHOST", "ClosedModel", "Defaults", "ExecPolicy", "ExecRule", "Host", "HostName", "Word", "labels"]

LOCALHOST = "localhost"
"""The machine that runs the command; every inventory has it."""

ExecRule = Literal["allow", "approve", "deny"]
EXEC_RULES: tuple[ExecRule, ...] = get_args(ExecRule)
"""What `tema exec` may do on a host, the strictest last."""

HostName = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*$", max_length=253)]
"""Letters, digits, `_`, `.` and `-`, so that a name is never an option, a glob or an expression."""

_WORD = r"[^\s,!&*?\[\]\x00-\x1f](?:[^,*?\[\]\x00-\x1f]*[^\s,*?\[\]\x00-\x1f])?"
Word = Annotated[str, StringConstraints(pattern=rf"^{_WORD}$")]
"""A word to choose hosts by. Commas, globs and a leading `!` or `&` would be read as part of the expression."""

NoWord = Annotated[str, StringConstraints(pattern=rf"^({_WORD})?$")]
BECOME = r"^[A-Za-z0-9_][A-Za-z0-9_.@-]*\$?$"
FILLED = ("user", "port", "password", "become", "become_password", "system", "site")
"""What a host takes from the defaults as it is."""
Address = Annotated[str, StringConstraints(pattern=r"^([^\s-]\S*)?$")]
Account = Annotated[str, StringConstraints(pattern=r"^[^\s-]\S*$")]


class ClosedModel(BaseModel):
    """What a file says: nothing else, and never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Host(ClosedModel):
    """One machine. `shell: none` has no POSIX shell and is checked from outside only."""

    name: HostName
    address: Address = Field(default="", description="Name or IP address to connect to; the host's name by default")
    user: Account | None = Field(default=None, description="Account to sign in with")
    port: int = Field(default=22, ge=1, le=65535, description="SSH port")
    jump: tuple[HostName, ...] = Field(default=(), description="Hosts to go through, in order")
    parents: tuple[HostName, ...] = Field(
        default=(), description="Hosts without which nothing is known of this one, e.g. its router; jump hosts are so by themselves"
    )
    tags: tuple[Word, ...] = Field(default=(), description="Words to choose hosts by: `tag:web`")
    variables: dict[str, JsonValue] = Field(default_factory=dict, description="Values for templates")
    system: NoWord = Field(default="", description="The system that the host belongs to: `system:order`")
    site: NoWord = Field(default="", description="Where the host stands: `site:tokyo`")
    note: str = Field(default="", description="Free words for people")
    shell: Literal["posix", "none"] = Field(default="posix", description="`none`: no POSIX shell; checked from outside only")
    transport: Literal["local", "ssh"] = Field(default="ssh", description="`local`: the machine that runs the command")
    exec: ExecRule | None = Field(default=None, description="Whether `tema exec` may run commands on it; allow by default")
    password: SecretRef | None = Field(default=None, description="Reference to the password to sign in with, where keys do not do")
    become: str | None = Field(default=None, pattern=BECOME, description="Account that commands run as, by sudo")
    become_password: SecretRef | None = Field(default=None, description="Reference to the password that sudo asks for")
    lost: LocalText | None = Field(default=None, description="Why nothing is known of it now; its list cannot be read")
    _hops: tuple[Host, ...] = PrivateAttr(default=())

    @property
    def hops(self) -> tuple[Host, ...]:
        """The hosts to go through, the first to enter first: an inventory fills them in from `jump` when it gives the host away."""
        return self._hops

    def lead_through(self, hops: tuple[Host, ...]) -> None:
        """Note the hosts to go through."""
        self._hops = hops

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, value: Any) -> Any:
        if isinstance(value, dict):
            defaults = {"address": value.get("name", "")}
            if value.get("name") == LOCALHOST:
                defaults |= {"address": "127.0.0.1", "transport": "local"}
            return {**defaults, **value}
        return value


class Defaults(ClosedModel):
    """What holds for every host of a file that does not say otherwise. Tags are added; variables are joined, the host's win."""

    user: Account | None = Field(default=None, description="Account to sign in with")
    port: int | None = Field(default=None, ge=1, le=65535, description="SSH port")
    password: SecretRef | None = Field(default=None, description="Reference to the password to sign in with, where keys do not do")
    become: str | None = Field(default=None, pattern=BECOME, description="Account that commands run as, by sudo")
    become_password: SecretRef | None = Field(default=None, description="Reference to the password that sudo asks for")
    jump: tuple[HostName, ...] = Field(default=(), description="Hosts to go through; these themselves are reached directly")
    tags: tuple[Word, ...] = Field(default=(), description="Words that every host has")
    variables: dict[str, JsonValue] = Field(default_factory=dict, description="Values for templates")
    system: NoWord = Field(default="", description="The system of hosts that name none")
    site: NoWord = Field(default="", description="Where hosts stand that do not say")

    def under(self, name: str, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields of a host, filled in. `localhost` and hosts without SSH keep what they say: nobody signs in there."""
        if name == LOCALHOST or fields.get("transport") == "local":
            return fields
        given: dict[str, Any] = {key: value for key in FILLED if (value := getattr(self, key))}
        if self.jump and name not in self.jump:
            given["jump"] = list(self.jump)
        filled = given | fields
        if self.tags and isinstance(fields.get("tags", []), (list, tuple)):
            filled["tags"] = list(dict.fromkeys([*fields.get("tags", ()), *self.tags]))
        if self.variables and isinstance(fields.get("variables", {}), dict):
            filled["variables"] = self.variables | fields.get("variables", {})
        return filled

    def over(self, other: Defaults) -> Defaults:
        """These, and where they say nothing those of `other`."""
        given = {key: getattr(self, key) for key in type(self).model_fields if getattr(self, key)}
        joined = {"tags": tuple(dict.fromkeys([*other.tags, *self.tags])), "variables": other.variables | self.variables}
        return other.model_copy(update={**given, **joined})


class ExecPolicy(ClosedModel):
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


def labels(host: Host) -> Iterator[str]:
    """What chooses a host besides its name: `tag:web`, `system:order`, `site:tokyo`."""
    yield from (f"tag:{tag}" for tag in host.tags)
    if host.system:
        yield f"system:{host.system}"
    if host.site:
        yield f"site:{host.site}"
