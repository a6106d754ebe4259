"""`tema hosts`: the hosts that the files have, one of them, and lists from elsewhere."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Json, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from temanashi.hosts.inventory import Host, Inventory
    from temanashi.workspace.hosts_here import HostsHere
    from temanashi.workspace.importing.drafts import Finding
    from temanashi.workspace.importing.hosts.carrying_over import Imported

__all__ = ["Selector", "aligned", "register"]

SHOWN = 60
"""Lines of one kind that the terminal shows; `--json` has all of them."""

Selector = Annotated[str, typer.Argument(metavar="[SELECTOR]", help=say_here("inventory.help-selector"))]
Name = Annotated[str, typer.Argument(metavar="NAME", help=say_here("inventory.help-name"))]
File = Annotated[Path, typer.Argument(metavar="FILE", help=say_here("inventory.help-import-file"))]
Form = Annotated[str, typer.Option("--format", metavar="xlsx|csv|ansible|zabbix", help=say_here("inventory.help-format"))]
Target = Annotated[str, typer.Option("--output", "-o", metavar="FILE", help=say_here("inventory.help-output"))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=say_here("inventory.help-dry-run"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    from temanashi.cli import hosts_reaching

    group = typer.Typer(help=say_here("inventory.help-hosts"), no_args_is_help=True)
    group.command("list", help=say_here("inventory.help-list"))(list_hosts)
    group.command("show", help=say_here("inventory.help-show"))(show)
    group.command("import", help=say_here("inventory.help-import"), epilog=say_here("inventory.help-import-exit"))(import_list)
    hosts_reaching.register(group)
    app.add_typer(group, name="hosts")


def list_hosts(selector: Selector = "all", workspace: Root = None, json: Json = False) -> None:
    """List hosts with how they are reached."""
    from temanashi.settings import find_workspace
    from temanashi.workspace.hosts_here import hosts_here

    here = hosts_here(find_workspace(workspace))
    chosen = here.inventory.select(selector)
    if json:
        emit([_as_json(here, host) for host in chosen])
        return
    answer(say_here("inventory.count", count=len(chosen)), style="bold")
    rows = [(h.name, _way(here.inventory, h), h.system, h.site, " ".join(h.tags), " ".join(h.note.split())) for h in chosen]
    for line in aligned(rows):
        answer(f"  {line}")


def show(name: Name, workspace: Root = None, json: Json = False) -> None:
    """Tell all that there is to know of one host."""
    from temanashi.hosts.inventory import UnknownHost
    from temanashi.settings import find_workspace
    from temanashi.workspace.hosts_files import HOSTS
    from temanashi.workspace.hosts_here import hosts_here

    here = hosts_here(find_workspace(workspace))
    if name not in here.inventory.hosts:
        from temanashi.errors import Location

        raise UnknownHost(name, at=Location(HOSTS), known=here.inventory.hosts)
    host = here.inventory.hosts[name]
    if json:
        emit(_as_json(here, host))
        return
    answer(host.name, style="bold")
    told: list[tuple[str, Any]] = [
        ("way", _way(here.inventory, host)),
        ("system", host.system),
        ("site", host.site),
        ("tags", ", ".join(host.tags)),
        ("groups", ", ".join(_groups(here.inventory, host))),
        ("note", host.note),
        ("exec", here.inventory.exec_rule(host)),
        ("variables", ", ".join(f"{key}={value}" for key, value in host.variables.items())),
        ("file", here.place(host) or ""),
    ]
    for line in aligned([(say_here(f"inventory.show-{key}"), str(value)) for key, value in told if value]):
        answer(f"  {line}")


def _way(inventory: Inventory, host: Host) -> str:
    from temanashi.workspace.host_ways import way_to

    return way_to(inventory, host).text(language())


def _groups(inventory: Inventory, host: Host) -> list[str]:
    from temanashi.errors import Location

    at = Location(inventory.file)
    return [name for name in inventory.groups if host.name in inventory.selector.chosen(f"group:{name}", at=at)]


def _as_json(here: HostsHere, host: Host) -> dict[str, Any]:
    place = here.place(host)
    return {
        **host.model_dump(mode="json"),
        "route": [hop.name for hop in here.inventory.route(host)],
        "groups": _groups(here.inventory, host),
        "exec": here.inventory.exec_rule(host),
        "file": place.file if place else "",
        "line": place.line if place else 0,
    }


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines whose columns begin below each other; a Japanese character takes two places. Empty columns are left out."""
    kept = [index for index in range(len(rows[0]) if rows else 0) if any(row[index] for row in rows)]
    widths = {index: max(_width(row[index]) for row in rows) for index in kept}
    return ["  ".join(row[index] + " " * (widths[index] - _width(row[index])) for index in kept).rstrip() for row in rows]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def import_list(
    file: File, form: Form = "", output: Target = "", dry_run: DryRun = False, workspace: Root = None, json: Json = False
) -> None:
    """Take over a list of hosts."""
    from temanashi.settings import find_workspace
    from temanashi.workspace.importing.hosts.carrying_over import plan_import, write_import
    from temanashi.workspace.importing.hosts.reading import known_format

    planned = plan_import(find_workspace(workspace), file, lang=language(), given=known_format(form), target=output)
    if not dry_run:
        write_import(planned)
    if json:
        emit(_import_json(planned, written=not dry_run))
    else:
        _tell_import(planned, dry_run=dry_run)
    raise typer.Exit(0 if planned.complete else 1)


