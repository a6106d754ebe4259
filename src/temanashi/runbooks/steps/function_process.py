"""The process that calls one function: `python -m temanashi.runbooks.steps.function_process`, its request on standard input.

A process of its own can be ended when it hangs, and what the function prints is no answer. The request is one JSON object with
`function`, `arguments`, `given` and `path` (where Python looks for modules); the answer one with `value`, or `error` and `message`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, TextIO

__all__ = ["answer", "main"]


def main() -> int:
    """Answer the request; 0 also when the function raised."""
    request = json.load(sys.stdin)
    sys.path[:] = request["path"]
    # What the function and its children print goes to standard error: standard output is for the answer.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        _write(out, answer(request))
    return 0


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """What the function gives, or what it raised."""
    try:
        return {"value": _plain(_called(request))}
    except BaseException as error:  # noqa: BLE001  (whatever a stranger's function raises is its answer; SystemExit too)
        return {"error": type(error).__name__, "message": str(error)}


def _called(request: dict[str, Any]) -> Any:
    from temanashi.runbooks.steps.functions import find_function  # noqa: PLC0415  (found on the path of the request)

    function = find_function(request["function"])
    if function is None:
        raise LookupError(request["function"])
    model = function.arguments.model_validate(request["arguments"])
    arguments = {name: getattr(model, name) for name in model.model_fields_set}
    given = {name: value for name, value in request["given"].items() if name in function.given}
    return function.call(**arguments, **given)


def _plain(value: Any) -> Any:
    json.dumps(value, allow_nan=False)
    return value


def _write(out: TextIO, told: dict[str, Any]) -> None:
    json.dump(told, out)


if __name__ == "__main__":
    raise SystemExit(main())
