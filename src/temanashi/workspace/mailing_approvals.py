"""Word to each approver of a plan that waits for them: what it would do, what changed, and two links that work once."""

from __future__ import annotations

from collections.abc import Iterator

from temanashi.notices import Notice
from temanashi.people import People
from temanashi.reports.display import Display
from temanashi.runs.approvals.reading import ApprovalView, approvals_waiting
from temanashi.settings import Settings
from temanashi.text import Phrase, say
from temanashi.workspace.approval_links import link_for
from temanashi.workspace.live import live_directory
from temanashi.workspace.mailing import Post, reading
from temanashi.workspace.opening import Installation

__all__ = ["approval_letter", "mail_approvals"]

LINES = 40


def mail_approvals(installation: Installation, *, post: Post | None = None) -> list[Phrase]:
    """Write each letter once; what went wrong, as sentences. Whoever may approve later, as a deputy say, hears then."""
    settings = installation.settings
    if not settings.mail.approvals or (settings.mail.server is None and post is None):
        return []
    carrier = post or Post(installation, settings.mail.server or "")
    with installation.database.reading() as connection:
        people = live_directory(connection).people
        views = approvals_waiting(installation.engine(), connection)
        shown = reading(installation, connection)
    due = [(view, person) for view in views for person in _readers(view, people) if carrier.waits(_key(view, person))]
    letters = [(person, approval_letter(view, person, shown(person), settings)) for view, person in due]
    return [failure for person, letter in letters for failure in carrier.send(people, person, letter)]


def _readers(view: ApprovalView, people: People) -> Iterator[str]:
    names = dict.fromkeys([*view.approvers, *(deputy for deputy, _ in view.deputies)])
    for person in dict.fromkeys(people.find(name) for name in names):
        if person is not None and people.people[person].mail:
            yield person


def _key(view: ApprovalView, person: str) -> str:
    return f"mail:approval:{view.run}:{view.step}:{view.number}:{person}"


def approval_letter(view: ApprovalView, person: str, show: Display, settings: Settings) -> Notice:
    """The letter to one approver. Without the gate's key at hand it leads to the run's page instead."""
    lang = show.lang
    words = "opening.approval-title" if view.kind == "before" else "opening.approval-after-title"
    until = "opening.approval-until" if view.kind == "before" else "opening.approval-due"
    lines = [say("mail.approval-asked", lang, actor=view.requester.name)]
    lines += [say("mail.result-for", lang, beneficiary=view.beneficiary)] if view.beneficiary else []
    lines += [say("mail.approval-reason", lang, reason=view.reason)] if view.reason else []
    lines.append(say(until, lang, until=show.moment(view.until)))
    if view.again:
        lines += ["", say("mail.approval-changed" if view.changed else "mail.approval-same", lang)]
        lines += [f"* {sentence.text(lang)}" for sentence in view.changed[:LINES]]
    lines += ["", say("mail.approval-plan" if view.kind == "before" else "mail.approval-did", lang, count=len(view.plan))]
    lines += [f"{number}. {sentence.text(lang)}" for number, sentence in enumerate(view.plan[:LINES], 1)]
    if len(view.plan) > LINES:
        lines.append(say("opening.approval-more", lang, count=len(view.plan) - LINES))
    title = say(words, lang, title=view.title)
    return Notice(key=_key(view, person), title=title, body="\n".join([*lines, "", *_ways(view, person, settings, show)]))


def _ways(view: ApprovalView, person: str, settings: Settings, show: Display) -> Iterator[str]:
    lang = show.lang
    approve, refuse = (link_for(settings, view, person, verdict) for verdict in ("approved", "refused"))
    if approve and refuse:
        yield from (say("mail.approve", lang), settings.page(f"decide/{approve}"), "")
        yield from (say("mail.refuse", lang), settings.page(f"decide/{refuse}"), "")
        yield from (say("mail.links", lang), "")
    yield from (say("mail.see", lang), settings.page(f"runs/{view.run}"))
