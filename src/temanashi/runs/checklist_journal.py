"""The tables of checklists: lines as they were opened, and deeds, which are only ever added.

`ledger/migrations/versions/0006_checklists.py` creates them. JSON and times are text (times ISO, UTC).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, func, insert, select

from temanashi.canonical import canonical_json
from temanashi.changes import Change
from temanashi.people import Actor
from temanashi.runbooks.steps.manual import LineTerms
from temanashi.runs.checklist_state import Checklist, Deed, Line, Verb, fold
from temanashi.runs.journal import read_rows
from temanashi.text.local import LANGUAGES, LocalText

__all__ = ["DEEDS", "LINES", "add_deed", "prompt_of", "read_checklist", "store_lines"]

_METADATA = MetaData()

LINES = Table(
    "checklist_lines",
    _METADATA,
    *(Column(name, Text, primary_key=True) for name in ("run", "wait")),
    Column("line", Integer, primary_key=True),
    Column("step", Text),
    Column("iteration", Integer),
    *(Column(name, Text) for name in ("prompt", "terms")),
)
DEEDS = Table(
    "checklist_deeds",
    _METADATA,
    *(Column(name, Text, primary_key=True) for name in ("run", "wait")),
    Column("seq", Integer, primary_key=True),
    Column("line", Integer),
    *(Column(name, Text) for name in ("verb", "actor", "at", "data")),
)


def store_lines(connection: Connection, run: str, changes: Sequence[Change], *, idle_seconds: int) -> None:
    """Open the checklist of adjacent manual changes, under the step of the first. The cap of pauses is frozen with it."""
    rows = []
    for number, change in enumerate(changes, 1):
        terms = LineTerms.model_validate(change.payload)
        frozen = terms.model_copy(update={"idle_seconds": terms.idle_seconds or idle_seconds})
        rows.append(
            {
                "run": run,
                "wait": changes[0].step,
                "line": number,
                "step": change.step,
                "iteration": change.iteration,
                "prompt": _prompt(change).model_dump_json(),
                "terms": frozen.model_dump_json(),
            }
        )
    connection.execute(insert(LINES), rows)


def _prompt(change: Change) -> LocalText:
    if change.wait is None:
        raise ValueError(change.key)
    return change.wait.prompt


def prompt_of(changes: Sequence[Change]) -> LocalText:
    """What the whole checklist asks for: the text of its only line, or all lines, numbered."""
    prompts = [_prompt(change) for change in changes]
    if len(prompts) == 1:
        return prompts[0]
    if all(prompt.plain is not None for prompt in prompts):
        return LocalText(plain=_numbered([str(prompt.plain) for prompt in prompts]))
    return LocalText.model_validate({lang: _numbered([prompt.text(lang) for prompt in prompts]) for lang in LANGUAGES})


def _numbered(texts: list[str]) -> str:
    return "\n".join(f"{number}. {text}" for number, text in enumerate(texts, 1))


def read_checklist(connection: Connection, run: str, wait: str) -> Checklist | None:
    """Where a checklist stands; None where the wait has none."""
    mine = (LINES.c.run == run) & (LINES.c.wait == wait)
    rows = connection.execute(select(LINES).where(mine).order_by(LINES.c.line)).all()
    lines = [
        Line(r.line, r.step, r.iteration, LocalText.model_validate_json(r.prompt), LineTerms.model_validate_json(r.terms))
        for r in rows
    ] or _lines_of_journal(connection, run, wait)
    if not lines:
        return None
    found = connection.execute(select(DEEDS).where((DEEDS.c.run == run) & (DEEDS.c.wait == wait)).order_by(DEEDS.c.seq))
    return fold(lines, (_deed(row) for row in found))


def _lines_of_journal(connection: Connection, run: str, wait: str) -> list[Line]:
    """The lines of a wait that was opened before there were checklists: one manual step."""
    rows = [row.change for row in read_rows(connection, run) if row.change.step == wait and not row.settled]
    manual = [change for change in rows if change.wait is not None and change.wait.kind == "manual"]
    return [
        Line(number, change.step, change.iteration, _prompt(change), LineTerms.model_validate(change.payload))
        for number, change in enumerate(manual, 1)
    ]


def _deed(row: Any) -> Deed:
    actor = Actor.model_validate_json(row.actor)
    return Deed(row.seq, row.verb, actor, datetime.fromisoformat(row.at), row.line, json.loads(row.data))


def add_deed(
    connection: Connection,
    run: str,
    wait: str,
    verb: Verb,
    *,
    actor: Actor,
    at: datetime,
    line: int | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Add what somebody did, after everything that was done before. The caller holds the wait's row."""
    mine = (DEEDS.c.run == run) & (DEEDS.c.wait == wait)
    last = connection.execute(select(func.max(DEEDS.c.seq)).where(mine)).scalar() or 0
    values = {"verb": verb, "actor": actor.model_dump_json(), "at": at.isoformat(), "data": canonical_json(data or {})}
    connection.execute(insert(DEEDS).values(run=run, wait=wait, seq=last + 1, line=line, **values))
