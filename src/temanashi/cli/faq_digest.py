"""`tema faq digest`: what owners of entries should look at, as the weekly mail tells it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Json, Root
from temanashi.cli.output import answer, emit, say_here

__all__ = ["register"]

Owner = Annotated[str, typer.Option("--owner", metavar="NAME", help=say_here("ask.help-owner"))]


def register(faq: typer.Typer) -> None:
    """Add the command."""
    faq.command("digest", help=say_here("ask.help-digest"))(digest)


def digest(owner: Owner = "", workspace: Root = None, json: Json = False) -> None:
    """Show every owner's list, or one's."""
    from temanashi.cli.demanding import published_of
    from temanashi.reports.display import Display
    from temanashi.workspace.faq_digest import digest_lines, read_upkeep
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        published = published_of(opened)
        with opened.database.reading() as connection:
            found = [one for one in read_upkeep(opened, connection, published) if owner in {"", one.owner}]
        show = Display(language(), opened.settings.zone)
    if json:
        emit([_told(one) for one in found])
        return
    for upkeep in (one for one in found if not one.empty):
        answer(f"## {upkeep.owner or say_here('ask.operators')}")
        for line in digest_lines(upkeep, show):
            answer(line)
        answer()
    if all(one.empty for one in found):
        answer(say_here("ask.digest-nothing"))


def _told(one: Any) -> dict[str, Any]:
    return {
        "owner": one.owner,
        "unanswered": [
            {"count": len(c.questions), "questions": list(c.questions), "numbers": list(c.numbers)} for c in one.unanswered
        ],
        "unsure": [inquiry.key for inquiry in one.unsure],
        "not_solved": [{"number": inquiry.key, "entry": inquiry.voted_entry} for inquiry in one.not_solved],
        "due": [entry.id for entry in one.due],
        "stale": [entry.id for entry in one.stale],
        "unused": [entry.id for entry in one.unused],
        "twins": [[entry.id, other.id] for entry, other in one.twins],
    }
