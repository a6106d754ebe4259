"""Revoking one line: by a run with its journal for hosts and directories, by sign-in's own books for our users and tokens."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from temanashi.accounts.reviews.lines import LineResult
from temanashi.accounts.reviews.tables import LINES
from temanashi.books.sealing import Hand
from temanashi.errors import TemanashiError
from temanashi.runbooks.adhoc import ADHOC
from temanashi.runbooks.literal import as_template
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runs.advancing import advance
from temanashi.runs.engine import Engine
from temanashi.runs.journal import read_rows, read_run
from temanashi.runs.requests import RunRequest, request_run
from temanashi.runs.results import AlreadyEnded
from temanashi.signin.faults import NoSuchToken
from temanashi.signin.tokens import revoke_token
from temanashi.signin.users import disable_user
from temanashi.text import LANGUAGES
from temanashi.text.local import Phrase, phrase
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.opening import Installation
from temanashi.workspace.own_accounts import OWN, TOKEN
from temanashi.workspace.reading_accounts import Places
from temanashi.workspace.reviewing.reading import ReviewLine
from temanashi.workspace.version_rows import live_version

__all__ = ["REVIEW_RUN", "Revoker", "plain_phrase", "revoking_runbook"]

REVIEW_RUN = "access-review"
"""Id of these runs; the books leave them out, as they do typed commands: nobody signs minutes for them."""


@dataclass
class Revoker:
    """Revokes lines of one review as the person who closes it."""

    installation: Installation
    review: str
    hand: Hand
    places: Places
    secret: Callable[[str], str]

    def revoked(self, line: ReviewLine) -> LineResult:
        """What became of one line; failures are values. A run that was begun before goes on."""
        try:
            return self._own(line) if line.line.kind == OWN else self._by_run(line)
        except TemanashiError as error:
            run = line.result.run if line.result is not None else ""
            return LineResult(state="not-done", run=run, why=plain_phrase(error), at=self.installation.clock.now())

    def _own(self, line: ReviewLine) -> LineResult:
        book, login = book_of(self.installation), line.line.entry.login
        told: dict[str, Any] = {"actor": self.hand.actor, "channel": self.hand.channel}
        with self.installation.database.transaction() as connection:
            if login.startswith(TOKEN):
                try:
                    revoke_token(book, connection, login.removeprefix(TOKEN), **told)
                except NoSuchToken:
                    return LineResult(state="running", outcome="already", at=book.now())
            else:
                disable_user(book, connection, login, **told, reason=self._reason)
        return LineResult(state="running", outcome="changed", at=book.now())

    @property
    def _reason(self) -> str:
        return phrase("reviews.run-reason", review=self.review).text(self.installation.settings.language)

    def _by_run(self, line: ReviewLine) -> LineResult:
        engine = self.installation.engine(secret=self.secret, sign=True)
        run = self._unfinished(line) or self._asked(engine, line)
        with suppress(AlreadyEnded):
            advance(engine, run)
        with self.installation.database.reading() as connection:
            row, rows = read_run(connection, run), read_rows(connection, run)
        outcome = rows[0].outcome if rows else None
        bad = outcome is None or not outcome.good
        return LineResult(
            state="not-done" if bad else "running",
            run=run,
            plan=row.plan_digest if row is not None else "",
            outcome=outcome.status if outcome is not None else "",
            why=outcome.reason if outcome is not None and bad else None,
            at=self.installation.clock.now(),
        )

    def _unfinished(self, line: ReviewLine) -> str:
        """A run of this line that was cut off; one that ended is not asked again."""
        with self.installation.database.reading() as connection:
            text = connection.execute(
                select(LINES.c.result).where((LINES.c.review == self.review) & (LINES.c.line == line.line.id))
            ).scalar()
            known = LineResult.model_validate_json(text) if text else None
            row = read_run(connection, known.run) if known is not None and known.run else None
        return row.id if row is not None and row.ended_at is None else ""

    def _asked(self, engine: Engine, line: ReviewLine) -> str:
        """A new run; its id stands with the line before it begins, so that one that is cut off is found again."""
        with self.installation.database.reading() as connection:
            live = live_version(connection)
        request = RunRequest(
            runbook=revoking_runbook(line, engine, review=self.review),
            workspace_version=live.digest if live is not None else "",
            inventory=self.places.inventory,
            inputs={},
            actor=self.hand.actor,
            channel=self.hand.channel,
            reason=self._reason,
            ticket=self.review,
        )
        run = request_run(engine, request)
        result = LineResult(state="running", run=run, at=self.installation.clock.now())
        where = (LINES.c.review == self.review) & (LINES.c.line == line.line.id)
        with self.installation.database.transaction() as connection:
            connection.execute(update(LINES).where(where).values(result=result.model_dump_json()))
        return run


def revoking_runbook(line: ReviewLine, engine: Engine, *, review: str) -> Runbook:
    """The runbook of one step that does what was decided; raises BadRunbook."""
    login, where, decision = line.line.entry.login, line.line.where, line.decision
    on_host = line.line.kind == "linux"
    step: dict[str, Any] = {"do": "disable", "login": as_template(login)}
    if decision is not None and decision.verdict == "change":
        step |= {"do": "set", "not_groups": [as_template(group) for group in decision.groups]}
    if not on_host:
        step["directory"] = where
    words = {"login": login, "where": where, "review": review}
    data: dict[str, Any] = {
        "id": REVIEW_RUN,
        "title": {lang: phrase("reviews.run-title", **words).text(lang) for lang in LANGUAGES},
        "description": {lang: phrase("reviews.run-description", **words).text(lang) for lang in LANGUAGES},
        "category": "account",
        "owner": "ops",
        "privileged": True,
        "targets": where if on_host else "localhost",
        "overlap": "parallel",
        "toil": {"task": ADHOC, "demand": {"calendar": "day"}},
        "steps": [{"id": "revoke", "accounts": step, "on_failure": "continue"}],
    }
    return parse_runbook(data, kinds=engine.kinds)


def plain_phrase(error: TemanashiError) -> Phrase:
    """An error as a sentence that can be kept."""
    data = {name: value.model_dump() if isinstance(value, Phrase) else value for name, value in error.data.items()}
    return Phrase(key=error.key, data=data)
