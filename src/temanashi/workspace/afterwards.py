"""What follows every run that ended, by whatever way it was started: a signed checkpoint, and word to those who must know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from temanashi.changes import Verdict
from temanashi.errors import LedgerError, TemanashiError
from temanashi.ledger.checkpoints import CHECKPOINTS, latest_checkpoint, open_seal, write_checkpoint
from temanashi.monitoring.results import KIND as CHECKS
from temanashi.notices import Delivery, Notice, Notifier
from temanashi.runs.reading import RowView, RunView
from temanashi.settings import Settings
from temanashi.text import Lang, LocalText, Phrase, explain, phrase, say
from temanashi.workspace.approval_notices import tell_of_approvals
from temanashi.workspace.checking import note_checks
from temanashi.workspace.mailing_results import mail_results
from temanashi.workspace.opening import Installation
from temanashi.workspace.remedies import ask_for_remedies
from temanashi.workspace.remedy_links import remedy_link
from temanashi.workspace.telling_sheets import tell_sheet

__all__ = ["after_refusal", "after_run", "seal_tail"]

BAD_STATES = frozenset({"failed", "unknown"})
WRONG = frozenset({"CRITICAL", "UNKNOWN", "WARNING"})
BAD_VERDICTS = frozenset({Verdict.CRITICAL, Verdict.UNKNOWN})


def after_run(installation: Installation, view: RunView) -> list[Phrase]:
    """Seal the ledger and notify; what went wrong with that, as sentences. A run that waits for approval is told of.

    Never raises over notices: the run is on the record.
    """
    if view.mode != "live":
        return []
    noted = [*note_checks(installation), *mail_results(installation)]
    if view.ended_at is not None:
        noted += [*ask_for_remedies(installation, view), *tell_sheet(installation, view)]
    # Last, so that it also tells of what was just asked for.
    asked = tell_of_approvals(installation) if view.state == "waiting" or view.emergency or _has_remedies(view) else []
    return asked if view.ended_at is None else [*asked, *noted, *seal_tail(installation), *_notified(installation, view)]


def _has_remedies(view: RunView) -> bool:
    return any(detail.get("runbook") for step in view.steps for row in step.rows for detail in row.details)


def after_refusal(installation: Installation, runbook: str, error: TemanashiError) -> list[Phrase]:
    """Notify that a run could not even start: nobody sits before a schedule. What went wrong with that, as sentences."""
    settings = installation.settings
    notifier = Notifier(settings.notify, database=installation.database, clock=installation.clock, lang=settings.language)
    told = explain(error, settings.language)
    title = say("opening.refused-title", settings.language, runbook=runbook)
    body = "\n".join(part for part in (told.what, told.next) if part)
    return list(notifier.send(Notice(key=f"runbook:{runbook}", title=title, body=body)).failures)


def seal_tail(installation: Installation) -> list[Phrase]:
    """Sign a checkpoint when records were added since the last one; what went wrong, as sentences."""
    try:
        last = latest_checkpoint(installation.settings.state_dir / CHECKPOINTS)
        with installation.database.reading() as connection:
            head = installation.ledger.head(connection)
        if last is not None and (last.seq, last.hash) == (head.seq, head.hash):
            return []
        seal = open_seal(installation.settings.state_dir)
        write_checkpoint(installation.ledger, seal=seal, clock=installation.clock)
    except LedgerError as error:
        return [phrase("opening.not-sealed", problem=explain(error, "en").what)]
    return []


def _notified(installation: Installation, view: RunView) -> list[Phrase]:
    settings = installation.settings
    notifier = Notifier(settings.notify, database=installation.database, clock=installation.clock, lang=settings.language)
    key = f"runbook:{view.runbook}"
    delivery: Delivery | None = None
    if installation.settings.alerts.notify and _only_checks_are_wrong(view):
        notifier.resolve(key)  # each problem that a check found is told on its own account
    elif view.state in BAD_STATES or view.verdict in BAD_VERDICTS:
        delivery = notifier.send(Notice(key=key, title=_title(view, settings.language), body=_body(view, settings)))
    elif view.state == "done":
        delivery = notifier.resolve(key)
    return list(delivery.failures) if delivery is not None else []


def _only_checks_are_wrong(view: RunView) -> bool:
    """Whether a run did all that it should, but for what its checks found or could not see."""
    rows = [(step.kind, row) for step in view.steps for row in step.rows if row.status not in {"changed", "already"}]
    wrong = [(kind, row) for kind, row in rows if row.status is not None and row.state != "skipped"]
    checked = any(step.kind == CHECKS for step in view.steps)
    return checked and view.state in {"done", "unknown"} and all(kind == CHECKS and row.verdict for kind, row in wrong)


def _title(view: RunView, lang: Lang) -> str:
    # A checklist's state is its verdict; of everything else, how the run ended.
    word = say(f"opening.word-{str(view.verdict or view.state).lower()}", lang)
    return say("opening.notice-title", lang, title=view.title, word=word)


def _body(view: RunView, settings: Settings) -> str:
    lang = settings.language
    lines = [view.reason.text(lang)] if view.reason is not None else []
    for step in view.steps:
        for row in step.rows:
            if row.reason is not None and row.state != "skipped":
                lines.append(f"{row.target}: {row.reason.text(lang)}")
            found = [detail for detail in row.details if detail.get("verdict") in WRONG and detail.get("reason")]
            lines += [_line(row, detail, settings) for detail in found]
    return "\n".join([*lines[:50], say("opening.notice-next", lang, run=view.id)])


def _line(row: RowView, detail: Mapping[str, Any], settings: Settings) -> str:
    """What was found, and the address of the form of the runbook that fixes it, on a line of its own."""
    lang, reason = settings.language, Phrase.model_validate(detail["reason"])
    said = f"{row.target} {detail.get('check', '')}: {reason.text(lang)}"
    if not detail.get("runbook"):
        return said
    link = remedy_link(
        detail["runbook"], row.target, LocalText.model_validate(detail.get("title") or detail["check"]), reason, lang
    )
    return f"{said}\n  {say('sheet.fix', lang)} {settings.page(link)}"
