"""`tema ask`: a question to the FAQ at the terminal; the answer first, then who vouches for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from temanashi.faq.inquiries import Vote
    from temanashi.people import Actor as Person
    from temanashi.workspace.asking import Asked
    from temanashi.workspace.opening import Installation

__all__ = ["CODES", "register"]

CODES = {"answer": 0, "candidates": 3, "unknown": 4}
"""Exit codes by what there is to a question."""

Question = Annotated[str, typer.Argument(metavar="QUESTION", help=say_here("ask.help-question"))]
HandOver = Annotated[bool, typer.Option("--hand-over", help=say_here("ask.help-hand-over"))]
Details = Annotated[str, typer.Option("--details", metavar="TEXT", help=say_here("ask.help-details"))]
Number = Annotated[str, typer.Option("--number", metavar="NUMBER", help=say_here("ask.help-number"))]
Solved = Annotated[bool | None, typer.Option("--solved/--not-solved", help=say_here("ask.help-solved"))]
Entry = Annotated[str, typer.Option("--entry", metavar="ID", help=say_here("ask.help-entry"))]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ask", help=say_here("ask.help"), epilog=say_here("ask.help-exit"))(ask)


def ask(
    question: Question = "",
    hand_over: HandOver = False,
    details: Details = "",
    number: Number = "",
    solved: Solved = None,
    entry: Entry = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Ask; or, with a number, say whether it is solved, hand it over, or see how it stands."""
    from temanashi.people import current_actor
    from temanashi.workspace.first import published_or_first
    from temanashi.workspace.live import live_directory
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.telling_inquiries import tell_of_inquiries

    with open_installation(workspace) as opened:
        _, note = published_or_first(opened)
        if note is not None:
            progress(note.text(language()))
        with opened.database.reading() as connection:
            me = current_actor(actor, people=live_directory(connection).people)
        asked = _known(opened, number, me, solved=solved, entry=entry) if number else _asked(opened, question, me)
        if hand_over:
            asked = _handed(opened, asked, me, details)
            for problem in tell_of_inquiries(opened):
                progress(problem.text(language()))
        _tell(opened, asked, as_json=json)
    raise typer.Exit(0 if number or asked.inquiry.handed_at else CODES[asked.inquiry.kind])


def _asked(opened: Installation, question: str, me: Person) -> Asked:
    from temanashi.workspace.asking import ask
    from temanashi.workspace.faq_serving import LiveFaq
    from temanashi.workspace.inquiring import Asking

    faq = LiveFaq(languages=opened.settings.languages, state=opened.settings.state_dir)
    return ask(opened, faq, question, Asking(actor=me, channel="cli"), lang=language(), seen_by=_sure(me))


def _sure(me: Person) -> Person:
    """Who is at the terminal for the audience of entries: the operating system's user, whatever name was given."""
    return me.model_copy(update={"name": me.account or "-"})


def _known(opened: Installation, number: str, me: Person, *, solved: bool | None, entry: str) -> Asked:
    from temanashi.faq.asking_faults import NoSuchInquiry
    from temanashi.runbooks.kinds import step_kinds
    from temanashi.workspace.asking import Asked
    from temanashi.workspace.inquiring import Asking, is_asker, read_inquiry, vote_on
    from temanashi.workspace.inquiry_people import audience_of
    from temanashi.workspace.live import live_directory
    from temanashi.workspace.versions import current_version

    with opened.database.transaction() as connection:
        people = live_directory(connection).people
        inquiry = read_inquiry(opened, connection, number)
        if not is_asker(inquiry, me, people):
            raise NoSuchInquiry(number)
        published = current_version(connection, kinds=step_kinds())
        if solved is not None:
            vote: Vote = "solved" if solved else "not_solved"
            inquiry = vote_on(opened, connection, published, inquiry, vote, Asking(actor=me, channel="cli"), entry=entry)
    may_see = audience_of(_sure(me), people)
    every = published.entries if published is not None else {}
    return Asked(inquiry=inquiry, entries={name: one for name, one in every.items() if may_see(one)}, people=people)


def _handed(opened: Installation, asked: Asked, me: Person, details: str) -> Asked:
    from temanashi.workspace.asking import hand_over_here
    from temanashi.workspace.inquiring import Asking

    return hand_over_here(opened, asked, Asking(actor=me, channel="cli"), details=details)


def _tell(opened: Installation, asked: Asked, *, as_json: bool) -> None:
    from temanashi.reports.display import Display
    from temanashi.workspace.asking import told_inquiry, told_text

    if as_json:
        emit(told_inquiry(asked, opened.settings, language()))
        return
    inquiry = asked.inquiry
    if inquiry.replied_at is not None:
        answer(inquiry.reply)
        answer(say_here("ask.letter-by", name=inquiry.replied_by))
        return
    for line in told_text(asked, opened.settings, Display(language(), opened.settings.zone)):
        answer(line)
    answer(f"{inquiry.key}: {say_here(f'ask.state-{inquiry.state}')}")
    if inquiry.handed_at is None and inquiry.vote != "solved":
        progress(say_here("ask.cli-next", number=inquiry.key))
