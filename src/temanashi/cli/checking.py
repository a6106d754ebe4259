"""`tema check`: what is checked, the morning sheet and its confirmation, one check now, the answer to other monitors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.checking_again import again, replay
from temanashi.cli.language import language
from temanashi.cli.morning import confirm, sheet
from temanashi.cli.options import Json, Root
from temanashi.cli.output import answer, emit, say_here
from temanashi.cli.poller import POLLED, Polled
from temanashi.cli.trying import try_check

if TYPE_CHECKING:
    from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["register"]

HOSTS_TOLD = 3


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help=say_here("cli.help-check"), no_args_is_help=True)
    group.command("list", help=say_here("cli.help-check-list"))(list_checks)
    group.command("sheet", help=say_here("cli.help-check-sheet"), epilog=say_here("cli.help-check-sheet-exit"))(sheet)
    group.command("confirm", help=say_here("cli.help-check-confirm"))(confirm)
    group.command("try", help=say_here("cli.help-check-try"), epilog=say_here("cli.help-run-exit"))(try_check)
    group.command("nagios", cls=Polled, help=say_here("cli.help-check-nagios"), epilog=say_here("cli.help-check-nagios-exit"))(
        POLLED
    )
    group.command("replay", help=say_here("cli.help-check-replay"), epilog=say_here("cli.help-check-replay-exit"))(replay)
    group.command("again", help=say_here("cli.help-check-again"))(again)
    app.add_typer(group, name="check")


def list_checks(
    runbook: Annotated[str, typer.Argument(help=say_here("cli.help-check-runbook"))] = "",
    workspace: Root = None,
    json: Json = False,
) -> None:
    """List the checks of published runbooks."""
    from temanashi.workspace.first import published_or_first, runbook_named
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        published, _ = published_or_first(opened)
        only = (runbook_named(published, runbook).id,) if runbook else ()
        found = _checks(published, opened.settings.checks.runbooks, only)
    if json:
        emit({"checks": found})
        return
    if not found:
        answer(say_here("cli.check-list-none"))
    for row in found:
        hosts = row["hosts"]
        more = [say_here("cli.check-list-more", count=len(hosts) - HOSTS_TOLD)] if len(hosts) > HOSTS_TOLD else []
        where = ", ".join([*hosts[:HOSTS_TOLD], *more])
        sheet = "" if row["on_sheet"] else f"  {say_here('cli.check-list-not-on-sheet')}"
        answer(f"{row['runbook']:<24} {row['step'] + '/' + row['check']:<32} {row['kind']:<14} {where}{sheet}")


def _checks(published: PublishedWorkspace, chosen: tuple[str, ...], only: tuple[str, ...]) -> list[dict[str, Any]]:
    from temanashi.hosts.inventory import HostError
    from temanashi.runbooks.steps.checks import ChecksSpec
    from temanashi.workspace.sheet_material import on_sheet

    found = []
    for name, book in sorted(published.runbooks.items()):
        for item in book.steps:
            if not isinstance(item.spec, ChecksSpec) or (only and name not in only):
                continue
            try:
                hosts = [host.name for host in published.inventory.select(item.targets or book.targets)]
            except HostError:  # a selector that names parameters is known when it runs
                hosts = [item.targets or book.targets]
            for check in item.spec.items:
                known = {"check": str(check.get("id", "")), "kind": str(check.get("kind", "")), "title": _title(check)}
                found.append(
                    {"runbook": name, "step": item.id, **known, "hosts": hosts, "on_sheet": on_sheet(chosen)(name, book.data)}
                )
    return found


def _title(check: dict[str, Any]) -> str:
    from temanashi.text.local import LocalText

    return LocalText.model_validate(check["title"]).text(language()) if check.get("title") else str(check.get("id", ""))
