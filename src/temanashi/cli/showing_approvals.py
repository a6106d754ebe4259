"""Approvals on the terminal: what waits, who may approve until when, the plan, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from temanashi.cli.language import language
from temanashi.cli.output import answer, say_here
from temanashi.reports.display import Display
from temanashi.runs.approvals.reading import ApprovalView, VoteView

__all__ = ["show_approval", "show_approvals"]

LINES = 100
"""Changes of a plan that are listed; the rest is counted."""


def show_approvals(found: Sequence[tuple[ApprovalView, bool]], zone: ZoneInfo) -> None:
    """One paragraph a request; the flag says whether it waits for the person at this terminal."""
    if not found:
        answer(say_here("cli.approvals-none"))
        return
    mine = sum(flag for _, flag in found)
    answer(say_here("cli.approvals-head", count=len(found), mine=mine))
    for view, flag in found:
        answer()
        answer(f"{view.run}  {view.title.text(language())}", style="bold" if flag else "")
        _facts(view, zone)
        if flag:
            answer(f"  {say_here('cli.approvals-yours', run=view.run)}", style="yellow")


def show_approval(view: ApprovalView, zone: ZoneInfo, *, mine: bool) -> None:
    """One request with its plan."""
    lang = language()
    answer(view.title.text(lang), style="bold")
    _facts(view, zone)
    if view.again:
        answer(say_here("cli.approvals-changed"))
        for sentence in view.changed or ():
            answer(f"  * {sentence.text(lang)}", style="yellow")
        if not view.changed:
            answer(f"  {say_here('cli.approvals-same')}")
    answer(say_here("cli.plan-head", count=len(view.plan)))
    for number, sentence in enumerate(view.plan[:LINES], 1):
        answer(f"  {number}. {sentence.text(lang)}")
    if len(view.plan) > LINES:
        answer(f"  {say_here('cli.more-lines', count=len(view.plan) - LINES)}")
    answer(say_here("cli.plan-foot", digest=view.digest[7:19]))
    answer(say_here("cli.approvals-yours" if mine else "cli.approvals-next", run=view.run))


def _facts(view: ApprovalView, zone: ZoneInfo) -> None:
    until = Display(language(), zone).moment(view.until)
    late = "-late" if view.late and view.kind == "after" else ""
    answer(f"  {say_here(f'cli.approvals-{view.kind}{late}', until=until)}", style="red" if late else "")
    answer(
        f"  {say_here('cli.approvals-asked', actor=view.requester.name, beneficiary=view.beneficiary, reason=view.reason)}".rstrip()
    )
    answer(f"  {say_here('cli.approvals-needed', needed=view.needed, count=view.count, approvers=list(view.approvers))}")
    for name, person in view.deputies:
        answer(f"  {say_here('cli.approvals-standing-in', name=name, person=person)}")
    for vote in view.votes:
        answer(f"  {_vote(vote)}")


def _vote(vote: VoteView) -> str:
    key = f"cli.approvals-vote-{vote.verdict}"
    place = say_here("cli.approvals-deputy", name=vote.on_behalf_of) if vote.on_behalf_of else ""
    return say_here(key, name=vote.name, deputy=place, note=vote.note).rstrip()
