"""`script`: run a script of several lines on each target. The text is constant; values come as arguments and environment."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveFloat,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from temanashi.changes import Change, Irreversible, Outcome, State, Step
from temanashi.checks.fields import Pattern
from temanashi.hosts.inventory import Host
from temanashi.problems import problems_of
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.calling import Call, applied, command_of, observed
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.steps.values import given_secrets
from temanashi.runbooks.steps.wording import titled, undo_summary
from temanashi.runbooks.templates import ROOTS, Templated
from temanashi.text.local import phrase

__all__ = ["KIND", "ScriptSpec", "ScriptStep"]

# `{{.Names}}` of another program's formats is fine; our own names show that somebody expects them to be filled in.
OURS = re.compile(r"\{[{%][^{}]*?\b(?:" + "|".join((*ROOTS, "item")) + r")\b\s*(?=[.\[}|%])[^{}]*\}?\}?")
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=200)]


def _constant(text: str) -> str:
    found = OURS.search(text)
    if found:
        raise ValueError(phrase("steps.script-is-no-template", found=found[0]))
    return text


def _words(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Text = Annotated[str, StringConstraints(min_length=1, max_length=200_000), AfterValidator(_constant)]
Argv = Annotated[tuple[str, ...], Field(min_length=1)]


class ScriptSpec(BaseModel):
    """`script: {run: "...", args: ["{{ params.unit }}"], env: {DAYS: "{{ params.days }}"}}`, or just the text.

    The interpreter is the one of the first line (`#!/bin/bash`), else `sh`. `observe` and `undo` are scripts with the same
    interpreter, arguments and environment, or argument lists; they mean what they mean for `command`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: Text = Field(description="The script; a constant text, values are only ever $1, $2 and variables")
    interpreter: Annotated[Argv, BeforeValidator(_words, json_schema_input_type=str | Argv)] | None = Field(
        default=None, description="Program that reads a script from a file: `bash`, `[bash, -eu]`, `python3`, `perl`"
    )
    args: tuple[str, ...] = Field(default=(), description="$1, $2 and so on; each one template")
    env: dict[Variable, str] = Field(default_factory=dict, description="Environment variables; each value one template")
    exit_codes: tuple[int, ...] = Field(default=(0,), min_length=1, description="Exit codes that mean success")
    stdout: Pattern | None = Field(default=None, description="Regular expression that the output must contain")
    timeout: PositiveFloat = Field(default=300, le=86_400, description="Seconds")
    reads: bool = Field(default=False, description="The script only reads; nothing on the target changes")
    observe: Text | Argv | None = Field(default=None, description="Only reads; exit 0 = the wished state is there")
    undo: Text | Argv | None = Field(default=None, description="Takes it back")
    undone: Text | Argv | None = Field(default=None, description="Only reads; exit 0 = it is taken back")
    secrets: dict[Variable, str] = Field(
        default_factory=dict, description="Environment variable: name of a secret parameter, or a reference"
    )

    @property
    def program(self) -> list[str]:
        """The interpreter and its options."""
        if self.interpreter is not None:
            return list(self.interpreter)
        first = self.run.partition("\n")[0]
        return shlex.split(first[2:]) or ["sh"] if first.startswith("#!") else ["sh"]


@dataclass(frozen=True)
class ScriptStep:
    """Runs a script on each host of the step."""

    item: StepItem
    effects: Effects

    def plan(self, ctx: PlanContext) -> list[Change]:
        """One change a host, with the script and its rendered values."""
        return [self._change(ctx, host) for host in ctx.hosts]

    def _change(self, ctx: PlanContext, host: Host) -> Change:
        spec: ScriptSpec = self.item.spec
        args = [ctx.render(value, host) for value in spec.args]
        env = {name: ctx.render(value, host) for name, value in spec.env.items()}

        def call(written: str | tuple[str, ...] | None) -> Call | None:
            if isinstance(written, str):
                return {"script": written, "with": spec.program, "args": args}
            return None if written is None else [ctx.render(part, host) for part in written]

        run = call(spec.run)
        calls = {"run": run, "observe": call(spec.observe), "undo": call(spec.undo), "undone": call(spec.undone)}
        for each in calls.values():
            if each is not None:
                command_of(each, env)  # refuses what no command can carry, before anything is touched
        shown = shlex.join([*spec.program, f"({len(spec.run.splitlines())})", *args])
        key = "steps.script-reads" if spec.reads else "steps.script-summary"
        plain = phrase(key, host=host.name, program=spec.program[0], lines=len(spec.run.splitlines()))
        return Change(
            step=self.item.id,
            target=host.name,
            kind="script",
            summary=titled(self.item, shown, host=host.name, reads=spec.reads, otherwise=plain),
            payload={
                **calls,
                "env": env,
                "secrets": given_secrets(spec.secrets, ctx),
                "exit_codes": list(spec.exit_codes),
                "stdout": spec.stdout,
                "timeout": self.item.timeout or spec.timeout,
            },
            reads_only=spec.reads,
            reversible=spec.undo is not None,
        )

    def apply(self, change: Change, key: str) -> Outcome:
        """Run it, unless `observe` sees that the wished state is there already."""
        return applied(self.effects, change, key)

    def observe(self, change: Change) -> State:
        """What `observe` says: 0 is yes, any other exit code no, no answer or no `observe` unknown."""
        return observed(self.effects, change)

    def undo(self, change: Change, before: dict[str, Any] | None) -> Change | Irreversible:
        """The `undo` script as a change, or that there is none."""
        call = change.payload["undo"]
        if not call:
            return Irreversible(reason=phrase("steps.script-irreversible"))
        payload = {
            **change.payload,
            "run": call,
            "observe": change.payload["undone"],
            "undo": None,
            "stdout": None,
            "exit_codes": [0],
        }
        shown = shlex.join(call if isinstance(call, list) else call["with"])
        summary = undo_summary(self.item, shown, host=change.target)
        return change.model_copy(update={"summary": summary, "payload": payload, "reversible": False})


class _Script:
    name = "script"

    def parse(self, value: Any) -> Parsed:
        try:
            return Parsed(ScriptSpec.model_validate({"run": value} if isinstance(value, str) else value))
        except ValidationError as error:
            return Parsed(None, tuple(problems_of(error, model=ScriptSpec)))

    def schema(self) -> dict[str, Any]:
        return TypeAdapter(ScriptSpec | Text).json_schema()

    def templates(self, spec: ScriptSpec) -> Iterable[Templated]:
        lists = (
            ("args", spec.args),
            *((n, w) for n, w in (("observe", spec.observe), ("undo", spec.undo)) if isinstance(w, tuple)),
        )
        found = [Templated((name, index), part) for name, argv in lists for index, part in enumerate(argv)]
        return [*found, *(Templated(("env", name), text) for name, text in spec.env.items())]

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        return ScriptStep(item, effects)


KIND = _Script()
