"""What an auditor can ask for in vain."""

from __future__ import annotations

from temanashi.errors import InputError

__all__ = ["NoRecord", "NoSuchRun"]


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
