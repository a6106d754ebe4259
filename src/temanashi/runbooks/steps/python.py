"""`python`: call a function of an installed package, in a process of its own on this machine; what it gives are outputs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PositiveFloat, ValidationError

from temanashi.changes import NO_TARGET, Change, Evidence, Irreversible, Outcome, State, Step, evidence_of
from temanashi.errors import TargetError
from temanashi.hosts.command import Command
from temanashi.hosts.inventory import Host
from temanashi.hosts.local import LocalTransport
from temanashi.problems import Problem, problems_of, suggestion
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.calling import refusal
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.steps.functions import FunctionNotLoaded, find_function, function_names
from temanashi.runbooks.steps.values import BadValue, filled, given_secrets, is_later, is_template, places, strings, typed
from temanashi.runbooks.steps.wording import shown, titled, undo_summary
from temanashi.runbooks.templates import Templated
from temanashi.secrets import SecretMissing
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "PythonSpec", "PythonStep"]

MODULE = "temanashi.runbooks.steps.function_process"
_SECRET = "secret"  # noqa: S105  (a stand-in, while the arguments are looked at without the secrets)


class PythonSpec(BaseModel):
    """`python: {function: rotate_keys, arguments: {days: "{{ params.days }}"}}`, or just the name.

    `observe` names a function with the same arguments that gives true when the wished state is there, false when it is not, and
    None when it cannot tell. `undo` names one that takes it back; it may ask for `before`, the outputs of the function. `undone`
    names one that gives true when that is done.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    function: str = Field(min_length=1, max_length=200, description="Name under the entry point group temanashi.functions")
    arguments: dict[str, JsonValue] = Field(default_factory=dict, description="By name; texts may be templates")
    secrets: dict[str, str] = Field(default_factory=dict, description="Argument: name of a secret parameter, or a reference")
    timeout: PositiveFloat = Field(default=300, le=86_400, description="Seconds")
    reads: bool = Field(default=False, description="The function only reads")
    observe: str | None = None
    undo: str | None = None
    undone: str | None = None


