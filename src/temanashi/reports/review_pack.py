"""The tables of a review's evidence pack: populations, findings, decisions, what became of them, and what was not read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from temanashi.accounts.reviews.lines import Decision, Line, LineResult
from temanashi.accounts.reviews.population import Target
from temanashi.canonical import canonical_json
from temanashi.reports.faces import guarded
from temanashi.text import Lang, say
from temanashi.text.local import Phrase

__all__ = ["Packed", "PackedLine", "review_members"]

TOKYO = ZoneInfo("Asia/Tokyo")


class PackedLine(NamedTuple):
    """A line as it ended."""

    position: int
    line: Line
    decision: Decision | None
    result: LineResult | None


class Packed(NamedTuple):
    """What a pack tells of a review. `about` is its JSON; `kept` are the populations' own texts by place."""

    review: str
    state: str
    title: str
    about: Mapping[str, Any]
    targets: Sequence[Target]
    kept: Mapping[str, str]
    not_read: Sequence[Mapping[str, Any]]
    lines: Sequence[PackedLine]
    counts: Mapping[str, int]


def review_members(packed: Packed, languages: Sequence[Lang]) -> Iterator[tuple[str, bytes | str]]:
    """Names and contents, in order; texts in every language, tables once with headings of the first."""
    lang = languages[0]
    yield "review/review.json", canonical_json(dict(packed.about)) + "\n"
    for where, text in sorted(packed.kept.items()):
        yield f"review/population/{where}.json", text
    yield "review/lines.json", canonical_json([one.line.model_dump(mode="json") for one in packed.lines])
    yield (
        "review/targets.csv",
        _table(_target_rows(packed), _heads(("where", "kind", "query", "taken", "accounts", "digest"), lang)),
    )
    yield "review/population.csv", _table(_population_rows(packed.targets), _POPULATION)
    yield "review/findings.csv", _table(_finding_rows(packed.lines, lang), _heads(_FINDING, lang))
    yield "review/decisions.csv", _table(_decision_rows(packed.lines, lang), _heads(_DECISION, lang))
    yield "review/exceptions.csv", _table(_exception_rows(packed.lines), _heads(_EXCEPTION, lang))
    yield "review/results.csv", _table(_result_rows(packed.lines, lang), _heads(_RESULT, lang))
    yield "review/not-read.csv", _table(_not_read_rows(packed, lang), _heads(("where", "kind", "why"), lang))
    for each in languages:
        yield f"review/README.{each}.txt", _readme(packed, each)


_POPULATION = (
    "where", "login", "native_id", "employee", "kind", "name", "owner", "enabled", "password", "shell", "keys", "expires_on",
    "groups", "groups_resolved", "system", "privileged", "last_seen",
)  # fmt: skip
_FINDING = ("line", "where", "login", "person", "finding", "why")
_DECISION = (
    "line",
    "where",
    "login",
    "person",
    "findings",
    "decision",
    "leaves",
    "reason",
    "until",
    "by",
    "at-utc",
    "at-jst",
    "record",
)
_EXCEPTION = ("line", "where", "login", "person", "reason", "until", "by", "at-utc", "at-jst")
_RESULT = ("line", "where", "login", "decision", "state", "why", "run", "plan", "outcome", "seen", "at-utc", "at-jst")


def _heads(names: Iterable[str], lang: Lang) -> list[str]:
    return [say(f"reviews.pack-column-{name}", lang) for name in names]


def _table(rows: Iterable[Sequence[str]], heads: Sequence[str]) -> bytes:
    """UTF-8 with a byte order mark and CRLF, as spreadsheets want it; no cell is taken for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(heads)
    for row in rows:
        writer.writerow([guarded(cell) for cell in row])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _moments(moment: datetime | None) -> tuple[str, str]:
    """In UTC and in Japan."""
    if moment is None:
        return "", ""
    return moment.isoformat(timespec="seconds"), moment.astimezone(TOKYO).isoformat(timespec="seconds")


def _target_rows(packed: Packed) -> Iterator[list[str]]:
    for one in packed.targets:
        yield [one.where, one.kind, one.query, one.taken_at.isoformat(), str(len(one.entries)), one.digest]


def _population_rows(targets: Sequence[Target]) -> Iterator[list[str]]:
    """Every account of every place, also those that are no line because nobody can use them."""
    for target in targets:
        for entry in sorted(target.entries, key=lambda one: (one.login, one.native_id)):
            said = entry.model_dump(mode="json")
            ways = " | ".join(" < ".join(reversed(way)) for _, way in sorted(target.ways.get(entry.login, {}).items()))
            yield [target.where, *(ways if name == "groups_resolved" else _plain(said[name]) for name in _POPULATION[1:])]


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _who(line: Line) -> str:
    return line.person_name or line.person or line.owner


def _finding_rows(lines: Sequence[PackedLine], lang: Lang) -> Iterator[list[str]]:
    for one in lines:
        for found in one.line.findings:
            word = say(f"reviews.finding-{found.kind}", lang)
            yield [one.line.id, one.line.where, one.line.entry.login, _who(one.line), word, found.why.text(lang)]


def _decision_rows(lines: Sequence[PackedLine], lang: Lang) -> Iterator[list[str]]:
    for one in lines:
        line, decision = one.line, one.decision
        found = " ".join(say(f"reviews.finding-{each.kind}", lang) for each in line.findings)
        head = [line.id, line.where, line.entry.login, _who(line), found]
        if decision is None:
            yield [*head, say("reviews.undecided-word", lang), "", "", "", "", "", "", ""]
            continue
        word = say(f"reviews.verdict-{decision.verdict}", lang)
        until = decision.until.isoformat() if decision.until else ""
        made = [decision.by, *_moments(decision.at), str(decision.seq)]
        yield [*head, word, " ".join(decision.groups), decision.reason, until, *made]


def _exception_rows(lines: Sequence[PackedLine]) -> Iterator[list[str]]:
    for one in lines:
        decision = one.decision
        if decision is not None and decision.verdict == "exception":
            until = decision.until.isoformat() if decision.until else ""
            told = [one.line.id, one.line.where, one.line.entry.login, _who(one.line), decision.reason, until]
            yield [*told, decision.by, *_moments(decision.at)]


def _result_rows(lines: Sequence[PackedLine], lang: Lang) -> Iterator[list[str]]:
    """Only what was to be carried out; what was never tried is not done."""
    for one in lines:
        if one.decision is None or one.decision.verdict not in {"revoke", "change"}:
            continue
        result = one.result or LineResult(state="not-done")
        word = say(f"reviews.verdict-{one.decision.verdict}", lang)
        why = result.why.text(lang) if result.why else ""
        seen = canonical_json(result.seen) if result.seen is not None else ""
        state = say(f"reviews.result-{result.state}", lang)
        told = [one.line.id, one.line.where, one.line.entry.login, word, state, why, result.run, result.plan, result.outcome, seen]
        yield [*told, *_moments(result.at)]


def _not_read_rows(packed: Packed, lang: Lang) -> Iterator[list[str]]:
    for one in packed.not_read:
        yield [one["where"], one["kind"], Phrase.model_validate(one["reason"]).text(lang)]


def _readme(packed: Packed, lang: Lang) -> str:
    missing = [one["where"] for one in packed.not_read] or ["-"]
    return say(
        "reviews.pack-readme",
        lang,
        review=packed.review,
        title=packed.title,
        state=say(f"reviews.state-{packed.state}", lang),
        accounts=packed.counts["accounts"],
        places=len(packed.targets),
        lines=len(packed.lines),
        left=packed.counts["left"],
        missing=missing,
    )
