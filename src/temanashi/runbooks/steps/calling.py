"""Running a command or a script that a change carries, and judging how it ended: what `command` and `script` share.

A call is an argument list, or `{"script": text, "with": [interpreter...], "args": [...]}`.
"""

from __future__ import annotations

import re
from typing import Any

from temanashi.changes import Change, Evidence, Outcome, State, evidence_of
from temanashi.errors import TargetError
from temanashi.hosts.command import Command, Script
from temanashi.hosts.transport import Result
from temanashi.runbooks.steps.contract import Effects
from temanashi.runbooks.steps.wording import reason_line
from temanashi.secrets import SecretMissing
from temanashi.text.local import Phrase, phrase

__all__ = ["Call", "applied", "command_of", "evidence_from", "observed", "refusal"]

Call = list[str] | dict[str, Any]

OUTPUT_KEPT = 10_000

# The text goes into a file that only its owner can read and that has no name any more when the interpreter opens it: it cannot be
# changed meanwhile, nothing is left behind even after kill -9, and the script's own commands cannot eat it from standard input.
# Its size comes with it: when we are killed while we send it, half of it must not run.
PRIVATE = """size=$1
shift
f=$(mktemp "${TMPDIR:-/tmp}/tema.XXXXXXXX") || exit 125
cat > "$f" && [ "$(wc -c < "$f")" -eq "$size" ] && exec 3< "$f"
s=$?
rm -f -- "$f"
[ "$s" = 0 ] || exit 125
exec "$@" < /dev/null
"""
TEXT = "/dev/fd/3"


def command_of(call: Call, env: dict[str, str]) -> Command:
    """The command of a call; raises BadCommand."""
    if isinstance(call, list):
        return Command(*call, env=env)
    size = len(call["script"].encode("utf-8", "surrogateescape"))
    return Script(PRIVATE, str(size), *call["with"], TEXT, *call["args"], stdin=call["script"], env=env)


def applied(effects: Effects, change: Change, key: str) -> Outcome:
    """Run it, unless `observe` sees that the wished state is there already. A timeout is UNKNOWN: what it did is not known."""
    started = effects.clock.now()

    def ended(outcome: Outcome) -> Outcome:
        return outcome.model_copy(update={"started_at": started, "ended_at": effects.clock.now()})

    if change.payload["observe"] and observed(effects, change).happened == "yes":
        return ended(Outcome(status="already"))
    try:
        return ended(_judged(effects, change, _run(effects, change, change.payload["run"], key)))
    except SecretMissing as error:
        return ended(Outcome(status="failed", reason=phrase(error.key, **error.data)))
    except TargetError as error:
        return ended(Outcome(status="unknown", reason=refusal(effects, error)))


def observed(effects: Effects, change: Change) -> State:
    """What `observe` says: 0 is yes, any other exit code no; no answer or no `observe`: unknown."""
    call = change.payload["observe"]
    if not call:
        return State(happened="unknown")
    try:
        result = _run(effects, change, call, None)
    except (TargetError, SecretMissing):
        return State(happened="unknown")
    evidence = evidence_from(effects, result)
    if result.exit is None or result.exit in {125, 126, 127}:
        return State(happened="unknown", evidence=evidence)
    return State(happened="yes" if result.exit == 0 else "no", facts={"exit": result.exit}, evidence=evidence)


def refusal(effects: Effects, error: TargetError) -> Phrase:
    """Why a target gave no answer, redacted."""
    return Phrase(key=error.key, data=effects.redactor.value(error.data))


def evidence_from(effects: Effects, result: Result) -> tuple[Evidence, ...]:
    """Both outputs, redacted."""
    streams = (("stdout", result.text), ("stderr", result.error_text))
    return tuple(evidence_of(name, effects.redactor.text(text)) for name, text in streams if text)


def _run(effects: Effects, change: Change, call: Call, key: str | None) -> Result:
    secrets = {name: effects.secret(ref) for name, ref in change.payload["secrets"].items()}
    env = {**change.payload.get("env", {}), **secrets, **({} if key is None else {"TEMA_KEY": key})}
    transport = effects.connect(effects.host(change.target))
    return transport.run(command_of(call, env), timeout=float(change.payload["timeout"]))


def _judged(effects: Effects, change: Change, result: Result) -> Outcome:
    output = effects.redactor.text(result.text)
    detail = {"exit": result.exit, "signal": result.signal, "seconds": round(result.seconds, 3), "lines": output.count("\n")}
    evidence = evidence_from(effects, result)
    reason = _wrong(effects, change, result, output)
    if reason is not None:
        return Outcome(status="failed", reason=reason, details=(detail,), evidence=evidence)
    outputs = {"stdout": output.strip()[:OUTPUT_KEPT], "exit": result.exit}
    return Outcome(status="already" if change.reads_only else "changed", details=(detail,), outputs=outputs, evidence=evidence)


def _wrong(effects: Effects, change: Change, result: Result, output: str) -> Phrase | None:
    if result.exit not in change.payload["exit_codes"]:
        last = effects.redactor.text(result.error_text).strip().splitlines()[-1:]
        ended = str(result.exit if result.signal is None else f"signal {result.signal}")
        return phrase("runbooks.command-failed", exit=ended, message=reason_line("".join(last)))
    wanted = change.payload["stdout"]
    if wanted is not None and not re.search(wanted, output):
        return phrase("runbooks.command-output", pattern=wanted)
    return None
