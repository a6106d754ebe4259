"""People, business days and hosts of the live version, each read on its own: who needs them needs no runbook."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from temanashi.accounts.directories_file import NO_DIRECTORIES, Directories
from temanashi.accounts.reviews.register import NO_REGISTER, Register
from temanashi.accounts.roles import NO_ROLES, Roles
from temanashi.faq.entries import Entry
from temanashi.hosts.inventory import Inventory
from temanashi.monitoring.maintenance import ended_occurrences
from temanashi.monitoring.recurring import NO_RECURRING, Recurring
from temanashi.people import People
from temanashi.runs.directory import Directory, nobody
from temanashi.signin.roles import with_given
from temanashi.workspace.accounts_file import REGISTER
from temanashi.workspace.directories_source import DIRECTORIES
from temanashi.workspace.faq_files import is_entry
from temanashi.workspace.faults import unfaulty
from temanashi.workspace.hosts_files import SOURCES_FOLDER, is_hosts_file
from temanashi.workspace.loading import CALENDAR, PEOPLE, Content, load_content
from temanashi.workspace.maintenance_file import MAINTENANCE
from temanashi.workspace.roles_file import ROLES
from temanashi.workspace.version_rows import content_of, live_version

__all__ = [
    "earlier_lists",
    "live_directories",
    "live_directory",
    "live_entries",
    "live_inventory",
    "live_people",
    "live_recurring",
    "live_register",
    "live_roles",
]


def live_directory(connection: Connection) -> Directory:
    """Who is who, and which days are business days, in the live version; nobody where none is. Raises VersionAltered."""
    said = _said(connection)
    if said is None:
        return nobody(connection)
    return Directory(people=with_given(connection, said.people), calendar=said.calendar)


def live_people(connection: Connection) -> People:
    """Who is who in the live version, without roles that were given elsewhere. Raises VersionAltered."""
    said = _said(connection)
    return said.people if said is not None else People()


def _said(connection: Connection) -> Content | None:
    live = live_version(connection)
    if live is None:
        return None
    content = content_of(connection, live.number)
    texts = {file: text for file, text in content["files"].items() if file in {CALENDAR, PEOPLE}}
    return load_content(texts, kinds={}, languages=tuple(content["settings"]["languages"]))


def live_roles(connection: Connection) -> Roles:
    """What comes with a role in the live version; no role where none is. Raises VersionAltered."""
    live = live_version(connection)
    if live is None:
        return NO_ROLES
    content = content_of(connection, live.number)
    texts = {file: text for file, text in content["files"].items() if file == ROLES}
    return load_content(texts, kinds={}, languages=tuple(content["settings"]["languages"])).roles


def live_directories(connection: Connection) -> Directories:
    """Directories of the live version that are no hosts; none where none is. Raises VersionAltered."""
    live = live_version(connection)
    if live is None:
        return NO_DIRECTORIES
    content = content_of(connection, live.number)
    if DIRECTORIES not in content["files"]:
        return NO_DIRECTORIES
    texts = {file: text for file, text in content["files"].items() if file == DIRECTORIES or is_hosts_file(file)}
    return load_content(texts, kinds={}, languages=tuple(content["settings"]["languages"])).directories


def live_register(connection: Connection) -> Register:
    """What is registered of accounts in the live version, and its rules; nothing where none is. Raises VersionAltered."""
    live = live_version(connection)
    if live is None:
        return NO_REGISTER
    content = content_of(connection, live.number)
    texts = {file: text for file, text in content["files"].items() if file in {REGISTER, PEOPLE} or is_hosts_file(file)}
    return load_content(texts, kinds={}, languages=tuple(content["settings"]["languages"])).register


def live_inventory(connection: Connection) -> Inventory:
    """The hosts of the live version; only this machine where none is. Raises VersionAltered."""
    live = live_version(connection)
    if live is None:
        return Inventory()
    content = content_of(connection, live.number)
    texts = {file: text for file, text in content["files"].items() if is_hosts_file(file)}
    return load_content(texts, kinds={}, languages=tuple(content["settings"]["languages"])).inventory


def live_entries(connection: Connection) -> dict[str, Entry]:
    """The FAQ of the live version, by id; nothing where none is live. Raises VersionAltered."""
    live = live_version(connection)
    if live is None:
        return {}
    content = content_of(connection, live.number)
    texts = {file: text for file, text in content["files"].items() if is_entry(file) or file == PEOPLE}
    good = unfaulty(texts, live.faults)
    said = load_content(texts, kinds={}, languages=tuple(content["settings"]["languages"]), good=good)
    return {name: found.entry for name, found in said.entries.items()}


def earlier_lists(connection: Connection) -> dict[str, str]:
    """Texts of the lists from elsewhere in the live version, by name; raises VersionAltered."""
    live = live_version(connection)
    files = content_of(connection, live.number)["files"] if live is not None else {}
    return {name: text for name, text in files.items() if name.startswith(SOURCES_FOLDER)}


def live_recurring(connection: Connection) -> Recurring:
    """Maintenance of the live version that comes again, and what of it was ended; none where none is. Raises VersionAltered."""
    live = live_version(connection)
    if live is None:
        return NO_RECURRING
    content = content_of(connection, live.number)
    texts = {file: text for file, text in content["files"].items() if file in {CALENDAR, MAINTENANCE}}
    if MAINTENANCE not in texts:
        return NO_RECURRING
    settings = content["settings"]
    said = load_content(texts, kinds={}, languages=tuple(settings["languages"]))
    ended = ended_occurrences(connection)
    return Recurring(windows=said.maintenance, calendars=said.calendar, zone=ZoneInfo(settings["timezone"]), ended=ended)
