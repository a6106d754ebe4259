"""Commands that somebody types for some hosts (`tema exec`), as a runbook of one step: nothing of the engine is gone round."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from temanashi.errors import InputError, RunError
from temanashi.hosts.inventory import Host, Inventory
from temanashi.runbooks.adhoc import ADHOC
from temanashi.runbooks.literal import as_template
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runbooks.steps.contract import StepKind
from temanashi.text import Lang, phrase
from temanashi.text.local import LANGUAGES
from temanashi.workspace.faults import errors_among
from temanashi.workspace.hosts_files import is_hosts_file
from temanashi.workspace.versions import PublishedWorkspace

__all__ = [
    "AdhocNameTaken",
    "ExecDenied",
    "ExecRulesBroken",
    "NoCommand",
    "adhoc_runbook",
    "approval_needed",
    "refuse_where_unclear",
]

SHOWN = 60


class NoCommand(InputError):
    """Nothing to run was given."""

    key = "exec.no-command"


class ExecDenied(RunError):
    """The site forbids typed commands on some of the chosen hosts; none of them was touched."""

    key = "exec.denied"

    def __init__(self, hosts: list[str]) -> None:
        super().__init__(hosts=hosts)


class ExecRulesBroken(RunError):
    """The published hosts.yaml has mistakes, so it is not known what it allows."""

    key = "exec.rules-broken"

    def __init__(self, place: str) -> None:
        super().__init__(place=place)


class AdhocNameTaken(RunError):
    """A runbook or its task has the id that typed commands are recorded under."""

    key = "exec.name-taken"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


def adhoc_runbook(
    published: PublishedWorkspace,
    selector: str,
    command: Sequence[str],
    *,
    kinds: Mapping[str, StepKind],
    reads: bool = False,
    timeout: float | None = None,
    fan_out: Mapping[str, Any] | None = None,
) -> Runbook:
    """The runbook of one command on some hosts, with the approval that they demand.

    One word with blanks in it is text for `sh`; several are a program and its arguments. Raises NoCommand, ExecDenied,
    ExecRulesBroken, AdhocNameTaken, HostError and BadRunbook, nothing touched.
    """
    argv = _argv(command)
    refuse_where_unclear(published)
    hosts = published.inventory.select(selector)
    if denied := [host.name for host in hosts if published.inventory.exec_rule(host) == "deny"]:
        raise ExecDenied(denied)
    shown = shlex.join(command) if len(command) > 1 else command[0]
    spec: dict[str, Any] = {"run": [as_template(word) for word in argv], "reads": reads}
    data: dict[str, Any] = {
        "id": ADHOC,
        "title": _said("title", shown),
        "description": _said("description", shown),
        "category": "incident",
        "owner": "ops",
        "targets": selector,
        "overlap": "parallel",
        # No request is recorded as demand: what somebody types is no task that could be automated away.
        "toil": {"demand": {"calendar": "day"}},
        "steps": [
            {
                "id": "run",
                "command": spec | ({"timeout": timeout} if timeout else {}),
                "fan_out": {"max_failed": "100%", **(fan_out or {})},
            }
        ],
    }
    if approval_needed(published.inventory, hosts):
        data["approve"] = {"by": list(published.inventory.exec.approve_by)}
    return parse_runbook(data, kinds=kinds)


def approval_needed(inventory: Inventory, hosts: Sequence[Host]) -> list[str]:
    """The hosts on which others must approve a typed command first."""
    return [host.name for host in hosts if inventory.exec_rule(host) == "approve"]


def _argv(command: Sequence[str]) -> list[str]:
    if not command or not command[0].strip():
        raise NoCommand
    if len(command) == 1 and any(sign.isspace() for sign in command[0].strip()):
        return ["sh", "-c", command[0]]
    return list(command)


def refuse_where_unclear(published: PublishedWorkspace) -> None:
    """Raise ExecRulesBroken where nobody knows what is allowed, and AdhocNameTaken."""
    broken = [fault for fault in errors_among(published.faults) if is_hosts_file(fault.at.file)]
    if broken:
        raise ExecRulesBroken(str(broken[0].at))
    # What is typed must not be counted as the work of a task that somebody signed minutes for.
    for runbook in published.runbooks.values():
        if ADHOC in {runbook.id, runbook.task}:
            raise AdhocNameTaken(runbook.id)


def _said(key: str, command: str) -> dict[Lang, str]:
    one_line = " ".join(command.split())
    short = one_line if len(one_line) <= SHOWN else one_line[: SHOWN - 1] + "…"
    return {lang: phrase(f"exec.{key}", command=short).text(lang) for lang in LANGUAGES}
