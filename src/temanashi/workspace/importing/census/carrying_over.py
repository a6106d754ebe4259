"""A census carried over: stubs of manual runbooks for tasks that have none, and estimates as records. All or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from temanashi.books import Estimate, census_draft
from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.text import Lang, LocalText, phrase, say
from temanashi.workspace.counting import Census, read_whole_census
from temanashi.workspace.importing.census.reading import read_census_file
from temanashi.workspace.importing.census.rows import CensusFile, Counted, Flaw, Known
from temanashi.workspace.importing.drafts import Draft
from temanashi.workspace.importing.writing import Written, draft_text, write_drafts
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["CensusPlan", "carry_over", "plan_census"]


@dataclass(frozen=True, kw_only=True)
class CensusPlan:
    """What an import does: estimates that are new, rows that say what was said before, and stubs of runbooks to write."""

    file: CensusFile
    new: tuple[Counted, ...]
    same: int
    stubs: tuple[Written, ...]

    @property
    def complete(self) -> bool:
        """Whether every row that somebody filled in was understood."""
        return not self.file.flaws


def plan_census(installation: Installation, connection: Connection, published: PublishedWorkspace | None, file: Path) -> CensusPlan:
    """What importing a file would do; raises what `read_census_file` raises. Nothing is touched."""
    settings = installation.settings
    census = read_whole_census(installation, connection, published)
    known = Known(
        lines={line.task: line for line in census.lines},
        languages=settings.languages,
        today=census.today,
        zone=settings.zone,
    )
    found = read_census_file(file, known)
    new = [one for one in found.counted if not _said_before(one, census)]
    stubs, flaws = _stubs(settings.root, found.counted, settings.languages)
    found.flaws += flaws
    return CensusPlan(file=found, new=tuple(new), same=len(found.counted) - len(new), stubs=stubs)


def carry_over(installation: Installation, connection: Connection, plan: CensusPlan, *, actor: Actor) -> list[Path]:
    """Record the estimates and write the stubs, in the caller's transaction; raises InTheWay and CannotWrite. Gives the files.

    The files come last, so that what cannot be written leaves no record behind.
    """
    drafts = [census_draft(one.task, one.estimate, actor=actor) for one in plan.new]
    if drafts:
        installation.ledger.append_all(connection, drafts)
    return write_drafts(installation.settings.root, plan.stubs)


def _said_before(one: Counted, census: Census) -> bool:
    entries = census.entries.get(one.task)
    return bool(entries) and _meaning(entries[-1].estimate) == _meaning(one.estimate) if entries else False


def _meaning(estimate: Estimate) -> Mapping[str, Any]:
    return estimate.model_dump(exclude={"source"})


def _stubs(root: Path, counted: Iterable[Counted], languages: tuple[Lang, ...]) -> tuple[tuple[Written, ...], list[Flaw]]:
    """Runbooks for the tasks that no file serves, and rows whose id a file has already for something else."""
    kinds = step_kinds()
    workspace = load_workspace(root, kinds=kinds)
    served = {found.runbook.task for found in workspace.runbooks.values()}
    taken = {found.runbook.function: found.file for found in workspace.runbooks.values()} | workspace.flows
    stubs, flaws = [], []
    for one in counted:
        if one.task in served:
            continue
        draft = Draft(data=_runbook(one, languages), source=one.estimate.source)
        function = one.task.replace("-", "_")
        in_the_way = taken.get(function) or (draft.file if (root / draft.file).exists() else "")
        if in_the_way:
            flaws.append(Flaw(one.place, phrase("census.cell-taken", task=one.task, file=in_the_way)))
            continue
        taken[function] = draft.file
        stubs.append(draft_text(draft, lang=languages[0], kinds=kinds))
    return tuple(stubs), flaws


def _runbook(one: Counted, languages: tuple[Lang, ...]) -> dict[str, Any]:
    said = one.estimate
    toil: dict[str, Any] = {"demand": _demand(said), "minutes": _number(said.minutes)}
    toil |= {"persons": said.persons} if said.persons > 1 else {}
    toil |= {"kind": said.kind} if said.kind != "work" else {}
    if hours := said.shares.model_dump(exclude_defaults=True):
        toil["hours"] = hours
    data: dict[str, Any] = {
        "id": one.task,
        "title": _written(said.title),
        "description": _said("census.stub-description", languages, says=said.says, day=said.day.isoformat()),
        "category": said.category,
        "owner": said.owner,
    }
    data |= {"system": said.system} if said.system else {}
    manual = {"text": _said("census.stub-step", languages), "minutes": _number(said.minutes)}
    step = {"id": "by-hand", "title": _written(said.title), "manual": manual}
    return {**data, "targets": "localhost", "steps": [step], "toil": toil}


def _demand(said: Estimate) -> Any:
    return said.demand.model_dump(exclude_none=True) or "request"


def _written(text: LocalText) -> Any:
    return text.model_dump()


def _said(key: str, languages: tuple[Lang, ...], **data: str) -> Any:
    # A template is what `{{` would begin; what people wrote is data.
    texts = {lang: say(key, lang, **data).replace("{{", "{ {").replace("{%", "{ %") for lang in languages}
    return texts if len(languages) > 1 else texts[languages[0]]


def _number(minutes: float) -> float | int:
    return int(minutes) if float(minutes).is_integer() else minutes
