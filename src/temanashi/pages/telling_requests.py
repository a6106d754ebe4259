"""A request in one sentence: what it waits for, for whom, until when, or what came of it."""

from __future__ import annotations

from temanashi.reports.display import Display
from temanashi.runs.approvals.reading import ApprovalView
from temanashi.runs.reading import RunView, WaitView
from temanashi.text import say

__all__ = ["tell_request"]

OPEN = frozenset({"planned", "running", "waiting"})
PROMPT = 100


def tell_request(run: RunView, view: ApprovalView | None, show: Display) -> str:
    """One or two sentences. `view` is the approval that the run waits for, or lacks after an emergency."""
    lang = show.lang
    if run.state not in OPEN:
        told = run.reason.text(lang) if run.reason is not None else say(f"staff.ended-{run.state}", lang)
        return told if view is None else f"{told} {say('staff.waits-after', lang, until=show.moment(view.until))}"
    if run.cancel_asked:
        return say("staff.cancelling", lang)
    if run.state != "waiting":
        return say(f"staff.open-{run.state}", lang)
    if view is not None:
        return _approval(view, show)
    return _work(run.wait, show) if run.wait is not None else say("staff.open-answered", lang)


def _approval(view: ApprovalView, show: Display) -> str:
    names = [*view.approvers, *(name for name, _ in view.deputies)]
    if not names:
        return say("staff.waits-nobody", show.lang, until=show.moment(view.until))
    return say("staff.waits-approval", show.lang, names=names, until=show.moment(view.until))


def _work(wait: WaitView, show: Display) -> str:
    prompt = wait.prompt.text(show.lang)
    told = say("staff.waits-work", show.lang, what=prompt if len(prompt) <= PROMPT else prompt[: PROMPT - 1] + "…")
    return told if wait.until is None else f"{told} {say('staff.until', show.lang, until=show.moment(wait.until))}"
