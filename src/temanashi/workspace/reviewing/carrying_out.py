"""Closing a review: what was revoked is revoked by runs, each account is read again, and what was not reached is not done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, update

from temanashi.accounts.reviews.faults import LinesUndecided, ReviewClosed
from temanashi.accounts.reviews.lines import LineResult
from temanashi.accounts.reviews.population import Entry
from temanashi.accounts.reviews.tables import LINES, REVIEWS
from temanashi.books.sealing import Hand, Proof, signed_draft
from temanashi.people import Actor, Channel
from temanashi.secrets import resolve
from temanashi.text.local import Phrase, phrase
from temanashi.workspace.counting import hand_of
from temanashi.workspace.live import live_directory
from temanashi.workspace.opening import Installation
from temanashi.workspace.reading_accounts import Places, places_of, read_places
from temanashi.workspace.reviewing.deciding import check_record, recorded_decisions
from temanashi.workspace.reviewing.reading import Review, ReviewLine, about, counts_of, every_line, read_review, take_turn
from temanashi.workspace.reviewing.revoking import Revoker
from temanashi.workspace.signatures import signatures_of

__all__ = ["CarriedOut", "carry_out"]

_DOING = ("revoke", "change")


@dataclass(frozen=True, kw_only=True)
class CarriedOut:
    """What closing did: lines that are done and that are not; `closed` where nothing is left."""

    review: str
    done: tuple[ReviewLine, ...]
    left: tuple[ReviewLine, ...]
    closed: bool


def carry_out(
    installation: Installation,
    review: str,
    *,
    actor: Actor,
    channel: Channel,
    secret: Callable[[str], str] = resolve,
    progress: Callable[[ReviewLine], None] = lambda line: None,  # noqa: ARG005
) -> CarriedOut:
    """Do what was decided and is not done yet, read each account again, and close the review where nothing is left.

    May be called again: what is done is not done twice, a run that was cut off goes on. Raises NoSuchReview, ReviewClosed,
    LinesUndecided, DecisionsAltered, NotVerified and LedgerError, before anything is touched.
    """
    with installation.database.transaction() as connection:
        take_turn(connection)
        found = read_review(connection, review)
        if found.state == "closed":
            raise ReviewClosed(found.id)
        hand = hand_of(installation, connection, actor, channel, sign=True)
        lines = _checked(installation, connection, found)
        _begun(installation, connection, found, hand)
    revoker = Revoker(installation, found.id, hand, places=places_of(installation), secret=secret)
    todo = [one for one in lines if one.decision is not None and one.decision.verdict in _DOING and not _done(one)]
    for one in todo:
        result = revoker.revoked(one)
        _keep(installation, found.id, one, result)
        progress(one._replace(result=result))
    _read_again(installation, found.id, revoker.places, secret=secret)
    return _ended(installation, found, hand)


def _done(line: ReviewLine) -> bool:
    return line.result is not None and line.result.state == "done"


def _checked(installation: Installation, connection: Connection, review: Review) -> list[ReviewLine]:
    lines = every_line(connection, review.id)
    if missing := sum(one.decision is None for one in lines):
        raise LinesUndecided(review.id, missing)
    people = live_directory(connection).people
    proof = Proof(signatures=signatures_of(installation.settings, sign=False), people=people)
    check_record(review.id, lines, recorded_decisions(installation.ledger, connection, review.id, proof))
    return lines


def _begun(installation: Installation, connection: Connection, review: Review, hand: Hand) -> None:
    """Decisions are settled from here on, on record."""
    counts = counts_of(connection, review.id)
    body = {"review": review.id, "verdicts": counts.verdicts, "to_do": counts.to_do}
    draft = signed_draft(
        "account_review", hand, about=about(review.id), step="close", outcome="carrying-out", body=body, slot=about(review.id)
    )
    installation.ledger.append(connection, draft)
    connection.execute(update(REVIEWS).where(REVIEWS.c.id == review.id).values(state="carrying-out"))


def _keep(installation: Installation, review: str, line: ReviewLine, result: LineResult) -> None:
    where = (LINES.c.review == review) & (LINES.c.line == line.line.id)
    with installation.database.transaction() as connection:
        connection.execute(update(LINES).where(where).values(result=result.model_dump_json()))


def _read_again(installation: Installation, review: str, places: Places, *, secret: Callable[[str], str]) -> None:
    """A fresh read of every place with something to do; the run's own word is not enough."""
    with installation.database.reading() as connection:
        open_ = [one for one in every_line(connection, review) if one.result is not None and not _done(one)]
    if not open_:
        return
    wanted = tuple(sorted({one.line.where for one in open_}))
    population = read_places(installation, places, secret=secret, only=wanted)
    entries = {one.where: {entry.login: entry for entry in one.entries} for one in population.targets}
    ways = {one.where: one.ways for one in population.targets}
    unread = {one.where: one.reason for one in population.not_read}
    now = installation.clock.now()
    for one in open_:
        where, login = one.line.where, one.line.entry.login
        if where not in entries:
            gone = unread.get(where, phrase("reviews.place-gone", where=where))
            result = _result(one, "not-done", phrase("reviews.not-reread", why=gone.model_dump()), None)
        else:
            entry = entries[where].get(login)
            groups = ways[where].get(login, {})
            why = _left_over(one, entry, {*groups}, today=now.astimezone(UTC).date())
            result = _result(one, "not-done" if why is not None else "done", why, entry)
        _keep(installation, review, one, result.model_copy(update={"at": now}))


def _result(one: ReviewLine, state: Any, why: Phrase | None, entry: Entry | None) -> LineResult:
    before = one.result or LineResult(state="running")
    seen = entry.model_dump(mode="json") if entry is not None else None
    reasons = before.why if state == "not-done" and before.why is not None else why
    return before.model_copy(update={"state": state, "why": reasons, "seen": seen})


def _left_over(one: ReviewLine, entry: Entry | None, groups: set[str], *, today: Any) -> Phrase | None:
    """What of the decision is not so; None where it is."""
    if entry is None:
        return None  # nobody gets in by an account that is not there
    if entry.native_id != one.line.entry.native_id:
        return phrase("reviews.another-account")
    if one.decision is not None and one.decision.verdict == "change":
        still = sorted(groups.intersection(one.decision.groups))
        return phrase("reviews.still-in", groups=still) if still else None
    return None if entry.closed(today) else phrase("reviews.still-open")


def _ended(installation: Installation, review: Review, hand: Hand) -> CarriedOut:
    with installation.database.transaction() as connection:
        lines = [one for one in every_line(connection, review.id) if one.decision is not None and one.decision.verdict in _DOING]
        left = tuple(one for one in lines if not _done(one))
        body = {
            "review": review.id,
            "results": [
                {
                    "line": one.line.id,
                    "where": one.line.where,
                    "login": one.line.entry.login,
                    **(one.result or LineResult(state="not-done")).model_dump(mode="json"),
                }
                for one in lines
            ],
            "left": len(left),
        }
        outcome = "closed" if not left else "carried-out"
        draft = signed_draft(
            "account_review", hand, about=about(review.id), step="close", outcome=outcome, body=body, slot=about(review.id)
        )
        installation.ledger.append(connection, draft)
        if not left:
            connection.execute(update(REVIEWS).where(REVIEWS.c.id == review.id).values(state="closed"))
    done = tuple(one for one in lines if _done(one))
    return CarriedOut(review=review.id, done=done, left=left, closed=not left)
