"""`tema user`: who may sign in, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import answer, emit, say_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temanashi.people import Actor as Person
    from temanashi.people import People
    from temanashi.signin.book import Book
    from temanashi.signin.roles import RoleRequest

__all__ = ["register"]

User = Annotated[str, typer.Argument(metavar="USER", help=say_here("cli.help-user-id"))]
Permanent = Annotated[bool, typer.Option("--permanent", help=say_here("cli.help-user-permanent"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    user = typer.Typer(help=say_here("cli.help-user"), no_args_is_help=True)
    user.command("add", help=say_here("cli.help-user-add"))(add)
    user.command("disable", help=say_here("cli.help-user-disable"))(disable)
    user.command("enable", help=say_here("cli.help-user-enable"))(enable)
    user.command("passwd", help=say_here("cli.help-user-passwd"))(passwd)
    user.command("role", help=say_here("cli.help-user-role"))(role)
    user.command("link", help=say_here("cli.help-user-link"))(link)
    user.command("list", help=say_here("cli.help-user-list"))(list_)
    app.add_typer(user, name="user")


def _opened(workspace: Root) -> Any:
    from contextlib import contextmanager

    from temanashi.workspace.first_admin import book_of
    from temanashi.workspace.live import live_directory
    from temanashi.workspace.opening import open_installation

    @contextmanager
    def opening() -> Iterator[tuple[Book, Any, People, Any]]:
        with open_installation(workspace) as installation, installation.database.transaction() as connection:
            yield book_of(installation), connection, live_directory(connection).people, installation.settings

    return opening()


def _one_of_two(workspace: Root, actor: str | None) -> Person:
    """Who gives more than what lets somebody see, or confirms it: proved, where people sign in."""
    from temanashi.cli.identifying import proved
    from temanashi.people import current_actor
    from temanashi.workspace.live import live_directory
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as installation:
        if installation.settings.gate.sign_in:
            return proved(installation, actor)
        with installation.database.reading() as connection:
            return current_actor(actor, people=live_directory(connection).people)


def _me(actor: str | None, people: People) -> Person:
    from temanashi.people import current_actor

    return current_actor(actor, people=people)


def add(
    user: User,
    name: Annotated[str, typer.Option("--name", help=say_here("cli.help-user-name"))] = "",
    role: Annotated[list[str] | None, typer.Option("--role", metavar="ROLE", help=say_here("cli.help-user-roles"))] = None,
    permanent: Permanent = False,
    actor: Actor = None,
    workspace: Root = None,
) -> None:
    """Add a user."""
    from temanashi.cli.identifying import read_password
    from temanashi.signin.roles import ALONE, ask_role, role_named
    from temanashi.signin.users import add_user

    roles = [role_named(word) for word in role or []]
    password = read_password(say_here("cli.password-for", user=user), twice=True)
    more = [one for one in roles if one not in ALONE]
    giver = _one_of_two(workspace, actor) if more else None
    with _opened(workspace) as (book, connection, people, _):
        me = giver or _me(actor, people)
        add_user(
            book,
            connection,
            user,
            password=password,
            people=people,
            actor=me,
            channel="cli",
            name=name,
            roles=[one for one in roles if one in ALONE],
            one_time=not permanent,
        )
        asked = [ask_role(book, connection, user, one, "give", actor=me, people=people, channel="cli") for one in more]
    answer(say_here("cli.user-added" if permanent else "cli.user-added-one-time", user=user))
    for request in asked:
        _tell_asked(request)


def disable(user: User, reason: Reason = "", actor: Actor = None, workspace: Root = None) -> None:
    """Nobody signs in under this name any more."""
    from temanashi.signin.users import disable_user

    with _opened(workspace) as (book, connection, people, _):
        disable_user(book, connection, user, actor=_me(actor, people), channel="cli", reason=reason)
    answer(say_here("cli.user-disabled", user=user))


def enable(user: User, reason: Reason = "", actor: Actor = None, workspace: Root = None) -> None:
    """They may sign in again."""
    from temanashi.signin.users import enable_user

    with _opened(workspace) as (book, connection, people, _):
        enable_user(book, connection, user, actor=_me(actor, people), channel="cli", reason=reason)
    answer(say_here("cli.user-enabled", user=user))


def passwd(user: User, permanent: Permanent = False, actor: Actor = None, workspace: Root = None) -> None:
    """Another password."""
    from temanashi.cli.identifying import read_password
    from temanashi.signin.users import set_password
    from temanashi.workspace.first_admin import forget_first_password

    password = read_password(say_here("cli.password-for", user=user), twice=True)
    with _opened(workspace) as (book, connection, people, settings):
        me = _me(actor, people)
        set_password(book, connection, user, password, actor=me, channel="cli", one_time=not permanent)
    forget_first_password(settings, user)
    answer(say_here("cli.user-passwd" if permanent else "cli.user-passwd-one-time", user=user))


def role(
    user: Annotated[str, typer.Argument(metavar="[USER]", help=say_here("cli.help-user-id"))] = "",
    give: Annotated[str, typer.Option("--give", metavar="ROLE", help=say_here("cli.help-role-give"))] = "",
    take: Annotated[str, typer.Option("--take", metavar="ROLE", help=say_here("cli.help-role-take"))] = "",
    confirm: Annotated[str, typer.Option("--confirm", metavar="ID", help=say_here("cli.help-role-confirm"))] = "",
    decline: Annotated[str, typer.Option("--decline", metavar="ID", help=say_here("cli.help-role-decline"))] = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Give or take a role, say the second person's word, or list what waits for it."""
    from temanashi.signin.roles import ALONE, ask_role, decide_role, role_named, role_requests

    wanted = role_named(give or take) if give or take else None
    giver = _one_of_two(workspace, actor) if confirm or (give and wanted not in ALONE) else None
    with _opened(workspace) as (book, connection, people, _):
        me = giver or _me(actor, people)
        if confirm or decline:
            done = decide_role(book, connection, confirm or decline, yes=bool(confirm), actor=me, people=people, channel="cli")
            answer(say_here("cli.role-confirmed" if confirm else "cli.role-declined", user=done.user, role=done.role))
            return
        if wanted is not None:
            verb: Literal["give", "take"] = "give" if give else "take"
            asked = ask_role(book, connection, user, wanted, verb, actor=me, people=people, channel="cli")
            if asked is None:
                answer(say_here("cli.role-given" if give else "cli.role-taken", user=user, role=wanted))
            else:
                _tell_asked(asked)
            return
        waiting = role_requests(connection)
    _show_requests(waiting, as_json=json)


