"""`command`: run one command on each target, as an argument list; values are data and never reach a shell unquoted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, TypeAdapter, ValidationError

from temanashi.changes import Change, Evidence, Irreversible, Outcome, State, Step, evidence_of
from temanashi.checks.fields import Pattern
from temanashi.errors import TargetError
from temanashi.hosts.command import Command
from temanashi.hosts.inventory import Host
from temanashi.hosts.transport import Result
from temanashi.problems import problems_of
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.templates import Templated
from temanashi.secrets import SecretMissing
from temanashi.text.local import Phrase, phrase

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
        given = {name: ctx.inputs.get(ref, ref) for name, ref in self.spec.secrets.items()}
        secrets = {name: ref for name, ref in given.items() if ref is not None}  # an optional one may be left out
        return Change(
            step=self.item.id,
            target=host.name,
            kind="command",
            summary=phrase("runbooks.command-summary", host=host.name, command=Command(*run).shell()),
            payload={
                "run": run,
                "observe": rendered(self.spec.observe),
                "undo": rendered(self.spec.undo),
                "secrets": secrets,
                "exit_codes": list(self.spec.exit_codes),
                "stdout": self.spec.stdout,
                "timeout": self.spec.timeout,
            },
            reads_only=self.spec.reads,
            reversible=self.spec.undo is not None,
        )

    def apply(self, change: Change, key: str) -> Outcome:
        """Run it, unless `observe` sees that the wished state is there already. A timeout is UNKNOWN: what it did is not known."""
        started = self.effects.clock.now()
        if change.payload["observe"] and self.observe(change).happened == "yes":
            return Outcome(status="already", started_at=started, ended_at=self.effects.clock.now())
        try:
            secrets = {name: self.effects.secret(ref) for name, ref in change.payload["secrets"].items()}
            result = self._run(change, change.payload["run"], env={**secrets, "TEMA_KEY": key})
        except SecretMissing as error:
            return Outcome(
                status="failed",
                reason=phrase("secrets.missing", **error.data),
                started_at=started,
                ended_at=self.effects.clock.now(),
            )
        except TargetError as error:
            reason = Phrase(key=error.key, data=self.effects.redactor.value(error.data))
            return Outcome(status="unknown", reason=reason, started_at=started, ended_at=self.effects.clock.now())
        return self._judged(change, result).model_copy(update={"started_at": started, "ended_at": self.effects.clock.now()})

    def _judged(self, change: Change, result: Result) -> Outcome:
        output = self.effects.redactor.text(result.text)
        detail = {"exit": result.exit, "signal": result.signal, "seconds": round(result.seconds, 3), "lines": output.count("\n")}
        evidence = self._evidence(result)
        if result.exit not in change.payload["exit_codes"]:
            last = self.effects.redactor.text(result.stderr.decode("utf-8", "replace")).strip().splitlines()[-1:]
            reason = phrase(
                "runbooks.command-failed",
                exit=str(result.exit if result.signal is None else f"signal {result.signal}"),
                message="".join(last)[:300],
            )
            return Outcome(status="failed", reason=reason, details=(detail,), evidence=evidence)
        wanted = change.payload["stdout"]
        if wanted is not None and not re.search(wanted, output):
            return Outcome(
                status="failed", reason=phrase("runbooks.command-output", pattern=wanted), details=(detail,), evidence=evidence
            )
        status = "already" if change.reads_only else "changed"
        outputs = {"stdout": output.strip()[:10_000], "exit": result.exit}
        return Outcome(status=status, details=(detail,), outputs=outputs, evidence=evidence)

    def _evidence(self, result: Result) -> tuple[Evidence, ...]:
        streams = (("stdout", result.stdout), ("stderr", result.stderr))
        return tuple(
            evidence_of(name, self.effects.redactor.text(data.decode("utf-8", "replace"))) for name, data in streams if data
        )

    def _run(self, change: Change, argv: list[str], *, env: dict[str, str] | None = None) -> Result:
        transport = self.effects.connect(self.effects.host(change.target))
        return transport.run(Command(*argv, env=env or {}), timeout=float(change.payload["timeout"]))

    def observe(self, change: Change) -> State:
        """What `observe` says: 0 is yes, any other exit code no, no answer or no `observe` unknown."""
        argv = change.payload["observe"]
        if not argv:
            return State(happened="unknown")
        try:
            result = self._run(change, argv)
        except TargetError:
            return State(happened="unknown")
        if result.exit is None or result.exit in {126, 127}:
            return State(happened="unknown", evidence=self._evidence(result))
        return State(happened="yes" if result.exit == 0 else "no", facts={"exit": result.exit}, evidence=self._evidence(result))

    def undo(self, change: Change, before: dict[str, Any] | None) -> Change | Irreversible:
        """The `undo` command as a change, or that there is none."""
        argv = change.payload["undo"]
        if not argv:
            return Irreversible(reason=phrase("runbooks.command-irreversible"))
        summary = phrase("runbooks.command-summary", host=change.target, command=Command(*argv).shell())
        payload = {**change.payload, "run": argv, "observe": None, "undo": None, "stdout": None}
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
        lists = (("run", spec.run), ("observe", spec.observe or ()), ("undo", spec.undo or ()))
        return [Templated((name, index), part) for name, argv in lists for index, part in enumerate(argv)]

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        return CommandStep(item, effects)


KIND = _Command()
