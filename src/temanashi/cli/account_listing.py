"""`tema account`: accounts of hosts and directories as they are now, and what a host needs where we are not root there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli.hosts import Selector
from temanashi.cli.language import language
from temanashi.cli.options import Json, Root
from temanashi.cli.output import answer, emit, say_here, tell_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from temanashi.accounts.directories_file import Directories
    from temanashi.accounts.model import Account, Scope, Snapshot
    from temanashi.errors import TemanashiError
    from temanashi.hosts.inventory import Host
    from temanashi.settings import Settings

    Found = Mapping[str, Snapshot | TemanashiError]

__all__ = ["register"]

Logins = Annotated[list[str] | None, typer.Option("--login", metavar="LOGIN", help=say_here("accounts.help-login"))]
SECONDS = 120.0


def register(app: typer.Typer) -> None:
    """Add the commands."""
    from temanashi.cli import account_batch

    account = typer.Typer(help=say_here("accounts.help"), no_args_is_help=True)
    account.command("list", help=say_here("accounts.help-list"), epilog=say_here("accounts.help-list-exit"))(list_)
    account.command("program", help=say_here("accounts.help-program"))(program_text)
    account.command("sudoers", help=say_here("accounts.help-sudoers"))(sudoers_line)
    account_batch.register(account)
    app.add_typer(account, name="account")


def list_(selector: Selector = "all", login: Logins = None, workspace: Root = None, json: Json = False) -> None:
    """Read the accounts of hosts and directories; nothing is changed."""
    hosts, directories = _read(selector, login or [], workspace)
    found = {**hosts, **directories}
    errors = {name: one for name, one in found.items() if isinstance(one, Exception)}
    read = {name: one for name, one in found.items() if not isinstance(one, Exception)}
    if json:
        emit(
            {
                "hosts": {name: _told(one) for name, one in read.items() if name in hosts},
                "directories": {name: _told(one) for name, one in read.items() if name in directories},
                "errors": {name: _why(one) for name, one in errors.items()},
            }
        )
    else:
        _show(read)
        for error in errors.values():
            tell_error(error)
    raise typer.Exit(3 if errors else 0)


def _read(selector: str, logins: list[str], workspace: Root) -> tuple[Found, Found]:
    """What hosts and directories told, by name; `all` are both, and the name of a directory is that one alone."""
    from temanashi.accounts.model import Scope
    from temanashi.accounts.wide_names import check_login
    from temanashi.settings import find_workspace, load_settings
    from temanashi.workspace.directories_source import directories_here
    from temanashi.workspace.hosts_here import hosts_here

    scope = Scope(logins=tuple(check_login(one) for one in logins))
    settings = load_settings(find_workspace(workspace))
    inventory = hosts_here(settings.root).inventory
    known = directories_here(settings.root, settings.languages, inventory=inventory)
    named = [one for one in known.names if selector in {"all", one}]
    hosts = {} if selector in known.names else _read_hosts(settings, inventory.select(selector), scope)
    return hosts, {name: _read_directory(known, name, scope, settings.root) for name in named}


def _read_directory(known: Directories, name: str, scope: Scope, root: Path) -> Snapshot | TemanashiError:
    from temanashi.clock import SystemClock
    from temanashi.errors import TemanashiError

    try:
        return known.opened(name, clock=SystemClock(), root=root).read(scope)
    except TemanashiError as error:
        return error


def _read_hosts(settings: Settings, chosen: Sequence[Host], scope: Scope) -> Found:
    from temanashi.accounts.directories.linux import KIND
    from temanashi.accounts.directory import Reached
    from temanashi.clock import SystemClock
    from temanashi.hosts.connecting import connecting
    from temanashi.hosts.fanout import fan_out
    from temanashi.hosts.ssh.pool import Pool

    connections = Pool(idle_seconds=settings.ssh.idle_seconds)
    reach = connecting(settings, connections)

    def read(host: Host) -> Snapshot:
        reached = Reached(where=host.name, transport=reach(host, None), timeout=SECONDS, clock=SystemClock())
        return KIND.open(reached).read(scope)

    try:
        return fan_out(chosen, read)
    finally:
        connections.close()


def _show(found: Mapping[str, Snapshot]) -> None:
    people = [(name, one) for name, snapshot in found.items() for one in snapshot.accounts if not one.system]
    answer(say_here("accounts.listed", count=len(people), hosts=len(found)))
    for host, account in people:
        words = [host, account.login, account.name or "-", _state(account, found[host]), ",".join(account.groups) or "-"]
        answer("  ".join([*words, *([say_here("accounts.privileged", why=account.privileged)] if account.privileged else [])]))


def _state(account: Account, snapshot: Snapshot) -> str:
    if account.closed(snapshot.today):
        return say_here("accounts.state-closed")
    if account.locked or account.failures or account.password == "locked":  # noqa: S105  (a state)
        return say_here("accounts.state-locked")
    return say_here("accounts.state-must-change" if account.must_change else "accounts.state-open")


def _told(snapshot: Snapshot) -> object:
    seen = snapshot.taken_at.isoformat()
    accounts = [one.model_dump(mode="json", exclude={"state"}) for one in snapshot.accounts]
    return {"taken_at": seen, "count": len(accounts), "accounts": accounts}


def _why(error: TemanashiError) -> str:
    from temanashi.text import explain

    return explain(error, language()).what


def program_text() -> None:
    """The program that is installed on hosts where we are not root."""
    from temanashi.accounts.directories.linux import program

    answer(program().rstrip("\n"))


def sudoers_line(user: Annotated[str, typer.Argument(metavar="USER", help=say_here("accounts.help-user"))]) -> None:
    """The line of sudoers that lets an account run that program and nothing else."""
    from temanashi.accounts.directories.linux import sudoers

    answer(sudoers(user).rstrip("\n"))
