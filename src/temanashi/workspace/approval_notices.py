"""Word to those who must know of an approval: when it is asked for, when nobody gave it in time, when an emergency's is overdue."""

from __future__ import annotations

from collections.abc import Iterator

from temanashi.notices import Notice, Notifier
from temanashi.reports.display import Display
from temanashi.runs.approvals.reading import ApprovalView, approvals_waiting
from temanashi.text import Lang, Phrase, say
from temanashi.workspace.mailing_approvals import mail_approvals
from temanashi.workspace.opening import Installation

__all__ = ["notices_of", "tell_of_approvals"]

LINES = 20


def tell_of_approvals(installation: Installation, *, notifier: Notifier | None = None) -> list[Phrase]:
    """Tell each thing once, to all and to each approver; what went wrong, as sentences. The watch calls it every minute."""
    settings, mailed = installation.settings, mail_approvals(installation)
    if not settings.notify and notifier is None:
        return mailed
    teller = notifier or Notifier(settings.notify, database=installation.database, clock=installation.clock, lang=settings.language)
    with installation.database.reading() as connection:
        views = approvals_waiting(installation.engine(), connection)
    show = Display(settings.language, settings.zone)
    return [*mailed, *(failure for view in views for notice in notices_of(view, show) for failure in teller.send(notice).failures)]


def notices_of(view: ApprovalView, show: Display) -> Iterator[Notice]:
    """What there is to tell of a request now. The same key is told once."""
    key = f"approval:{view.run}:{view.step}:{view.number}"
    words = "approval-title" if view.kind == "before" else "approval-after-title"
    yield Notice(key=key, title=_title(words, view, show.lang), body=_body(view, show))
    if view.kind == "before" and view.escalated:
        yield Notice(key=f"{key}:escalated", title=_title("approval-escalated-title", view, show.lang), body=_body(view, show))
    if view.kind == "after" and view.late:
        yield Notice(key=f"{key}:overdue", title=_title("approval-overdue-title", view, show.lang), body=_body(view, show))


def _title(words: str, view: ApprovalView, lang: Lang) -> str:
    return say(f"opening.{words}", lang, title=view.title)


def _body(view: ApprovalView, show: Display) -> str:
    lang = show.lang
    until = "approval-until" if view.kind == "before" else "approval-due"
    lines = [
        say("opening.approval-body", lang, actor=view.requester.name, beneficiary=view.beneficiary, reason=view.reason).rstrip(),
        say("opening.approval-who", lang, approvers=[*view.approvers, *(name for name, _ in view.deputies)]),
        say(f"opening.{until}", lang, until=show.moment(view.until)),
        *(f"* {sentence.text(lang)}" for sentence in view.changed[:LINES]),
        *(f"{number}. {sentence.text(lang)}" for number, sentence in enumerate(view.plan[:LINES], 1)),
    ]
    if len(view.plan) > LINES:
        lines.append(say("opening.approval-more", lang, count=len(view.plan) - LINES))
    return "\n".join([*lines, say("opening.approval-next", lang, run=view.run)])
