"""Taking a sheet back: which entries are new, changed, as before, changed meanwhile, or wrong; and writing their files."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from temanashi.faq.entries import Entry
from temanashi.faq.sheet_rows import SHARED, SheetField, entry_of_rows, version_of
from temanashi.faq.writing import entry_path
from temanashi.people import People
from temanashi.problems import problems_of
from temanashi.text import LANGUAGES, Lang, phrase
from temanashi.workspace.faq_files import load_entries
from temanashi.workspace.faq_rewriting import rewritten
from temanashi.workspace.faq_sheet_reading import FaqSheet, SheetFlaw, SheetRow
from temanashi.workspace.faults import errors_among
from temanashi.workspace.loading import Workspace
from temanashi.workspace.writing import replace_all

__all__ = ["SheetPlan", "Standing", "plan_sheet", "write_sheet"]

Standing = Literal["new", "changed", "same"]


@dataclass(kw_only=True)
class SheetPlan:
    """What taking the sheet would do, by entry, the files that it would write, and what is wrong."""

    standings: dict[str, Standing] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    flaws: list[SheetFlaw] = field(default_factory=list)

    def count(self, standing: Standing) -> int:
        """How many entries there are of a standing."""
        return sum(1 for one in self.standings.values() if one == standing)


def plan_sheet(sheet: FaqSheet, workspace: Workspace) -> SheetPlan:
    """Compare a sheet with the files of the workspace; nothing is written. An entry with a mistake in any row is left out whole."""
    plan = SheetPlan(flaws=list(sheet.flaws))
    by_entry: dict[str, list[SheetRow]] = defaultdict(list)
    for row in sheet.rows:
        if row.values["id"]:
            by_entry[row.values["id"]].append(row)
        else:
            plan.flaws.append(SheetFlaw(sheet.place(row, "id"), "", phrase("faqsheet.no-id")))
    broken = {flaw.entry for flaw in sheet.flaws}
    for name, rows in by_entry.items():
        if name not in broken:
            _plan_entry(name, rows, sheet, workspace, plan)
    plan.flaws.sort(key=lambda flaw: _order(flaw.place))
    return plan


def write_sheet(plan: SheetPlan, root: Path) -> list[Path]:
    """Write what the plan says; raises CannotWrite, and then nothing is changed."""
    return replace_all(root, plan.texts)


def _plan_entry(name: str, rows: list[SheetRow], sheet: FaqSheet, workspace: Workspace, plan: SheetPlan) -> None:
    def wrong(at: SheetRow, column: SheetField, key: str, **told: Any) -> None:
        plan.flaws.append(SheetFlaw(sheet.place(at, column), name, phrase(f"faqsheet.{key}", **told)))

    before = len(plan.flaws)
    first = rows[0]
    by_lang: dict[Lang, SheetRow] = {}
    for row in rows:
        lang = next((known for known in LANGUAGES if known == row.values["lang"]), None)
        if lang is None:
            wrong(row, "lang", "bad-lang", lang=row.values["lang"], languages=list(LANGUAGES))
        elif lang in by_lang:
            wrong(row, "lang", "row-twice", lang=lang, row=by_lang[lang].number)
        else:
            by_lang[lang] = row
        if differing := [column for column in SHARED if row.values[column] != first.values[column]]:
            wrong(row, differing[0], "differs", row=first.number)
    loaded = workspace.entries.get(name)
    now = loaded.entry if loaded is not None else None
    if loaded is not None and first.values["topic"] != loaded.entry.topic:
        wrong(first, "topic", "topic-moved", topic=loaded.entry.topic)
    if len(plan.flaws) == before:
        entry = _entry({lang: row.values for lang, row in by_lang.items()}, now, first, sheet, plan)
        if entry is not None:
            _settle(entry, now, first, sheet, workspace, plan)


def _entry(
    rows: Mapping[Lang, dict[SheetField, str]], now: Entry | None, first: SheetRow, sheet: FaqSheet, plan: SheetPlan
) -> Entry | None:
    try:
        return Entry.model_validate(entry_of_rows(rows, now=now))
    except json.JSONDecodeError:
        plan.flaws.append(SheetFlaw(sheet.place(first, "parameters"), first.values["id"], phrase("faqsheet.bad-json")))
    except ValidationError as error:
        for problem in problems_of(error, model=Entry):
            at: SheetField = next((name for name in reversed(sheet.columns) if name in problem.loc), "id")
            plan.flaws.append(SheetFlaw(sheet.place(first, at), first.values["id"], problem.message))
    return None


def _settle(entry: Entry, now: Entry | None, first: SheetRow, sheet: FaqSheet, workspace: Workspace, plan: SheetPlan) -> None:
    """What an entry that is right in itself means for the files: nothing, a new one, a changed one, or a refusal."""
    version, file = first.values["version"], entry_path(entry)

    def refuse(key: str) -> None:
        plan.flaws.append(SheetFlaw(sheet.place(first, "version"), entry.id, phrase(f"faqsheet.{key}")))

    if now == entry:
        plan.standings[entry.id] = "same"
    elif now is None and version:
        refuse("gone")
    elif now is None and file in workspace.texts:
        refuse("broken-file")
    elif now is not None and version != version_of(now):
        refuse("stale" if version else "exists")
    else:
        text = rewritten(workspace.texts.get(file, ""), entry)
        if faults := _faults(file, text, workspace.people, workspace.settings.languages):
            plan.flaws += [SheetFlaw(sheet.place(first, "id"), entry.id, message) for message in faults]
            return
        plan.standings[entry.id] = "new" if now is None else "changed"
        plan.texts[file] = text


def _faults(file: str, text: str, people: People, languages: tuple[Lang, ...]) -> list[Any]:
    """What loading the file would say: the audience, for one, has to be people that there are."""
    faults: list[Any] = []
    load_entries({file: text}, people=people, languages=languages, faults=faults)
    return [fault.message for fault in errors_among(faults)]


def _order(place: str) -> tuple[int, str]:
    letters = place.rstrip("0123456789")
    return int(place[len(letters) :] or 0), letters.rjust(3)
