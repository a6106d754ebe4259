"""Deciding about lines: each decision is on record, by somebody else than whose account it is, about what they saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from temanashi.accounts.reviews.deciding import Asked, check_decision
from temanashi.accounts.reviews.faults import DecisionsAltered, LineStale, OwnAccount, ReviewClosed
from temanashi.accounts.reviews.lines import Decision, state_digest
from temanashi.accounts.reviews.tables import FINDINGS, LINES
from temanashi.books.sealing import Hand, Proof, signed_draft
from temanashi.calendars import day_of
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Record
from temanashi.people import Actor, Channel
from temanashi.workspace.counting import hand_of
from temanashi.workspace.opening import Installation
from temanashi.workspace.reviewing.reading import Review, ReviewLine, about, every_line, read_line, read_review, take_turn

__all__ = ["Bulk", "Wanted", "check_record", "decide", "decide_many", "keep_plain_lines", "recorded_decisions"]

_SET = (
    update(LINES)
    .where((LINES.c.review == bindparam("of_review")) & (LINES.c.line == bindparam("of_line")))
    .values(decision=bindparam("new_decision"), decided=bindparam("new_verdict"), digest=bindparam("new_digest"))
)


class Wanted(NamedTuple):
    """A decision that somebody wants about a line as they saw it; an empty `digest` is whatever it is now."""

    line: str
    asked: Asked
    digest: str = ""


class Bulk(NamedTuple):
    """How many lines were decided together, and how many were left out because they are the decider's own."""

    decided: int
    own: int


def decide(installation: Installation, review: str, wanted: Wanted, *, actor: Actor, channel: Channel) -> ReviewLine:
    """Decide about one line. Raises NoSuchReview, NoSuchLine, ReviewClosed, LineStale and what `check_decision` raises."""
    with installation.database.transaction() as connection:
        found = decide_many(installation, connection, review, [wanted], actor=actor, channel=channel)
        return read_line(connection, read_review(connection, review).id, found[0].line.id)


def decide_many(
    installation: Installation,
    connection: Connection,
    review: str,
    wanted: Sequence[Wanted],
    *,
    actor: Actor,
    channel: Channel,
    check_only: bool = False,
) -> list[ReviewLine]:
    """Decide about several lines on one record, all or none; the lines as they were. Raises as `decide`."""
    take_turn(connection)
    found = read_review(connection, review)
    hand = hand_of(installation, connection, actor, channel, sign=True)
    checked = [_checked(installation, connection, found, hand, one) for one in wanted]
    if not check_only:
        _write(installation, connection, found.id, hand, checked)
    return [line for line, _ in checked]


def _checked(
    installation: Installation, connection: Connection, review: Review, hand: Hand, one: Wanted
) -> tuple[ReviewLine, Asked]:
    seen = read_line(connection, review.id, one.line)
    _open(review, seen)
    if one.digest and one.digest != seen.digest:
        raise LineStale(seen.line.entry.login, seen.line.where)
    today = day_of(installation.clock.now(), installation.settings.zone)
    told = check_decision(
        seen.line,
        one.asked,
        identities=hand.identities,
        account=hand.actor.account,
        people=hand.people,
        today=today,
    )
    return seen, told


def _open(review: Review, line: ReviewLine) -> None:
    """While decisions are carried out, only about those that could not be is decided anew."""
    again = review.state == "carrying-out" and line.result is not None and line.result.state == "not-done"
    if review.state != "open" and not again:
        raise ReviewClosed(review.id)


def keep_plain_lines(installation: Installation, review: str, *, actor: Actor, channel: Channel) -> Bulk:
    """Keep every undecided line without a finding, on one record; the decider's own are left for somebody else."""
    with installation.database.transaction() as connection:
        take_turn(connection)
        found = read_review(connection, review)
        if found.state != "open":
            raise ReviewClosed(found.id)
        hand = hand_of(installation, connection, actor, channel, sign=True)
        flagged = set(connection.scalars(select(FINDINGS.c.line).where(FINDINGS.c.review == found.id)))
        plain = [one for one in every_line(connection, found.id) if one.decision is None and one.line.id not in flagged]
        checked, own = [], 0
        for one in plain:
            try:
                checked.append(_checked(installation, connection, found, hand, Wanted(one.line.id, Asked(verdict="keep"))))
            except OwnAccount:
                own += 1
        if checked:
            _write(installation, connection, found.id, hand, checked)
        return Bulk(len(checked), own)


def _write(
    installation: Installation, connection: Connection, review: str, hand: Hand, checked: Sequence[tuple[ReviewLine, Asked]]
) -> None:
    """One record for all, and each line with its decision beside it."""
    now = installation.clock.now()
    clean = installation.engine().redactor.text
    said = [(seen, asked.model_copy(update={"reason": clean(asked.reason)})) for seen, asked in checked]
    lines = [
        {
            "line": seen.line.id,
            "where": seen.line.where,
            "login": seen.line.entry.login,
            "digest": seen.digest,
            **asked.model_dump(mode="json"),
        }
        for seen, asked in said
    ]
    draft = signed_draft(
        "account_review",
        hand,
        about=about(review),
        step="decide",
        outcome="decided",
        body={"review": review, "at": now.isoformat(), "lines": lines},
        reason=said[0][1].reason if len(said) == 1 else "",
        slot=about(review),
    )
    record = installation.ledger.append(connection, draft)
    connection.execute(_SET, [_row(review, seen, asked, record) for seen, asked in said])


def _row(review: str, seen: ReviewLine, asked: Asked, record: Record) -> dict[str, str]:
    told = {**asked.model_dump(), "by": record.draft.actor, "at": record.recorded_at, "seq": record.seq}
    decision = Decision.model_validate(told)
    return {
        "of_review": review,
        "of_line": seen.line.id,
        "new_decision": decision.model_dump_json(),
        "new_verdict": decision.verdict,
        "new_digest": state_digest(seen.line, decision),
    }


def recorded_decisions(ledger: Ledger, connection: Connection, review: str, proof: Proof) -> dict[str, Decision]:
    """The decision about each line as the ledger tells it; what the gate did not sign where people sign in does not count."""
    found: dict[str, Decision] = {}
    for record in ledger.records(connection, kinds=["account_review"], slot=about(review)):
        if record.draft.outcome != "decided" or not proof.holds(record, about=about(review), step="decide"):
            continue
        for line in record.draft.body["lines"]:
            said = {name: line[name] for name in ("verdict", "reason", "groups", "until")}
            found[line["line"]] = Decision.model_validate(
                {**said, "by": record.draft.actor, "at": record.recorded_at, "seq": record.seq}
            )
    return found


def check_record(review: str, lines: Sequence[ReviewLine], recorded: Mapping[str, Decision]) -> None:
    """Raise DecisionsAltered where what stands beside the ledger is not what the ledger tells."""
    wrong = [
        one for one in lines if one.decision != recorded.get(one.line.id) or one.digest != state_digest(one.line, one.decision)
    ]
    if wrong:
        raise DecisionsAltered(review, len(wrong))