def _tell_asked(asked: RoleRequest | None) -> None:
    if asked is not None:
        answer(say_here("cli.role-asked", user=asked.user, role=asked.role))
        answer(say_here("cli.role-asked-next", request=asked.id))


def _show_requests(waiting: list[RoleRequest], *, as_json: bool) -> None:
    if as_json:
        emit([{"id": r.id, "user": r.user, "role": r.role, "verb": r.verb, "asked_by": r.asked_by.name} for r in waiting])
        return
    if not waiting:
        answer(say_here("cli.role-none"))
    for one in waiting:
        answer(say_here("cli.role-line", request=one.id, user=one.user, role=one.role, actor=one.asked_by.name))


def link(
    user: User,
    by: Annotated[str, typer.Option("--by", metavar="oidc|ldap", help=say_here("cli.help-user-link-by"))] = "oidc",
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
) -> None:
    """Somebody who has a user here signs in elsewhere from now on, too."""
    from temanashi.signin.admission import WAYS, allow_link
    from temanashi.signin.directory_faults import NoSuchWay

    with _opened(workspace) as (book, connection, people, settings):
        known = {"oidc": settings.gate.oidc and settings.gate.oidc.issuer, "ldap": settings.gate.ldap and settings.gate.ldap.url}
        way = next((one for one in WAYS if one == by), None)
        directory = known.get(by)
        if way is None or not directory:
            raise NoSuchWay(by)
        allow_link(book, connection, user, way, directory, actor=_me(actor, people), channel="cli", reason=reason)
    answer(say_here("cli.user-linked", user=user, directory=directory))


def list_(workspace: Root = None, json: Json = False) -> None:
    """Everybody who may sign in."""
    from temanashi.signin.roles import roles_of
    from temanashi.signin.users import list_users

    with _opened(workspace) as (_, connection, people, settings):
        users = [(user, sorted(roles_of(user, people))) for user in list_users(connection)]
    if json:
        emit(
            [
                {
                    "id": user.id,
                    "name": user.name,
                    "state": user.state,
                    "roles": roles,
                    "one_time": user.one_time,
                    "signed_in_at": user.signed_in_at.isoformat() if user.signed_in_at else None,
                }
                for user, roles in users
            ]
        )
        return
    if not users:
        answer(say_here("cli.user-none"))
    for user, roles in users:
        seen = f"{user.signed_in_at.astimezone(settings.zone):%Y-%m-%d %H:%M}" if user.signed_in_at else "-"
        state = say_here(f"cli.user-state-{user.state}")
        answer(f"{user.id}  {user.name}  {state}  {', '.join(roles) or '-'}  {say_here('cli.user-seen', when=seen)}")
