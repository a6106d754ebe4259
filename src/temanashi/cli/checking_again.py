"""`tema check replay` and `tema check again`: judge what is on the record once more, and measure what was wrong once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import answer, emit, mark, progress, say_here

if TYPE_CHECKING:
    from temanashi.monitoring.replaying import ReplayedCheck, RunReplay

__all__ = ["EXIT", "again", "replay"]

EXIT = {"equal": 0, "differs": 1, "unknown": 2}
RunId = Annotated[str, typer.Argument(metavar="RUN", help=say_here("cli.help-run-id"))]


def replay(run: RunId, workspace: Root = None, json: Json = False) -> None:
    """Judge stored evidence again."""
    from temanashi.monitoring.replaying import replay_run
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as installation, installation.database.reading() as connection:
        found = replay_run(connection, installation.ledger, run)
    code = EXIT[found.answer]
    if json:
        emit(_as_json(found) | {"exit": code})
    else:
        _tell(found)
    raise typer.Exit(code)


def _tell(found: RunReplay) -> None:
    counts: dict[str, int] = {word: found.count(word) for word in ("equal", "differs", "unknown")}
    answer(say_here(f"cli.replay-{found.answer}", count=len(found.checks), **counts))
    for one in found.checks:
        if one.result.answer != "equal":
            why = one.result.why.text(language()) if one.result.why is not None else ""
            answer(f"  {_place(one)}  {mark(one.result.recorded)}  {why}")


def _place(one: ReplayedCheck) -> str:
    return f"{one.step}/{one.result.check or '*'}@{one.target}" + (f"#{one.item}" if one.item else "")


def _as_json(found: RunReplay) -> dict[str, Any]:
    checks = [
        {
            "step": one.step,
            "check": one.result.check,
            "target": one.target,
            "item": one.item,
            "answer": one.result.answer,
            "recorded": one.result.recorded,
            "again": one.result.again,
            "why": one.result.why.text(language()) if one.result.why is not None else "",
        }
        for one in found.checks
    ]
    return {"run": found.run, "answer": found.answer, "checks": checks}


def again(
    run: RunId,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Measure again what was not good, as a new run that names the old one."""
    from temanashi.cli.carrying_out import carry_out
    from temanashi.cli.showing_runs import LiveProgress
    from temanashi.people import current_actor
    from temanashi.runs.requests import request_run
    from temanashi.workspace.first import published_or_first
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.rechecking import recheck_request

    with open_installation(workspace, create=False) as installation:
        engine = installation.engine(LiveProgress())
        published, _ = published_or_first(installation)
        request = recheck_request(installation, published, run, actor=current_actor(actor), channel="cli", reason=reason)
        targets = {target for step in request.only.values() for target in step}
        count = sum(len(names) for step in request.only.values() for names in step.values())
        progress(say_here("cli.again-checks", count=count, targets=len(targets)))
        raise typer.Exit(carry_out(installation, engine, request_run(engine, request), as_json=json))
