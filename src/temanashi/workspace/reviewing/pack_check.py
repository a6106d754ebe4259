"""Proving a review's evidence pack offline: the pack itself, and that its tables are what the records in it say."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

from temanashi.audit.faults import PackUnreadable
from temanashi.audit.pack_check import PackFound, check_pack
from temanashi.canonical import digest_of
from temanashi.text.local import Phrase, phrase

__all__ = ["ReviewFound", "check_review_pack"]


class ReviewFound(NamedTuple):
    """What the pack is worth, and what it holds of the review."""

    pack: PackFound
    review: str = ""
    targets: int = 0
    lines: int = 0
    decided: int = 0
    done: int = 0
    left: int = 0


class _Wrong(Exception):
    def __init__(self, problem: Phrase) -> None:
        super().__init__(problem.key)
        self.problem = problem


def check_review_pack(file: Path, *, trusted: str | None) -> ReviewFound:
    """Read the whole pack; `trusted` is the public key that counts. Raises PackUnreadable."""
    found = check_pack(file, trusted=trusted)
    if found.status == "altered":
        return ReviewFound(found)
    try:
        with zipfile.ZipFile(file) as pack:
            return _review(pack, found)
    except _Wrong as wrong:
        return ReviewFound(found._replace(status="altered", problem=wrong.problem))
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise PackUnreadable(str(file), reason=str(error) or type(error).__name__) from error


def _review(pack: zipfile.ZipFile, found: PackFound) -> ReviewFound:
    records = [_record(line) for line in pack.read("records.jsonl").splitlines()]
    own = [one for one in records if one[0]["kind"] == "account_review"]
    opened = next((body for said, body in own if said["outcome"] == "opened"), None)
    if opened is None:
        raise _Wrong(phrase("reviews.pack-no-review"))
    for told in opened["targets"]:
        name = f"review/population/{told['where']}.json"
        if hashlib.sha256(pack.read(name)).hexdigest() != told["kept"]:
            raise _Wrong(phrase("reviews.pack-differs", name=name))
    lines = json.loads(pack.read("review/lines.json"))
    if digest_of(lines) != opened["lines_digest"]:
        raise _Wrong(phrase("reviews.pack-differs", name="review/lines.json"))
    decisions = _decisions(own)
    _tables(pack, lines, decisions, own)
    results = _results(own)
    return ReviewFound(
        found,
        review=opened["review"],
        targets=len(opened["targets"]),
        lines=len(lines),
        decided=len(decisions),
        done=sum(one["state"] == "done" for one in results.values()),
        left=sum(one["verdict"] in {"revoke", "change"} for one in decisions.values())
        - sum(one["state"] == "done" for line, one in results.items() if decisions[line]["verdict"] in {"revoke", "change"}),
    )


def _record(line: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    fields = json.loads(line)
    return json.loads(fields["envelope"]), json.loads(fields["body"]) if fields["body"] else {}


def _decisions(own: list[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """The last one of each line, with who and when."""
    found: dict[str, dict[str, Any]] = {}
    for said, body in own:
        if said["outcome"] == "decided":
            for line in body["lines"]:
                found[line["line"]] = {**line, "by": said["actor"], "seq": said["seq"]}
    return found


def _results(own: list[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    return {one["line"]: one for said, body in own if said["outcome"] in {"carried-out", "closed"} for one in body["results"]}


def _tables(pack: zipfile.ZipFile, lines: list[Any], decisions: dict[str, Any], own: list[Any]) -> None:
    """The tables that people read say what the records say."""
    rows = _rows(pack, "review/decisions.csv")
    told = {row[0]: (row[7], row[9], row[12]) for row in rows if row[9]}
    wanted = {line: (one["reason"], one["by"], str(one["seq"])) for line, one in decisions.items()}
    if {line: tuple(map(_bare, row)) for line, row in told.items()} != {
        line: tuple(map(_bare, row)) for line, row in wanted.items()
    }:
        raise _Wrong(phrase("reviews.pack-differs", name="review/decisions.csv"))
    if len(rows) != len(lines):
        raise _Wrong(phrase("reviews.pack-differs", name="review/decisions.csv"))
    runs = {row[0]: row[6] for row in _rows(pack, "review/results.csv") if row[6]}
    if any(_results(own).get(line, {}).get("run") != run for line, run in runs.items()):
        raise _Wrong(phrase("reviews.pack-differs", name="review/results.csv"))


def _bare(cell: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from computing it."""
    return cell.removeprefix("'")


def _rows(pack: zipfile.ZipFile, name: str) -> list[list[str]]:
    import csv  # noqa: PLC0415
    import io  # noqa: PLC0415

    text = pack.read(name).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))[1:]
