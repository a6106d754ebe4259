"""Reading reviews: one with its counts, and its lines a page at a time, by finding, decision and words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, text

from temanashi.accounts.reviews.faults import NoSuchLine, NoSuchReview
from temanashi.accounts.reviews.lines import Decision, Line, LineResult
from temanashi.accounts.reviews.tables import FINDINGS, LINES, REVIEWS
from temanashi.calendars import Month

__all__ = [
    "Counts",
    "Picked",
    "Review",
    "ReviewLine",
    "RosterTold",
    "about",
    "counts_of",
    "due_on",
    "every_line",
    "pick_lines",
    "read_line",
    "read_review",
    "reviews",
    "take_turn",
]

_REVIEW_LOCK = 0x74656D61_00000014
State = Literal["open", "carrying-out", "closed"]


def take_turn(connection: Connection) -> None:
    """Whoever opens, decides or closes waits for who does so now: SQLite lets one writer in at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _REVIEW_LOCK})


def about(review: str) -> str:
    """What records say that they are about."""
    return f"review:{review}"


class RosterTold(BaseModel):
    """The roster that was compared: `people` were on it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    digest: str
    people: int


class Review(BaseModel):
    """A review as it was opened. `targets` and `not_read` are as the record tells them; `roster` None: people.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    state: State
    title: str
    opened_at: datetime
    opened_by: str
    seq: int
    targets: tuple[dict[str, Any], ...]
    not_read: tuple[dict[str, Any], ...]
    roster: RosterTold | None
    people: int
    policy: dict[str, Any]
    register_digest: str = ""
    lines: int
    lines_digest: str
    findings: dict[str, int]


class ReviewLine(NamedTuple):
    """A line as it stands: its place in the order, what was decided, what became of it, and the digest of all that."""

    position: int
    line: Line
    decision: Decision | None
    result: LineResult | None
    digest: str


class Counts(NamedTuple):
    """How far a review is: lines by verdict ("" is undecided), and lines that are not carried out yet."""

    verdicts: dict[str, int]
    undecided: int
    plain: int
    to_do: int
    done: int


class Picked(NamedTuple):
    """A page of lines, and how many there are of them."""

    lines: tuple[ReviewLine, ...]
    total: int


def reviews(connection: Connection) -> list[Review]:
    """Every review, the newest first."""
    rows = connection.execute(select(REVIEWS).order_by(REVIEWS.c.seq.desc())).all()
    return [_review(row) for row in rows]


def read_review(connection: Connection, review: str) -> Review:
    """One review; raises NoSuchReview. `last` is the newest."""
    query = select(REVIEWS).order_by(REVIEWS.c.seq.desc()).limit(1)
    row = connection.execute(query if review == "last" else select(REVIEWS).where(REVIEWS.c.id == review)).one_or_none()
    if row is None:
        raise NoSuchReview(review, known=connection.scalars(select(REVIEWS.c.id)).all())
    return _review(row)


def _review(row: Row[Any]) -> Review:
    return Review.model_validate_json(row.content).model_copy(update={"state": row.state})


def due_on(connection: Connection, every_months: int, zone: Any) -> date | None:
    """The day on which the next review is due: so many months after the last one was opened; None before the first."""
    last = connection.execute(select(func.max(REVIEWS.c.opened_at))).scalar()
    if last is None:
        return None
    day = datetime.fromisoformat(last).astimezone(zone).date()
    month = Month.of(day).shift(every_months)
    return min(date(month.first.year, month.first.month, min(day.day, month.last.day)), month.last)


def counts_of(connection: Connection, review: str) -> Counts:
    """How far it is."""
    mine = LINES.c.review == review
    verdicts = {
        row[0]: row[1] for row in connection.execute(select(LINES.c.decided, func.count()).where(mine).group_by(LINES.c.decided))
    }
    flagged = select(FINDINGS.c.line).where(FINDINGS.c.review == review)
    plain = connection.execute(select(func.count()).where(mine, LINES.c.decided == "", LINES.c.line.not_in(flagged))).scalar_one()
    wanted = mine & LINES.c.decided.in_(("revoke", "change"))
    done = connection.execute(select(func.count()).where(wanted, LINES.c.result.like('%"state":"done"%'))).scalar_one()
    to_do = connection.execute(select(func.count()).where(wanted)).scalar_one()
    return Counts({name: verdicts.get(name, 0) for name in verdicts if name}, verdicts.get("", 0), plain, to_do - done, done)


def pick_lines(
    connection: Connection,
    review: str,
    *,
    finding: str = "",
    decided: str = "",
    words: str = "",
    first: int = 0,
    limit: int = 50,
) -> Picked:
    """Lines in order. `finding`: a kind, `any` or `none`. `decided`: a verdict, `no`, `yes` or `failed`."""
    where = and_(LINES.c.review == review, *_conditions(review, finding, decided, words))
    count = connection.execute(select(func.count()).where(where)).scalar_one()
    rows = connection.execute(select(LINES).where(where).order_by(LINES.c.position).offset(first).limit(limit)).all()
    return Picked(tuple(_line(row) for row in rows), count)


def _conditions(review: str, finding: str, decided: str, words: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    flagged = select(FINDINGS.c.line).where(FINDINGS.c.review == review)
    if finding == "none":
        found.append(LINES.c.line.not_in(flagged))
    elif finding:
        found.append(LINES.c.line.in_(flagged if finding == "any" else flagged.where(FINDINGS.c.kind == finding)))
    if decided in {"no", "yes"}:
        found.append(LINES.c.decided == "" if decided == "no" else LINES.c.decided != "")
    elif decided == "failed":
        found += [LINES.c.decided.in_(("revoke", "change")), LINES.c.result.not_like('%"state":"done"%')]
    elif decided:
        found.append(LINES.c.decided == decided)
    if words := words.strip():
        sign = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        found.append(or_(*(column.like(f"%{sign}%", escape="\\") for column in (LINES.c.login, LINES.c.place, LINES.c.content))))
    return found


def every_line(connection: Connection, review: str) -> list[ReviewLine]:
    """All lines, in order."""
    rows = connection.execute(select(LINES).where(LINES.c.review == review).order_by(LINES.c.position)).all()
    return [_line(row) for row in rows]


def read_line(connection: Connection, review: str, line: str) -> ReviewLine:
    """One line by id or by its number; raises NoSuchLine."""
    wanted = LINES.c.line == line
    if line.isascii() and line.isdigit() and len(line) < 7:  # noqa: PLR2004  (numbers of lines; ids are longer)
        wanted = or_(wanted, LINES.c.position == int(line))
    row = connection.execute(select(LINES).where(LINES.c.review == review, wanted)).first()
    if row is None:
        raise NoSuchLine(line)
    return _line(row)


def _line(row: Row[Any]) -> ReviewLine:
    return ReviewLine(
        position=row.position,
        line=Line.model_validate_json(row.content),
        decision=Decision.model_validate_json(row.decision) if row.decision else None,
        result=LineResult.model_validate_json(row.result) if row.result else None,
        digest=row.digest,
    )
