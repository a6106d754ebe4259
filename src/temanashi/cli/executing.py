"""`tema exec`: one command on some hosts, planned, journalled and recorded like any run."""

from __future__ import annotations

import json as json_text
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import answer, emit, progress, say_here, state_word

if TYPE_CHECKING:
    from temanashi.changes import Outcome
    from temanashi.runs.events import Event
    from temanashi.runs.reading import RunView
    from temanashi.runs.results import Finished, Waiting

__all__ = ["Gathered", "register"]

COLOURS = {"changed": "green", "already": "green", "failed": "red"}
MaxFailed = Annotated[str, typer.Option("--max-failed", metavar="N|N%", help=say_here("cli.help-max-failed"))]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("exec", help=say_here("cli.help-exec"), epilog=say_here("cli.help-run-exit"))(execute)


def execute(
    selector: Annotated[str, typer.Argument(metavar="SELECTOR", help=say_here("cli.help-selector"))],
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help=say_here("cli.help-command"))],
    reads: Annotated[bool, typer.Option("--reads", help=say_here("cli.help-reads"))] = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="SECONDS", min=0.1, max=86_400, help=say_here("cli.help-timeout"))
    ] = None,
    batch: Annotated[int | None, typer.Option("--batch", min=1, help=say_here("cli.help-batch"))] = None,
    canary: Annotated[int, typer.Option("--canary", min=0, help=say_here("cli.help-canary"))] = 0,
    max_failed: MaxFailed = "100%",
    dry_run: Annotated[bool, typer.Option("--dry-run", help=say_here("cli.help-dry-run"))] = False,
    ticket: Annotated[str, typer.Option("--ticket", help=say_here("cli.help-ticket"))] = "",
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Run one command on some hosts."""
    from temanashi.cli.carrying_out import carry_out, published_here
    from temanashi.cli.identifying import act_as
    from temanashi.cli.showing_runs import LiveProgress, show_plan
    from temanashi.people import current_actor
    from temanashi.runs.requests import RunRequest, request_run
    from temanashi.runs.requests import dry_run as plan_only
    from temanashi.workspace.adhoc import adhoc_runbook, approval_needed
    from temanashi.workspace.opening import open_installation

    fan_out = {"canary": canary, "max_failed": max_failed} | ({"batch": batch} if batch else {})
    with open_installation(workspace) as installation:
        published = published_here(installation)
        gathered = Gathered()
        engine = installation.engine(LiveProgress(), gathered)
        runbook = adhoc_runbook(published, selector, command, kinds=engine.kinds, reads=reads, timeout=timeout, fan_out=fan_out)
        request = RunRequest(
            runbook=runbook,
            workspace_version=published.digest,
            inventory=published.inventory,
            inputs={},
            actor=current_actor(actor),
            channel="cli",
            ticket=ticket,
            reason=reason,
        )
        if needed := approval_needed(published.inventory, published.inventory.select(selector)):
            progress(say_here("cli.exec-approval", hosts=needed))
        if dry_run:
            show_plan(plan_only(engine, request), as_json=json)
            return
        made = act_as(installation, actor, lambda who: request_run(engine, replace(request, actor=who)))
        raise typer.Exit(carry_out(installation, engine, made, as_json=json, show=gathered.show))


class Gathered:
    """An observer that keeps what each host answered, and shows hosts with the same answer together."""

    def __init__(self) -> None:
        self._answers: dict[str, Outcome] = {}

    def notice(self, event: Event) -> None:
        """Keep an answer."""
        from temanashi.runs.events import TargetDone

        if isinstance(event, TargetDone):
            self._answers[event.target] = event.outcome

    def show(self, result: Finished | Waiting, view: RunView, *, as_json: bool) -> None:
        """What the hosts answered, then how the run ended; where it waits, that it does."""
        from temanashi.cli.showing_runs import exit_code, show_result
        from temanashi.runs.results import Waiting

        planned = [row.target for step in view.steps for row in step.rows]
        self._answers = {host: self._answers[host] for host in planned if host in self._answers}
        if as_json:
            hosts = [{"host": host, **_told(outcome)} for host, outcome in self._answers.items()]
            emit({"exit": exit_code(result), "hosts": hosts, **json_text.loads(view.model_dump_json())})
            return
        if isinstance(result, Waiting):
            show_result(result, view, as_json=False)
            return
        for names, outcome in self._grouped():
            _show_group(names, outcome)
        ended = state_word(view.state)
        answer(say_here("cli.exec-ended", word=ended, counts=self._counts()), style="" if view.state == "done" else "red")
        answer(say_here("cli.run-recorded", run=view.id))

    def _grouped(self) -> list[tuple[list[str], Outcome]]:
        groups: dict[str, tuple[list[str], Outcome]] = {}
        for host, outcome in self._answers.items():
            key = json_text.dumps(_told(outcome), sort_keys=True, default=str)
            groups.setdefault(key, ([], outcome))[0].append(host)
        return list(groups.values())

    def _counts(self) -> str:
        counted: dict[str, int] = {}
        for outcome in self._answers.values():
            word = state_word(outcome.status)
            counted[word] = counted.get(word, 0) + 1
        return "  ".join(f"{word} {count}" for word, count in counted.items())


def _told(outcome: Outcome) -> dict[str, Any]:
    detail = outcome.details[0] if outcome.details else {}
    texts = {evidence.name: evidence.text for evidence in outcome.evidence}
    reason = outcome.reason.text(language()) if outcome.reason else ""
    return {
        "status": outcome.status,
        "exit": detail.get("exit"),
        "stdout": texts.get("stdout", ""),
        "stderr": texts.get("stderr", ""),
        "reason": reason,
    }


def _show_group(hosts: list[str], outcome: Outcome) -> None:
    told = _told(outcome)
    names = ", ".join(hosts)
    count = f" ({len(hosts)})" if len(hosts) > 1 else ""
    reason = f"  {told['reason']}" if told["reason"] else ""
    answer(f"── {names}{count}  {state_word(outcome.status)}{reason}", style=COLOURS.get(outcome.status, "magenta"))
    _lines(told["stdout"], answer)
    _lines(told["stderr"], answer)


def _lines(text: str, write: Callable[[str], None]) -> None:
    for line in text.splitlines():
        write(f"  {_visible(line)}")


def _visible(line: str) -> str:
    """A line without what would move the cursor or change the colours of this terminal."""
    return "".join(sign if sign == "\t" or sign.isprintable() else "\ufffd" for sign in line)
