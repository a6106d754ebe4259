"""`tema heartbeat`: addresses at which jobs tell of themselves, and what was heard of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli.options import Actor, Json, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from datetime import datetime

    from temanashi.checks.means import Heartbeat
    from temanashi.workspace.opening import Installation

__all__ = ["register"]

Name = Annotated[str, typer.Argument(metavar="NAME", help=say_here("heartbeats.help-name"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=say_here("heartbeats.help"), no_args_is_help=True)
    group.command("new", help=say_here("heartbeats.help-new"))(new)
    group.command("list", help=say_here("heartbeats.help-list"))(list_heartbeats)
    group.command("renew", help=say_here("heartbeats.help-renew"))(renew)
    group.command("remove", help=say_here("heartbeats.help-remove"))(remove)
    app.add_typer(group, name="heartbeat")


def new(name: Name, actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Make one and tell its address, this once."""
    from temanashi.people import current_actor
    from temanashi.runs.heartbeats import make_heartbeat
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        token = make_heartbeat(opened.engine(), name, actor=current_actor(actor))
        _tell(opened, name, token, json=json)


def renew(name: Name, actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Give it a new address; the old one is worth nothing any more."""
    from temanashi.people import current_actor
    from temanashi.runs.heartbeats import renew_heartbeat
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as opened:
        token = renew_heartbeat(opened.engine(), name, actor=current_actor(actor))
        _tell(opened, name, token, json=json)


def remove(name: Name, actor: Actor = None, workspace: Root = None) -> None:
    """Forget it and its address."""
    from temanashi.people import current_actor
    from temanashi.runs.heartbeats import remove_heartbeat
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as opened:
        remove_heartbeat(opened.engine(), name, actor=current_actor(actor))
    answer(say_here("heartbeats.removed", name=name))


def list_heartbeats(workspace: Root = None, json: Json = False) -> None:
    """List them with what was heard last."""
    from temanashi.runs.heartbeat_rows import heartbeats
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False, read_only=True) as opened:
        with opened.database.reading() as connection:
            found = heartbeats(connection)
        if json:
            emit([_as_json(one) for one in found])
            return
        answer(say_here("heartbeats.count", count=len(found)), style="bold")
        for one in found:
            answer(f"  {one.name}  {_last(opened, one)}")


def _tell(opened: Installation, name: str, token: str, *, json: bool) -> None:
    address = opened.settings.page(f"ping/{token}")
    if json:
        emit({"name": name, "url": address})
        return
    answer(say_here("heartbeats.made", name=name), style="bold")
    answer(f"  {address}")
    progress(say_here("heartbeats.how"))
    progress(f"  curl -fsS -m 10 --retry 5 -o /dev/null {address}/$?")
    progress(say_here("heartbeats.check"))
    progress(f"  - {{id: {name}, kind: heartbeat, name: {name}, period: 24h, grace: 30m}}")


def _last(opened: Installation, one: Heartbeat) -> str:
    def shown(moment: datetime) -> str:
        return f"{moment.astimezone(opened.settings.zone):%Y-%m-%d %H:%M}"

    running = one.started_at is not None and (one.ended_at is None or one.started_at > one.ended_at)
    if running and one.started_at is not None:
        return say_here("heartbeats.running", at=shown(one.started_at))
    if one.ended_at is None:
        return say_here("heartbeats.never", at=shown(one.made_at))
    key = "heartbeats.ended-well" if one.exit == 0 else "heartbeats.ended-badly"
    return say_here(key, at=shown(one.ended_at), exit=one.exit)


def _as_json(one: Heartbeat) -> dict[str, str | int | None]:
    times = {name: getattr(one, name) for name in ("made_at", "started_at", "ended_at", "succeeded_at")}
    return {
        "name": one.name,
        **{name: None if moment is None else moment.isoformat() for name, moment in times.items()},
        "exit": one.exit,
        "said": one.said,
    }
