"""What runs of ours did to accounts, as the ledger tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from temanashi.accounts.model import Account
from temanashi.accounts.reviews.drift import OurChange
from temanashi.accounts.reviews.population import Entry
from temanashi.accounts.reviews.reading import entry_of
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Record

__all__ = ["our_changes"]

LONGEST_STEP = timedelta(hours=24)
"""A step is on record when its last target is done: what it did to the first one may have been this much earlier."""


def our_changes(ledger: Ledger, connection: Connection, *, since: datetime) -> Iterator[OurChange]:
    """Each change of an account that a run made or may have made since a moment, in the order of the record."""
    intended: dict[tuple[str, str], dict[tuple[str, int], str]] = {}
    for record in ledger.records(connection, kinds=["step_intended", "step_done"], since=since - LONGEST_STEP):
        step = (record.draft.run, record.draft.step)
        if record.draft.kind == "step_intended":
            if logins := _logins(record.draft.body):
                intended[step] = logins
        elif step in intended:
            yield from _done(record, intended.pop(step))
    for (run, _), logins in intended.items():  # still under way, or died
        for (where, _), login in logins.items():
            yield OurChange(where=where, login=login, run=run, started_at=since, ended_at=_END, known=False)


_END = datetime.fromisoformat("9999-12-31T00:00:00+00:00")


def _logins(body: Mapping[str, Any]) -> dict[tuple[str, int], str]:
    """By target and iteration, whose account a step was about to change."""
    return {
        (change["target"], change.get("iteration", 0)): str(change["payload"]["wish"]["login"])
        for change in body.get("changes", ())
        if change.get("kind") == "accounts" and "wish" in change.get("payload", {})
    }


def _done(record: Record, logins: Mapping[tuple[str, int], str]) -> Iterator[OurChange]:
    for line in record.draft.body.get("targets", ()):
        login, outcome = logins.get((line["target"], line["iteration"])), line.get("outcome")
        if login is None or outcome is None or outcome["status"] in {"already", "skipped", "conflict"}:
            continue
        ended = datetime.fromisoformat(outcome["ended_at"]) if outcome.get("ended_at") else record.recorded_at
        started = datetime.fromisoformat(outcome["started_at"]) if outcome.get("started_at") else ended
        change = OurChange(where=line["target"], login=login, run=record.draft.run, started_at=started, ended_at=ended, known=False)
        told = next((piece for piece in outcome.get("evidence", ()) if piece["name"] == "account" and not piece["truncated"]), None)
        if outcome["status"] == "changed" and told is not None:
            before = (outcome.get("before") or {}).get("account")
            facts = {"known": True, "before": _entry(before), "after": _entry(json.loads(told["text"]))}
            change = change.model_copy(update=facts)
        yield change


def _entry(facts: Any) -> Entry | None:
    try:
        return entry_of(Account.model_validate(facts)) if facts else None
    except ValidationError:  # of another program
        return None