def _tell_import(planned: Imported, *, dry_run: bool) -> None:
    compared = planned.comparison
    counts = {"added": len(compared.added), "changed": len(compared.changed), "same": compared.same, "left": len(compared.left)}
    key = "inventory.import-nothing" if compared.empty else "inventory.import-would" if dry_run else "inventory.import-written"
    answer(say_here(key, files=sorted(planned.texts), **counts), style="bold")
    _lines([f"+ {name}  {_fields(fields)}".rstrip() for name, fields in compared.added.items()], style="green")
    _lines([f"~ {one.name}  {_changes(one.fields)}" for one in compared.changed], style="yellow")
    _lines([f"+ group:{name}  {' '.join(members)}"[:200] for name, members in compared.groups.items()], style="green")
    if compared.left:
        answer(f"  {say_here('inventory.import-left', file=compared.target, hosts=list(compared.left[:20]))}")
    findings = planned.found.findings
    counted = [finding for finding in findings if finding.kind != "noted"]
    answer(f"  {say_here('cli.import-left', count=len(counted)) if counted else say_here('cli.import-all')}")
    for finding in findings[:SHOWN]:
        answer(f"    {_told(finding)}", style={"left": "red", "changed": "yellow"}.get(finding.kind, ""))
    if len(findings) > SHOWN:
        answer(f"    {say_here('cli.more-lines', count=len(findings) - SHOWN)}")
    if planned.texts:
        progress(say_here("inventory.import-dry-next" if dry_run else "inventory.import-next"))


def _lines(lines: list[str], *, style: str) -> None:
    for line in lines[:SHOWN]:
        answer(f"  {line}", style=style)
    if len(lines) > SHOWN:
        answer(f"  {say_here('cli.more-lines', count=len(lines) - SHOWN)}")


def _fields(fields: Any) -> str:
    return "  ".join(f"{key}: {_shown(value)}" for key, value in fields.items())


def _changes(fields: Any) -> str:
    return "  ".join(f"{key}: {_shown(before) or '-'} → {_shown(after)}" for key, (before, after) in fields.items())


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str("" if value is None else value)


def _told(finding: Finding) -> str:
    from temanashi.workspace.importing.writing import told

    return told(finding, language())


def _import_json(planned: Imported, *, written: bool) -> dict[str, Any]:
    compared = planned.comparison
    lang = language()
    return {
        "format": planned.found.format,
        "target": compared.target,
        "written": written and bool(planned.texts),
        "complete": planned.complete,
        "added": compared.added,
        "changed": [
            {"name": one.name, "file": one.file, "fields": {k: {"before": b, "after": a} for k, (b, a) in one.fields.items()}}
            for one in compared.changed
        ],
        "same": compared.same,
        "left": compared.left,
        "groups": compared.groups,
        "files": planned.texts,
        "findings": [
            {"kind": f.kind, "place": f.place, "key": f.message.key, "message": f.message.text(lang)}
            for f in planned.found.findings
        ],
    }
