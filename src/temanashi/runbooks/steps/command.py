"""`command`: run one command on each target, as an argument list; values are data and never reach a shell unquoted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, TypeAdapter, ValidationError

from temanashi.changes import Change, Irreversible, Outcome, State, Step
from temanashi.checks.fields import Pattern
from temanashi.hosts.command import Command
from temanashi.hosts.inventory import Host
from temanashi.problems import problems_of
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.calling import applied, observed
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.steps.values import given_secrets
from temanashi.runbooks.steps.wording import command_summary, undo_summary
from temanashi.runbooks.templates import Templated
from temanashi.text.local import phrase

__all__ = ["KIND", "CommandSpec", "CommandStep"]

Argv = tuple[str, ...]


class CommandSpec(BaseModel):
    """`command: {run: [systemctl, restart, "{{ params.unit }}"], ...}`, or just the list.

    `observe` is a read-only command that exits 0 when the wished state is there. It makes the step idempotent (nothing is run when
    it is there already) and tells after a crash whether it happened; without it an interrupted command is UNKNOWN, never repeated.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: Argv = Field(min_length=1, description="Program and arguments, each one template")
    exit_codes: tuple[int, ...] = Field(default=(0,), min_length=1, description="Exit codes that mean success")
    stdout: Pattern | None = Field(default=None, description="Regular expression that the output must contain")
    timeout: PositiveFloat = Field(default=60, le=86_400, description="Seconds")
    reads: bool = Field(default=False, description="The command only reads; nothing on the target changes")
    observe: Argv | None = Field(default=None, min_length=1, description="Read-only command: exit 0 = the wished state is there")
    undo: Argv | None = Field(default=None, min_length=1, description="Command that takes it back")
    undone: Argv | None = Field(
        default=None, min_length=1, description="Read-only command: exit 0 = it is taken back; tells after a crash during an undo"
    )
    secrets: dict[str, str] = Field(
        default_factory=dict, description="Environment variable: name of a secret parameter, or a reference"
    )


@dataclass(frozen=True)
class CommandStep:
    """Runs a command on each host of the step."""

    item: StepItem
    effects: Effects

    @property
    def spec(self) -> CommandSpec:
        """What the YAML says."""
        spec: CommandSpec = self.item.spec
        return spec

    def plan(self, ctx: PlanContext) -> list[Change]:
        """One change a host, with the rendered argument lists."""
        return [self._change(ctx, host) for host in ctx.hosts]

    def _change(self, ctx: PlanContext, host: Host) -> Change:
        def rendered(argv: Argv | None) -> list[str] | None:
            return None if argv is None else [ctx.render(part, host) for part in argv]

        run = rendered(self.spec.run) or []
        return Change(
            step=self.item.id,
            target=host.name,
            kind="command",
            summary=command_summary(self.item, run, host=host.name, reads=self.spec.reads),
            payload={
                "run": run,
                "observe": rendered(self.spec.observe),
                "undo": rendered(self.spec.undo),
                "undone": rendered(self.spec.undone),
                "secrets": given_secrets(self.spec.secrets, ctx),
                "exit_codes": list(self.spec.exit_codes),
                "stdout": self.spec.stdout,
                "timeout": self.item.timeout or self.spec.timeout,
            },
            reads_only=self.spec.reads,
            reversible=self.spec.undo is not None,
        )

    def apply(self, change: Change, key: str) -> Outcome:
        """Run it, unless `observe` sees that the wished state is there already. A timeout is UNKNOWN: what it did is not known."""
        return applied(self.effects, change, key)

    def observe(self, change: Change) -> State:
        """What `observe` says: 0 is yes, any other exit code no, no answer or no `observe` unknown."""
        return observed(self.effects, change)

    def undo(self, change: Change, before: dict[str, Any] | None) -> Change | Irreversible:
        """The `undo` command as a change, or that there is none."""
        argv = change.payload["undo"]
        if not argv:
            return Irreversible(reason=phrase("runbooks.command-irreversible"))
        observe = change.payload.get("undone")
        payload = {**change.payload, "run": argv, "observe": observe, "undo": None, "stdout": None, "exit_codes": [0]}
        summary = undo_summary(self.item, Command(*argv).shell(), host=change.target)
        return change.model_copy(update={"summary": summary, "payload": payload, "reversible": False})


class _Command:
    name = "command"

    def parse(self, value: Any) -> Parsed:
        try:
            return Parsed(CommandSpec.model_validate({"run": value} if isinstance(value, list) else value))
        except ValidationError as error:
            return Parsed(None, tuple(problems_of(error, model=CommandSpec)))

    def schema(self) -> dict[str, Any]:
        return TypeAdapter(CommandSpec | Argv).json_schema()

    def templates(self, spec: CommandSpec) -> Iterable[Templated]:
        lists = (("run", spec.run), ("observe", spec.observe or ()), ("undo", spec.undo or ()), ("undone", spec.undone or ()))
        return [Templated((name, index), part) for name, argv in lists for index, part in enumerate(argv)]

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        return CommandStep(item, effects)


KIND = _Command()
