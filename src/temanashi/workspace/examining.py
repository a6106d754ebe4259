"""What is wrong with an installation, and what to do: `tema doctor`. Each look is one finding; nothing is changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Literal, NamedTuple

from temanashi import __version__
from temanashi.checks.registry import installed_kinds
from temanashi.clock import SystemClock
from temanashi.errors import LedgerError, TemanashiError
from temanashi.ledger.database import open_database
from temanashi.ledger.keys import PRIVATE, trusted_key
from temanashi.ledger.verification import verify_database
from temanashi.runbooks.kinds import installed_steps, step_kinds
from temanashi.runs.stopping import stopped
from temanashi.secrets import SecretMissing, resolve
from temanashi.settings import Settings
from temanashi.text import Phrase, phrase
from temanashi.workspace.faults import errors_among
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.publishing import current_version

__all__ = ["Finding", "examine"]

LITTLE_ROOM = 1_000_000_000
"""Bytes; below this the database is in danger."""


class Finding(NamedTuple):
    """One look: `good`, `warning` or `bad`, a sentence, and what to do (None where nothing needs doing)."""

    level: Literal["good", "warning", "bad"]
    message: Phrase
    next: Phrase | None = None


def examine(settings: Settings, *, server: Callable[[], Finding] | None = None) -> Iterator[Finding]:
    """Every look, one after the other; a look that breaks is a finding itself."""
    looks: list[Callable[[Settings], Iterator[Finding]]] = [_versions, _files, _database, _keys, _room, _addresses, _kinds]
    for look in looks:
        try:
            yield from look(settings)
        except TemanashiError as error:
            yield _trouble(error)
    if server is not None:
        yield server()


def _trouble(error: TemanashiError) -> Finding:
    return Finding("bad", Phrase(key=error.key, data=_plain(error)), Phrase(key=f"{error.key}.next", data=_plain(error)))


def _plain(error: TemanashiError) -> dict[str, str]:
    return {"at": str(error.at or ""), **{name: str(value) for name, value in error.data.items()}}


def _versions(settings: Settings) -> Iterator[Finding]:
    data = {"temanashi": __version__, "prefect": version("prefect"), "root": str(settings.root)}
    yield Finding("good", phrase("doctor.versions", **data))


def _files(settings: Settings) -> Iterator[Finding]:
    workspace = load_workspace(settings.root, kinds=step_kinds())
    wrong = errors_among(workspace.faults)
    if wrong:
        places = [str(fault.at) for fault in wrong[:5]]
        yield Finding("bad", phrase("doctor.files-bad", count=len(wrong), places=places), phrase("doctor.files-bad.next"))
    elif not workspace.runbooks:
        yield Finding("warning", phrase("doctor.files-none"), phrase("doctor.files-none.next"))
    else:
        yield Finding("good", phrase("doctor.files-good", count=len(workspace.runbooks)))


def _database(settings: Settings) -> Iterator[Finding]:
    if settings.database.startswith("sqlite:///") and not Path(settings.database.removeprefix("sqlite:///")).exists():
        yield Finding("warning", phrase("doctor.database-none"), phrase("doctor.database-none.next"))
        return
    database = open_database(settings.database, clock=SystemClock(), create=False)
    try:
        with database.transaction():
            pass
        yield Finding("good", phrase("doctor.database-good", place=database.place))
        with database.reading() as connection:
            published, stop = current_version(connection, kinds=step_kinds()), stopped(connection)
        if published is None:
            yield Finding("warning", phrase("doctor.unpublished"), phrase("doctor.unpublished.next"))
        else:
            yield Finding("good", phrase("doctor.published", number=published.number, count=len(published.runbooks)))
        if stop is not None:
            yield Finding("warning", phrase("doctor.stopped", **stop), phrase("doctor.stopped.next"))
        found = verify_database(database, state=settings.state_dir, bodies=False)
        if found.status == "intact":
            yield Finding("good", phrase("doctor.ledger-good", records=found.records, proven=found.proven))
        else:
            said = found.problem or (found.notes[0] if found.notes else phrase("doctor.ledger-unknown"))
            yield Finding("bad", phrase("doctor.ledger-bad", problem=said), phrase("doctor.ledger-bad.next"))
    finally:
        database.close()


def _keys(settings: Settings) -> Iterator[Finding]:
    folder = settings.state_dir / "keys"
    if not folder.is_dir():
        return
    try:
        known = trusted_key(folder)
    except LedgerError as error:
        yield _trouble(error)
        return
    private = folder / PRIVATE
    loose = [private.name] if private.exists() and private.stat().st_mode & 0o077 else []
    if loose:
        yield Finding("bad", phrase("doctor.key-loose", files=loose), phrase("doctor.key-loose.next"))
    elif known:
        yield Finding("good", phrase("doctor.key-good"))


def _room(settings: Settings) -> Iterator[Finding]:
    place = settings.state_dir if settings.state_dir.is_dir() else settings.root
    free = shutil.disk_usage(place).free
    shown = f"{free / 1e9:.1f}"
    if free < LITTLE_ROOM:
        yield Finding("bad", phrase("doctor.room-little", free=shown), phrase("doctor.room-little.next"))
    elif not os.access(place, os.W_OK):
        yield Finding("bad", phrase("doctor.not-writable", place=str(place)), phrase("doctor.not-writable.next"))
    else:
        yield Finding("good", phrase("doctor.room-good", free=shown))


def _addresses(settings: Settings) -> Iterator[Finding]:
    if not settings.notify:
        yield Finding("warning", phrase("doctor.notify-none"), phrase("doctor.notify-none.next"))
    for ref in settings.notify:
        try:
            resolve(ref)
        except SecretMissing as error:
            yield _trouble(error)
        else:
            yield Finding("good", phrase("doctor.notify-good", ref=ref))


def _kinds(_: Settings) -> Iterator[Finding]:
    for error in (*installed_steps().broken, *installed_kinds().broken):
        yield _trouble(error)
