"""What can go wrong with the database, and the one place where errors of drivers become ours."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from temanashi.errors import LedgerError
from temanashi.secrets import Redactor

__all__ = [
    "BadDatabaseUrl",
    "BadRecord",
    "DatabaseUnreachable",
    "DriverMissing",
    "LedgerCorrupt",
    "LedgerFolder",
    "LedgerForeign",
    "LedgerFull",
    "LedgerLocked",
    "LedgerMissing",
    "LedgerNewer",
    "LedgerReadOnly",
    "LedgerTrouble",
    "RecordUnreadable",
    "sqlite_fault",
    "translated",
]


class LedgerReadOnly(LedgerError):
    """The database may be read but not written. Data: place."""

    key = "ledger.read-only"


class LedgerFull(LedgerError):
    """No room is left for the database. Data: place."""

    key = "ledger.full"


class LedgerLocked(LedgerError):
    """Another process held the database longer than we wait. Data: place, seconds."""

    key = "ledger.locked"


class LedgerNewer(LedgerError):
    """A newer temanashi wrote this database. Data: place, found, known (revisions)."""

    key = "ledger.newer"


class LedgerCorrupt(LedgerError):
    """The file is no database, or a damaged one. Data: place, reason."""

    key = "ledger.corrupt"


class LedgerForeign(LedgerError):
    """The database belongs to another program. Data: place."""

    key = "ledger.foreign"


class LedgerMissing(LedgerError):
    """There is no database there. Data: place."""

    key = "ledger.missing"


class LedgerFolder(LedgerError):
    """The folder of the database is missing, or nothing can be created in it. Data: place, folder, reason."""

    key = "ledger.folder"


class LedgerTrouble(LedgerError):
    """The database refused for another reason. Data: place, reason."""

    key = "ledger.trouble"


class DatabaseUnreachable(LedgerError):
    """The PostgreSQL server does not answer or does not let us in. Data: place, reason."""

    key = "ledger.unreachable"


class DriverMissing(LedgerError):
    """PostgreSQL was asked for, and its driver is not installed. Data: place."""

    key = "ledger.no-driver"


class BadDatabaseUrl(LedgerError):
    """The database URL cannot be used. Data: place (never a password)."""

    key = "ledger.bad-url"


class BadRecord(LedgerError):
    """A draft holds something that cannot be recorded; nothing was written. Data: kind, reason."""

    key = "ledger.bad-record"


class RecordUnreadable(LedgerError):
    """A stored record cannot be read. Data: seq."""

    key = "ledger.record-unreadable"


# Primary result codes (https://www.sqlite.org/rescode.html); python's sqlite3 hands out the extended code.
_SQLITE: dict[int, type[LedgerError]] = {
    sqlite3.SQLITE_PERM: LedgerReadOnly,
    sqlite3.SQLITE_BUSY: LedgerLocked,
    sqlite3.SQLITE_LOCKED: LedgerLocked,
    sqlite3.SQLITE_READONLY: LedgerReadOnly,
    sqlite3.SQLITE_CORRUPT: LedgerCorrupt,
    sqlite3.SQLITE_FULL: LedgerFull,
    sqlite3.SQLITE_CANTOPEN: LedgerReadOnly,
    sqlite3.SQLITE_NOTADB: LedgerCorrupt,
}
# PostgreSQL, appendix A "Error Codes".
_POSTGRESQL: dict[str, type[LedgerError]] = {
    "25006": LedgerReadOnly,
    "42501": LedgerReadOnly,
    "53100": LedgerFull,
    "55P03": LedgerLocked,
    "40P01": LedgerLocked,
    "40001": LedgerLocked,
    "57P01": DatabaseUnreachable,
    "57P02": DatabaseUnreachable,
    "57P03": DatabaseUnreachable,
    "53300": DatabaseUnreachable,
    "3D000": DatabaseUnreachable,
}


def sqlite_fault(error: sqlite3.Error, *, place: str, seconds: float) -> LedgerError:
    """Our error for one of sqlite3."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    # The shared-memory index of the WAL cannot grow on a full disk; SQLite calls that an I/O error.
    kind = LedgerFull if code == sqlite3.SQLITE_IOERR_SHMSIZE else _SQLITE.get(code & 0xFF, LedgerTrouble)
    return kind(place=place, seconds=round(seconds), reason=str(error))


def translated(error: Exception, *, place: str, seconds: float, password: str = "") -> LedgerError | None:
    """Our error for one of SQLAlchemy or a driver; None for a broken constraint, which is the caller's business."""
    if isinstance(error, PoolTimeout):
        return LedgerLocked(place=place, seconds=round(seconds))
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, IntegrityError) or original is None:
        return None
    if isinstance(original, sqlite3.Error):
        return sqlite_fault(original, place=place, seconds=seconds)
    state: str | None = getattr(original, "sqlstate", None)
    # Without a state the server never answered.
    unreachable = state is None or state.startswith(("08", "28"))
    kind = DatabaseUnreachable if unreachable or state is None else _POSTGRESQL.get(state, LedgerTrouble)
    return kind(place=place, seconds=round(seconds), reason=Redactor([password]).text(" ".join(str(original).split())))
