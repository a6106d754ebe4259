"""What follows every run that ended, by whatever way it was started: a signed checkpoint, and word to those who must know."""

from __future__ import annotations

from temanashi.changes import Verdict
from temanashi.errors import LedgerError
from temanashi.ledger.checkpoints import open_seal, write_checkpoint
from temanashi.notices import Delivery, Notice, Notifier
from temanashi.runs.reading import RunView
from temanashi.text import Lang, Phrase, explain, phrase, say
from temanashi.workspace.opening import Installation

__all__ = ["after_run"]

BAD_STATES = frozenset({"failed", "unknown"})
BAD_VERDICTS = frozenset({Verdict.CRITICAL, Verdict.UNKNOWN})


def after_run(installation: Installation, view: RunView) -> list[Phrase]:
    """Seal the ledger and notify; what went wrong with that, as sentences. Never raises: the run is over and on the record."""
    if view.ended_at is None or view.mode != "live":
        return []
    return [*_sealed(installation), *_notified(installation, view)]


def _sealed(installation: Installation) -> list[Phrase]:
    try:
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
    if view.state in BAD_STATES or view.verdict in BAD_VERDICTS:
        delivery = notifier.send(Notice(key=key, title=_title(view, settings.language), body=_body(view, settings.language)))
    elif view.state == "done":
        delivery = notifier.resolve(key)
    return list(delivery.failures) if delivery is not None else []


def _title(view: RunView, lang: Lang) -> str:
    # A checklist's state is its verdict; of everything else, how the run ended.
    word = say(f"opening.word-{str(view.verdict or view.state).lower()}", lang)
    return say("opening.notice-title", lang, title=view.title, word=word)


def _body(view: RunView, lang: Lang) -> str:
    lines = [view.reason.text(lang)] if view.reason is not None else []
    for step in view.steps:
        for row in step.rows:
            if row.reason is not None and row.state != "skipped":
                lines.append(f"{row.target}: {row.reason.text(lang)}")
            lines += [
                f"{row.target} {detail.get('check', '')}: {Phrase.model_validate(detail['reason']).text(lang)}"
                for detail in row.details
                if detail.get("verdict") in {"CRITICAL", "UNKNOWN", "WARNING"} and detail.get("reason")
            ]
    return "\n".join([*lines[:50], say("opening.notice-next", lang, run=view.id)])
