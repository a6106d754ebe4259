"""People and business days of the live version, read on their own: whoever decides needs them, and no runbook."""

from __future__ import annotations

from sqlalchemy import Connection

from temanashi.runs.directory import Directory, nobody
from temanashi.workspace.loading import CALENDAR, PEOPLE, load_content
from temanashi.workspace.versions import content_of, live_version

__all__ = ["live_directory"]


def live_directory(connection: Connection) -> Directory:
    """Who is who, and which days are business days, in the live version; nobody where none is. Raises VersionAltered."""
    live = live_version(connection)
    if live is None:
        return nobody(connection)
    content = content_of(connection, live.number)
    texts = {file: text for file, text in content["files"].items() if file in {CALENDAR, PEOPLE}}
    said = load_content(texts, kinds={}, languages=tuple(content["settings"]["languages"]))
    return Directory(people=said.people, calendar=said.calendar)
