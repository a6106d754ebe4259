"""Once a day: the chain is verified, its head signed into a checkpoint outside the database, and that sent to the auditor.

The watch calls it every minute. A day on which nothing ran is made up for by the next look, which says how long there was none.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection, delete, insert, select

from temanashi.calendars import day_of
from temanashi.canonical import canonical_json
from temanashi.errors import LedgerError
from temanashi.ledger.checkpoints import CHECKPOINTS, Checkpoint, open_seal, read_checkpoint, write_checkpoint
from temanashi.ledger.records import Draft
from temanashi.ledger.verification import Verification, verify_database
from temanashi.ledger.verified import keep_verification, last_verification
from temanashi.notices import Notice, Notifier, message_by_apprise
from temanashi.reports.display import Display
from temanashi.runs.tables import FLAGS
from temanashi.text import Phrase, explain, phrase, say
from temanashi.workspace.opening import Installation

__all__ = ["seal_day"]

FLAG = "daily_seal"
STUCK_AFTER = timedelta(minutes=30)
"""A look that died while it verified no longer holds the next one back."""


class _Day(BaseModel):
    """How far a day's seal is. `before`: the last day that has one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: date
    state: Literal["verifying", "written", "done"]
    at: datetime
    number: int = 0
    before: date | None = None


def seal_day(installation: Installation, *, notifier: Notifier | None = None, auditors: Notifier | None = None) -> list[Phrase]:
    """Do what this day still lacks; what went wrong or was found wrong, as sentences. Never raises LedgerError."""
    settings, clock = installation.settings, installation.clock
    common = {"database": installation.database, "clock": clock, "lang": settings.language}
    notifier = notifier or Notifier(settings.notify, **common)  # type: ignore[arg-type]
    auditors = auditors or Notifier(settings.ledger.auditors, deliver=message_by_apprise, **common)  # type: ignore[arg-type]
    try:
        mine = _claim(installation)
        if mine is None:
            return []
        problems: list[Phrase] = []
        if mine.state == "verifying":
            mine, problems = _written(installation, mine, notifier)
        return [*problems, *_sent(installation, mine, auditors)]
    except LedgerError as error:
        return [phrase("opening.day-not-sealed", problem=explain(error, "en").what)]


def _claim(installation: Installation) -> _Day | None:
    """What is left to do for today, claimed so that two watches do not both do it; None where nothing is."""
    now = installation.clock.now()
    today = day_of(now, installation.settings.zone)
    with installation.database.transaction() as connection:
        known = _read(connection)
        if known is not None and known.day >= today:
            if known.state == "done" or (known.state == "verifying" and now - known.at < STUCK_AFTER):
                return None
            if known.state == "written":
                return known
        before = (known.day if known.state != "verifying" else known.before) if known is not None else None
        mine = _Day(day=today, state="verifying", at=now, before=before)
        _write(connection, mine)
        return mine


def _read(connection: Connection) -> _Day | None:
    text = connection.execute(select(FLAGS.c.value).where(FLAGS.c.name == FLAG)).scalar()
    try:
        return _Day.model_validate_json(text) if text else None
    except ValidationError:
        return None


def _write(connection: Connection, day: _Day) -> None:
    connection.execute(delete(FLAGS).where(FLAGS.c.name == FLAG))
    connection.execute(insert(FLAGS).values(name=FLAG, value=day.model_dump_json()))


def _written(installation: Installation, mine: _Day, notifier: Notifier) -> tuple[_Day, list[Phrase]]:
    """Verify, write the checkpoint, record it; and raise the alarm where the chain is not as it was written."""
    settings, clock = installation.settings, installation.clock
    found = verify_database(installation.database, state=settings.state_dir, chain=installation.ledger.chain)
    keep_verification(settings.state_dir, found, clock.now())
    problems = _alarm(installation, found, notifier)
    checkpoint = write_checkpoint(installation.ledger, seal=open_seal(settings.state_dir), clock=clock)
    mine = mine.model_copy(update={"state": "written", "number": checkpoint.number, "at": clock.now()})
    with installation.database.transaction() as connection:
        _write(connection, mine)
        body = {"number": checkpoint.number, "seq": checkpoint.seq, "hash": checkpoint.hash, "day": mine.day.isoformat()}
        _record(installation, connection, "written", body | {"status": found.status, "missed_days": _missed(mine)})
    return mine, problems


def _alarm(installation: Installation, found: Verification, notifier: Notifier) -> list[Phrase]:
    if found.status == "intact":
        return list(notifier.resolve("ledger:altered").failures)
    lang = installation.settings.language
    why = found.problem or phrase("ledger.tail-not-proven", proven=found.proven, head=found.head)
    title = say(f"opening.ledger-{found.status.replace('_', '-')}", lang)
    body = "\n".join([why.text(lang), say("opening.ledger-altered-next", lang)])
    told = notifier.send(Notice(key="ledger:altered", title=title, body=body))
    return [phrase(f"opening.ledger-{found.status.replace('_', '-')}"), *told.failures]


def _sent(installation: Installation, mine: _Day, auditors: Notifier) -> list[Phrase]:
    """Send the checkpoint to the auditors; what failed is tried again by the next look."""
    settings = installation.settings
    checkpoint = read_checkpoint(settings.state_dir / CHECKPOINTS / f"checkpoint-{mine.number:08d}.json")
    if not isinstance(checkpoint, Checkpoint):
        return [phrase("ledger.checkpoint-unreadable", file=checkpoint.file)]
    delivery = auditors.send(_mail(installation, mine, checkpoint))
    if delivery.status == "failed":
        return list(delivery.failures)
    with installation.database.transaction() as connection:
        _write(connection, mine.model_copy(update={"state": "done"}))
        if delivery.status == "told":
            _record(installation, connection, "mailed", {"number": checkpoint.number, "seq": checkpoint.seq})
    return list(delivery.failures)


def _missed(mine: _Day) -> int:
    return max((mine.day - mine.before).days - 1, 0) if mine.before is not None else 0


def _mail(installation: Installation, mine: _Day, checkpoint: Checkpoint) -> Notice:
    settings = installation.settings
    lang, show = settings.language, Display(settings.language, settings.zone)
    verified = last_verification(settings.state_dir)
    status = verified.found.status.replace("_", "-") if verified else "never"
    lines = [
        say("opening.seal-status", lang, status=say(f"audit.chain-{status}", lang)),
        *([verified.found.problem.text(lang)] if verified and verified.found.problem else []),
        say("opening.seal-what", lang, number=checkpoint.number, seq=checkpoint.seq, when=show.moment(checkpoint.at)),
        *([say("opening.seal-missed", lang, count=_missed(mine))] if _missed(mine) else []),
        say("opening.seal-keep", lang),
        "",
        canonical_json(checkpoint.model_dump(mode="json")),
        "",
        say("opening.seal-next", lang),
    ]
    title = say("opening.seal-title", lang, company=settings.company or "temanashi", day=show.day(mine.day))
    return Notice(key=f"checkpoint:{mine.day.isoformat()}", title=title, body="\n".join(lines))


def _record(installation: Installation, connection: Connection, outcome: str, body: dict[str, object]) -> None:
    draft = Draft(kind="checkpoint", actor="temanashi", actor_kind="system", channel="schedule", outcome=outcome, body=dict(body))
    installation.ledger.append(connection, draft)
