"""`tema faq check` and `tema faq list`: the entries of the workspace as their files stand now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Json, Root
from temanashi.cli.output import answer, emit, say_here

if TYPE_CHECKING:
    from temanashi.faq.entries import Entry
    from temanashi.workspace.faults import Fault
    from temanashi.workspace.loading import Workspace

__all__ = ["register"]


def register(faq: typer.Typer) -> None:
    """Add the commands."""
    faq.command("check", help=say_here("faq.help-check"))(check)
    faq.command("list", help=say_here("faq.help-list"))(list_)


def check(workspace: Root = None, json: Json = False) -> None:
    """Report every mistake of every entry, and what is worth a look."""
    from temanashi.workspace.faults import errors_among, fault_json, fault_lines

    loaded, faults = _examined(workspace)
    wrong = errors_among(faults)
    if json:
        emit({"entries": sorted(loaded.entries), "faults": [fault_json(fault) for fault in faults]})
    else:
        told = {"good": len(loaded.entries), "wrong": len(wrong), "warnings": len(faults) - len(wrong)}
        answer(say_here("faq.checked-bad" if wrong else "faq.checked", **told), style="red" if wrong else "green")
        for line in fault_lines(faults, language()):
            answer(f"  {line}")
    raise typer.Exit(2 if wrong else 0)


def list_(workspace: Root = None, json: Json = False) -> None:
    """List the entries with owner, verification and languages."""
    loaded, _ = _examined(workspace)
    entries = [found.entry for _, found in sorted(loaded.entries.items(), key=lambda one: (one[1].entry.topic, one[0]))]
    if json:
        emit([_row(entry) for entry in entries])
        return
    answer(say_here("faq.listed", count=len(entries)))
    for entry in entries:
        lang, text = entry.text(language())
        until = entry.valid_until.isoformat() if entry.valid_until else "-"
        told = {"owner": entry.owner, "verified": entry.verified_on.isoformat(), "until": until, "languages": list(entry.texts)}
        answer(f"{entry.topic}/{entry.id}  {text.question}")
        answer("  " + say_here("faq.listed-entry", **told, phrasings=len(entry.texts[lang].phrasings)))


def _row(entry: Entry) -> dict[str, Any]:
    told = entry.model_dump(mode="json", exclude={"texts"})
    words = {lang: {"question": text.question, "phrasings": len(text.phrasings)} for lang, text in entry.texts.items()}
    return told | {"texts": words}


def _examined(workspace: Root) -> tuple[Workspace, list[Fault]]:
    """The workspace, and what is wrong among its entries, in the order of files and lines."""
    from datetime import datetime

    from temanashi.clock import SystemClock
    from temanashi.runbooks.kinds import step_kinds
    from temanashi.settings import find_workspace
    from temanashi.workspace.faq_examining import examined_entries
    from temanashi.workspace.faq_files import FAQ
    from temanashi.workspace.loading import load_workspace

    loaded = load_workspace(find_workspace(workspace), kinds=step_kinds())
    now: datetime = SystemClock().now()
    more = examined_entries(
        loaded.entries,
        root=loaded.root,
        people=loaded.people,
        channels=loaded.settings.channels,
        today=now.astimezone(loaded.settings.zone).date(),
    )
    faults = [fault for fault in loaded.faults if fault.at.file.startswith(FAQ)]
    return loaded, sorted([*faults, *more], key=lambda fault: (fault.at, fault.message.key))
