"""JSON Schemas of the files of a workspace, so that editors complete and check them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from temanashi.accounts.directories_file import directories_schema
from temanashi.accounts.reviews.register import Register
from temanashi.accounts.roles import RolesFile
from temanashi.books import KpiFile, Roadmap
from temanashi.calendars import SiteCalendars
from temanashi.faq.entries import EntryFile
from temanashi.hosts.inventory import Inventory
from temanashi.monitoring.recurring import MaintenanceFile
from temanashi.monitoring.senders.rules import AlertRules
from temanashi.people import People
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.schema import runbook_schema
from temanashi.runbooks.steps.contract import StepKind
from temanashi.workspace.importing.tickets.kinds import TicketKinds
from temanashi.workspace.writing import write_all

__all__ = ["DIALECT", "hosts_schema", "people_schema", "write_schemas"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def write_schemas(folder: Path, *, kinds: Mapping[str, StepKind] | None = None) -> list[Path]:
    """Write one schema a kind of file into a folder, replacing those of before; raises CannotWrite. Gives the files."""
    steps = step_kinds() if kinds is None else kinds
    schemas: dict[str, Callable[[], dict[str, Any]]] = {
        "accounts.schema.json": lambda: _titled(Register.model_json_schema(), "temanashi accounts"),
        "alerts.schema.json": lambda: _titled(AlertRules.model_json_schema(), "temanashi alerts"),
        "calendar.schema.json": lambda: _titled(SiteCalendars.model_json_schema(), "temanashi calendar"),
        "directories.schema.json": lambda: _titled(directories_schema(), "temanashi directories"),
        "faq.schema.json": lambda: _titled(EntryFile.model_json_schema(), "temanashi faq"),
        "hosts.schema.json": hosts_schema,
        "kpi.schema.json": lambda: _titled(KpiFile.model_json_schema(), "temanashi kpi"),
        "maintenance.schema.json": lambda: _titled(MaintenanceFile.model_json_schema(), "temanashi maintenance"),
        "people.schema.json": people_schema,
        "roadmap.schema.json": lambda: _titled(Roadmap.model_json_schema(by_alias=True), "temanashi roadmap"),
        "roles.schema.json": lambda: _titled(RolesFile.model_json_schema(), "temanashi roles"),
        "runbook.schema.json": lambda: runbook_schema(steps),
        "tickets.schema.json": lambda: _titled(TicketKinds.model_json_schema(), "temanashi tickets"),
    }
    texts = {name: json.dumps(make(), ensure_ascii=False, indent=1, sort_keys=True) + "\n" for name, make in schemas.items()}
    return write_all(folder, texts, replace=True)


def hosts_schema() -> dict[str, Any]:
    """Draft 2020-12 schema of `runbooks/site/hosts.yaml`: names are keys, so that a host does not repeat its own."""
    schema = Inventory.model_json_schema()
    host = schema["$defs"]["Host"]
    for name in ("file", "lost"):  # not for people to write
        schema["properties"].pop(name, None)
    for name in ("name", "lost"):
        host["properties"].pop(name, None)
    host["required"] = [name for name in host.get("required", []) if name != "name"]
    # A host of which nothing more is to be said is a key without a value.
    schema["$defs"]["HostOrNothing"] = {"anyOf": [{"$ref": "#/$defs/Host"}, {"type": "null"}]}
    schema["properties"]["hosts"]["additionalProperties"] = {"$ref": "#/$defs/HostOrNothing"}
    for patterned in schema["properties"]["hosts"].get("patternProperties", {}):
        schema["properties"]["hosts"]["patternProperties"][patterned] = {"$ref": "#/$defs/HostOrNothing"}
    return _titled(schema, "temanashi hosts")


def people_schema() -> dict[str, Any]:
    """Draft 2020-12 schema of `runbooks/site/people.yaml`."""
    schema = People.model_json_schema(by_alias=True)
    for name in ("people", "groups", "roles"):  # a key under which nothing stands yet
        schema["properties"][name] = {"anyOf": [schema["properties"][name], {"type": "null"}]}
    return _titled(schema, "temanashi people")


def _titled(schema: dict[str, Any], title: str) -> dict[str, Any]:
    return {**schema, "$schema": DIALECT, "title": title}