@dataclass(frozen=True)
class PythonStep:
    """Calls a function: once, or once for each host where an argument names `host`."""

    item: StepItem
    effects: Effects

    def plan(self, ctx: PlanContext) -> list[Change]:
        """The call with its arguments, of the types that the function asks for."""
        return [self._change(ctx, host) for host in places(ctx, KIND.templates(self.item.spec))]

    def _change(self, ctx: PlanContext, host: Host | None) -> Change:
        spec: PythonSpec = self.item.spec
        arguments: dict[str, Any] = filled(spec.arguments, lambda text: typed(ctx, text, host))
        secrets = given_secrets(spec.secrets, ctx)
        if not is_later(arguments):
            self._check({**arguments, **dict.fromkeys(secrets, _SECRET)})
        target = NO_TARGET if host is None else host.name
        what = shown(
            f"{spec.function}({', '.join(f'{n}={json.dumps(v, ensure_ascii=False)}' for n, v in arguments.items())})", limit=200
        )
        plain = phrase("steps.python-reads" if spec.reads else "steps.python-summary", call=what)
        return Change(
            step=self.item.id,
            target=target,
            kind="python",
            summary=titled(self.item, what, host=target, reads=spec.reads, otherwise=plain),
            payload={
                "function": spec.function,
                "arguments": arguments,
                "secrets": secrets,
                "observe": spec.observe,
                "undo": spec.undo,
                "undone": spec.undone,
                "timeout": self.item.timeout or spec.timeout,
            },
            reads_only=spec.reads,
            reversible=spec.undo is not None,
        )

    def _check(self, arguments: dict[str, Any]) -> None:
        function = find_function(self.item.spec.function)
        if function is None:
            raise BadValue(
                self.item.id, "function", phrase("steps.no-function", name=self.item.spec.function, known=function_names())
            )
        try:
            function.arguments.model_validate(arguments)
        except ValidationError as error:
            first = problems_of(error, model=function.arguments, quote_values=False)[0]
            raise BadValue(self.item.id, f"arguments.{first.field}", first.message) from error

    def apply(self, change: Change, key: str) -> Outcome:
        """Call it, unless `observe` says that the wished state is there already."""
        started = self.effects.clock.now()
        if change.payload["observe"] and self.observe(change).happened == "yes":
            outcome = Outcome(status="already")
        else:
            outcome = self._called(change, key)
        return outcome.model_copy(update={"started_at": started, "ended_at": self.effects.clock.now()})

    def _called(self, change: Change, key: str) -> Outcome:
        given = {"key": key, "before": change.payload.get("given")}
        try:
            told, evidence = self._asked(change, change.payload["function"], given, key)
        except SecretMissing as error:
            return Outcome(status="failed", reason=phrase(error.key, **error.data))
        except TargetError as error:
            return Outcome(status="unknown", reason=refusal(self.effects, error))
        if told is None:
            return Outcome(status="unknown", reason=phrase("steps.python-no-answer"), evidence=evidence)
        if "error" in told:
            reason = phrase("steps.python-raised", error=told["error"], message=shown(told["message"]))
            return Outcome(status="failed", reason=reason, evidence=evidence)
        value = told["value"]
        outputs = value if isinstance(value, dict) else {} if value is None else {"value": value}
        return Outcome(
            status="already" if change.reads_only else "changed", outputs=outputs, before=outputs or None, evidence=evidence
        )

    def _asked(
        self, change: Change, function: str, given: dict[str, Any], key: str | None
    ) -> tuple[dict[str, Any] | None, tuple[Evidence, ...]]:
        """The answer, redacted; None when the process ended without one."""
        secrets = {name: self.effects.secret(ref) for name, ref in change.payload["secrets"].items()}
        arguments = {**change.payload["arguments"], **secrets}
        request = json.dumps({"function": function, "arguments": arguments, "given": given, "path": sys.path})
        command = Command(sys.executable, "-m", MODULE, stdin=request, env={} if key is None else {"TEMA_KEY": key})
        result = LocalTransport(stop=self.effects.halt).run(command, timeout=float(change.payload["timeout"]))
        printed = self.effects.redactor.text(result.error_text)
        evidence = (evidence_of("printed", printed),) if printed else ()
        try:
            told: dict[str, Any] = self.effects.redactor.value(json.loads(result.text))
        except ValueError:
            return None, evidence
        return told, evidence

    def observe(self, change: Change) -> State:
        """What the function `observe` says; without one it is not known."""
        function = change.payload["observe"]
        if not function:
            return State(happened="unknown")
        try:
            told, evidence = self._asked(change, function, {"key": self.effects.key(change)}, None)
        except (TargetError, SecretMissing):
            return State(happened="unknown")
        value = None if told is None else told.get("value")
        if not isinstance(value, bool):
            return State(happened="unknown", evidence=evidence)
        return State(happened="yes" if value else "no", evidence=evidence)

    def undo(self, change: Change, before: dict[str, Any] | None) -> Change | Irreversible:
        """The call of the `undo` function, or that there is none."""
        function = change.payload["undo"]
        if not function:
            return Irreversible(reason=phrase("steps.python-irreversible"))
        payload = {**change.payload, "function": function, "observe": change.payload["undone"], "undo": None, "given": before}
        summary = undo_summary(self.item, function, host=change.target)
        return change.model_copy(update={"summary": summary, "payload": payload, "reversible": False})


class _Python:
    name = "python"

    def parse(self, value: Any) -> Parsed:
        try:
            spec = PythonSpec.model_validate({"function": value} if isinstance(value, str) else value)
        except ValidationError as error:
            return Parsed(None, tuple(problems_of(error, model=PythonSpec)))
        problems = [p for field in ("function", "observe", "undo", "undone") if (p := _unknown(field, getattr(spec, field)))]
        return Parsed(None, tuple(problems)) if problems else _checked(spec)

    def schema(self) -> dict[str, Any]:
        schema = PythonSpec.model_json_schema()
        return {"anyOf": [schema, {"type": "string", "minLength": 1}], "$defs": schema.pop("$defs", {})}

    def templates(self, spec: PythonSpec) -> Iterable[Templated]:
        return list(strings(spec.arguments, ("arguments",)))

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        return PythonStep(item, effects)


def _unknown(field: str, name: str | None) -> Problem | None:
    if name is None:
        return None
    try:
        if find_function(name) is not None:
            return None
    except FunctionNotLoaded as error:
        return Problem((field,), Phrase(key=error.key, data=error.data))
    known = function_names()
    return Problem((field,), phrase("steps.no-function", name=name, known=known or ["-"]), suggestion(name, known))


def _checked(spec: PythonSpec) -> Parsed:
    """Names of arguments, and values that are no templates, are looked at when the file is loaded."""
    function = find_function(spec.function)
    assert function is not None  # noqa: S101  (looked up just before)
    problems = []
    try:
        function.arguments.model_validate({**spec.arguments, **dict.fromkeys(spec.secrets, _SECRET)})
    except ValidationError as error:
        for problem in problems_of(error, model=function.arguments):
            value: Any = spec.arguments
            for part in problem.loc:
                value = value.get(part) if isinstance(value, dict) else None
            if not is_template(value):
                problems.append(problem.under("arguments"))
    return Parsed(None, tuple(problems)) if problems else Parsed(spec)


KIND = _Python()
