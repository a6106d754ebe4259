"""One check, tried now: a drill of a runbook that has nothing but this check.

It goes through the engine and onto the record like every run, and counts nowhere: not on the morning sheet, not for monitoring,
not in the hours. A check of a file that is not published reaches only hosts where `tema exec` could run it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from temanashi.errors import InputError, Location
from temanashi.problems import suggestion
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.parsing import parse_runbook
from temanashi.workspace.adhoc import ExecDenied, approval_needed, refuse_where_unclear
from temanashi.workspace.first import runbook_named
from temanashi.workspace.versions import PublishedWorkspace
from temanashi.workspace.yaml_source import read_yaml

__all__ = ["HostNotChecked", "NotARunbookFile", "UnknownCheck", "runbook_to_try"]

OF_THE_RUN = ("schedules", "steps", "targets", "overlap", "toil")
OF_THE_STEP = ("id", "title", "for_each", "when", "timeout")


class UnknownCheck(InputError):
    """The runbook has no check of that name."""

    key = "sheet.unknown-check"

    def __init__(self, name: str, *, known: list[str]) -> None:
        super().__init__(name=name, known=known, close=suggestion(name, known))


class HostNotChecked(InputError):
    """The runbook does not make this check on that host."""

    key = "sheet.host-not-checked"

    def __init__(self, hosts: list[str], *, known: list[str]) -> None:
        super().__init__(hosts=hosts, known=known)


class NotARunbookFile(InputError):
    """A file that is no mapping of YAML."""

    key = "sheet.not-a-runbook-file"

    def __init__(self, file: str) -> None:
        super().__init__(file=file)


def runbook_to_try(published: PublishedWorkspace, source: str, check: str, *, host: str = "") -> Runbook:
    """The runbook of one check (`CHECK` or `STEP/CHECK`) of a published runbook or a file, on its hosts or on one selector of them.

    Raises UnknownRunbook, UnknownCheck, HostNotChecked, NotARunbookFile, BadYaml, BadRunbook, HostError and ExecDenied; nothing is
    touched.
    """
    file = Path(source)
    draft = file.suffix in {".yaml", ".yml"} and file.is_file()
    data = _written(file) if draft else runbook_named(published, source).data
    runbook = parse_runbook(data, kinds=step_kinds())
    step, item = _found(data, check)
    targets = str(step.get("targets") or runbook.targets)
    if host:
        targets = _narrowed(published, targets, host)
    only = {key: value for key, value in item.items() if key not in {"parents", "runbook"}}
    kept = {name: step[name] for name in OF_THE_STEP if name in step}
    made: dict[str, Any] = {
        **{name: value for name, value in data.items() if name not in OF_THE_RUN},
        "targets": targets,
        "overlap": "parallel",
        "steps": [{**kept, "checks": [only]}],
    }
    if draft:
        made |= _rules(published, targets)
    return parse_runbook(made, kinds=step_kinds())


def _written(file: Path) -> Mapping[str, Any]:
    data = read_yaml(file.read_text(encoding="utf-8-sig", errors="replace")).data
    if not isinstance(data, dict):
        raise NotARunbookFile(str(file))
    return data


def _found(data: Mapping[str, Any], wanted: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    known: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
    for number, step in enumerate(data["steps"], 1):
        for item in step.get("checks", ()) if isinstance(step, dict) else ():
            known[f"{step.get('id', f'step-{number}')}/{item['id']}"] = (step, item)
    fitting = [name for name in known if wanted in {name, name.partition("/")[2]}]
    if len(fitting) != 1:
        raise UnknownCheck(wanted, known=fitting or list(known))
    return known[fitting[0]]


def _narrowed(published: PublishedWorkspace, targets: str, host: str) -> str:
    asked = [found.name for found in published.inventory.select(host, at=Location("--host"))]
    if "{{" not in targets:
        known = [found.name for found in published.inventory.select(targets)]
        if strangers := [name for name in asked if name not in known]:
            raise HostNotChecked(strangers, known=known[:5])
    return ",".join(asked)


def _rules(published: PublishedWorkspace, targets: str) -> dict[str, Any]:
    """What the site says of commands that nobody published; raises ExecDenied and ExecRulesBroken."""
    refuse_where_unclear(published)
    hosts = published.inventory.select(targets)
    if denied := [host.name for host in hosts if published.inventory.exec_rule(host) == "deny"]:
        raise ExecDenied(denied)
    return {"approve": {"by": list(published.inventory.exec.approve_by)}} if approval_needed(published.inventory, hosts) else {}
