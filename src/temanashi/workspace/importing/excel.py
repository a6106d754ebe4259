"""A procedure kept in Excel as a draft of a manual runbook: every line becomes a step that a person does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from temanashi.errors import InputError
from temanashi.runbooks.literal import as_template
from temanashi.text import Lang, phrase, say
from temanashi.workspace.importing.drafts import Draft, Finding, local, shortened, slug
from temanashi.workspace.importing.lines import Line
from temanashi.workspace.importing.procedure import read_procedure
from temanashi.workspace.importing.workbook import read_workbook

__all__ = ["NoSteps", "draft_from_excel"]

MAX_STEPS = 500
NAME = "procedure"
"""The id where neither a person nor the file's name gives one."""


class NoSteps(InputError):
    """No sheet has a table of steps that could be read."""

    key = "imports.no-steps"

    def __init__(self, file: str, *, sheets: list[str]) -> None:
        super().__init__(file=file, sheets=sheets)


def draft_from_excel(
    file: Path, *, languages: tuple[Lang, ...], category: str = "routine", name: str = "", title: str = ""
) -> Draft:
    """The draft of a workbook. Raises BadWorkbook, OldWorkbook, WorkbookTooLarge and NoSteps."""
    book = read_workbook(file)
    procedures = [read_procedure(sheet) for sheet in book.sheets]
    lines = [line for procedure in procedures for line in procedure.lines]
    if not lines:
        raise NoSteps(file.name, sheets=[sheet.name for sheet in book.sheets])
    heading = title or next((p.title for p in procedures if p.title and p.lines), "") or file.stem
    steps, found = _steps(lines, several=sum(1 for p in procedures if p.lines) > 1, languages=languages)
    findings = [*_hidden(book.hidden), *(f for p in procedures for f in p.findings), *found]
    data = {
        "id": name or slug(file.stem) or NAME,
        "title": local(shortened(heading, 100), languages),
        "description": _description(file, languages),
        "category": category,
        "owner": _owner(lines),
        "targets": "localhost",
        "steps": steps[:MAX_STEPS],
        "toil": {"demand": "request", "minutes": round(sum(line.minutes or 0 for line in lines), 1)},
    }
    findings += _about(lines, languages, cut=len(steps) > MAX_STEPS)
    return Draft(data=data, source=file.name, findings=tuple(findings))


def _hidden(names: list[str]) -> Iterator[Finding]:
    for name in names:
        yield Finding("left", name, phrase("imports.hidden-sheet"))


def _about(lines: list[Line], languages: tuple[Lang, ...], *, cut: bool) -> Iterator[Finding]:
    if cut:
        yield Finding("left", lines[MAX_STEPS].cell, phrase("imports.too-many-steps", limit=MAX_STEPS))
    if len(languages) > 1:
        yield Finding("noted", "-", phrase("imports.one-language"))
    yield Finding("noted", "toil", phrase("imports.demand"))
    if any(line.confirmer for line in lines):
        yield Finding("noted", "confirm", phrase("imports.confirmers"))
    if len(owners := sorted({line.owner for line in lines if line.owner})) > 1:
        yield Finding("noted", "owner", phrase("imports.several-owners", owners=owners[:10]))


def _description(file: Path, languages: tuple[Lang, ...]) -> Any:
    texts = {lang: say("imports.description", lang, file=file.name) for lang in languages}
    return texts if len(languages) > 1 else texts[languages[0]]


def _owner(lines: list[Line]) -> str:
    counted = Counter(line.owner for line in lines if line.owner)
    return shortened(counted.most_common(1)[0][0], 80) if counted else "ops"


def _steps(lines: list[Line], *, several: bool, languages: tuple[Lang, ...]) -> tuple[list[dict[str, Any]], list[Finding]]:
    steps: list[dict[str, Any]] = []
    findings: list[Finding] = []
    used: set[str] = set()
    for position, line in enumerate(lines, 1):
        name = _step_id(line, position, used)
        used.add(name)
        step = {"id": name, "title": local(_title(line, several=several), languages), "manual": _manual(line, languages)}
        steps.append(step)
        findings += [finding._replace(step=name) for finding in line.findings]
    return steps, findings


def _step_id(line: Line, position: int, used: set[str]) -> str:
    digits = "-".join(re.findall(r"[0-9]+", line.number))[:40]
    for name in (f"step-{digits}" if digits else "", f"step-{position}", f"row-{position}"):
        if name and name not in used:
            return name
    return f"line-{position}-{len(used)}"


def _title(line: Line, *, several: bool) -> str:
    places = [line.sheet if several else "", line.section]
    name = line.title or line.text or "".join(line.commands[:1])
    return " / ".join(shortened(part, 50) for part in [*places, name] if part)


def _manual(line: Line, languages: tuple[Lang, ...]) -> dict[str, Any]:
    texts = {lang: as_template(_text(line, lang)) for lang in languages}
    manual: dict[str, Any] = {"text": texts if len(languages) > 1 else texts[languages[0]]}
    if line.minutes is not None:
        manual["minutes"] = int(line.minutes) if float(line.minutes).is_integer() else line.minutes
    if line.confirmer:
        manual["confirm"] = True
    if line.values:
        manual["value"] = {"title": local(shortened(" / ".join(line.values), 100), languages)}
    return manual


def _text(line: Line, lang: Lang) -> str:
    """What to do, and below it what the other columns say, each with its name."""

    def named(key: str, values: list[str]) -> list[str]:
        return [say(f"imports.line-{key}", lang, text=value) for value in values if value]

    parts = [line.text or line.title]
    parts += named("command", line.commands) + named("expected", line.expected) + named("note", line.notes)
    parts += named("owner", [line.owner]) + named("confirmer", [line.confirmer])
    parts += [f"{name}: {text}" if name else text for name, text in line.extras]
    return "\n".join(part for part in parts if part)
