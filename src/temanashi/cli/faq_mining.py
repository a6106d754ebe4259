"""`tema faq mine`: what past inquiries say that the FAQ should answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Json, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from temanashi.faq.mining.proposing import Mined, Proposal
    from temanashi.workspace.faq_past import PastFile

__all__ = ["register"]

SHOWN = 20
"""Proposals that the terminal shows; `--json` and `--write` have all of them."""
FLAWS = 20
EVERY = 1_000
"""Inquiries between two lines of progress."""

File = Annotated[Path, typer.Argument(metavar="FILE", help=say_here("mining.help-file"))]
Write = Annotated[Path | None, typer.Option("--write", metavar="DIR", help=say_here("mining.help-write"))]
Least = Annotated[int, typer.Option("--least", min=1, max=1_000, help=say_here("mining.help-least"))]
Owner = Annotated[str, typer.Option("--owner", metavar="NAME", help=say_here("mining.help-owner"))]


def register(faq: typer.Typer) -> None:
    """Add the command."""
    faq.command("mine", help=say_here("mining.help"))(mine_file)


def mine_file(
    file: File, write: Write = None, least: Least = 3, owner: Owner = "helpdesk", workspace: Root = None, json: Json = False
) -> None:
    """Propose entries from past inquiries."""
    from temanashi.clock import SystemClock
    from temanashi.settings import find_workspace, load_settings
    from temanashi.workspace.faq_past_files import read_past
    from temanashi.workspace.faq_proposals import write_proposals

    root = find_workspace(workspace)
    settings = load_settings(root)
    today = SystemClock().now().astimezone(settings.zone).date()
    past = read_past(file, told=_counting("mining.progress-read"))
    mined = _mined(root, past, today, least)
    files = write_proposals(write, mined.proposals, owner=owner, today=today) if write is not None else []
    if json:
        emit(_as_json(past, mined, files))
    else:
        _tell(past, mined, files)


def _mined(root: Path, past: PastFile, today: date, least: int) -> Mined:
    from temanashi.faq.engine import Engine
    from temanashi.faq.mining.inquiries import asked_of
    from temanashi.faq.mining.proposing import mine
    from temanashi.faq.searching.choosing import chosen_words
    from temanashi.runbooks.kinds import step_kinds
    from temanashi.workspace.loading import load_workspace

    loaded = load_workspace(root, kinds=step_kinds())
    engine = Engine.build([one.entry for one in loaded.entries.values()], languages=("ja", "en"))
    asked = [one for inquiry in past.inquiries if (one := asked_of(inquiry)) is not None]
    return mine(asked, engine, chosen_words(), today=today, least=least, told=_counting("mining.progress-compared"))


def _counting(key: str) -> Callable[[int], None]:
    def told(count: int) -> None:
        if count and count % EVERY == 0:
            progress(say_here(key, count=count))

    return told


def _tell(past: PastFile, mined: Mined, files: list[Path]) -> None:
    new = sum(1 for one in mined.proposals if one.entry is None)
    told = {"file": past.source, "inquiries": mined.inquiries, "new": new, "grown": len(mined.proposals) - new, "rare": mined.rare}
    answer(say_here("mining.found", **told), style="bold")
    if mined.average is None:
        answer(say_here("mining.no-minutes"))
    for proposal in mined.proposals[:SHOWN]:
        _tell_one(proposal)
    if len(mined.proposals) > SHOWN:
        answer(say_here("mining.more", count=len(mined.proposals) - SHOWN))
    for flaw in past.flaws[:FLAWS]:
        answer(f"  {flaw.place}  {flaw.message.text(language())}", style="red" if flaw.lost else "")
    if len(past.flaws) > FLAWS:
        answer(f"  {say_here('mining.more', count=len(past.flaws) - FLAWS)}")
    if files:
        answer(say_here("mining.written", count=len(files)))
    elif mined.proposals:
        progress(say_here("mining.write-next"))


def _tell_one(proposal: Proposal) -> None:
    kind = say_here("mining.kind-new") if proposal.entry is None else say_here("mining.kind-known", entry=proposal.id)
    answer()
    answer(say_here("mining.proposal", kind=kind, lang=proposal.lang, count=proposal.count, minutes=f"{proposal.minutes:g}"))
    for phrasing in proposal.phrasings:
        answer(f"  ・{phrasing}")


def _as_json(past: PastFile, mined: Mined, files: list[Path]) -> dict[str, Any]:
    return {
        "file": past.source,
        "inquiries": mined.inquiries,
        "average_minutes": mined.average,
        "rare_groups": mined.rare,
        "proposals": [
            {
                "id": one.id,
                "lang": one.lang,
                "entry": one.entry.id if one.entry is not None else None,
                "count": one.count,
                "minutes": one.minutes,
                "phrasings": list(one.phrasings),
                "answer": one.answer,
                "places": list(one.places),
            }
            for one in mined.proposals
        ],
        "flaws": [{"place": one.place, "message": one.message.text(language()), "left_out": one.lost} for one in past.flaws],
        "files": [str(file) for file in files],
    }
