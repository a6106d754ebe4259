"""Months that two people close, on records in memory."""

from datetime import date

from books.bookkeeping import TOKYO, at
from temanashi.books.closing import SealedHead, approval_of_month, closings, preparations, prepared_month, refusal_of_month
from temanashi.books.corrections import asked_correction, corrections, decided_correction
from temanashi.books.sealing import Hand
from temanashi.people import Actor, People, Person
from temanashi.runs.signatures import Signatures

PEOPLE = People(people={"sato": Person(name="佐藤", os=("u-sato",)), "tanaka": Person(name="田中", os=("u-tanaka",))})
DECEMBER = date(2026, 12, 3)
FACES = {"report.html": "<p>十一月</p>", "report.json": "{}\n"}
HEAD = SealedHead(number=1, chain="main", seq=9, hash="f" * 64, at=at(DECEMBER))


def hand(name="佐藤", *, account="", signatures=None, kind="person", assurance="asserted"):
    actor = Actor(name=name, account=account, kind=kind, assurance=assurance)
    return Hand(actor=actor, channel="cli", people=PEOPLE, signatures=signatures)


def signing(secret="gate"):
    """Signatures that only who knows the secret can make."""
    return Signatures(
        holds=lambda text, signature: signature == f"{secret}:{hash(text)}", sign=lambda text: f"{secret}:{hash(text)}"
    )


def verified(name, signatures):
    return hand(name, signatures=signatures, assurance="verified")


def prepare(books, by=None, *, figures=None, prior=(), on=DECEMBER, **more):
    drafts = prepared_month(figures or books.figures(), FACES, prior, hand=by or hand(), **more)
    return [books.write(draft, at(on)) for draft in drafts][-1]


def approve(books, by=None, *, prepared=None, month="2026-11", on=DECEMBER, proof=None):
    waiting = preparations(books.records, *([proof] if proof else []))[month]
    first = prepared or books.records[waiting.seq - 1]
    return books.write(approval_of_month(waiting, HEAD, hand=by or hand("田中"), preparer=first), at(on, 10))


def refuse(books, by=None, *, month="2026-11", reason="依頼が足りません"):
    waiting = preparations(books.records)[month]
    return books.write(refusal_of_month(waiting, hand=by or hand("田中"), reason=reason), at(DECEMBER, 11))


def close(books, month="2026-11", **more):
    prepare(books, **more)
    approve(books, month=month)
    return closings(books.records)[month]


def ask(books, *, by=None, month="2026-11", task="morning-checks", part="credited", seconds=-600, reason="記録の誤り", **more):
    known = closings(books.records)[month].figures
    draft = asked_correction(
        month, task, part, seconds, reason=reason, tasks=[t.task for t in known.tasks], hand=by or hand(), **more
    )
    return books.write(draft, at(DECEMBER, 12))


def decide(books, record, *, by=None, approved=True, note="", proof=None):
    asked = next(c for c in corrections(books.records, proof) if c.seq == record.seq)
    return books.write(decided_correction(asked, record, approved=approved, hand=by or hand("田中"), note=note), at(DECEMBER, 13))


def forged(record, **fields):
    """A record with other words in it, as somebody writes them who has the database."""
    return record.model_copy(update={"draft": record.draft.model_copy(update=fields)})


__all__ = [
    "DECEMBER", "FACES", "HEAD", "PEOPLE", "TOKYO", "approve", "ask", "close", "decide", "forged", "hand", "prepare", "refuse",
    "signing", "verified",
]  # fmt: skip
