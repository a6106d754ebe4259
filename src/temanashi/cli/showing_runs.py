"""Runs on the terminal: live progress, the answer, and the same as JSON."""

from __future__ import annotations

import json

from temanashi.changes import NO_TARGET, Change, Plan, Verdict
from temanashi.cli.language import language
from temanashi.cli.output import MARKS, answer, emit, mark, progress, say_here, state_word
from temanashi.cli.showing_checks import check_rows, show_checks
from temanashi.runs.events import Event, StepDone, StepStarted, TargetDone
from temanashi.runs.reading import RowView, RunView, StepView
from temanashi.runs.results import Finished, Waiting
from temanashi.text import Lang

__all__ = ["EXIT", "LiveProgress", "exit_code", "show_plan", "show_result", "show_run"]

EXIT = {"done": 0, "failed": 1, "unknown": 3, "waiting": 4, "cancelled": 5, "refused": 5}
"""0 done; 1 failed, or a check is CRITICAL; 3 something is UNKNOWN; 4 waits for a person; 5 cancelled or refused."""


OUTPUT_LINES = 20


def exit_code(result: Finished | Waiting) -> int:
    """The documented exit code of `tema run` and `tema resume`."""
    if isinstance(result, Waiting):
        return EXIT["waiting"]
    if result.outcome == "done":
        return {Verdict.CRITICAL: 1, Verdict.UNKNOWN: 3}.get(result.verdict or Verdict.OK, 0)
    if result.outcome == "unknown" and result.verdict is Verdict.CRITICAL:
        return 1
    return EXIT[result.outcome]


class LiveProgress:
    """An observer that writes a line a step and a line a target, on stderr."""

    def notice(self, event: Event) -> None:
        """Write what happened."""
        lang = language()
        if isinstance(event, StepStarted):
            title = event.title.text(lang) if event.title else event.step
            resumed = say_here("cli.run-resumed", done=event.done, total=event.total) if event.done else ""
            progress(f"[{event.number}/{event.steps}] {title} {resumed}".rstrip(), style="bold")
        elif isinstance(event, TargetDone):
            word = mark(event.outcome.verdict) if event.outcome.verdict else state_word(event.outcome.status)
            target = "" if event.target == NO_TARGET else f"{event.target}: "
            reason = f"  {event.outcome.reason.text(lang)}" if event.outcome.reason else ""
            progress(f"  ({event.done}/{event.total}) {target}{word}{reason}")
        elif isinstance(event, StepDone) and not event.good and event.verdict is None and not event.step.endswith("/undo"):
            progress(f"  {say_here('cli.step-stopped')}", style="red")


def show_plan(plan: Plan, *, as_json: bool) -> None:
    """What would be done, in sentences."""
    if as_json:
        emit({"digest": plan.digest, "changes": [json.loads(c.model_dump_json()) for c in plan.changes]})
        return
    lang = language()
    answer(say_here("cli.plan-head", count=len(plan.changes)))
    for number, change in enumerate(plan.changes, 1):
        answer(f"  {number}. {change.summary.text(lang)}{_remark(change, lang)}")
        for line in str((change.after or {}).get("difference", "")).splitlines():
            answer(f"     | {line}")
    answer(say_here("cli.plan-foot", digest=plan.digest[7:19]))


def _remark(change: Change, lang: Lang) -> str:
    """What a reader of the plan must know besides: why it is left out, or on what it still depends."""
    if change.left_out is not None:
        return f" ({change.left_out.text(lang)})"
    return f" ({say_here('cli.plan-condition', condition=change.condition)})" if change.condition else ""


def show_result(result: Finished | Waiting, view: RunView, *, as_json: bool) -> None:
    """The answer of a run."""
    if as_json:
        emit({"exit": exit_code(result), **json.loads(view.model_dump_json())})
        return
    lang = language()
    title = view.title.text(lang)
    if isinstance(result, Waiting):
        answer(say_here("cli.run-waits", title=title, prompt=result.prompt.text(lang)), style="yellow")
        answer(say_here("cli.run-waits-approval" if result.kind == "approval" else "cli.run-waits-next", run=result.run))
        return
    answer(_headline(view, title), style=_colour(view))
    told = [row.get("reason") for row in check_rows(view)]
    if result.reason is not None and result.reason.model_dump(mode="json") not in told:  # those are told with their target
        answer(f"  {result.reason.text(lang)}")
    _details(view)
    answer(say_here("cli.run-recorded", run=view.id))


def _headline(view: RunView, title: str) -> str:
    word = mark(view.verdict) if view.verdict and view.state in {"done", "unknown"} else state_word(view.state)
    seconds = (view.ended_at - view.started_at).total_seconds() if view.ended_at and view.started_at else 0.0
    rows = check_rows(view)
    counts = ""
    if rows:
        found = {v: sum(1 for r in rows if r["verdict"] == v) for v in MARKS}
        counts = say_here("cli.run-counts", total=len(rows), parts=[f"{mark(v)} {n}" for v, n in found.items() if n])
    return say_here("cli.run-headline", word=word, title=title, counts=counts, seconds=f"{seconds:.1f}").replace("  ", " ")


def _colour(view: RunView) -> str:
    if view.state == "done":
        return MARKS[str(view.verdict or "OK")][0]
    return "magenta" if view.state == "unknown" else "red"


def _details(view: RunView) -> None:
    show_checks(view)
    for step in view.steps:
        for row in step.rows:
            if row.verdict is None:
                _change(step, row)


def _change(step: StepView, row: RowView) -> None:
    lang = language()
    target = "" if row.target == NO_TARGET else f"{row.target} "
    title = step.title.text(lang) if step.title else step.step
    reason = f"  {row.reason.text(lang)}" if row.reason else ""
    answer(f"  {state_word(row.status or row.state)}  {target}{title}{reason}")
    lines = row.output.splitlines()
    for line in lines[:OUTPUT_LINES]:
        answer(f"    | {line}")
    if len(lines) > OUTPUT_LINES:
        answer(f"    | {say_here('cli.more-lines', count=len(lines) - OUTPUT_LINES)}")


def show_run(view: RunView) -> None:
    """One run as `tema runs ID` tells it."""
    lang = language()
    facts = [
        ("cli.fact-state", state_word(view.state)),
        ("cli.fact-runbook", f"{view.title.text(lang)} ({view.runbook}, {view.version[7:19]})"),
        ("cli.fact-actor", f"{view.actor.name} ({view.channel})"),
        ("cli.fact-beneficiary", view.beneficiary),
        ("cli.fact-ticket", view.ticket),
        ("cli.fact-requested", f"{view.requested_at:%Y-%m-%d %H:%M:%S %Z}"),
        ("cli.fact-ended", f"{view.ended_at:%Y-%m-%d %H:%M:%S %Z}" if view.ended_at else ""),
        ("cli.fact-reason", view.reason.text(lang) if view.reason else ""),
        ("cli.fact-wait", view.wait.prompt.text(lang) if view.wait else ""),
    ]
    for key, value in facts:
        if value:
            answer(f"{say_here(key)}: {value}")
    _details(view)
