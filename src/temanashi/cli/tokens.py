"""`tema token`: keys for scripts and programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli.options import Actor, Json, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from temanashi.signin.tokens import Token

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    token = typer.Typer(help=say_here("cli.help-token"), no_args_is_help=True)
    token.command("new", help=say_here("cli.help-token-new"))(new)
    token.command("list", help=say_here("cli.help-token-list"))(list_)
    token.command("revoke", help=say_here("cli.help-token-revoke"))(revoke)
    app.add_typer(token, name="token")


def new(
    name: Annotated[str, typer.Argument(help=say_here("cli.help-token-name"))],
    user: Annotated[str, typer.Option("--user", metavar="USER", help=say_here("cli.help-token-user"))] = "",
    scope: Annotated[list[str] | None, typer.Option("--scope", metavar="SCOPE", help=say_here("cli.help-token-scope"))] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help=say_here("cli.help-token-days"))] = 365,
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Make a token; it is shown this once."""
    from datetime import timedelta

    from temanashi.cli.identifying import read_password
    from temanashi.signin.signing_in import check_password
    from temanashi.signin.tokens import make_token, scope_named
    from temanashi.signin.users import actor_of
    from temanashi.workspace.first_admin import book_of
    from temanashi.workspace.live import live_directory
    from temanashi.workspace.opening import open_installation

    scopes = [scope_named(word) for word in scope or (["read"] if user else ["worker"])]
    with open_installation(workspace, create=False) as installation:
        book, database = book_of(installation), installation.database
        with database.reading() as connection:
            people = live_directory(connection).people
        if user:  # a token acts as its person, so it is theirs to make
            password = read_password(say_here("cli.password-of", user=user))
            who = actor_of(check_password(book, user, password, people=people, address="terminal", channel="cli"), people)
        else:
            from temanashi.people import current_actor

            who = current_actor(actor, people=people)
        until = book.now() + timedelta(days=days)
        with database.transaction() as connection:
            made, secret = make_token(book, connection, name, user=user, scopes=scopes, until=until, actor=who, channel="cli")
    if json:
        emit({"id": made.id, "token": secret, "until": until.isoformat(), "scopes": list(made.scopes)})
        return
    answer(secret)
    progress(say_here("cli.token-made", token=made.id, until=f"{until:%Y-%m-%d}"))


def list_(workspace: Root = None, json: Json = False) -> None:
    """Every token, without its secret."""
    from temanashi.signin.tokens import list_tokens
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False, read_only=True) as installation:
        with installation.database.reading() as connection:
            tokens = list_tokens(connection)
        now = installation.clock.now()
    if json:
        emit([_told(token) for token in tokens])
        return
    if not tokens:
        answer(say_here("cli.token-none"))
    for token in tokens:
        over = token.ended_at is not None or (token.until is not None and now >= token.until)
        state = say_here("cli.token-over" if over else "cli.token-good")
        until = f"{token.until:%Y-%m-%d}" if token.until else "-"
        answer(f"{token.id}  {token.name}  {token.user or '-'}  {' '.join(token.scopes)}  {until}  {state}")


def _told(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "user": token.user,
        "scopes": list(token.scopes),
        "made_by": token.made_by,
        "until": token.until.isoformat() if token.until else None,
        "ended_at": token.ended_at.isoformat() if token.ended_at else None,
    }


def revoke(
    token: Annotated[str, typer.Argument(help=say_here("cli.help-token-id"))], actor: Actor = None, workspace: Root = None
) -> None:
    """It stops working now."""
    from temanashi.people import current_actor
    from temanashi.signin.tokens import revoke_token
    from temanashi.workspace.first_admin import book_of
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as installation, installation.database.transaction() as connection:
        done = revoke_token(book_of(installation), connection, token, actor=current_actor(actor), channel="cli")
    answer(say_here("cli.token-revoked", token=done.id, name=done.name))
