"""Opening a review: every place is read, compared with the roster, and each account becomes a line that is to be decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from temanashi.accounts.reviews.faults import NothingReadAtAll, NothingToRead, ReviewOpen, RosterProblems
from temanashi.accounts.reviews.findings import find
from temanashi.accounts.reviews.keeping import keep
from temanashi.accounts.reviews.lines import Line, lines_of, state_digest
from temanashi.accounts.reviews.matching import Known, people_listed, people_of_roster
from temanashi.accounts.reviews.population import Population
from temanashi.accounts.reviews.tables import FINDINGS, LINES, REVIEWS
from temanashi.accounts.roster import Roster
from temanashi.books.sealing import Hand, signed_draft
from temanashi.calendars import day_of
from temanashi.canonical import digest_of
from temanashi.people import Actor, Channel
from temanashi.secrets import resolve
from temanashi.workspace.account_snapshots import targets_told
from temanashi.workspace.counting import hand_of
from temanashi.workspace.importing.roster.reading import read_roster
from temanashi.workspace.opening import Installation
from temanashi.workspace.own_accounts import OWN
from temanashi.workspace.reading_accounts import Places, places_of, read_places
from temanashi.workspace.reviewing.reading import Review, RosterTold, about, read_review, take_turn

__all__ = ["open_review", "review_of", "roster_of", "roster_of_file"]


def roster_of_file(installation: Installation, file: Path) -> Roster:
    """The roster of a file, whole; raises RosterProblems, OSError and what reading it raises."""
    return roster_of(installation, file.read_bytes(), name=file.name)


def roster_of(installation: Installation, data: bytes, *, name: str) -> Roster:
    """A roster from its bytes, whole; raises RosterProblems and what reading it raises."""
    today = day_of(installation.clock.now(), installation.settings.zone)
    roster = read_roster(data, name=name, today=today, zone=installation.settings.zone)
    if roster.problems:
        first = roster.problems[0]
        raise RosterProblems(name, len(roster.problems), first.message)
    return roster


def open_review(
    installation: Installation,
    *,
    actor: Actor,
    channel: Channel,
    roster: Roster | None = None,
    title: str = "",
    secret: Callable[[str], str] = resolve,
) -> Review:
    """A new review of everything; without a roster the people of people.yaml are compared.

    Raises NothingToRead, NothingReadAtAll, ReviewOpen, NotVerified and LedgerError. Places that do not answer are told in it.
    """
    with installation.database.reading() as connection:
        _refuse_second(connection)
    places = places_of(installation)
    if not places.any:
        raise NothingToRead
    population = read_places(installation, places, secret=secret)
    if all(one.where == OWN for one in population.targets):
        raise NothingReadAtAll([one.where for one in population.not_read])
    return review_of(installation, places, population, actor=actor, channel=channel, roster=roster, title=title)


def review_of(
    installation: Installation,
    places: Places,
    population: Population,
    *,
    actor: Actor,
    channel: Channel,
    roster: Roster | None = None,
    title: str = "",
) -> Review:
    """A new review of what was read; raises ReviewOpen, NotVerified and LedgerError."""
    known = people_of_roster(roster) if roster is not None else people_listed(places.people)
    lines = _lines(installation, places, population, known)
    with installation.database.transaction() as connection:
        take_turn(connection)
        _refuse_second(connection)
        hand = hand_of(installation, connection, actor, channel, sign=True)
        content = _content(installation, connection, places, population, lines, roster, people=len(known), title=title)
        return _stored(installation, connection, hand, content, lines)


def _refuse_second(connection: Connection) -> None:
    if (other := connection.execute(select(REVIEWS.c.id).where(REVIEWS.c.state != "closed")).scalar()) is not None:
        raise ReviewOpen(other)


def _lines(installation: Installation, places: Places, population: Population, known: Sequence[Known]) -> list[Line]:
    today = day_of(installation.clock.now(), installation.settings.zone)
    found = find(population, known, places.register, places.people, day=today)
    kinds = {one.where: one.kind for one in population.targets}
    return list(lines_of(found, kinds, {one.where: dict(one.ways) for one in population.targets}))


def _content(
    installation: Installation,
    connection: Connection,
    places: Places,
    population: Population,
    lines: Sequence[Line],
    roster: Roster | None,
    *,
    people: int,
    title: str,
) -> dict[str, Any]:
    """What the record says of it. The populations are kept, with when each account was last used."""
    now = installation.clock.now()
    digests = {one.where: keep(connection, one, used=True, now=now) for one in population.targets}
    counted = Counter(finding.kind for line in lines for finding in line.findings)
    told = RosterTold(source=roster.source, digest=roster.digest, people=people) if roster is not None else None
    return {
        "title": " ".join(title.split())[:200],
        "targets": targets_told(population, digests),
        "not_read": [one.model_dump(mode="json") for one in population.not_read],
        "roster": told.model_dump(mode="json") if told is not None else None,
        "people": people,
        "policy": places.register.policy.model_dump(mode="json"),
        "register_digest": digest_of(places.register.model_dump(mode="json")),
        "lines": len(lines),
        "lines_digest": digest_of([line.model_dump(mode="json") for line in lines]),
        "findings": dict(sorted(counted.items())),
    }


def _stored(
    installation: Installation, connection: Connection, hand: Hand, content: dict[str, Any], lines: Sequence[Line]
) -> Review:
    now = installation.clock.now()
    day = day_of(now, installation.settings.zone)
    number = 1 + len([name for name in connection.scalars(select(REVIEWS.c.id)) if name.startswith(day.isoformat())])
    review = f"{day.isoformat()}-{number}"
    body = {"review": review, **content}
    draft = signed_draft("account_review", hand, about=about(review), step="open", outcome="opened", body=body, slot=about(review))
    record = installation.ledger.append(connection, draft)
    told = {"id": review, "state": "open", "opened_at": now, "opened_by": record.draft.actor, "seq": record.seq, **content}
    kept = Review.model_validate(told)
    connection.execute(
        insert(REVIEWS).values(id=review, state="open", opened_at=now.isoformat(), content=kept.model_dump_json(), seq=record.seq)
    )
    _store_lines(connection, review, lines)
    return read_review(connection, review)


def _store_lines(connection: Connection, review: str, lines: Sequence[Line]) -> None:
    rows = [
        {
            "review": review,
            "line": line.id,
            "position": number,
            "place": line.where,
            "login": line.entry.login,
            "content": line.model_dump_json(),
            "digest": state_digest(line, None),
            "decision": "",
            "decided": "",
            "result": "",
        }
        for number, line in enumerate(lines, 1)
    ]
    if rows:
        connection.execute(insert(LINES), rows)
    kinds = [{"review": review, "kind": kind, "line": line.id} for line in lines for kind in {one.kind for one in line.findings}]
    if kinds:
        connection.execute(insert(FINDINGS), kinds)
