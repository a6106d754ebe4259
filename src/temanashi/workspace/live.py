"""People, business days and hosts of the live version, each read on its own: who needs them needs no runbook."""

from __future__ import annotations

from sqlalchemy import Connection

from temanashi.hosts.inventory import Inventory
from temanashi.runs.directory import Directory, nobody
from temanashi.workspace.hosts_files import is_hosts_file
from temanashi.workspace.loading import CALENDAR, PEOPLE, load_content
from temanashi.workspace.versions import content_of, live_version

__all__ = ["live_directory", "live_inventory"]


def live_directory(connection: Connection) -> Directory:
    """Who is who, and which days are business days, in the live version; nobody where none is. Raises VersionAltered."""
    live = live_version(connection)
    if live is None:
        return nobody(connection)
    content = content_of(connection, live.number)
    texts = {file: text for file, text in content["files"].items() if file in {CALENDAR, PEOPLE}}
    said = load_content(texts, kinds={}, languages=tuple(content["settings"]["languages"]))
    return Directory(people=said.people, calendar=said.calendar)


def live_inventory(connection: Connection) -> Inventory:
    """The hosts of the live version; only this machine where none is. Raises VersionAltered."""
    live = live_version(connection)
    if live is None:
        return Inventory()
    content = content_of(connection, live.number)
    texts = {file: text for file, text in content["files"].items() if is_hosts_file(file)}
    return load_content(texts, kinds={}, languages=tuple(content["settings"]["languages"])).inventory
