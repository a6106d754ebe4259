"""What an auditor can ask for in vain."""

from __future__ import annotations

from temanashi.errors import InputError

__all__ = ["FileInTheWay", "NoRecord", "NoSample", "NoSuchRun", "NothingToPack", "PackUnreadable"]


class NoRecord(InputError):
    """No record has this number."""

    key = "audit.no-record"

    def __init__(self, seq: int) -> None:
        super().__init__(seq=seq)


class NoSuchRun(InputError):
    """The ledger knows no run with this id."""

    key = "audit.no-run"

    def __init__(self, run: str) -> None:
        super().__init__(run=run)


class NothingToPack(InputError):
    """No record belongs to what was asked for."""

    key = "audit.nothing-to-pack"

    def __init__(self, what: str) -> None:
        super().__init__(what=what)


class FileInTheWay(InputError):
    """The file that should be written is there already, or cannot be written."""

    key = "audit.file-in-the-way"

    def __init__(self, file: str, *, reason: str) -> None:
        super().__init__(file=file, reason=reason)


class PackUnreadable(InputError):
    """A file is no evidence pack, or one that this version cannot read."""

    key = "audit.pack-unreadable"

    def __init__(self, file: str, *, reason: str) -> None:
        super().__init__(file=file, reason=reason)


class NoSample(InputError):
    """The record with this number is no sample."""

    key = "audit.no-sample"

    def __init__(self, seq: int) -> None:
        super().__init__(seq=seq)
